/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of rows without a score: a file of them, or the first few on standard error. */
#ifndef CLI_SCORING_ROW_ERRORS_H
#define CLI_SCORING_ROW_ERRORS_H

#include "common/sink.h"
#include "common/string_buffer.h"
#include "table/chunk.h"
#include "table/table.h"

struct row_errors {
    struct sink *file;         /* borrowed; NULL: standard error */
    const char *const *paths;  /* of the inputs; borrowed */
    const struct table *table; /* borrowed */
    const char *listed_by;     /* what lists them all; NULL: --errors FILE */
    bool quiet;                /* nothing on standard error */
    bool limited;
    uint64_t limit; /* more than this many are too many */
    uint64_t total;
    uint64_t by_reason[ROW_ERRORS];
    struct string_buffer text;
};

/* Writes the header of the file, if there is one. */
bool row_errors_begin(struct row_errors *row_errors, struct error *error);
/* The same with a list of its own in the file `path`; NULL: on standard error. */
bool row_errors_open(struct row_errors *row_errors, const char *path, struct error *error);

/* Ends that list, once all rows were read (`done`) or it failed: it is kept if it tells of all that
 * was read, also where there were too many, and the total is said. False if not done, or if the
 * list could not be written. */
bool row_errors_close(struct row_errors *row_errors, bool done, struct error *error);

void row_errors_finish(struct row_errors *row_errors);

/* Reports the chunk's bad rows. False when the file cannot be written or there are too many; then
 * `row_errors_too_many` tells which. */
bool row_errors_chunk(struct row_errors *row_errors, const struct chunk *chunk,
                      struct error *error);
bool row_errors_too_many(const struct row_errors *row_errors);

/* Says on standard error how many there were beyond those shown. */
void row_errors_print_total(const struct row_errors *row_errors);

#endif
