/* SPDX-License-Identifier: Apache-2.0 */
/* What libmgeo-columnar.so shows to the programs: files of columns as batches of Arrow's C data.
 *
 * The module carries Apache Arrow and Parquet, which are C++ and large, so that a process has them
 * only when such a file is read or written. Program and module share this header, the structs of
 * <mgeo.h> and nothing else. Nothing here throws or aborts; a failure leaves one line. A reader and
 * a writer each serve one thread at a time. */
#ifndef CLI_COLUMNAR_MODULE_H
#define CLI_COLUMNAR_MODULE_H

#include <mgeo.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define COLUMNAR_MODULE_MAGIC "libmgeo columnar module"
#define COLUMNAR_MODULE_ENTRY "mgeo_columnar_entry"
enum { COLUMNAR_MODULE_VERSION = 1 }; /* counted up when anything below changes */

enum columnar_format {
    COLUMNAR_NONE, /* a file of text */
    COLUMNAR_PARQUET,
    COLUMNAR_ARROW,  /* Arrow's file format, which Feather is too */
    COLUMNAR_ARROWS, /* Arrow's stream format */
    COLUMNAR_PARTS   /* streams one after the other: what --resume keeps of an output */
};

enum columnar_compression {
    COLUMNAR_COMPRESSION_AUTO, /* zstd in Parquet, none in Arrow */
    COLUMNAR_COMPRESSION_NONE,
    COLUMNAR_COMPRESSION_SNAPPY,
    COLUMNAR_COMPRESSION_ZSTD,
    COLUMNAR_COMPRESSION_LZ4,
    COLUMNAR_COMPRESSION_GZIP
};

struct columnar_failure {
    char line[640]; /* what is wrong, without the name of the file */
};

/* Where bytes come from. */
struct columnar_source {
    int descriptor; /* of a regular file, borrowed while it is read; -1: `read` is called */
    int64_t (*read)(void *opaque, void *to, int64_t capacity); /* 0 at the end, -1 on failure */
    void *opaque;
};

/* And where they go. */
struct columnar_target {
    bool (*write)(void *opaque, const void *bytes, int64_t length);
    void *opaque;
};

/* What is wanted of each row besides its columns. Columns count from 0; -1: none. */
struct columnar_wish {
    int64_t a, b;          /* columns of texts */
    int64_t gold;          /* a column of labels, whatever its type */
    bool json;             /* the row as a JSON object */
    int64_t shard, shards; /* groups shard, shard + shards …, from 1; shards 0: all */
    int64_t groups_before; /* of the inputs before this one, which are counted too */
};

enum { COLUMNAR_TEXT_A, COLUMNAR_TEXT_B, COLUMNAR_TEXT_GOLD, COLUMNAR_TEXT_JSON, COLUMNAR_TEXTS };

/* Consecutive rows of one group: a row group of Parquet, a record batch of Arrow. */
struct columnar_batch {
    struct ArrowArray columns;               /* the schema's, as they are */
    struct ArrowArray texts[COLUMNAR_TEXTS]; /* large_utf8; what is not wanted has release NULL */
    int64_t first;                           /* the number of its first row in the file, from 0 */
    int64_t group;                           /* from 0 */
};

struct columnar_module {
    char magic[24];
    uint32_t version;    /* these two stay where they are, so that a refusal can name it */
    const char *library; /* "Arrow C++ 26.0.1" */

    /* Reads what is at the file's end or beginning; schema, of the columns, is the caller's. NULL
     * on failure. */
    struct columnar_reader *(*reader_open)(enum columnar_format format,
                                           const struct columnar_source *source,
                                           struct ArrowSchema *schema,
                                           struct columnar_failure *failure);
    void (*reader_close)(struct columnar_reader *reader);

    /* Before the first batch. False if a column cannot be taken as that. */
    bool (*reader_wish)(struct columnar_reader *reader, const struct columnar_wish *wish,
                        struct columnar_failure *failure);

    /* The rows of all groups; -1: only the end will tell; -2: failure. */
    int64_t (*reader_rows)(struct columnar_reader *reader, struct columnar_failure *failure);

    /* Up to `most` rows: 1, or 0 at the end, or -1 on failure. The batch is the caller's. */
    int (*reader_next)(struct columnar_reader *reader, int64_t most, struct columnar_batch *batch,
                       struct columnar_failure *failure);

    /* Groups so far, those of other shards too, and the rows of those. */
    int64_t (*reader_groups)(const struct columnar_reader *reader);
    int64_t (*reader_passed)(const struct columnar_reader *reader);

    /* Takes both schemas; `added` may be NULL. NULL on failure. */
    struct columnar_writer *(*writer_open)(enum columnar_format format,
                                           enum columnar_compression compression,
                                           struct ArrowSchema *columns, struct ArrowSchema *added,
                                           const struct columnar_target *target,
                                           struct columnar_failure *failure);
    void (*writer_close)(struct columnar_writer *writer);

    /* Takes both arrays. rows [added's length] says which rows of `columns` they are, in rising
     * order; NULL: all of them. */
    bool (*writer_write)(struct columnar_writer *writer, struct ArrowArray *columns,
                         struct ArrowArray *added, const int64_t *rows,
                         struct columnar_failure *failure);

    /* Of COLUMNAR_PARTS: what was written so far is whole. Once at least, also without rows. */
    bool (*writer_seal)(struct columnar_writer *writer, struct columnar_failure *failure);

    /* Writes what ends the file. */
    bool (*writer_end)(struct columnar_writer *writer, struct columnar_failure *failure);
};

/* The one function that the module shows. Its answer is constant. */
typedef const struct columnar_module *columnar_module_entry(void);

#ifdef __cplusplus
}
#endif

#endif
