/* SPDX-License-Identifier: Apache-2.0 */
/* Each stage is a function that a ring calls with a batch. */
#include "match/search/search.h"

#include <sched.h>
#include <string.h>

#include "common/interrupt.h"
#include "match/reference/index_file.h"
#include "match/reference/records.h"

enum { SEARCH_CALL = INTERRUPT_SCORING + SEARCH_SCORERS };

uint32_t search_threads(const struct options *options) {
    if (options->model.threads > 0) return options->model.threads;
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : (uint32_t)count;
}

static mgeo_search_options options_of(const struct options *options) {
    return (mgeo_search_options){.struct_size = sizeof(mgeo_search_options),
                                 .top = options->top,
                                 .threads = search_threads(options),
                                 .effort = options->effort,
                                 .least = (float)options->least,
                                 .progress = interrupt_progress(SEARCH_CALL)};
}

bool search_texts(const struct options *options, mgeo_index *index, const mgeo_text *texts,
                  size_t count, mgeo_candidates **found, struct error *error) {
    mgeo_error cause;
    mgeo_search_options how = options_of(options);
    mgeo_status status = mgeo_index_search(index, texts, count, &how, found, &cause);
    return status == MGEO_OK || index_file_failed(status, &cause, "search", error);
}

/* ---- filling --------------------------------------------------------------------------------- */

static int read_rows(struct search *search, struct batch *batch, size_t rows, struct error *error) {
    batch_clear(batch);
    int got = reader_fill(search->reader, &batch->rows, rows, error);
    if (got <= 0) return got;
    records_check(reader_table(search->reader), &batch->rows);
    batch->rows_before = search->rows_read;
    search->rows_read += batch->rows.count;
    batch_take_rows(batch);
    return 1;
}

static int take_index_rows(struct search *search, struct batch *batch, size_t rows) {
    batch_clear(batch);
    uint64_t left = search->end - search->next;
    batch->first = search->next;
    batch->count = left < rows ? (size_t)left : rows;
    search->next += batch->count;
    return batch->count > 0;
}

static int fill(struct search *search, struct batch *batch, size_t rows, struct error *error) {
    return search->reader != NULL ? read_rows(search, batch, rows, error)
                                  : take_index_rows(search, batch, rows);
}

/* ---- finding --------------------------------------------------------------------------------- */

bool search_rows(const struct options *options, mgeo_index *index, struct batch *batch,
                 uint64_t *generation, struct error *error) {
    mgeo_error cause;
    mgeo_search_options how = options_of(options);
    mgeo_status status = mgeo_index_search_rows(index, batch->first, batch->count, 1, generation,
                                                &how, &batch->found, &cause);
    return status == MGEO_OK || index_file_failed(status, &cause, "search", error);
}

static bool find(struct search *search, struct batch *batch, struct error *error) {
    bool done = search->reader != NULL ? search_texts(search->options, search->index, batch->texts,
                                                      batch->count, &batch->found, error)
                                       : search_rows(search->options, search->index, batch,
                                                     &search->generation, error);
    if (!done || search->job == NULL) return done;
    batch_make_pairs(batch, search->text_of, search->text_opaque);
    repeats_mark(search->repeats, &batch->pairs);
    return true;
}

/* ---- stages ---------------------------------------------------------------------------------- */

/* Passes over the rows that were done before. Their pairs get the numbers again that they had then,
 * so that the answers that were kept belong to them. */
static int pass_over(struct search *search, struct batch *batch, struct error *error) {
    while (search->skip > 0) {
        size_t rows = search->skip < search->rows ? (size_t)search->skip : search->rows;
        int got = fill(search, batch, rows, error);
        if (got <= 0) return got;
        search->skip -= batch->count;
        bool full = search->job == NULL || repeats_numbered(search->repeats) == REPEATS_MOST;
        if (!full && !find(search, batch, error)) return -1;
    }
    if (search->job == NULL ||
        repeats_numbered(search->repeats) == repeats_answered(search->repeats)) {
        return 1;
    }
    error_set(error, "the rows that were answered before have changed while they were read again");
    return -1;
}

static int fill_stage(void *opaque, unsigned worker, void *item, struct error *error) {
    (void)worker;
    struct search *search = opaque;
    if (search->skip > 0) {
        int got = pass_over(search, item, error);
        if (got <= 0) return got;
    }
    return fill(search, item, search->rows, error);
}

static int find_stage(void *opaque, unsigned worker, void *item, struct error *error) {
    (void)worker;
    return find(opaque, item, error) ? 1 : -1;
}

static int score_stage(void *opaque, unsigned worker, void *item, struct error *error) {
    struct search *search = opaque;
    struct batch *batch = item;
    return scorer_run(&search->scorers[worker], &batch->pairs, error) ? 1 : -1;
}

bool search_start(struct search *search, struct error *error) {
    void *items[RING_SLOTS];
    const struct ring_stage stages[RING_STAGES] = {
        {fill_stage, search, 1}, {find_stage, search, 1}, {score_stage, search, SEARCH_SCORERS}};
    for (size_t i = 0; i < RING_SLOTS; i++) {
        batch_init(&search->batches[i], search->labels);
        items[i] = &search->batches[i];
    }
    for (unsigned i = 0; search->job != NULL && i < SEARCH_SCORERS; i++) {
        scorer_init(&search->scorers[i], search->job, search->cascade, search->labels, i);
    }
    search->ring = ring_start(items, stages, search->job != NULL ? 3 : 2, error);
    return search->ring != NULL;
}

void search_stop(struct search *search) {
    ring_stop(search->ring);
    search->ring = NULL;
    for (size_t i = 0; i < RING_SLOTS; i++) batch_finish(&search->batches[i]);
    for (size_t i = 0; i < SEARCH_SCORERS; i++) scorer_finish(&search->scorers[i]);
}

int search_next(struct search *search, struct batch **batch, struct error *error) {
    void *item;
    int got = ring_next(search->ring, &item, error);
    if (got <= 0) return got;
    *batch = item;
    if (search->job != NULL) repeats_fill(search->repeats, &(*batch)->pairs);
    return 1;
}

void search_release(struct search *search) { ring_release(search->ring); }
