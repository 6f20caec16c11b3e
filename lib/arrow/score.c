/* SPDX-License-Identifier: Apache-2.0 */
/* Scores one table in Arrow's layout. */
#include "arrow/score.h"

#include "arrow/answer.h"
#include "core/alloc.h"
#include "engine/engine.h"
#include "engine/job.h"
#include "engine/query.h"

enum { ROWS_OF_NUMBERS = MGEO_ARROW_PROBABILITIES | MGEO_ARROW_LOGITS };

/* Scores into arrays with room for `labels` numbers a row. On MGEO_OK the answer is the caller's to
 * finish. */
static mgeo_status score_pairs(const mgi_arrow_scorer *scorer, const mgeo_pair *pairs, size_t count,
                               uint32_t labels, mgi_arrow_answer *answer, mgeo_model_info *info,
                               mgeo_error *error) {
    mgeo_status status = mgi_arrow_answer_begin(answer, count, scorer->columns, labels, error);
    if (status != MGEO_OK) return status;
    answer->scores.progress = scorer->progress;
    answer->scores.route_key = scorer->route_key;
    if (scorer->job != NULL) {
        mgi_job_info(scorer->job, info);
        status = mgi_job_score(scorer->job, pairs, count, &answer->scores, error);
    } else {
        status = mgi_engine_score(scorer->engine, pairs, count, &answer->scores, info, error);
    }
    if (status != MGEO_OK) mgi_arrow_answer_finish(answer);
    return status;
}

/* How many labels the model has that will probably answer; 0 where there is none. */
static uint32_t expect_labels(const mgi_arrow_scorer *scorer) {
    mgeo_model_info info = {.label_count = 0};
    if (scorer->job != NULL) {
        mgi_job_info(scorer->job, &info);
    } else if (mgi_query_info(scorer->engine, MGEO_LIVE, &info, NULL) != MGEO_OK) {
        return 0;
    }
    return info.label_count;
}

/* The model that answers, a canary's or one that was cut over to just now, may have more labels
 * than the one that was asked: then there is room for all that any can have. */
static mgeo_status score_table(const mgi_arrow_scorer *scorer, const mgeo_pair *pairs, size_t count,
                               mgi_arrow_answer *answer, mgeo_model_info *info, mgeo_error *error) {
    uint32_t labels = (scorer->columns & ROWS_OF_NUMBERS) != 0 ? expect_labels(scorer) : 0;
    mgeo_status status = score_pairs(scorer, pairs, count, labels, answer, info, error);
    if (status != MGEO_E_CAPACITY) return status;
    return score_pairs(scorer, pairs, count, MGEO_MAX_LABELS, answer, info, error);
}

mgeo_status mgi_arrow_score_columns(const mgi_arrow_scorer *scorer,
                                    const struct ArrowSchema *schema,
                                    const struct ArrowArray *table, mgi_arrow_columns columns,
                                    struct ArrowArray *answer, mgeo_model_info *info,
                                    mgeo_error *error) {
    mgi_arrow_answer scored;
    mgeo_pair *pairs = NULL;
    mgeo_status status = mgi_arrow_table_read(schema, table, columns, &pairs, error);
    if (status != MGEO_OK) return status;
    status = score_table(scorer, pairs, (size_t)table->length, &scored, info, error);
    if (status == MGEO_OK) {
        status = mgi_arrow_answer_export(&scored, pairs, info, answer, error);
        mgi_arrow_answer_finish(&scored);
    }
    mgi_free(pairs);
    return status;
}

mgeo_status mgi_arrow_score(const mgi_arrow_scorer *scorer, const mgeo_arrow_options *options,
                            const struct ArrowSchema *schema, const struct ArrowArray *table,
                            struct ArrowSchema *answer_schema, struct ArrowArray *answer,
                            mgeo_error *error) {
    mgi_arrow_columns columns;
    mgeo_model_info info;
    mgeo_status status = mgi_arrow_columns_choose(schema, options->a, options->b, &columns, error);
    if (status == MGEO_OK) {
        status = mgi_arrow_score_columns(scorer, schema, table, columns, answer, &info, error);
    }
    if (status != MGEO_OK) return status;
    status = mgi_arrow_answer_schema(scorer->columns, info.label_count, answer_schema, error);
    if (status != MGEO_OK) answer->release(answer);
    return status;
}
