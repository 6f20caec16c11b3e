/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs that calls ask about: from a table, or generated. */
#ifndef CLI_LOADTEST_LOAD_PAIR_SET_H
#define CLI_LOADTEST_LOAD_PAIR_SET_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "table/table.h"

enum { PAIR_SET_LIMIT = 1000000, PAIR_SET_GENERATED = 1024 };

struct pair_set {
    mgeo_pair *pairs;  /* [count + further]: the first ones stand again at the end, so that a call
                          may begin at any pair */
    const char **gold; /* [count], or NULL */
    char **texts;      /* what the pairs and labels point to */
    size_t count, further, text_count, capacity;
    uint64_t left_out; /* rows that are no pair */
};

/* Reads a table as mgeo-score does; rows that it could not score are left out. False also if no
 * pair is left. Finished with pair_set_finish, also after a failure. */
bool pair_set_read(struct pair_set *set, const char *path, const struct table_options *options,
                   struct error *error);

/* PAIR_SET_GENERATED pairs of Chinese addresses, the same for the same seed. */
void pair_set_generate(struct pair_set *set, uint64_t seed);

/* Makes room for calls of `per_call` pairs from any place. Once, when the set is complete. */
void pair_set_wrap(struct pair_set *set, uint32_t per_call);
void pair_set_finish(struct pair_set *set);

/* Adds a pair with copies of the texts, without a label. */
void pair_set_add(struct pair_set *set, const char *a, size_t a_length, const char *b,
                  size_t b_length);

#endif
