/* SPDX-License-Identifier: Apache-2.0 */
/* Reading pairs: the ids take the place of texts, the similarity that of the known label. */
#include "match/clusters/scored_pairs.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "scoring/row_errors.h"
#include "table/reader.h"

/* A number as it stands; NaN for an empty cell. A percentage would link all that it comes to; sums
 * of floats may come out above 1 by a little. */
static bool read_similarity(const char *cell, size_t length, float *to) {
    char text[64], *end;
    *to = NAN;
    if (length == 0) return true;
    if (length >= sizeof text) return false;
    memcpy(text, cell, length);
    text[length] = '\0';
    double number = strtod(text, &end);
    *to = (float)number;
    return *end == '\0' && isfinite(*to) && *to < 1.001f;
}

static void add_link(struct scored_pairs *pairs, uint32_t a, uint32_t b, float score) {
    if (pairs->count == pairs->capacity) {
        pairs->capacity = pairs->capacity == 0 ? 4096 : 2 * pairs->capacity;
        pairs->links = memory_resize(pairs->links, pairs->capacity, sizeof *pairs->links);
    }
    pairs->links[pairs->count++] = (mgeo_link){.a = a, .b = b, .score = score};
}

static bool take_row(struct scored_pairs *pairs, const struct options *options,
                     const struct chunk *chunk, const struct row *row, struct error *error) {
    const char *text = chunk_text(chunk, row);
    float score;
    if (!read_similarity(text + row->gold, row->gold_length, &score)) {
        const char *path = options->operands[row->input];
        return error_set(error,
                         "%s:%" PRIu64
                         ": \"%.*s\" is no similarity, a number up to 1; --similarity "
                         "names its column",
                         strcmp(path, "-") != 0 ? path : "standard input", row->line,
                         (int)(row->gold_length < 40 ? row->gold_length : 40), text + row->gold);
    }
    enum ids_side other = options->one_to_one ? IDS_B : IDS_A;
    uint32_t a = ids_add(&pairs->ids, IDS_A, text + row->a, row->a_length);
    uint32_t b = ids_add(&pairs->ids, other, text + row->b, row->b_length);
    if (a == IDS_NONE || b == IDS_NONE) {
        return error_set(error, "there are more than %u ids", IDS_NONE - 1);
    }
    pairs->unscored += isnan(score);
    add_link(pairs, a, b, score);
    return true;
}

static bool take_rows(struct scored_pairs *pairs, const struct options *options,
                      struct reader *reader, struct row_errors *row_errors, struct error *error) {
    enum { ROWS = 8192 };
    struct chunk chunk;
    int got;
    chunk_init(&chunk, 0);
    while ((got = reader_fill(reader, &chunk, ROWS, error)) > 0) {
        bool done = !interrupt_received() || error_set(error, "%s", "");
        for (size_t i = 0; done && i < chunk.count; i++) {
            if (chunk.rows[i].reason != ROW_GOOD) continue;
            done = take_row(pairs, options, &chunk, &chunk.rows[i], error);
        }
        if (!done || !row_errors_chunk(row_errors, &chunk, error)) break;
        chunk_clear(&chunk);
    }
    chunk_finish(&chunk);
    return got == 0;
}

/* Ids are no addresses: none of them means that there is none. */
static struct table_options table_of(const struct options *options) {
    struct table_options table = options->table;
    if (table.a == NULL) table.a = "id_a";
    if (table.b == NULL) table.b = "id_b";
    if (table.gold == NULL) table.gold = "similarity";
    table.null_words = "";
    table.one_text = NULL;
    table.dialect.one_column = false;
    table.without_json = options->errors == NULL;
    return table;
}

static bool read_all(struct scored_pairs *pairs, const struct options *options,
                     struct reader *reader, struct error *error) {
    struct row_errors row_errors = {.paths = options->operands,
                                    .table = reader_table(reader),
                                    .quiet = options->quiet,
                                    .limited = options->limit_errors,
                                    .limit = options->max_errors};
    bool done =
        row_errors_open(&row_errors, options->errors, error) &&
        (reader_table(reader) == NULL || take_rows(pairs, options, reader, &row_errors, error));
    done = row_errors_close(&row_errors, done, error);
    pairs->bad = row_errors.total;
    return done;
}

static void number_sources(struct scored_pairs *pairs) {
    pairs->source = memory_resize(NULL, pairs->ids.count + 1, sizeof *pairs->source);
    for (size_t i = 0; i < pairs->ids.count; i++) {
        pairs->source[i] = (uint32_t)ids_side_of(&pairs->ids, i);
    }
}

/* Ids such as a and b are names that headers have too; a number where the similarity's name would
 * be tells a row. */
static bool check_header(const struct table *table, const struct options *options,
                         struct error *error) {
    float number;
    bool guessed = table != NULL && table->has_header && table->columnar == COLUMNAR_NONE &&
                   !table->objects && options->table.header == TABLE_HEADER_AUTO;
    const char *name = guessed && table->gold < table->width ? table->names[table->gold] : "";
    if (name[0] == '\0' || !read_similarity(name, strlen(name), &number)) return true;
    return error_set(error,
                     "%s: line 1 looks like a header, but has a similarity; say --header no, or "
                     "--header yes",
                     options->operands[0]);
}

bool scored_pairs_read(struct scored_pairs *pairs, const struct options *options,
                       struct error *error) {
    struct table_options table = table_of(options);
    struct reader *reader = reader_open(options->operands, options->operand_count, &table, error);
    if (reader == NULL) return false;
    bool done = check_header(reader_table(reader), options, error) &&
                read_all(pairs, options, reader, error);
    reader_close(reader);
    if (done && options->one_to_one) number_sources(pairs);
    return done;
}

void scored_pairs_finish(struct scored_pairs *pairs) {
    ids_finish(&pairs->ids);
    free(pairs->source);
    free(pairs->links);
    memset(pairs, 0, sizeof *pairs);
}
