/* SPDX-License-Identifier: Apache-2.0 */
/* The compilations of the kernels that this processor can run. */
#ifndef MGI_BACKEND_CPU_KERNELS_DISPATCH_H
#define MGI_BACKEND_CPU_KERNELS_DISPATCH_H

#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/kernels/kernels.h"

/* The best kernels for this processor, and the best int8 products. */
const mgk_kernels *mgk_dispatch_kernels(void);
const mgk_int8 *mgk_dispatch_int8(void);

/* All int8 products that this processor can run, the best one last; returns how many. */
size_t mgk_dispatch_usable_int8(const mgk_int8 *variants[MGK_INT8_VARIANTS]);

#endif
