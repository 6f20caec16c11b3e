/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of tables: each batch is scored when it is asked for. */
#include "arrow/stream.h"

#include "arrow/answer.h"
#include "core/alloc.h"
#include "engine/engine.h"
#include "engine/job.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

typedef struct scored_stream {
    struct ArrowArrayStream tables;
    struct ArrowSchema schema; /* of the tables */
    mgi_arrow_columns columns;
    mgi_arrow_scorer scorer;
    mgeo_job *own_job; /* or NULL: the scorer's job is the caller's */
    uint32_t labels;
    bool is_over;       /* the end has come, or a failure: the source is not asked again */
    mgeo_status status; /* and the status that is answered from then on */
    mgeo_error error;
} scored_stream;

/* ---- errors ---------------------------------------------------------------------------------- */

/* The numbers that Arrow's C stream interface knows. */
static int to_errno(mgeo_status status) {
    switch (status) {
    case MGEO_OK: return 0;
    case MGEO_E_ARGUMENT:
    case MGEO_E_FORKED: return EINVAL;
    case MGEO_E_MEMORY: return ENOMEM;
    case MGEO_E_UNSUPPORTED: return ENOTSUP;
    case MGEO_E_CANCELLED: return ECANCELED;
    case MGEO_E_DEVICE: return ENODEV;
    default: return EIO;
    }
}

static mgeo_status fail_as_source(struct ArrowArrayStream *tables, const char *what,
                                  mgeo_error *error) {
    const char *line = tables->get_last_error == NULL ? NULL : tables->get_last_error(tables);
    return mgi_fail(error, MGEO_E_IO, "the stream of tables gives no %s: %s", what,
                    line == NULL ? "it does not say why" : line);
}

/* ---- what a consumer calls ------------------------------------------------------------------- */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema) {
    scored_stream *self = stream->private_data;
    return to_errno(
        mgi_arrow_answer_schema(self->scorer.columns, self->labels, schema, &self->error));
}

static mgeo_status score_next(scored_stream *self, struct ArrowArray *answer) {
    struct ArrowArray table = {.release = NULL};
    mgeo_model_info info;
    if (mgi_engine_is_forked(self->scorer.engine)) {
        return mgi_fail(&self->error, MGEO_E_FORKED,
                        "the stream's engine was created by the parent process");
    }
    int number = self->tables.get_next(&self->tables, &table);
    if (number != 0) return fail_as_source(&self->tables, "batch", &self->error);
    if (table.release == NULL) return MGEO_OK; /* the end */
    mgeo_status status = mgi_arrow_score_columns(&self->scorer, &self->schema, &table,
                                                 self->columns, answer, &info, &self->error);
    table.release(&table);
    return status;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *answer) {
    scored_stream *self = stream->private_data;
    *answer = (struct ArrowArray){.release = NULL};
    if (!self->is_over) {
        self->status = score_next(self, answer);
        self->is_over = answer->release == NULL;
    }
    return to_errno(self->status);
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    scored_stream *self = stream->private_data;
    return self->error.status == MGEO_OK ? NULL : self->error.message;
}

static void release_stream(struct ArrowArrayStream *stream) {
    scored_stream *self = stream->private_data;
    if (self->tables.release != NULL) self->tables.release(&self->tables);
    if (self->schema.release != NULL) self->schema.release(&self->schema);
    mgi_job_end(self->own_job);
    mgi_free(self);
    stream->release = NULL;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static mgeo_status open_tables(scored_stream *self, const mgeo_arrow_options *options,
                               mgeo_error *error) {
    if (self->tables.get_schema(&self->tables, &self->schema) != 0) {
        self->schema.release = NULL;
        return fail_as_source(&self->tables, "schema", error);
    }
    return mgi_arrow_columns_choose(&self->schema, options->a, options->b, &self->columns, error);
}

static mgeo_status hold_model(scored_stream *self, mgeo_error *error) {
    if (self->scorer.job == NULL) {
        const mgeo_job_options options = {.struct_size = sizeof options,
                                          .route_key = self->scorer.route_key};
        mgeo_status status = mgi_job_begin(self->scorer.engine, &options, &self->own_job, error);
        if (status != MGEO_OK) return status;
        self->scorer.job = self->own_job;
    }
    mgeo_model_info info;
    mgi_job_info(self->scorer.job, &info);
    self->labels = info.label_count;
    return MGEO_OK;
}

mgeo_status mgi_arrow_stream_begin(const mgi_arrow_scorer *scorer,
                                   const mgeo_arrow_options *options,
                                   struct ArrowArrayStream *tables,
                                   struct ArrowArrayStream *answers, mgeo_error *error) {
    scored_stream *self = mgi_calloc(1, sizeof *self);
    if (self == NULL) return mgi_fail_memory(error, "a stream of tables", sizeof *self);
    self->scorer = *scorer;
    self->tables = *tables;
    mgeo_status status = open_tables(self, options, error);
    if (status == MGEO_OK) status = hold_model(self, error);
    *answers = (struct ArrowArrayStream){.get_schema = get_schema,
                                         .get_next = get_next,
                                         .get_last_error = get_last_error,
                                         .release = release_stream,
                                         .private_data = self};
    if (status == MGEO_OK) {
        tables->release = NULL;
    } else {
        /* What the caller gave stays the caller's, as it may have changed in get_schema. */
        *tables = self->tables;
        self->tables.release = NULL;
        answers->release(answers);
    }
    return status;
}
