/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a table: the arrays that a call writes its scores to, and the struct array that is
 * made of them. */
#ifndef MGI_ARROW_ANSWER_H
#define MGI_ARROW_ANSWER_H

#include "core/status.h"

typedef struct mgi_arrow_answer {
    size_t rows;
    uint32_t columns;       /* sums of mgeo_arrow_column */
    mgeo_scores scores;     /* with arrays of the answer's own */
    uint64_t null_rows;     /* rows with a null text */
    uint64_t unscored_rows; /* rows without a score, these among them */
} mgi_arrow_answer;

/* Makes arrays for `rows` scores with room for `labels` numbers a row. What a call scores goes to
 * answer->scores. Errors: MGEO_E_MEMORY; then nothing is left to finish. */
mgeo_status mgi_arrow_answer_begin(mgi_arrow_answer *answer, size_t rows, uint32_t columns,
                                   uint32_t labels, mgeo_error *error);

/* Makes *array, whose columns are the answer's, of the scored pairs of mgi_arrow_table_read. The
 * answer's arrays go to it or stay, on failure too, for mgi_arrow_answer_finish.
 * Errors: MGEO_E_MEMORY; then array->release is NULL. */
mgeo_status mgi_arrow_answer_export(mgi_arrow_answer *answer, const mgeo_pair *pairs,
                                    const mgeo_model_info *info, struct ArrowArray *array,
                                    mgeo_error *error);

/* Frees what was not exported. */
void mgi_arrow_answer_finish(mgi_arrow_answer *answer);

/* The schema of such an array. Errors: MGEO_E_MEMORY; then schema->release is NULL. */
mgeo_status mgi_arrow_answer_schema(uint32_t columns, uint32_t labels, struct ArrowSchema *schema,
                                    mgeo_error *error);

#endif
