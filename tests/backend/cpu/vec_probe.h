/* SPDX-License-Identifier: Apache-2.0 */
/* The activations of vec.h, which products use inside, as functions: one for each instruction set.
 */
#ifndef TEST_BACKEND_CPU_VEC_PROBE_H
#define TEST_BACKEND_CPU_VEC_PROBE_H

#include "backend/backend.h"

/* x = activation(x), `count` numbers, a multiple of 16. */
typedef void vec_probe(mgi_activation activation, bool fast, float *x, size_t count);

vec_probe vec_probe_base, vec_probe_avx2, vec_probe_avx512;

#endif
