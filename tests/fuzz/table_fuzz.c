/* SPDX-License-Identifier: Apache-2.0 */
/* A table's bytes, from standard input to rows: compression, encoding, dialect, header, cells.
 *
 * Byte 0 of an input chooses the format and the header, byte 1 the encoding, byte 2 the delimiter
 * and how the bytes come; the table follows. */
#include "common/string_buffer.h"
#include "lines.h"
#include "pieces.h"
#include "table/reader.h"

enum { LONGEST = 16 * 1024 };

static const char *const encodings[] = {
    NULL, "utf-8", "gb18030", "utf-16le", "utf-16be", "utf-16", "utf-32le", "big5", "shift_jis",
};

/* What was read: `whole` has all that is known of the rows, `lines` where they lie in the input. */
struct outcome {
    bool failed;
    struct dialect dialect;
    struct error error;
    struct string_buffer whole, lines;
    uint64_t rows;
};

static void choose(const uint8_t *head, struct table_options *options) {
    static const char delimiters[] = {'\t', ',', ';', '|', '\0', '\0'};
    *options = (struct table_options){
        .header = (enum table_header)(head[0] >> 2 & 3) % 3,
        .dialect = {.format = (enum dialect_format)(head[0] & 3),
                    .delimiter = delimiters[head[2] % sizeof delimiters]},
        .input = {.encoding = encodings[head[1] % (sizeof encodings / sizeof *encodings)],
                  .prompt = (head[0] & 64) != 0,
                  .quiet = true}};
    if (options->dialect.format == DIALECT_JSONL) options->dialect.delimiter = '\0';
    if ((head[0] & 128) != 0) table_options_take_columns(options, "2,1");
    if ((head[0] & 32) != 0) options->gold = "3";
}

/* ---- what must hold of a row ----------------------------------------------------------------- */

static void check_text(const struct chunk *chunk, const struct row *row, size_t at, size_t length) {
    FUZZ_REQUIRE(row->text <= chunk->used && at <= chunk->used - row->text &&
                     length <= chunk->used - row->text - at,
                 "a cell outside its chunk");
    const char *text = chunk_text(chunk, row) + at;
    FUZZ_REQUIRE(length > 0 && memchr(text, '\0', length) == NULL, "an empty cell, or NUL in one");
    FUZZ_REQUIRE(fuzz_is_utf8((const unsigned char *)text, length), "a cell that is not UTF-8");
}

static void check_row(const struct chunk *chunk, const struct row *row, uint64_t *line,
                      uint64_t *end) {
    FUZZ_REQUIRE(row->line > *line, "a row's line is not after the one before");
    FUZZ_REQUIRE(row->offset >= *end, "a row begins in the one before");
    FUZZ_REQUIRE(row->kept <= row->length && row->length <= chunk->used - row->text,
                 "a row longer than what is there");
    FUZZ_REQUIRE(row->reason < ROW_NOTHING && row_error_name(row->reason) != NULL,
                 "a reason that reading does not give");
    *line = row->line;
    *end = row->offset + row->bytes;
    if (row->reason != ROW_GOOD) return;
    check_text(chunk, row, row->a, row->a_length);
    check_text(chunk, row, row->b, row->b_length);
    FUZZ_REQUIRE(row->gold_length == 0 || row->gold + row->gold_length <= chunk->used - row->text,
                 "a gold label outside its chunk");
}

/* ---- reading --------------------------------------------------------------------------------- */

static void note(struct outcome *outcome, const struct chunk *chunk, const struct row *row) {
    const char *text = chunk_text(chunk, row);
    string_buffer_format(&outcome->lines, "%ju %ju %ju ", (uintmax_t)row->line,
                         (uintmax_t)row->offset, (uintmax_t)row->bytes);
    string_buffer_add(&outcome->lines, text, row->length);
    string_buffer_format(&outcome->whole, "%d %zu %zu %zu %zu ", (int)row->reason, row->kept,
                         row->columns, row->column, row->byte);
    if (row->reason != ROW_GOOD) return;
    string_buffer_add(&outcome->whole, text + row->a, row->a_length);
    string_buffer_add(&outcome->whole, text + row->b, row->b_length);
    string_buffer_add(&outcome->whole, text + row->gold, row->gold_length);
}

static void read_rows(struct reader *reader, size_t at_once, struct outcome *outcome) {
    struct chunk chunk;
    uint64_t line = 0, end = 0;
    int got;
    chunk_init(&chunk, 0);
    while ((got = reader_fill(reader, &chunk, at_once, &outcome->error)) > 0) {
        for (size_t i = 0; i < chunk.count; i++) {
            check_row(&chunk, &chunk.rows[i], &line, &end);
            note(outcome, &chunk, &chunk.rows[i]);
        }
        outcome->rows += chunk.count;
        chunk_clear(&chunk);
    }
    outcome->failed = got < 0;
    chunk_finish(&chunk);
}

