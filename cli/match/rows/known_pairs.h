/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of ids that are known to match, for --report. */
#ifndef CLI_MATCH_ROWS_KNOWN_PAIRS_H
#define CLI_MATCH_ROWS_KNOWN_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "match/options.h"

struct known_pairs;

/* Reads the table: columns id_a and id_b if there are such, else 1 and 2. NULL on failure. */
struct known_pairs *known_pairs_read(const struct options *options, struct error *error);
void known_pairs_destroy(struct known_pairs *known);

size_t known_pairs_count(const struct known_pairs *known);

/* Pair number i, in the order of its first id. */
void known_pairs_at(const struct known_pairs *known, size_t i, const char **a, const char **b);

/* The pairs whose first id this is: how many, and the number of the first. */
size_t known_pairs_of(const struct known_pairs *known, const char *id, size_t length,
                      size_t *first);

/* Whether this is one. */
bool known_pairs_hold(const struct known_pairs *known, const char *a, size_t a_length,
                      const char *b, size_t b_length);

#endif
