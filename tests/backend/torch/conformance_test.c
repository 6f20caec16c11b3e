/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on libtorch, at every precision that it has. */
#include "backend/conformance.h"

#define ON_TORCH(label, its_precision, its_rounding)                                               \
    {                                                                                              \
        .name = label, .backend = &mgi_torch_backend, .device = "torch",                           \
        .precision = (its_precision), .rounding = (its_rounding), .reads_all_weights = true        \
    }

int main(void) {
    static const conformance_case cases[] = {
        ON_TORCH("torch auto", MGEO_PRECISION_AUTO, 1e-5),
        ON_TORCH("torch fp32", MGEO_FP32, 1e-5),
        ON_TORCH("torch bf16", MGEO_BF16, 1e-2),
        ON_TORCH("torch int8", MGEO_INT8, 1e-4),
    };
    int failed = 0;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        failed += conformance_run(&cases[i]);
    }
    return failed != 0;
}
