/* SPDX-License-Identifier: Apache-2.0 */
/* Scores tables in Arrow's layout: one struct array, or a stream of them. */
#ifndef MGI_ARROW_SCORE_H
#define MGI_ARROW_SCORE_H

#include "arrow/table.h"

/* What scores: a job's model, or without one the engine's. */
typedef struct mgi_arrow_scorer {
    mgeo_engine *engine;
    mgeo_job *job; /* or NULL */
    uint64_t route_key;
    mgeo_progress *progress;
    uint32_t columns; /* sums of mgeo_arrow_column */
} mgi_arrow_scorer;

/* Scores a table whose columns have been chosen. Errors: as mgeo_score_arrow; then
 * answer->release is NULL. *info describes the model that answered. */
mgeo_status mgi_arrow_score_columns(const mgi_arrow_scorer *scorer,
                                    const struct ArrowSchema *schema,
                                    const struct ArrowArray *table, mgi_arrow_columns columns,
                                    struct ArrowArray *answer, mgeo_model_info *info,
                                    mgeo_error *error);

/* As mgeo_score_arrow. */
mgeo_status mgi_arrow_score(const mgi_arrow_scorer *scorer, const mgeo_arrow_options *options,
                            const struct ArrowSchema *schema, const struct ArrowArray *table,
                            struct ArrowSchema *answer_schema, struct ArrowArray *answer,
                            mgeo_error *error);

#endif
