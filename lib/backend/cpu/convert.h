/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors as files keep them, into numbers as the encoder wants them. */
#ifndef MGI_BACKEND_CPU_CONVERT_H
#define MGI_BACKEND_CPU_CONVERT_H

#include "backend/backend.h"

/* `count` numbers of a tensor from the `first` on. mgi_convert_half: type is MGI_F16 or
 * MGI_BF16.
 */
void mgi_convert_f32(const mgi_tensor *tensor, size_t first, size_t count, float *to);
void mgi_convert_half(const mgi_tensor *tensor, mgi_dtype type, size_t first, size_t count,
                      uint16_t *to);

/* All of a tensor in fp32, in memory of its own (mgi_free), its pages given back; NULL when out of
 * memory. */
float *mgi_convert_vector(const mgi_tensor *tensor);

/* Can the tensor be read where it lies, as numbers of this type? */
bool mgi_convert_is_identity(const mgi_tensor *tensor, mgi_dtype type);

#endif
