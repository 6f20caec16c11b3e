/* SPDX-License-Identifier: Apache-2.0 */
/* Lines in, lines out: nothing that one line holds can change what its neighbours are answered. */
#include "serve/data/ndjson_batch.h"

#include <string.h>

#include "serve/data/decimal.h"

#define PUT(text, literal) string_buffer_add(text, literal, sizeof(literal) - 1)

/* ---- reading --------------------------------------------------------------------------------- */

/* The members of an error, without braces. */
static void put_members(struct string_buffer *text, const struct http_answer *error) {
    const char *begin = error->body.bytes + 1; /* "{" before them, "}\n" behind them */
    string_buffer_add(text, begin, error->body.length - 3);
}

static struct ndjson_line *add_line(struct ndjson_batch *batch, uint64_t number) {
    struct ndjson_line *line = &batch->lines[batch->count++];
    *line = (struct ndjson_line){.number = number, .id_type = JSON_ABSENT};
    return line;
}

static void add_error(struct ndjson_batch *batch, struct ndjson_line *line,
                      struct http_answer *error) {
    put_members(&batch->errors, error);
    line->failed = true;
    line->row = batch->errors.length;
    http_answer_finish(error);
}

static bool read_line(struct data_body *body, struct pair_text *pair) {
    *pair = (struct pair_text){.id_type = JSON_ABSENT};
    enum json_type type = json_reader_next(&body->reader);
    return pair_text_read(body, type, DATA_BODY_ITSELF, true, pair) && data_body_end(body);
}

static bool is_blank(const char *text, size_t length) {
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL && text[length - 1] != '\0') {
        length--;
    }
    return length == 0;
}

void ndjson_batch_add(struct ndjson_batch *batch, uint64_t number, char *text, size_t length) {
    struct http_answer error = {0};
    struct pair_text pair;
    struct data_body body;
    if (is_blank(text, length)) return;
    struct ndjson_line *line = add_line(batch, number);
    data_body_begin(&body, text, length, &error);
    body.itself = "the line";
    bool read = read_line(&body, &pair);
    line->id_type = pair.id_type;
    line->id = pair.id;
    if (!read) {
        add_error(batch, line, &error);
        return;
    }
    line->row = batch->rows++;
    batch->pairs[line->row] = (mgeo_pair){pair.a.bytes, pair.a.length, pair.b.bytes, pair.b.length};
}

void ndjson_batch_add_too_long(struct ndjson_batch *batch, uint64_t number, size_t most) {
    struct http_answer answer = {0};
    const struct http_error error = {
        .status = 413, .code = "line_too_long", .index = -1, .limit = most};
    http_answer_error(&answer, &error, "the line is longer than %zu bytes", most);
    add_error(batch, add_line(batch, number), &answer);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_head(struct string_buffer *text, const struct ndjson_line *line) {
    PUT(text, "{\"index\":");
    decimal_integer(text, line->number);
    if (line->id_type == JSON_ABSENT) return;
    PUT(text, ",\"id\":");
    switch (line->id_type) {
    case JSON_STRING: string_buffer_json_string(text, line->id.at, line->id.length); break;
    case JSON_NUMBER: string_buffer_add(text, line->id.at, line->id.length); break;
    default: PUT(text, "null");
    }
}

static void put_scores(struct row_writer *writer, size_t row) {
    PUT(writer->text, ",");
    row_writer_row(writer, row);
    PUT(writer->text, ",\"generation\":");
    decimal_integer(writer->text, writer->scores->info->generation);
}

void ndjson_batch_write(struct ndjson_batch *batch, const mgeo_model_info *info,
                        const struct http_answer *cause, struct string_buffer *text) {
    const struct data_scores scores = {batch->similarity, batch->label, batch->probabilities,
                                       batch->flags, info};
    struct row_writer writer = {0};
    size_t error = 0;
    if (info != NULL) row_writer_begin(&writer, text, &scores, batch->digits);
    for (size_t i = 0; i < batch->count; i++) {
        const struct ndjson_line *line = &batch->lines[i];
        put_head(text, line);
        if (line->failed) {
            PUT(text, ",");
            string_buffer_add(text, batch->errors.bytes + error, line->row - error);
            error = line->row;
        } else if (info != NULL) {
            put_scores(&writer, line->row);
        } else {
            PUT(text, ",");
            put_members(text, cause);
        }
        PUT(text, "}\n");
    }
    row_writer_finish(&writer);
    string_buffer_clear(&batch->errors);
    batch->count = batch->rows = 0;
}

void ndjson_batch_finish(struct ndjson_batch *batch) { string_buffer_finish(&batch->errors); }
