/* SPDX-License-Identifier: Apache-2.0 */
/* The ids and texts of tables, held in memory. */
#ifndef CLI_MATCH_REFERENCE_RECORDS_H
#define CLI_MATCH_REFERENCE_RECORDS_H

#include <mgeo.h>
#include <stdint.h>

#include "common/error.h"
#include "match/options.h"
#include "scoring/progress.h"
#include "table/chunk.h"
#include "table/table.h"

/* Where the id and the text of a row lie in `bytes`. */
struct record_place {
    uint64_t id, text;
    uint32_t id_length, text_length;
};

struct records {
    char *bytes;
    uint64_t used, capacity;
    struct record_place *places;
    size_t count, place_capacity;
    uint64_t rows_read; /* bad ones too */
    uint64_t bad;
};

/* What records_read is to do beside reading. */
struct records_wish {
    const struct options *options; /* errors, quiet */
    const struct table_options *table;
    const char *id_option;     /* names the column of the ids, for a line; NULL: no line */
    const char *errors;        /* where bad rows are listed; NULL: on standard error */
    const char *listed_by;     /* what lists them otherwise; NULL: --errors FILE */
    struct progress *progress; /* drawn meanwhile */
};

/* Reads all rows of the tables; a bad one is reported and left out. `records` is all zero before,
 * and finished with records_finish, also after a failure. An error with an empty line means that a
 * signal came. */
bool records_read(struct records *records, const char *const *paths, size_t count,
                  const struct records_wish *wish, struct error *error);
void records_finish(struct records *records);

/* Adds one. */
void records_add(struct records *records, const char *id, size_t id_length, const char *text,
                 size_t text_length);

static inline const char *records_id(const struct records *records, size_t i) {
    return records->bytes + records->places[i].id;
}

static inline const char *records_text(const struct records *records, size_t i) {
    return records->bytes + records->places[i].text;
}

/* For mgeo_index_put: freed by the caller. */
mgeo_record *records_list(const struct records *records);

/* Says in a line that rows go by their numbers, if they do. */
void records_say_numbers(const struct table *table, const char *where, const char *option,
                         bool quiet);

/* The id of a row of a chunk, or its number where the table has no column of them: `number` counts
 * from 1. The text lies in the chunk or in `to`. */
const char *records_row_id(const struct table *table, const struct chunk *chunk,
                           const struct row *row, uint64_t number, char to[24], size_t *length);

/* Marks the good rows as bad whose text shows nothing, or whose id is empty or no UTF-8. */
void records_check(const struct table *table, struct chunk *chunk);

#endif
