/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on libtorch, at every precision that it has. */
#include "backend/conformance.h"

#include <stdio.h>
#include <string.h>

#define ON_TORCH(label, its_precision, its_rounding)                                               \
    {                                                                                              \
        .name = label, .backend = &mgi_torch_backend, .device = "torch",                           \
        .precision = (its_precision), .rounding = (its_rounding), .reads_all_weights = true        \
    }

/* With the argument "module" on the backend that libmgeo-torch.so brings, as users get it; without
 * one on the backend that is linked here, whose allocations a test can make fail. */
int main(int argc, char **argv) {
    conformance_case cases[] = {
        ON_TORCH("torch auto", MGEO_PRECISION_AUTO, 1e-5),
        ON_TORCH("torch fp32", MGEO_FP32, 1e-5),
        ON_TORCH("torch bf16", MGEO_BF16, 1e-2),
        ON_TORCH("torch int8", MGEO_INT8, 1e-4),
    };
    const mgi_backend *backend = &mgi_torch_backend;
    const char *name;
    mgeo_error error;
    if (argc == 2 && strcmp(argv[1], "module") == 0 &&
        mgi_backend_find("torch", &backend, &name, &error) != MGEO_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    int failed = 0;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        cases[i].backend = backend;
        failed += conformance_run(&cases[i]);
    }
    return failed != 0;
}
