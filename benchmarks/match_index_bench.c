/* SPDX-License-Identifier: Apache-2.0 */
/* Builds an index of a file's lines, saves and opens it, and searches it for each of them, or for
 * those of a second file: what each step costs.
 *
 *   match_index_bench TEXTS INDEX [QUERIES|-] [THREADS [TOP [EFFORT]]]
 *
 * `-` searches the rows themselves, as for duplicates. Times are the wall's and the processor's,
 * in seconds; memory is the most that the process has had. */
#include <mgeo.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct lines {
    char *bytes;
    mgeo_text *items;
    size_t count;
} lines;

typedef struct moment {
    double wall, processor;
} moment;

static moment now(void) {
    struct timespec time;
    struct rusage usage;
    clock_gettime(CLOCK_MONOTONIC, &time);
    getrusage(RUSAGE_SELF, &usage);
    return (moment){(double)time.tv_sec + (double)time.tv_nsec * 1e-9,
                    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6};
}

static void tell(const char *step, size_t count, moment since) {
    struct rusage usage;
    const moment at = now();
    getrusage(RUSAGE_SELF, &usage);
    printf("%-8s %9zu  wall %8.3f s  processor %8.3f s  %8.2f us each  peak %5ld MiB\n", step,
           count, at.wall - since.wall, at.processor - since.processor,
           (at.processor - since.processor) * 1e6 / (double)count, usage.ru_maxrss / 1024);
    fflush(stdout);
}

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "match_index_bench: %s\n", what);
    exit(1);
}

static void succeed(mgeo_status status, const mgeo_error *error) {
    require(status == MGEO_OK, error->message);
}

static lines read_lines(const char *path) {
    lines read = {0};
    size_t capacity = 0;
    FILE *file = fopen(path, "rb");
    require(file != NULL, "a file of texts cannot be opened");
    fseek(file, 0, SEEK_END);
    const size_t bytes = (size_t)ftell(file);
    rewind(file);
    read.bytes = malloc(bytes + 1);
    require(read.bytes != NULL && fread(read.bytes, 1, bytes, file) == bytes, "cannot be read");
    read.bytes[bytes] = '\n';
    fclose(file);
    for (char *at = read.bytes; at < read.bytes + bytes;) {
        char *end = memchr(at, '\n', (size_t)(read.bytes + bytes + 1 - at));
        if (read.count == capacity) {
            capacity = capacity * 2 + 1024;
            read.items = realloc(read.items, capacity * sizeof *read.items);
            require(read.items != NULL, "out of memory");
        }
        read.items[read.count++] = (mgeo_text){at, (size_t)(end - at)};
        at = end + 1;
    }
    return read;
}

static void put_all(mgeo_index *index, const lines *texts) {
    mgeo_error error;
    char(*ids)[16] = calloc(texts->count, sizeof *ids);
    mgeo_record *records = calloc(texts->count, sizeof *records);
    require(ids != NULL && records != NULL, "out of memory");
    for (size_t i = 0; i < texts->count; i++) {
        const int bytes = snprintf(ids[i], sizeof ids[i], "%zu", i + 1);
        records[i] =
            (mgeo_record){ids[i], (size_t)bytes, texts->items[i].text, texts->items[i].text_len};
    }
    const moment since = now();
    succeed(mgeo_index_put(index, records, texts->count, &error), &error);
    tell("build", texts->count, since);
    free(records);
    free(ids);
}

