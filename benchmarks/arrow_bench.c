/* SPDX-License-Identifier: Apache-2.0 */
/* What a table in Arrow's layout costs beside the same pairs given to mgeo_score: both in turns, in
 * wall-clock time.
 *
 *   arrow_bench PAIRS.tsv [ROWS [ROUNDS [DIR]]]
 *
 * PAIRS.tsv: two texts a line, after a header; repeated up to ROWS. DIR: a model directory. */
#define _GNU_SOURCE
#include <math.h>
#include <mgeo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_BYTES = 4096 };

/* The same texts as pairs and as two columns of utf8. */
static struct {
    size_t rows;
    mgeo_pair *pairs;
    int32_t *offsets[2];
    char *bytes[2];
    float *similarity, *probabilities;
    int32_t *label;
    uint32_t *flags;
} work;

static void *need(void *memory) {
    if (memory != NULL) return memory;
    fprintf(stderr, "arrow_bench: out of memory\n");
    exit(1);
}

static void require(mgeo_status status, const mgeo_error *error) {
    if (status == MGEO_OK) return;
    fprintf(stderr, "arrow_bench: %s\n", error->message);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- the texts ------------------------------------------------------------------------------- */

static void add_text(int column, size_t row, const char *text, size_t length) {
    int32_t begin = work.offsets[column][row];
    memcpy(work.bytes[column] + begin, text, length);
    work.offsets[column][row + 1] = begin + (int32_t)length;
}

static void read_rows(FILE *file) {
    char line[LINE_BYTES];
    for (size_t row = 0; row < work.rows;) {
        if (fgets(line, sizeof line, file) == NULL) {
            rewind(file);
            if (fgets(line, sizeof line, file) == NULL) exit(1); /* the header */
            continue;
        }
        char *b = strchr(line, '\t'), *end = b == NULL ? NULL : strpbrk(b + 1, "\t\n");
        if (end == NULL) continue;
        add_text(0, row, line, (size_t)(b - line));
        add_text(1, row, b + 1, (size_t)(end - b - 1));
        row++;
    }
}

static void make_work(const char *path, size_t rows) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    work.rows = rows;
    work.pairs = need(calloc(rows, sizeof *work.pairs));
    work.similarity = need(calloc(rows, sizeof(float)));
    work.probabilities = need(calloc(rows, MGEO_MAX_LABELS * sizeof(float)));
    work.label = need(calloc(rows, sizeof(int32_t)));
    work.flags = need(calloc(rows, sizeof(uint32_t)));
    for (int column = 0; column < 2; column++) {
        work.offsets[column] = need(calloc(rows + 1, sizeof(int32_t)));
        work.bytes[column] = need(malloc(rows * 256 + LINE_BYTES));
    }
    char header[LINE_BYTES];
    if (fgets(header, sizeof header, file) == NULL) exit(1);
    read_rows(file);
    fclose(file);
    for (size_t i = 0; i < rows; i++) {
        const int32_t *a = &work.offsets[0][i], *b = &work.offsets[1][i];
        work.pairs[i] = (mgeo_pair){work.bytes[0] + a[0], (size_t)(a[1] - a[0]),
                                    work.bytes[1] + b[0], (size_t)(b[1] - b[0])};
    }
}

/* ---- both ways ------------------------------------------------------------------------------- */

static void keep_schema(struct ArrowSchema *schema) { (void)schema; }
static void keep_array(struct ArrowArray *array) { (void)array; }

static double score_pairs(mgeo_engine *engine) {
    mgeo_error error;
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = work.similarity,
                          .label = work.label,
                          .probabilities = work.probabilities,
                          .probability_stride = MGEO_MAX_LABELS,
                          .flags = work.flags};
    double start = now();
    require(mgeo_score(engine, work.pairs, work.rows, &scores, &error), &error);
    return now() - start;
}

/* On a CPU they are equal in each bit, on other devices within rounding. */
static void check_answers(const float *similarity) {
    for (size_t i = 0; i < work.rows; i++) {
        if (fabsf(similarity[i] - work.similarity[i]) < 0.01f) continue;
        fprintf(stderr, "arrow_bench: the two ways answer differently\n");
        exit(1);
    }
}

static double score_table(mgeo_engine *engine) {
    const void *none[1] = {NULL}, *buffers[2][3];
    struct ArrowSchema columns[2], schema, *schemas[2] = {&columns[0], &columns[1]}, answer_schema;
    struct ArrowArray arrays[2], table, *children[2] = {&arrays[0], &arrays[1]}, answer;
    for (int i = 0; i < 2; i++) {
        buffers[i][0] = NULL;
        buffers[i][1] = work.offsets[i];
        buffers[i][2] = work.bytes[i];
        columns[i] = (struct ArrowSchema){.format = "u", .release = keep_schema};
        arrays[i] = (struct ArrowArray){.length = (int64_t)work.rows,
                                        .n_buffers = 3,
                                        .buffers = buffers[i],
                                        .release = keep_array};
    }
    schema = (struct ArrowSchema){
        .format = "+s", .n_children = 2, .children = schemas, .release = keep_schema};
    table = (struct ArrowArray){.length = (int64_t)work.rows,
                                .n_buffers = 1,
                                .buffers = none,
                                .n_children = 2,
                                .children = children,
                                .release = keep_array};
    mgeo_error error;
    double start = now();
    require(mgeo_score_arrow(engine, &schema, &table, NULL, &answer_schema, &answer, &error),
            &error);
    double seconds = now() - start;
    check_answers(answer.children[0]->buffers[1]);
    answer.release(&answer);
    answer_schema.release(&answer_schema);
    return seconds;
}

static int ascending(const void *a, const void *b) {
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: arrow_bench PAIRS.tsv [ROWS [ROUNDS [DIR]]]\n");
        return 2;
    }
    size_t rows = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;
    size_t rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 9;
    mgeo_engine *engine = NULL;
    mgeo_error error;
    if (rows == 0 || rounds == 0) return 2;
    make_work(argv[1], rows);
    require(mgeo_engine_create(NULL, &engine, &error), &error);
    require(mgeo_load(engine, argc > 4 ? argv[4] : NULL, NULL, NULL, &error), &error);
    double *pairs = need(calloc(rounds, sizeof *pairs));
    double *table = need(calloc(rounds, sizeof *table));
    double *ratio = need(calloc(rounds, sizeof *ratio));
    score_pairs(engine);
    for (size_t i = 0; i < rounds; i++) {
        pairs[i] = score_pairs(engine);
        table[i] = score_table(engine);
        ratio[i] = table[i] / pairs[i];
    }
    qsort(pairs, rounds, sizeof *pairs, ascending);
    qsort(table, rounds, sizeof *table, ascending);
    qsort(ratio, rounds, sizeof *ratio, ascending);
    printf("%zu pairs, %zu rounds: mgeo_score %.0f pairs/s, mgeo_score_arrow %.0f (best of each); "
           "time of a round, arrow : pairs, median %.3f\n",
           rows, rounds, (double)rows / pairs[0], (double)rows / table[0], ratio[rounds / 2]);
    mgeo_engine_destroy(engine);
    return 0;
}
