/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the programs' reader makes rows of a table: TSV, CSV, JSON lines and GB18030 in turns in
 * one process, in processor time, the median of the rounds and its ratio to TSV in UTF-8. */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/string_buffer.h"
#include "table/reader.h"

enum { ROWS = 200000, MOST_ROUNDS = 99 };

struct measured {
    const char *name;
    char path[64];
    size_t bytes;
    double seconds[MOST_ROUNDS];
};

static void give_up(const char *what) {
    perror(what);
    exit(2);
}

/* ---- tables ---------------------------------------------------------------------------------- */

enum form { PLAIN_TSV, PLAIN_CSV, QUOTED_CSV, JSON_LINES };

static const char *const texts[] = {"浙江省杭州市西湖区文三路", "文三路",   "余杭区仓前街道海创园",
                                    "上海市浦东新区张江路",     "人民大道", "北京市朝阳区建国路甲"};

static void add_row(struct string_buffer *to, enum form form, unsigned row) {
    static const char *const formats[] = {
        [PLAIN_TSV] = "%u\t%s%u号3幢\t%s%u号\texact_match\n",
        [PLAIN_CSV] = "%u,%s%u号3幢,%s%u号,exact_match\r\n",
        [QUOTED_CSV] = "\"%u\",\"%s%u号3幢\",\"%s%u号\",\"exact_match\"\r\n",
        [JSON_LINES] = ("{\"id\": \"%u\", \"sentence1\": \"%s%u号3幢\", \"sentence2\": \"%s%u号\", "
                        "\"label\": \"exact_match\"}\n"),
    };
    const char *a = texts[row % 6], *b = texts[row / 6 % 6];
    char line[400];
    snprintf(line, sizeof line, formats[form], row, a, row * 7 % 1000, b, row * 7 % 1000);
    string_buffer_put(to, line);
}

static void make_text(struct string_buffer *to, enum form form) {
    static const char *const headers[] = {[PLAIN_TSV] = "id\tsentence1\tsentence2\tlabel\n",
                                          [PLAIN_CSV] = "id,sentence1,sentence2,label\r\n",
                                          [QUOTED_CSV] = "id,sentence1,sentence2,label\r\n",
                                          [JSON_LINES] = ""};
    string_buffer_put(to, headers[form]);
    for (unsigned row = 0; row < ROWS; row++) add_row(to, form, row);
}

static void convert(struct string_buffer *text, const char *encoding) {
    iconv_t conversion = iconv_open(encoding, "UTF-8");
    size_t room = text->length * 2 + 64, left = text->length, free_bytes = room;
    char *bytes = malloc(room), *to = bytes, *from = text->bytes;
    if (conversion == (iconv_t)-1 || bytes == NULL ||
        iconv(conversion, &from, &left, &to, &free_bytes) == (size_t)-1) {
        give_up(encoding);
    }
    iconv_close(conversion);
    string_buffer_clear(text);
    string_buffer_add(text, bytes, room - free_bytes);
    free(bytes);
}

static struct measured make_table(const char *name, enum form form, const char *encoding) {
    struct measured made = {.name = name};
    struct string_buffer text = {0};
    make_text(&text, form);
    if (encoding != NULL) convert(&text, encoding);
    int descriptor = memfd_create(name, 0);
    if (descriptor < 0 || write(descriptor, text.bytes, text.length) != (ssize_t)text.length) {
        give_up(name);
    }
    snprintf(made.path, sizeof made.path, "/proc/self/fd/%d", descriptor);
    made.bytes = text.length;
    string_buffer_finish(&text);
    return made;
}

/* ---- measuring ------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double read_once(const struct measured *table) {
    const struct table_options options = {.input = {.quiet = true}};
    const char *const paths[] = {table->path};
    struct error error;
    struct chunk chunk;
    size_t rows = 0;
    int got;
    chunk_init(&chunk, 0);
    double begin = now();
    struct reader *reader = reader_open(paths, 1, &options, &error);
    while (reader != NULL && (got = reader_fill(reader, &chunk, 1024, &error)) > 0) {
        for (size_t i = 0; i < chunk.count; i++) rows += chunk.rows[i].reason == ROW_GOOD;
        chunk_clear(&chunk);
    }
    double seconds = now() - begin;
    if (rows != ROWS) {
        fprintf(stderr, "%s: %zu rows are read of %d\n", table->name, rows, ROWS);
        exit(1);
    }
    reader_close(reader);
    chunk_finish(&chunk);
    return seconds;
}

static int by_time(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double median(struct measured *table, size_t rounds) {
    qsort(table->seconds, rounds, sizeof *table->seconds, by_time);
    return table->seconds[rounds / 2];
}

int main(int count, char **arguments) {
    size_t rounds = count > 1 ? strtoul(arguments[1], NULL, 10) : 15;
    if (rounds < 1 || rounds > MOST_ROUNDS) rounds = MOST_ROUNDS;
    struct measured tables[] = {
        make_table("TSV, UTF-8", PLAIN_TSV, NULL),
        make_table("CSV, UTF-8", PLAIN_CSV, NULL),
        make_table("CSV, UTF-8, all quoted", QUOTED_CSV, NULL),
        make_table("JSON lines, UTF-8", JSON_LINES, NULL),
        make_table("TSV, GB18030", PLAIN_TSV, "GB18030"),
        make_table("CSV, GB18030", PLAIN_CSV, "GB18030"),
        make_table("TSV, UTF-16LE", PLAIN_TSV, "UTF-16LE"),
    };
    enum { TABLES = sizeof tables / sizeof *tables };
    for (size_t i = 0; i < TABLES; i++) read_once(&tables[i]);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < TABLES; i++) tables[i].seconds[round] = read_once(&tables[i]);
    }
    double base = median(&tables[0], rounds);
    for (size_t i = 0; i < TABLES; i++) {
        double seconds = i == 0 ? base : median(&tables[i], rounds);
        printf("%-24s %8.0f rows/ms %7.1f MB/s  %5.2f of the time of TSV in UTF-8\n",
               tables[i].name, ROWS / seconds / 1e3, (double)tables[i].bytes / seconds / 1e6,
               seconds / base);
    }
    return 0;
}
