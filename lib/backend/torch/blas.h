/* SPDX-License-Identifier: Apache-2.0 */
/* Which BLAS libtorch multiplies with: the wrong one makes fp32 fifty times slower. */
#ifndef MGI_BACKEND_TORCH_BLAS_H
#define MGI_BACKEND_TORCH_BLAS_H

#include <stddef.h>

/* Writes the library's name ("OpenBLAS"), and a line for the operator if it is a slow one (else an
 * empty text). */
void mgi_torch_blas_describe(char *name, size_t name_capacity, char *warning,
                             size_t warning_capacity);

#endif
