/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the inputs one after the other as rows of one table. */
#ifndef CLI_TABLE_READER_H
#define CLI_TABLE_READER_H

#include "common/error.h"
#include "table/chunk.h"
#include "table/table.h"

struct reader;

/* Opens the first input and settles the table from its first line; inputs before it that are empty
 * are passed over. paths and options are borrowed until reader_close. NULL on failure. */
struct reader *reader_open(const char *const *paths, size_t count,
                           const struct table_options *options, struct error *error);
void reader_close(struct reader *reader);

/* The table, or NULL if every input is empty. Settled at opening, then never changed. */
const struct table *reader_table(const struct reader *reader);

/* Bytes of all inputs as they lie on disk; 0 if one of them is no regular file. */
uint64_t reader_size(const struct reader *reader);

/* Whether the inputs are files of columns: all of them, or none. */
bool reader_is_columnar(const struct reader *reader);

/* Of these: only the row groups or record batches shard, shard + shards …, counted from 1 over all
 * inputs. Before the first reader_fill. And how many rows were left to others so far. */
bool reader_shard(struct reader *reader, uint32_t shard, uint32_t shards, struct error *error);
uint64_t reader_passed(const struct reader *reader);

/* Of these: how many rows there are in all, which their ends say. */
bool reader_count(const struct reader *reader, uint64_t *rows, struct error *error);

/* Fills the cleared chunk with the next rows, at most `max_rows`, fewer if no more come for a
 * moment: 1, or 0 at the end, or -1 on failure. */
int reader_fill(struct reader *reader, struct chunk *chunk, size_t max_rows, struct error *error);

#endif
