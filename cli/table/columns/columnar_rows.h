/* SPDX-License-Identifier: Apache-2.0 */
/* One input that is a file of columns, read through the module batch by batch. */
#ifndef CLI_TABLE_COLUMNS_COLUMNAR_ROWS_H
#define CLI_TABLE_COLUMNS_COLUMNAR_ROWS_H

#include <stddef.h>

#include "columnar/module.h"
#include "common/error.h"
#include "input/input.h"

struct columnar_rows;

/* The input is borrowed until columnar_rows_close. The schema is the caller's, to release. NULL on
 * failure; an error with an empty line means that a signal came. */
struct columnar_rows *columnar_rows_open(struct input *input, enum columnar_format format,
                                         struct ArrowSchema *schema, struct error *error);
void columnar_rows_close(struct columnar_rows *rows);

/* Before the first batch; may be said again until then. */
bool columnar_rows_wish(struct columnar_rows *rows, const struct columnar_wish *wish,
                        struct error *error);

/* How many rows there are in all. False, with a line, also if only reading would tell. */
bool columnar_rows_count(struct columnar_rows *rows, uint64_t *count, struct error *error);

/* Up to `most` rows: 1, or 0 at the end, or -1. The batch is the caller's: columnar_batch_drop. */
int columnar_rows_next(struct columnar_rows *rows, size_t most, struct columnar_batch *batch,
                       struct error *error);
void columnar_batch_drop(struct columnar_batch *batch);

/* Groups so far, and rows in those that were left to other shards. */
int64_t columnar_rows_groups(const struct columnar_rows *rows);
uint64_t columnar_rows_passed(const struct columnar_rows *rows);

/* Bytes of the input, about, that the rows so far took. */
uint64_t columnar_rows_position(const struct columnar_rows *rows);

#endif
