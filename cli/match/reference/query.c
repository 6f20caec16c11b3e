/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-match query: the best rows of an index for a text, as lines to read or as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "common/json_writer.h"
#include "common/memory.h"
#include "common/utf8.h"
#include "match/commands.h"
#include "match/reference/index_file.h"
#include "match/run.h"

/* All of a query's candidates with what the model says, best first. */
struct ranked {
    struct batch_pair *pairs;
    size_t *ranks; /* of the candidate, from 0 */
    size_t count;
};

static void rank_candidates(const struct run *run, const struct batch *batch, size_t query,
                            struct ranked *ranked) {
    size_t count;
    const mgeo_candidate *candidates = mgeo_candidates_of(batch->found, query, &count);
    ranked->pairs = memory_resize(NULL, count + 1, sizeof *ranked->pairs);
    ranked->ranks = memory_resize(NULL, count + 1, sizeof *ranked->ranks);
    ranked->count = count;
    for (size_t i = 0; i < count; i++) {
        struct batch_pair pair = {.candidate = &candidates[i], .similarity = -1};
        if (run->job != NULL && !batch_pair_at(batch, query, i, run_positive(run), &pair)) {
            pair.similarity = -1;
        }
        size_t at = i;
        for (; at > 0 && ranked->pairs[at - 1].similarity < pair.similarity; at--) {
            ranked->pairs[at] = ranked->pairs[at - 1];
            ranked->ranks[at] = ranked->ranks[at - 1];
        }
        ranked->pairs[at] = pair;
        ranked->ranks[at] = i;
    }
}

static const char *label_of(const struct run *run, const struct batch_pair *pair) {
    return run->info.labels[pair->label >= 0 ? pair->label : 0];
}

static void put_json(const struct run *run, const char *text, const struct ranked *ranked,
                     struct string_buffer *to) {
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    json_writer_string(&json, "text", text);
    json_writer_open(&json, "candidates", '[');
    for (size_t i = 0; i < ranked->count; i++) {
        const struct batch_pair *pair = &ranked->pairs[i];
        const mgeo_candidate *candidate = pair->candidate;
        json_writer_open(&json, NULL, '{');
        json_writer_text(&json, "id", candidate->id, candidate->id_len);
        json_writer_text(&json, "text", candidate->text, candidate->text_len);
        json_writer_number(&json, "score", (double)candidate->score, 6);
        json_writer_integer(&json, "rank", ranked->ranks[i] + 1);
        json_writer_bool(&json, "same_text", (candidate->flags & MGEO_CANDIDATE_SAME_TEXT) != 0);
        json_writer_bool(&json, "same_form", (candidate->flags & MGEO_CANDIDATE_SAME_FORM) != 0);
        if (run->job != NULL && pair->similarity >= 0) {
            json_writer_number(&json, "similarity", (double)pair->similarity, 6);
            json_writer_string(&json, "label", label_of(run, pair));
            json_writer_string(&json, "reason", batch_reason_names[pair->reason]);
        }
        json_writer_close(&json, '}');
    }
    json_writer_close(&json, ']');
    json_writer_close(&json, '}');
    string_buffer_add(to, json.text.bytes, json.text.length);
    string_buffer_put(to, "\n");
    string_buffer_finish(&json.text);
}

static void put_lines(const struct run *run, const char *text, const struct ranked *ranked,
                      struct string_buffer *to) {
    string_buffer_shown(to, text, strlen(text));
    string_buffer_put(to, ranked->count > 0 ? "\n" : "\n  nothing was found\n");
    for (size_t i = 0; i < ranked->count; i++) {
        const struct batch_pair *pair = &ranked->pairs[i];
        const mgeo_candidate *candidate = pair->candidate;
        if (run->job == NULL) {
            string_buffer_format(to, "  %.4f  ", (double)candidate->score);
        } else if (pair->similarity < 0) {
            string_buffer_put(to, "  no score  ");
        } else {
            const char *why = pair->reason == BATCH_MODEL ? label_of(run, pair)
                                                          : batch_reason_names[pair->reason];
            string_buffer_format(to, "  %.4f  %-13s  ", (double)pair->similarity, why);
        }
        string_buffer_shown(to, candidate->id, candidate->id_len);
        string_buffer_put(to, "  ");
        string_buffer_shown(to, candidate->text, candidate->text_len);
        string_buffer_put(to, "\n");
    }
}

/* All texts as one batch. */
static bool ask(struct run *run, struct batch *batch, struct error *error) {
    const struct options *options = run->options;
    for (size_t i = 1; i < options->operand_count; i++) {
        const char *text = options->operands[i];
        struct row *row = chunk_add(&batch->rows, text, strlen(text));
        row->a_length = strlen(text);
        if (row->a_length > 0 && utf8_valid_prefix(text, row->a_length) == row->a_length) continue;
        return error_set(error, "text %zu is %s", i, row->a_length == 0 ? "empty" : "not UTF-8");
    }
    batch_take_rows(batch);
    if (!search_texts(options, run->index, batch->texts, batch->count, &batch->found, error)) {
        return false;
    }
    if (run->job == NULL) return true;
    struct scorer scorer;
    batch_make_pairs(batch, batch_row_text, NULL);
    scorer_init(&scorer, run->job, NULL, run->info.label_count, 0);
    bool done = scorer_run(&scorer, &batch->pairs, error);
    scorer_finish(&scorer);
    return done;
}

static bool print(const struct run *run, const struct batch *batch, struct error *error) {
    const struct options *options = run->options;
    struct string_buffer text = {0};
    for (size_t i = 0; i < batch->count; i++) {
        struct ranked ranked;
        rank_candidates(run, batch, i, &ranked);
        (options->json ? put_json : put_lines)(run, options->operands[i + 1], &ranked, &text);
        free(ranked.pairs);
        free(ranked.ranks);
    }
    bool done = standard_streams_print(text.bytes, text.length, error);
    string_buffer_finish(&text);
    return done;
}

int command_query(const struct options *options) {
    struct run *run = memory_zeroed(1, sizeof *run);
    struct batch batch;
    struct error error = {""};
    run->options = options;
    bool done =
        index_file_open(options->operands[0], options->model.threads, &run->index, &error) &&
        run_open_model(run, &error);
    batch_init(&batch, run->info.label_count);
    done = done && ask(run, &batch, &error) && print(run, &batch, &error);
    int status = done ? MATCH_DONE : commands_failed(options, &error, "");
    batch_finish(&batch);
    run_close(run);
    free(run);
    return status;
}
