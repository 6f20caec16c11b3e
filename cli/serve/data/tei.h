/* SPDX-License-Identifier: Apache-2.0 */
/* POST /rerank and POST /predict as text-embeddings-inference has them, and their options. */
#ifndef CLI_SERVE_DATA_TEI_H
#define CLI_SERVE_DATA_TEI_H

#include "serve/data/data_body.h"
#include "serve/data/data_route.h"

bool rerank_parse(struct data_call *call, struct http_answer *answer);
void rerank_render(const struct data_call *call, const struct data_scores *scores,
                   struct http_answer *answer);
bool predict_parse(struct data_call *call, struct http_answer *answer);
void predict_render(const struct data_call *call, const struct data_scores *scores,
                    struct http_answer *answer);

/* What both have. */
struct tei_options {
    bool raw;            /* raw_scores: scores before they were made probabilities */
    bool never_truncate; /* "truncate": false: a text that is too long is an error */
};
enum { TEI_RAW_SCORES, TEI_TRUNCATE, TEI_TRUNCATION_DIRECTION, TEI_OPTIONS };
#define TEI_OPTION_NAMES "raw_scores", "truncate", "truncation_direction"

/* Reads the value of option TEI_RAW_SCORES… */
bool tei_options_read(struct data_body *body, int option, struct tei_options *options);

/* False, and 422 in the answer, if a row was cut that must not be. */
bool tei_options_allow(const struct tei_options *options, const struct data_call *call,
                       const struct data_scores *scores, struct http_answer *answer);

/* Appends a probability, or what it was before: the log-odds of one that stands alone
 * (`is_binary`), else its logarithm, which is the model's own number less what all labels share. */
void tei_options_put_score(const struct tei_options *options, struct string_buffer *text,
                           float probability, bool is_binary);

#endif
