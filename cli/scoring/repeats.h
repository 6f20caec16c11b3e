/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs that came before: found while rows are read, answered while they are written. */
#ifndef CLI_SCORING_REPEATS_H
#define CLI_SCORING_REPEATS_H

#include "common/string_buffer.h"
#include "table/chunk.h"

enum { REPEATS_MOST = 1 << 20 }; /* pairs that are remembered; later ones are scored each time */

struct repeats;

struct repeats *repeats_create(size_t labels);
void repeats_destroy(struct repeats *repeats);

/* Marks the good rows whose pair stood in an earlier row, and numbers the others. Chunks come in
 * input order, from one thread at a time. */
void repeats_mark(struct repeats *repeats, struct chunk *chunk);

/* Keeps the answers of the rows that were numbered, and copies them to those that were marked.
 * Scored chunks come in the same order, from one thread at a time, which may be another than that
 * of repeats_mark, and at the same time. */
void repeats_fill(struct repeats *repeats, struct chunk *chunk);

/* The writer's side too: how many pairs have their answers, which a later run can be given. Their
 * numbers are those that repeats_mark gives when it is shown the same rows again. */
uint32_t repeats_answered(const struct repeats *repeats);

/* Appends the answers after the first `from` pairs. */
void repeats_save(const struct repeats *repeats, uint32_t from, struct string_buffer *to);

/* Before all else: takes what repeats_save wrote since the first pair. False if it is not that. */
bool repeats_load(struct repeats *repeats, const char *bytes, size_t length);

/* The reader's side: how many pairs were numbered. */
uint32_t repeats_numbered(const struct repeats *repeats);

#endif