static size_t count_found(const mgeo_candidates *candidates, size_t queries) {
    size_t all = 0, count;
    for (size_t i = 0; i < queries; i++) {
        mgeo_candidates_of(candidates, i, &count);
        all += count;
    }
    return all;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One query at a time, by the wall's clock. */
static void time_single(mgeo_index *index, const lines *queries,
                        const mgeo_search_options *options) {
    const size_t count = queries->count < 5000 ? queries->count : 5000;
    const size_t step = queries->count / count;
    double *times = calloc(count, sizeof *times);
    require(times != NULL, "out of memory");
    for (size_t i = 0; i < count; i++) {
        mgeo_error error;
        mgeo_candidates *candidates;
        const moment since = now();
        succeed(
            mgeo_index_search(index, &queries->items[i * step], 1, options, &candidates, &error),
            &error);
        times[i] = now().wall - since.wall;
        mgeo_candidates_destroy(candidates);
    }
    qsort(times, count, sizeof *times, compare);
    printf("single   P50 %.0f us, P99 %.0f us, most %.0f us\n", times[count / 2] * 1e6,
           times[count * 99 / 100] * 1e6, times[count - 1] * 1e6);
    free(times);
}

static void search_all(mgeo_index *index, const lines *queries,
                       const mgeo_search_options *options) {
    mgeo_error error;
    mgeo_candidates *candidates;
    moment since = now();
    size_t found = 0;
    enum { AT_ONCE = 65536 };
    for (size_t i = 0; i < queries->count; i += AT_ONCE) {
        const size_t count = queries->count - i < AT_ONCE ? queries->count - i : AT_ONCE;
        succeed(mgeo_index_search(index, queries->items + i, count, options, &candidates, &error),
                &error);
        found += count_found(candidates, count);
        mgeo_candidates_destroy(candidates);
    }
    tell("search", queries->count, since);
    printf("found    %zu\n", found);
    time_single(index, queries, options);
}

static void search_rows(mgeo_index *index, size_t rows, const mgeo_search_options *options) {
    mgeo_error error;
    mgeo_candidates *candidates;
    uint64_t generation = 0;
    size_t found = 0;
    moment since = now();
    enum { AT_ONCE = 65536 };
    for (size_t i = 0; i < rows; i += AT_ONCE) {
        const size_t count = rows - i < AT_ONCE ? rows - i : AT_ONCE;
        succeed(
            mgeo_index_search_rows(index, i, count, 1, &generation, options, &candidates, &error),
            &error);
        found += count_found(candidates, count);
        mgeo_candidates_destroy(candidates);
    }
    tell("rows", rows, since);
    printf("found    %zu\n", found);
}

int main(int argc, char **argv) {
    require(argc >= 3, "TEXTS INDEX [QUERIES|-] [THREADS [TOP [EFFORT]]]");
    mgeo_error error;
    mgeo_index *index;
    const lines texts = read_lines(argv[1]);
    const uint32_t threads = argc > 4 ? (uint32_t)atoi(argv[4]) : 1;
    const mgeo_index_options options = {.struct_size = sizeof options, .threads = threads};
    const mgeo_search_options search = {.struct_size = sizeof search,
                                        .threads = threads,
                                        .top = argc > 5 ? (uint32_t)atoi(argv[5]) : 0,
                                        .effort = argc > 6 ? (uint32_t)atoi(argv[6]) : 0};
    succeed(mgeo_index_create(&options, &index, &error), &error);
    put_all(index, &texts);
    moment since = now();
    succeed(mgeo_index_save(index, argv[2], &error), &error);
    tell("save", texts.count, since);
    mgeo_index_destroy(index);
    since = now();
    succeed(mgeo_index_open(argv[2], &options, &index, &error), &error);
    tell("open", texts.count, since);
    mgeo_index_info info = {.struct_size = sizeof info};
    succeed(mgeo_index_get_info(index, &info, &error), &error);
    printf("index    %llu records, %llu terms, %.1f MiB\n", (unsigned long long)info.records,
           (unsigned long long)info.terms, (double)info.bytes_mapped / 1048576.0);
    if (argc > 3 && strcmp(argv[3], "-") == 0) {
        search_rows(index, texts.count, &search);
    } else {
        const lines queries = argc > 3 ? read_lines(argv[3]) : texts;
        search_all(index, &queries, &search);
    }
    mgeo_index_destroy(index);
    return 0;
}
