/* SPDX-License-Identifier: Apache-2.0 */
/* A model without files: tests of lib/run link these instead of lib/model/model.c. */
#ifndef TEST_SUPPORT_STUB_MODEL_H
#define TEST_SUPPORT_STUB_MODEL_H

#include "model/model.h"

typedef struct stub_options {
    const mgi_backend *backend;
    uint32_t variant; /* which oracle_bias */
    uint32_t labels;  /* 2 or 3 */
    uint32_t max_length;
    uint32_t batch_tokens;
} stub_options;

/* Fails the running test if it cannot be made. Closed by mgi_model_close. */
mgi_model *stub_model_create(const stub_options *options);

/* Models open now. */
int stub_models_open(void);

#endif
