/* SPDX-License-Identifier: Apache-2.0 */
/* One request to mgeo-serve and its answer, over HTTP/1.1. "postgres.h" stands before this. */
#ifndef MGEO_POSTGRESQL_EXCHANGE_H
#define MGEO_POSTGRESQL_EXCHANGE_H

#include "lib/stringinfo.h"

typedef struct exchange_answer {
    StringInfoData body;
    size_t json_length; /* of the body; binary tensors follow */
    int64 generation;   /* of the model that answered */
    char version[64];   /* its name, in the server's UTF-8 */
} exchange_answer;

/* Posts to `path` a body whose first json_length bytes are JSON, and waits for the answer, whose
 * body is allocated. Where a connection that was kept is lost, the request is sent once more over a
 * new one. Whatever is not an answer with status 200 is an error of the query. */
void exchange_post(const char *path, size_t json_length, const StringInfoData *body,
                   exchange_answer *answer);

#endif
