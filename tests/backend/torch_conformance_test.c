/* The suite on libtorch's CPU backend, at every precision that it has. */
#include "conformance.h"

int main(void) {
    static const conformance_case cases[] = {
        {"torch auto", &mgi_torch_backend, "cpu", MGEO_PRECISION_AUTO, 1e-5, true},
        {"torch fp32", &mgi_torch_backend, "cpu", MGEO_FP32, 1e-5, true},
        {"torch bf16", &mgi_torch_backend, "cpu", MGEO_BF16, 1e-2, true},
        {"torch int8", &mgi_torch_backend, "cpu", MGEO_INT8, 1e-4, true},
    };
    int failed = 0;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        failed += conformance_run(&cases[i]);
    return failed != 0;
}
