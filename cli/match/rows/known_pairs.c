/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted list that is searched by halving. */
#include "match/rows/known_pairs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/files/standard_streams.h"
#include "common/memory.h"
#include "common/message.h"
#include "match/reference/records.h"
#include "table/reader.h"

struct known_pair {
    const char *a, *b;
};

struct known_pairs {
    struct records records; /* id: the first one; text: the second */
    struct known_pair *pairs;
    size_t count;
    uint64_t incomplete; /* rows without two ids */
};

static int compare(const void *one, const void *other) {
    const struct known_pair *x = one, *y = other;
    int order = strcmp(x->a, y->a);
    return order != 0 ? order : strcmp(x->b, y->b);
}

/* Rows without both ids tell nothing. */
static bool read_rows(struct known_pairs *known, struct reader *reader, struct error *error) {
    enum { ROWS = 8192 };
    struct chunk chunk;
    int got;
    chunk_init(&chunk, 0);
    while ((got = reader_fill(reader, &chunk, ROWS, error)) > 0) {
        for (size_t i = 0; i < chunk.count; i++) {
            const struct row *row = &chunk.rows[i];
            const char *text = chunk_text(&chunk, row);
            known->incomplete += row->reason != ROW_GOOD;
            if (row->reason != ROW_GOOD) continue;
            records_add(&known->records, text + row->a, row->a_length, text + row->b,
                        row->b_length);
        }
        chunk_clear(&chunk);
    }
    chunk_finish(&chunk);
    return got == 0;
}

/* Where the names are others, it is opened once more. */
static bool check_file(const char *path, struct error *error) {
    struct stat about;
    if (standard_streams_number(path) < 0 &&
        (stat(path, &about) != 0 || S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))) {
        return true;
    }
    return error_set(error,
                     "--report: %s cannot be read a second time; write it to a file, and name that",
                     path);
}

/* As --candidates calls them, or the first two. */
static bool read_table(struct known_pairs *known, const struct options *options,
                       struct error *error) {
    static const char *const columns[][2] = {{"id_a", "id_b"}, {"1", "2"}};
    if (!check_file(options->report, error)) return false;
    for (size_t i = 0; i < 2; i++) {
        struct table_options table = {.a = columns[i][0],
                                      .b = columns[i][1],
                                      .null_words = "",
                                      .without_json = true,
                                      .input = options->table.input};
        table.input.quiet = true;
        struct reader *reader = reader_open(&options->report, 1, &table, error);
        if (reader == NULL) continue;
        bool done = reader_table(reader) == NULL || read_rows(known, reader, error);
        reader_close(reader);
        if (done && known->incomplete > 0 && !options->quiet) {
            message_print("%s: rows without two ids, which tell nothing: %" PRIu64, options->report,
                          known->incomplete);
        }
        return done;
    }
    return false;
}

static void sort(struct known_pairs *known) {
    known->count = known->records.count;
    known->pairs = memory_resize(NULL, known->count + 1, sizeof *known->pairs);
    for (size_t i = 0; i < known->count; i++) {
        known->pairs[i] =
            (struct known_pair){records_id(&known->records, i), records_text(&known->records, i)};
    }
    qsort(known->pairs, known->count, sizeof *known->pairs, compare);
}

struct known_pairs *known_pairs_read(const struct options *options, struct error *error) {
    struct known_pairs *made = memory_zeroed(1, sizeof *made);
    if (read_table(made, options, error)) {
        sort(made);
        return made;
    }
    known_pairs_destroy(made);
    return NULL;
}

void known_pairs_destroy(struct known_pairs *known) {
    if (known == NULL) return;
    free(known->pairs);
    records_finish(&known->records);
    free(known);
}

size_t known_pairs_count(const struct known_pairs *known) { return known->count; }

void known_pairs_at(const struct known_pairs *known, size_t i, const char **a, const char **b) {
    *a = known->pairs[i].a;
    *b = known->pairs[i].b;
}

/* How an id that may not end in a NUL stands to one that does. */
static int compare_id(const char *id, size_t length, const char *other) {
    int order = strncmp(id, other, length);
    return order != 0 ? order : other[length] == '\0' ? 0 : -1;
}

size_t known_pairs_of(const struct known_pairs *known, const char *id, size_t length,
                      size_t *first) {
    size_t low = 0, high = known->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_id(id, length, known->pairs[middle].a) > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *first = low;
    while (low < known->count && compare_id(id, length, known->pairs[low].a) == 0) low++;
    return low - *first;
}

bool known_pairs_hold(const struct known_pairs *known, const char *a, size_t a_length,
                      const char *b, size_t b_length) {
    size_t first, count = known_pairs_of(known, a, a_length, &first);
    for (size_t i = 0; i < count; i++) {
        if (compare_id(b, b_length, known->pairs[first + i].b) == 0) return true;
    }
    return false;
}
