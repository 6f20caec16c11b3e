/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what the ranking network sees of each query's candidates, for training/rank.py.
 *
 *   match_rank_features CORPUS QUERIES TOP > FEATURES
 *
 * CORPUS: id<TAB>text; QUERIES: query<TAB>answer<TAB>label<TAB>answer's id<TAB>own id, each under a
 * header, a query's rows together. For each query and candidate one record of float: the query's
 * number, the candidate's label (0, 1 partial, 2 exact), then the features. */
#include "match/index/index.h"
#include "match/index/rank.h"
#include "match/index/search.h"
#include "match/index/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINE = 65536, MOST_ANSWERS = 4096 };

typedef struct answers {
    char query[MOST_LINE];
    size_t count;
    uint64_t rows[MOST_ANSWERS];
    float labels[MOST_ANSWERS];
    long own; /* row of the query itself, or -1 */
} answers;

static void fail(const char *what) {
    fprintf(stderr, "match_rank_features: %s\n", what);
    exit(1);
}

static char *cell(char **line) {
    char *start = *line;
    char *end = start + strcspn(start, "\t\r\n");
    *line = *end == '\t' ? end + 1 : end;
    *end = '\0';
    return start;
}

/* Puts all texts in, whose rows are the numbers in their ids: "c12" is row 12. */
static mgeo_index *read_corpus(const char *path) {
    static char line[MOST_LINE];
    FILE *file = fopen(path, "r");
    mgeo_record *records = NULL;
    size_t count = 0, capacity = 0;
    mgeo_index *index = NULL;
    mgeo_error error;
    if (file == NULL || fgets(line, sizeof line, file) == NULL) fail("cannot read the corpus");
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest = line;
        if (count == capacity) {
            capacity = capacity * 2 + 1024;
            records = realloc(records, capacity * sizeof *records);
            if (records == NULL) fail("out of memory");
        }
        const char *id = strdup(cell(&rest));
        const char *text = strdup(cell(&rest));
        records[count++] = (mgeo_record){id, MGEO_NUL_TERMINATED, text, MGEO_NUL_TERMINATED};
    }
    fclose(file);
    const mgeo_index_options options = {.struct_size = sizeof options};
    if (mgi_index_create(&options, &index, &error) != MGEO_OK ||
        mgi_index_put(index, records, count, &error) != MGEO_OK) {
        fail(error.message);
    }
    return index;
}

static void write_query(mgi_snapshot *snapshot, const answers *query, float number, uint32_t top) {
    static mgi_scratch scratch;
    const mgi_search_limits limits = {.top = top, .effort = 100};
    const mgi_segment *segment = snapshot->parts[0].segment;
    const mgi_segment_document *documents = mgi_segment_documents(segment);
    size_t count;
    if (!mgi_search_text(snapshot, query->query, strlen(query->query), &limits, &scratch, &count)) {
        fail("out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        const uint64_t row = scratch.found[i].row;
        float record[3 + MGI_RANK_FEATURES] = {number, 0.0f, (float)row};
        if (query->own == (long)row) continue;
        for (size_t k = 0; k < query->count; k++) {
            if (query->rows[k] == row) record[1] = query->labels[k];
        }
        const mgi_segment_document *at = &documents[mgi_segment_at_row(segment, row)];
        const mgi_rank_document document = {
            mgi_segment_words(segment, MGI_SECTION_FORWARD) + at->forward,
            (size_t)(at[1].forward - at->forward), at->total, at->facts};
        mgi_rank_features(&scratch.rank, &document, record + 3);
        fwrite(record, sizeof record, 1, stdout);
    }
}

static void take_answer(answers *query, char *rest) {
    cell(&rest);
    const char *label = cell(&rest);
    const char *answer = cell(&rest), *own = cell(&rest);
    if (query->count == MOST_ANSWERS) fail("too many answers");
    query->own = *own == '\0' ? -1 : strtol(own + 1, NULL, 10);
    query->rows[query->count] = strtoul(answer + 1, NULL, 10);
    query->labels[query->count++] = strcmp(label, "exact_match") == 0 ? 2.0f : 1.0f;
}

int main(int argc, char **argv) {
    static char line[MOST_LINE];
    static answers query;
    float number = 0.0f;
    if (argc != 4) fail("CORPUS QUERIES TOP");
    mgeo_index *index = read_corpus(argv[1]);
    mgi_snapshot *snapshot = mgi_index_take(index);
    FILE *file = fopen(argv[2], "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL) fail("cannot read the queries");
    const uint32_t top = (uint32_t)strtoul(argv[3], NULL, 10);
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest = line;
        const char *text = cell(&rest);
        if (strcmp(text, query.query) != 0) {
            if (query.count > 0) write_query(snapshot, &query, number++, top);
            strcpy(query.query, text);
            query.count = 0;
        }
        take_answer(&query, rest);
    }
    if (query.count > 0) write_query(snapshot, &query, number, top);
    mgi_snapshot_release(snapshot);
    mgi_index_destroy(index);
    fclose(file);
    return 0;
}
