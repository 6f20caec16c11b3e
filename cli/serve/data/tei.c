/* SPDX-License-Identifier: Apache-2.0 */
/* Options that /rerank and /predict have in common. */
#include "serve/data/tei.h"

#include <float.h>
#include <math.h>

#include "serve/data/decimal.h"

static bool read_truncate(struct data_body *body, struct tei_options *options) {
    enum json_type type = json_reader_next(&body->reader);
    options->never_truncate = type == JSON_FALSE;
    if (type == JSON_TRUE || type == JSON_FALSE || type == JSON_NULL) return true;
    return data_body_wrong_type(body, DATA_BODY_FIELD("truncate"), "true, false or null");
}

static bool read_direction(struct data_body *body) {
    struct data_body_place place = DATA_BODY_FIELD("truncation_direction");
    struct json_string direction;
    if (!data_body_string(body, place, &direction)) return false;
    if (http_slice_equals_nocase(data_body_slice(direction), "right")) return true;
    return data_body_wrong(body, "unsupported", place,
                           "must be \"Right\": texts are cut at their ends");
}

bool tei_options_read(struct data_body *body, int option, struct tei_options *options) {
    switch (option) {
    case TEI_RAW_SCORES: return data_body_flag(body, DATA_BODY_FIELD("raw_scores"), &options->raw);
    case TEI_TRUNCATE: return read_truncate(body, options);
    default: return read_direction(body);
    }
}

bool tei_options_allow(const struct tei_options *options, const struct data_call *call,
                       const struct data_scores *scores, struct http_answer *answer) {
    if (!options->never_truncate) return true;
    for (size_t i = 0; i < call->count; i++) {
        if ((scores->flags[i] & MGEO_ROW_TRUNCATED) == 0) continue;
        const struct http_error error = {.status = 422,
                                         .code = "too_long",
                                         .index = (int64_t)i,
                                         .limit = scores->info->max_length};
        http_answer_error(answer, &error,
                          "pair %zu is longer than the model's %u tokens and \"truncate\" is false",
                          i, scores->info->max_length);
        return false;
    }
    return true;
}

void tei_options_put_score(const struct tei_options *options, struct string_buffer *text,
                           float probability, bool is_binary) {
    if (!options->raw) {
        decimal_score(text, probability, DECIMAL_MOST_DIGITS);
        return;
    }
    double least = FLT_MIN, rest = fmax(1.0 - (double)probability, FLT_EPSILON / 4);
    double logarithm = log(fmax((double)probability, least));
    decimal_float(text, (float)(is_binary ? logarithm - log(rest) : logarithm));
}
