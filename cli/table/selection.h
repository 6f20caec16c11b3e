/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of the inputs are scored: all, every nth (--shard), or some at random (--sample). They
 * keep their order and the numbers of their lines. */
#ifndef CLI_TABLE_SELECTION_H
#define CLI_TABLE_SELECTION_H

#include <stdint.h>

#include "common/error.h"
#include "table/chunk.h"
#include "table/reader.h"

/* All zero: every row. At most one of the two. */
struct selection_options {
    uint32_t shard, shards; /* the rows shard, shard + shards …, counted from 1 over all inputs */
    uint32_t sample;        /* so many, or all if there are fewer; 0: no sample */
    uint32_t seed;          /* the same one takes the same rows of the same inputs */
};

/* Reads "2/8" as --shard has it. False with a line in the error. */
bool selection_parse_shard(const char *value, struct selection_options *options,
                           struct error *error);

struct selection;

/* The reader is borrowed. */
struct selection *selection_create(struct reader *reader, const struct selection_options *options);
void selection_destroy(struct selection *selection);

/* As reader_fill, for the rows that are selected. A sample is known once all rows were read, so
 * that the first call takes as long, and the sample's rows are kept in memory. */
int selection_fill(struct selection *selection, struct chunk *chunk, size_t max_rows,
                   struct error *error);

/* How many rows of the inputs were looked at. */
uint64_t selection_seen(const struct selection *selection);

#endif
