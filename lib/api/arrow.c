/* SPDX-License-Identifier: Apache-2.0 */
/* Scoring tables in Arrow's layout, as the public functions see it. */
#include "api/check.h"
#include "arrow/stream.h"
#include "engine/job.h"

#define OR_COLUMN(name, number, text) | (number)

enum {
    ALL_COLUMNS = 0 MGEO_ARROW_COLUMN_LIST(OR_COLUMN),
    DEFAULT_COLUMNS = ALL_COLUMNS & ~MGEO_ARROW_LOGITS,
};

static mgeo_status check_options(mgeo_engine *engine, const mgeo_arrow_options *options,
                                 mgeo_error *error) {
    if ((options->columns & ~(uint32_t)ALL_COLUMNS) != 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_arrow_options.columns is %u: sums of mgeo_arrow_column go up to %d",
                        options->columns, ALL_COLUMNS);
    }
    if (options->job == NULL) return MGEO_OK;
    if (mgi_job_engine(options->job) != engine) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_arrow_options.job is a job of another engine");
    }
    if (options->route_key == 0) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "mgeo_arrow_options.route_key: a job has chosen its model already");
}

/* Reads the options, and makes a scorer of them. */
static mgeo_status read_options(mgeo_engine *engine, const mgeo_arrow_options *options,
                                mgeo_arrow_options *known, mgi_arrow_scorer *scorer,
                                mgeo_error *error) {
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) {
        status = mgi_abi_read(known, sizeof *known, options, "mgeo_arrow_options", error);
    }
    if (status == MGEO_OK) status = check_options(engine, known, error);
    if (status != MGEO_OK) return status;
    *scorer = (mgi_arrow_scorer){.engine = engine,
                                 .job = known->job,
                                 .route_key = known->route_key,
                                 .progress = known->progress,
                                 .columns = known->columns};
    if (scorer->columns == 0) scorer->columns = DEFAULT_COLUMNS;
    return MGEO_OK;
}

mgeo_status mgeo_score_arrow(mgeo_engine *engine, const struct ArrowSchema *pairs_schema,
                             const struct ArrowArray *pairs, const mgeo_arrow_options *options,
                             struct ArrowSchema *scores_schema, struct ArrowArray *scores,
                             mgeo_error *error) {
    if (scores_schema != NULL) scores_schema->release = NULL;
    if (scores != NULL) scores->release = NULL;
    if (pairs_schema == NULL || pairs == NULL || scores_schema == NULL || scores == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "%s is NULL",
                        pairs_schema == NULL    ? "pairs_schema"
                        : pairs == NULL         ? "pairs"
                        : scores_schema == NULL ? "scores_schema"
                                                : "scores");
    }
    mgeo_arrow_options known;
    mgi_arrow_scorer scorer;
    mgeo_status status = read_options(engine, options, &known, &scorer, error);
    if (status == MGEO_OK) {
        status =
            mgi_arrow_score(&scorer, &known, pairs_schema, pairs, scores_schema, scores, error);
    }
    return mgi_check_conclude(status, error);
}

static mgeo_status check_stream(const struct ArrowArrayStream *stream, mgeo_error *error) {
    if (stream == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "pairs is NULL");
    if (stream->release == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "pairs is a stream that is released already");
    }
    if (stream->get_schema != NULL && stream->get_next != NULL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "pairs is a stream without get_schema or get_next");
}

mgeo_status mgeo_score_arrow_stream(mgeo_engine *engine, struct ArrowArrayStream *pairs,
                                    const mgeo_arrow_options *options,
                                    struct ArrowArrayStream *scores, mgeo_error *error) {
    if (scores == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "scores is NULL");
    scores->release = NULL;
    mgeo_arrow_options known;
    mgi_arrow_scorer scorer;
    mgeo_status status = check_stream(pairs, error);
    if (status == MGEO_OK) status = read_options(engine, options, &known, &scorer, error);
    if (status == MGEO_OK) status = mgi_arrow_stream_begin(&scorer, &known, pairs, scores, error);
    return mgi_check_conclude(status, error);
}
