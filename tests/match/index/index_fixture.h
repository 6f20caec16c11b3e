/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the index share: made-up addresses, an index of them, and what it answers. */
#ifndef TESTS_MATCH_INDEX_INDEX_FIXTURE_H
#define TESTS_MATCH_INDEX_INDEX_FIXTURE_H

#include "match/index/candidates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ADDRESS_BYTES = 128 };

typedef struct addresses {
    size_t count;
    char (*ids)[24];
    char (*texts)[ADDRESS_BYTES];
    mgeo_record *records;
} addresses;

/* A number that depends on `seed` and the calls so far. */
uint32_t next_random(uint32_t *seed);

/* Addresses in a few streets of a few districts, many of them alike, with ids "r0", "r1", … from
 * `first` on. Equal seeds make equal texts. */
addresses make_addresses(size_t count, size_t first, uint32_t seed);
void free_addresses(addresses *made);

/* Each ends the test where it fails. */
mgeo_index *create_index(const mgeo_index_options *options);
mgeo_index *create_filled(const addresses *made);
void put_all(mgeo_index *index, const addresses *made);
void put_one(mgeo_index *index, const char *id, const char *text);
uint64_t remove_one(mgeo_index *index, const char *id);
void save_index(mgeo_index *index, const char *path);
mgeo_index *open_index(const char *path);
mgeo_index_info info_of(mgeo_index *index);

/* Options that look at everything. */
mgeo_search_options full_search(uint32_t top);
mgeo_candidates *search_one(mgeo_index *index, const char *text,
                            const mgeo_search_options *options);
/* The ids found for a text, best first, with a blank after each; in `ids`. */
const char *find_ids(mgeo_index *index, const char *text, uint32_t top, char *ids, size_t bytes);

/* Both must answer the same to each text: ids, texts, scores and flags. */
void check_same_answers(mgeo_index *a, mgeo_index *b, const addresses *queries);

/* A fresh folder, and a path in it; removed by remove_folder with all that it holds. */
void make_folder(void);
void remove_folder(void);
const char *in_folder(const char *name);

/* A whole file; free it. */
char *read_file(const char *path, size_t *bytes);
void write_file(const char *path, const char *bytes, size_t count);
void check_same_files(const char *a, const char *b);

#endif
