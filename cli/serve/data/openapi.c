/* SPDX-License-Identifier: Apache-2.0 */
/* GET /openapi.json: the description that lies beside this file, built into the program. */
#include "serve/data/data_route.h"

extern const unsigned char openapi_json[];
extern const size_t openapi_json_length;

void openapi_write(const struct service *service, struct http_answer *answer) {
    (void)service;
    answer->status = 200;
    answer->content_type = "application/json";
    string_buffer_add(&answer->body, (const char *)openapi_json, openapi_json_length);
}
