/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on the CPU backend, at every precision that it has. */
#include "backend/conformance.h"

#define ON_CPU(label, its_precision, its_rounding)                                                 \
    {                                                                                              \
        .name = label, .backend = &mgi_cpu_backend, .device = "cpu", .precision = (its_precision), \
        .rounding = (its_rounding), .reads_all_weights = true                                      \
    }

int main(void) {
    static const conformance_case cases[] = {
        ON_CPU("cpu auto", MGEO_PRECISION_AUTO, 1e-5),
        ON_CPU("cpu fp32", MGEO_FP32, 1e-5),
        ON_CPU("cpu bf16", MGEO_BF16, 1e-2),
        ON_CPU("cpu int8", MGEO_INT8, 1e-4),
    };
    int failed = 0;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        failed += conformance_run(&cases[i]);
    }
    return failed != 0;
}
