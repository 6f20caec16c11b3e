/* SPDX-License-Identifier: Apache-2.0 */
/* What a body of the operating side may say, and how it is read into a struct. */
#ifndef CLI_SERVE_OPERATE_BODY_H
#define CLI_SERVE_OPERATE_BODY_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/answer.h"

enum { BODY_PAIRS_MOST = 1000000 };

enum body_type {
    BODY_TEXT,   /* a const char *, in the body */
    BODY_WHOLE,  /* a uint32_t */
    BODY_BYTES,  /* a uint64_t */
    BODY_NUMBER, /* a double */
    BODY_LIMIT,  /* an mgeo_limit: from 0 on; 0 lets nothing pass, as a negative one of the library
                  */
    BODY_FLAG,   /* a bool */
    BODY_CHOICE, /* an int32_t: the place among `choices` */
    BODY_PAIRS,  /* a struct body_pairs: its pairs */
    BODY_GOLD,   /* a struct body_pairs: its labels */
    BODY_OBJECT  /* the fields `members` of the same struct */
};

struct body_field {
    const char *name; /* NULL ends a list */
    enum body_type type;
    size_t at;          /* offset of the member; of a BODY_OBJECT: a bool, that it was there */
    double least, most; /* of numbers */
    const char *const *choices; /* NULL ends them */
    const struct body_field *members;
};

/* Pairs, and what their labels should be; texts lie in the body. All zero at first. */
struct body_pairs {
    mgeo_pair *pairs;
    const char **gold; /* an entry may be NULL; NULL: none were given */
    size_t count, gold_count;
};

/* Reads the JSON object `text`, which is changed, into the members of `to` that it names; others
 * stay as they are, and so do those that it gives as null. False: the answer says what is wrong,
 * 400 if it is no JSON, 422 otherwise. Nothing at all counts as {}. */
bool body_read(const struct body_field *fields, char *text, size_t length, void *to,
               struct http_answer *answer);

/* Whether there are pairs, and as many labels if any; else the answer says so. `prefix` stands
 * before the fields' names: "gate.". */
bool body_check_pairs(const struct body_pairs *pairs, const char *prefix,
                      struct http_answer *answer);
void body_finish_pairs(struct body_pairs *pairs);

#endif
