/* SPDX-License-Identifier: Apache-2.0 */
/* Ids by the order in which they first came: each has a number, from 0. */
#ifndef CLI_MATCH_CLUSTERS_IDS_H
#define CLI_MATCH_CLUSTERS_IDS_H

#include <stddef.h>
#include <stdint.h>

/* Which table an id is of: the same id in two tables is two ids. */
enum ids_side { IDS_A, IDS_B };

#define IDS_NONE UINT32_MAX

/* All zero is empty. */
struct ids {
    char *bytes; /* of each id "a:" or "b:", the id and a NUL */
    size_t used, capacity;
    uint64_t *places; /* [count]: where in bytes */
    size_t count, place_capacity;
    uint32_t *slots; /* a hash table of numbers; IDS_NONE: free */
    size_t slot_count;
};

/* The id's number; one that is new is added. IDS_NONE: there is no number left. */
uint32_t ids_add(struct ids *ids, enum ids_side side, const char *id, size_t length);

/* The id's number, or IDS_NONE. */
uint32_t ids_find(const struct ids *ids, enum ids_side side, const char *id, size_t length);

static inline const char *ids_text(const struct ids *ids, size_t number) {
    return ids->bytes + ids->places[number] + 2;
}

static inline enum ids_side ids_side_of(const struct ids *ids, size_t number) {
    return ids->bytes[ids->places[number]] == 'a' ? IDS_A : IDS_B;
}

/* The id with its side before it, "a:17", which no other has. */
static inline const char *ids_sided(const struct ids *ids, size_t number) {
    return ids->bytes + ids->places[number];
}

void ids_finish(struct ids *ids);

#endif
