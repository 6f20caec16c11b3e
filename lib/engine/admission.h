/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a load will fit into memory: known before any weights are read. */
#ifndef MGI_ENGINE_ADMISSION_H
#define MGI_ENGINE_ADMISSION_H

#include "run/runner.h"

typedef struct mgi_admission {
    const mgi_model *model; /* read, not placed */
    const mgi_model_options *options;
    const mgi_runner_options *runner;
    uint64_t limit; /* of the caller's; 0: none */
} mgi_admission;

/* What the load would need, and what is free. Errors: those of the backend. */
mgeo_status mgi_admission_estimate(const mgi_admission *admission, mgeo_memory *memory,
                                   mgeo_error *error);

/* Refuses a load that does not fit, with the numbers. Errors: MGEO_E_REFUSED (more than the limit),
 * MGEO_E_MEMORY (more than is free). */
mgeo_status mgi_admission_judge(const mgi_admission *admission, const mgeo_memory *memory,
                                mgeo_error *error);

/* As mgeo_predict_memory. */
mgeo_status mgi_admission_predict(const char *path, const mgeo_load_options *options,
                                  mgeo_memory *memory, mgeo_error *error);

#endif
