/* SPDX-License-Identifier: Apache-2.0 */
/* POST /match with application/json. */
#ifndef CLI_SERVE_DATA_MATCH_H
#define CLI_SERVE_DATA_MATCH_H

#include "serve/data/data_route.h"

bool match_parse(struct data_call *call, struct http_answer *answer);
void match_render(const struct data_call *call, const struct data_scores *scores,
                  struct http_answer *answer);

#endif
