/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled once per instruction set, as the kernels are. */
#include "vec_probe.h"

#include "backend/cpu/kernels/isa_variant.h"
#include "backend/cpu/kernels/vec.h"

void MGK_ISA_VARIANT(vec_probe)(mgi_activation activation, bool fast, float *x, size_t count) {
    for (size_t i = 0; i < count; i += MGK_VEC_LANES) {
        mgk_vec y = mgk_vec_load(x + i, MGK_VEC_LANES);
        y = fast ? mgk_vec_activate_fast(activation, y) : mgk_vec_activate(activation, y);
        mgk_vec_store(x + i, y, MGK_VEC_LANES);
    }
}
