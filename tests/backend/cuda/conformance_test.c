/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on CUDA, at every precision that the card has; on two cards where there are two.
 * Skipped without a card. */
#include "backend/conformance.h"

#include <stdio.h>

enum { SKIPPED = 77 };

/* Products of other sizes run on other kernels, which add in another order: what is rounded after
 * them, and quantised anew, may then fall to the other side. */
#define ON(its_device, label, its_precision, its_rounding, its_hidden)                             \
    {                                                                                              \
        .name = label, .backend = &mgi_cuda_backend, .device = its_device,                         \
        .precision = (its_precision), .rounding = (its_rounding), .reads_all_weights = true,       \
        .has_tf32 = (its_precision) == MGEO_FP32, .hidden = (its_hidden), .described = "cuda:"     \
    }

static const conformance_case cases[] = {
    ON("cuda", "cuda auto", MGEO_PRECISION_AUTO, 2e-2, 0),
    ON("cuda", "cuda fp32", MGEO_FP32, 1e-5, 0),
    ON("cuda", "cuda bf16", MGEO_BF16, 2e-2, 0),
    ON("cuda", "cuda fp16", MGEO_FP16, 3e-3, 0),
    ON("cuda", "cuda int8", MGEO_INT8, 3e-2, 0),
    /* Narrow models have no E4M3, whose numbers are 1/16 apart where others change places. */
    ON("cuda", "cuda fp8", MGEO_FP8, 0.2, 128),
    ON("cuda", "cuda fp8, narrow", MGEO_FP8, 3e-3, 0),
    ON("cuda:0,cuda:1", "two cards bf16", MGEO_BF16, 2e-2, 0),
};

static int run_case(const conformance_case *c) {
    mgeo_error error;
    if (c->backend->usable(c->device, &error) != MGEO_OK) {
        fprintf(stderr, "%s: skipped: %s\n", c->name, error.message);
        return 0;
    }
    if (!conformance_applies(c)) {
        fprintf(stderr, "%s: skipped: this card does not have it\n", c->name);
        return 0;
    }
    return conformance_run(c);
}

int main(void) {
    mgeo_error error;
    if (mgi_cuda_backend.usable("cuda", &error) != MGEO_OK) {
        fprintf(stderr, "skipped: %s\n", error.message);
        return SKIPPED;
    }
    int failed = 0;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) failed += run_case(&cases[i]);
    return failed != 0;
}