static void read_table(const struct table_options *options, size_t at_once,
                       struct outcome *outcome) {
    static const char *const paths[] = {"-"};
    struct reader *reader = reader_open(paths, 1, options, &outcome->error);
    outcome->failed = reader == NULL;
    if (reader != NULL) {
        const struct table *table = reader_table(reader);
        if (table != NULL) {
            outcome->dialect = table->dialect;
            FUZZ_REQUIRE(table->a != table->b, "both texts are one column");
        }
        read_rows(reader, at_once, outcome);
        reader_close(reader);
    }
    if (outcome->failed) fuzz_check_line(&outcome->error);
}

static void finish(struct outcome *outcome) {
    string_buffer_finish(&outcome->whole);
    string_buffer_finish(&outcome->lines);
}

static bool same_text(const struct string_buffer *a, const struct string_buffer *b) {
    return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* ---- what must hold of all ------------------------------------------------------------------- */

/* Delivered in pieces, and handed out in small chunks, the table is the same. */
static void check_pieces(const struct table_options *options, const uint8_t *data, size_t size,
                         unsigned seed, const struct outcome *expected) {
    struct outcome pieces = {0};
    fuzz_pieces_begin(data, size, 1 + seed % 61, false);
    read_table(options, 1 + seed % 5, &pieces);
    FUZZ_REQUIRE(pieces.failed == expected->failed, "pieces decide whether it is a table");
    FUZZ_REQUIRE(!pieces.failed || strcmp(pieces.error.line, expected->error.line) == 0,
                 "pieces change the error");
    FUZZ_REQUIRE(pieces.rows == expected->rows, "pieces change the number of rows");
    FUZZ_REQUIRE(same_text(&pieces.lines, &expected->lines), "pieces change lines");
    FUZZ_REQUIRE(same_text(&pieces.whole, &expected->whole), "pieces change cells");
    finish(&pieces);
}

/* Where nothing is guessed, a source that hesitates gives the same lines: only what the sample
 * shows of the width may differ. */
static void check_hesitating(const struct table_options *options, const uint8_t *data, size_t size,
                             unsigned seed, const struct outcome *expected) {
    struct outcome slow = {0};
    bool fixed = options->input.encoding != NULL && strcmp(options->input.encoding, "utf-16") != 0;
    bool delimited = options->dialect.delimiter != '\0';
    if (!fixed || options->dialect.format == DIALECT_AUTO || options->header == TABLE_HEADER_AUTO ||
        (options->dialect.format == DIALECT_CSV && !delimited)) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\r') return; /* may be a line end, by the sample */
    }
    fuzz_pieces_begin(data, size, 1 + seed % 61, true);
    read_table(options, 64, &slow);
    if (!slow.failed && !expected->failed) {
        FUZZ_REQUIRE(slow.rows == expected->rows, "a slow source changes the number of rows");
        FUZZ_REQUIRE(same_text(&slow.lines, &expected->lines), "a slow source changes lines");
    }
    finish(&slow);
}

/* Each line of plain TSV is a row. */
static void check_count(const struct table_options *options, const uint8_t *data, size_t size,
                        const struct outcome *read) {
    uint64_t ends = 0;
    bool plain = options->input.encoding != NULL && strcmp(options->input.encoding, "utf-8") == 0 &&
                 options->dialect.format == DIALECT_TSV && options->header == TABLE_HEADER_NO;
    if (!plain || read->failed || size < 4 || data[0] == 0x1F || data[1] == 0xB5 ||
        data[1] == 0x2A || memchr(data, '\r', size) != NULL) {
        return;
    }
    for (size_t i = 0; i < size; i++) ends += data[i] == '\n';
    static const char mark[] = "\xEF\xBB\xBF";
    if (memcmp(data, mark, 3) == 0) return;
    FUZZ_REQUIRE(read->rows == ends + (data[size - 1] != '\n'), "not as many rows as lines");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3 || size > LONGEST) return 0;
    struct table_options options;
    struct outcome whole = {0};
    choose(data, &options);
    unsigned seed = data[2] / 6u + size;
    data += 3;
    size -= 3;
    fuzz_pieces_begin(data, size, 0, false);
    read_table(&options, 1000, &whole);
    check_count(&options, data, size, &whole);
    check_pieces(&options, data, size, seed, &whole);
    check_hesitating(&options, data, size, seed, &whole);
    finish(&whole);
    table_options_finish(&options);
    return 0;
}
