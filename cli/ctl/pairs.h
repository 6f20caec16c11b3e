/* SPDX-License-Identifier: Apache-2.0 */
/* A table of pairs, read here as mgeo-score reads it, as members of a request's body. */
#ifndef CLI_CTL_PAIRS_H
#define CLI_CTL_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/string_buffer.h"
#include "ctl/options.h"

/* Pieces of JSON. All zero at first. */
struct pairs {
    struct string_buffer list; /* "[["a", "b"], …]" */
    struct string_buffer gold; /* "["exact_match", null, …]"; empty: none were asked for */
    size_t *begins;            /* [count]: where each pair begins in the list */
    size_t count, capacity;
    uint64_t left_out; /* rows that hold no pair */
};

/* Reads the table by --columns, --gold, --sample … False with a line in the error, also if no pair
 * is left or they are too many for one request. Finished with pairs_finish, also after a failure.
 */
bool pairs_read(struct pairs *pairs, const char *path, const struct options *options,
                struct error *error);
void pairs_finish(struct pairs *pairs);

/* The pair as JSON: "["a", "b"]". */
const char *pairs_at(const struct pairs *pairs, size_t i, size_t *length);

/* Appends "pairs" and "gold" to a body. */
void pairs_write(const struct pairs *pairs, struct string_buffer *body);

#endif
