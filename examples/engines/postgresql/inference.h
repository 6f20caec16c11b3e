/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs to be scored, and what a server says of them. "postgres.h" stands before this. */
#ifndef MGEO_POSTGRESQL_INFERENCE_H
#define MGEO_POSTGRESQL_INFERENCE_H

#include "lib/stringinfo.h"

/* Pairs on their way: the texts of one request as a tensor of bytes. */
typedef struct inference_request {
    StringInfoData texts;
    int count;
} inference_request;

/* What came back; row i belongs to pair i. */
typedef struct inference_result {
    int count;
    float4 *similarity; /* NaN: no score */
    uint32 *flags;      /* NULL unless all was asked for, as labels */
    char **labels;      /* in the database's encoding; "": none */
    char *version;      /* of the model that answered */
    int64 generation;
} inference_result;

void inference_begin(inference_request *request);
void inference_add(inference_request *request, const text *a, const text *b);
/* Whether another pair should wait for the next request. */
bool inference_is_full(const inference_request *request);
/* Asks for similarities, or with `all` for flags and labels too. The result is allocated. */
void inference_score(const inference_request *request, bool all, inference_result *result);

#endif
