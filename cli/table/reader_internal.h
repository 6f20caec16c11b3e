/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader is made of, for the files reader*.c alone. */
#ifndef CLI_TABLE_READER_INTERNAL_H
#define CLI_TABLE_READER_INTERNAL_H

#include "input/lines.h"
#include "table/columns/columnar_rows.h"
#include "table/null_words.h"
#include "table/reader.h"

struct reader_shard {
    uint32_t shard, shards; /* of files of columns; 0: all groups */
};

struct reader {
    const char *const *paths;
    size_t count, next; /* next: the path to open next */
    const struct table_options *options;
    struct null_words *null_words;
    struct table table;
    bool settled;
    struct input *input;           /* NULL: none open */
    struct columnar_rows *columns; /* of the open input, if it is a file of columns */
    struct reader_shard shard;
    int64_t groups;           /* of the files of columns that were read to their end */
    uint64_t passed;          /* and rows of them that were left to other shards */
    struct dialect *dialects; /* [count]: of the inputs opened so far */
    struct lines lines;
    struct line pending; /* the first record of the input, read ahead, if it is data */
    bool has_pending;
    size_t followed;         /* bytes that an open quote is followed */
    size_t broken;           /* lines to come that are parts of a broken record */
    uint64_t size, finished; /* bytes: of all inputs; of those read to their end */
    bool failed;             /* with `error`, kept until the rows before it were handed out */
    struct error error;
};

static inline struct dialect *dialect_of(const struct reader *reader) {
    return &reader->dialects[reader->next - 1];
}

/* Opens the next inputs until one has a line or is a file of columns: 1, or 0 if none is left, or
 * -1. */
int reader_open_next(struct reader *reader, struct error *error);
void reader_close_input(struct reader *reader);

struct input *reader_open_input(const char *path, const struct table_options *options,
                                struct error *error);

/* Settles what an opened input is: 1, or 0 if it is empty, or -1. */
int reader_begin_input(struct reader *reader, struct error *error);
int reader_begin_columns(struct reader *reader, enum columnar_format format, struct error *error);

/* As reader_fill, from files of columns. */
int reader_fill_columns(struct reader *reader, struct chunk *chunk, size_t max_rows,
                        struct error *error);

#endif
