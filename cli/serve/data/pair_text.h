/* SPDX-License-Identifier: Apache-2.0 */
/* A pair in a JSON text: ["a", "b"], or {"address1": "a", "address2": "b"}. */
#ifndef CLI_SERVE_DATA_PAIR_TEXT_H
#define CLI_SERVE_DATA_PAIR_TEXT_H

#include "serve/data/data_body.h"

struct pair_text {
    struct json_string a, b; /* in the body */
    enum json_type id_type;  /* JSON_ABSENT, JSON_STRING, JSON_NUMBER, JSON_NULL */
    struct http_slice id;    /* a string's text, or a number as it was written */
};

/* Reads the pair whose beginning was read as `type`. An object may hold an "id", which is echoed,
 * if `with_id`. */
bool pair_text_read(struct data_body *body, enum json_type type, struct data_body_place place,
                    bool with_id, struct pair_text *to);

/* The rest of ["a", "b"], which is open, and whose first value is known to be a string if `first`
 * is not NULL. */
bool pair_text_read_array(struct data_body *body, struct data_body_place place,
                          const struct json_string *first, struct pair_text *to);

#endif
