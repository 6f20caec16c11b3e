/* SPDX-License-Identifier: Apache-2.0 */
/* What every backend must do, as one suite. */
#ifndef TESTS_BACKEND_CONFORMANCE_H
#define TESTS_BACKEND_CONFORMANCE_H

#include "backend/backend.h"

typedef struct conformance_case {
    const char *name;
    const mgi_backend *backend;
    const char *device;
    int32_t precision;
    double rounding;        /* a row's logits alone and among others, against the largest logit */
    bool reads_all_weights; /* false: the fake backend, which reads the classifier's bias alone */
    bool has_tf32;          /* allow_tf32 is taken, and not refused */
    uint32_t hidden;        /* of the model; 0: random_encoder_spec's */
    const char *described;  /* how the encoder's name for its device begins; NULL: as `device` */
} conformance_case;

/* Does the backend have this precision on this device? It may not, on an older card. */
bool conformance_applies(const conformance_case *subject);

/* Runs the suite under cmocka; returns the number of failed tests. */
int conformance_run(const conformance_case *subject);

#endif
