/* SPDX-License-Identifier: Apache-2.0 */
/* A table of places that is searched from a text's hash on. */
#include "match/dedupe/distinct.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "match/reference/index_file.h"

/* FNV-1a, with its bits mixed once more. */
static uint64_t hash_of(const char *text, size_t length) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3u;
    return hash ^ (hash >> 29);
}

static bool same_text(const struct records *records, size_t one, size_t other) {
    const struct record_place *a = &records->places[one], *b = &records->places[other];
    return a->text_length == b->text_length &&
           memcmp(records->bytes + a->text, records->bytes + b->text, a->text_length) == 0;
}

/* The last record of each text so far, at a text's place. */
struct places {
    uint32_t *first, *last; /* the first one, counted from 1; 0: the place is free */
    size_t mask;
};

static void take(struct distinct *distinct, const struct records *records, struct places *places,
                 size_t record) {
    const struct record_place *text = &records->places[record];
    size_t at = hash_of(records->bytes + text->text, text->text_length) & places->mask;
    while (places->first[at] != 0 && !same_text(records, places->first[at] - 1, record)) {
        at = (at + 1) & places->mask;
    }
    distinct->next[record] = DISTINCT_END;
    if (places->first[at] == 0) {
        places->first[at] = (uint32_t)record + 1;
        distinct->record[distinct->count++] = (uint32_t)record;
    } else {
        distinct->next[places->last[at]] = (uint32_t)record;
    }
    places->last[at] = (uint32_t)record;
}

bool distinct_make(struct distinct *distinct, const struct records *records, struct error *error) {
    memset(distinct, 0, sizeof *distinct);
    if (records->count >= UINT32_MAX / 2) {
        return error_set(error, "%zu rows are more than can be compared in one run",
                         records->count);
    }
    size_t capacity = 1024;
    while (capacity < records->count * 2) capacity *= 2;
    struct places places = {.first = memory_zeroed(capacity, sizeof *places.first),
                            .last = memory_zeroed(capacity, sizeof *places.last),
                            .mask = capacity - 1};
    distinct->record = memory_resize(NULL, records->count + 1, sizeof *distinct->record);
    distinct->next = memory_resize(NULL, records->count + 1, sizeof *distinct->next);
    for (size_t i = 0; i < records->count; i++) take(distinct, records, &places, i);
    free(places.first);
    free(places.last);
    return true;
}

void distinct_finish(struct distinct *distinct) {
    free(distinct->record);
    free(distinct->next);
    memset(distinct, 0, sizeof *distinct);
}

bool distinct_index(const struct distinct *distinct, const struct records *records,
                    mgeo_index *index, struct error *error) {
    enum { DIGITS = 12 };
    mgeo_error cause;
    char *ids = memory_resize(NULL, distinct->count + 1, DIGITS);
    mgeo_record *list = memory_resize(NULL, distinct->count + 1, sizeof *list);
    for (size_t i = 0; i < distinct->count; i++) {
        const struct record_place *place = &records->places[distinct->record[i]];
        char *id = ids + i * DIGITS;
        int length = snprintf(id, DIGITS, "%zu", i);
        list[i] = (mgeo_record){.id = id,
                                .id_len = (size_t)length,
                                .text = records->bytes + place->text,
                                .text_len = place->text_length};
    }
    mgeo_status status = mgeo_index_put(index, list, distinct->count, &cause);
    free(list);
    free(ids);
    return status == MGEO_OK || index_file_failed(status, &cause, "cannot index the rows", error);
}
