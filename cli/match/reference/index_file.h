/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes: opened from a file, made of records, and saved. */
#ifndef CLI_MATCH_REFERENCE_INDEX_FILE_H
#define CLI_MATCH_REFERENCE_INDEX_FILE_H

#include <mgeo.h>
#include <stdbool.h>

#include "common/error.h"
#include "match/reference/records.h"

/* Whether a file is to be opened as an index, and not read as a table: by its first bytes, or a
 * name that ends in .mgx. */
bool index_file_is_one(const char *path);

/* On success *index is the caller's. `threads` build; 0: all. In all of these an error with an
 * empty line means that a signal came. */
bool index_file_open(const char *path, uint32_t threads, mgeo_index **index, struct error *error);

/* An empty one. */
bool index_file_create(uint32_t threads, mgeo_index **index, struct error *error);

/* Puts the records in, all or none. */
bool index_file_put(mgeo_index *index, const struct records *records, struct error *error);

/* How the stages of making an index are called, for progress_watch. */
extern const char *const index_file_stages[];

/* Keeps other programs from changing the file meanwhile, which would lose what one of both did; one
 * that is not there needs no keeping. False with a line if another one is at it. */
bool index_file_hold(const char *path, int *held, struct error *error);

/* -1: nothing is held. */
void index_file_let_go(int held);

bool index_file_save(mgeo_index *index, const char *path, struct error *error);

bool index_file_info(mgeo_index *index, mgeo_index_info *info, struct error *error);

/* Turns what a call on an index answered into a line: "WHAT: why". False, so that a failing
 * function can end in it. */
bool index_file_failed(mgeo_status status, const mgeo_error *cause, const char *what,
                       struct error *error);

/* Says in a line what an index of these records will take, before it is made. */
void index_file_say_memory(const struct records *records, const char *where, bool quiet);

/* Says how many rows took the place of others with their ids, if any did. */
void index_file_say_replaced(const char *where, uint64_t rows, bool quiet);

/* "1.2 GiB", and the like. */
void index_file_print_bytes(uint64_t bytes, char *to, size_t capacity);

#endif
