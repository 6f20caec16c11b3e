/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of rows without a score: a file of them, or the first few on standard error. */
#ifndef CLI_SCORE_ROW_ERRORS_H
#define CLI_SCORE_ROW_ERRORS_H

#include "common/sink.h"
#include "common/string_buffer.h"
#include "table/chunk.h"
#include "table/table.h"

struct badrows {
    struct sink *file;         /* borrowed; NULL: standard error */
    const char *const *paths;  /* of the inputs; borrowed */
    const struct table *table; /* borrowed */
    bool quiet;                /* nothing on standard error */
    bool limited;
    uint64_t limit; /* more than this many are too many */
    uint64_t total;
    uint64_t by_reason[BAD_REASONS];
    struct text text;
};

/* Writes the header of the file, if there is one. */
bool badrows_begin(struct badrows *badrows, struct fault *fault);
void badrows_finish(struct badrows *badrows);

/* Reports the chunk's bad rows. False when the file cannot be written or there are too many; then
 * `badrows_too_many` tells which. */
bool badrows_chunk(struct badrows *badrows, const struct chunk *chunk, struct fault *fault);
bool badrows_too_many(const struct badrows *badrows);

/* Says on standard error how many there were beyond those shown. */
void badrows_close_account(const struct badrows *badrows);

/* A stable word for a reason: "too_few_columns". */
const char *bad_reason_name(enum bad_reason reason);

#endif
