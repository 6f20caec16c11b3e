/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table with open addressing, no more than half full. */
#include "match/clusters/ids.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* FNV-1a, 64 bits, with the high bits folded into the low ones. */
static size_t hash(enum ids_side side, const char *id, size_t length) {
    uint64_t value = (UINT64_C(0xCBF29CE484222325) ^ (uint64_t)side) * UINT64_C(0x100000001B3);
    for (size_t i = 0; i < length; i++) {
        value = (value ^ (unsigned char)id[i]) * UINT64_C(0x100000001B3);
    }
    return (size_t)(value ^ value >> 32);
}

static bool is_it(const struct ids *ids, uint32_t number, enum ids_side side, const char *id,
                  size_t length) {
    const char *text = ids_text(ids, number);
    return ids_side_of(ids, number) == side && strncmp(text, id, length) == 0 &&
           text[length] == '\0';
}

/* The slot that has the id, or the free one where it would be. */
static size_t find_slot(const struct ids *ids, enum ids_side side, const char *id, size_t length) {
    size_t mask = ids->slot_count - 1, slot = hash(side, id, length) & mask;
    while (ids->slots[slot] != IDS_NONE && !is_it(ids, ids->slots[slot], side, id, length)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void grow_slots(struct ids *ids) {
    if (2 * (ids->count + 1) <= ids->slot_count) return;
    ids->slot_count = ids->slot_count == 0 ? 1024 : 2 * ids->slot_count;
    ids->slots = memory_resize(ids->slots, ids->slot_count, sizeof *ids->slots);
    memset(ids->slots, 0xFF, ids->slot_count * sizeof *ids->slots);
    for (size_t i = 0; i < ids->count; i++) {
        const char *id = ids_text(ids, i);
        ids->slots[find_slot(ids, ids_side_of(ids, i), id, strlen(id))] = (uint32_t)i;
    }
}

static void append(struct ids *ids, enum ids_side side, const char *id, size_t length) {
    if (ids->used + length + 3 > ids->capacity) {
        ids->capacity = 2 * ids->capacity + length + 4096;
        ids->bytes = memory_resize(ids->bytes, ids->capacity, 1);
    }
    if (ids->count == ids->place_capacity) {
        ids->place_capacity = ids->place_capacity == 0 ? 1024 : 2 * ids->place_capacity;
        ids->places = memory_resize(ids->places, ids->place_capacity, sizeof *ids->places);
    }
    ids->places[ids->count++] = ids->used;
    ids->bytes[ids->used++] = side == IDS_A ? 'a' : 'b';
    ids->bytes[ids->used++] = ':';
    memcpy(ids->bytes + ids->used, id, length);
    ids->used += length;
    ids->bytes[ids->used++] = '\0';
}

uint32_t ids_add(struct ids *ids, enum ids_side side, const char *id, size_t length) {
    grow_slots(ids);
    size_t slot = find_slot(ids, side, id, length);
    if (ids->slots[slot] != IDS_NONE) return ids->slots[slot];
    if (ids->count >= IDS_NONE - 1) return IDS_NONE;
    append(ids, side, id, length);
    return ids->slots[slot] = (uint32_t)(ids->count - 1);
}

uint32_t ids_find(const struct ids *ids, enum ids_side side, const char *id, size_t length) {
    return ids->slot_count == 0 ? IDS_NONE : ids->slots[find_slot(ids, side, id, length)];
}

void ids_finish(struct ids *ids) {
    free(ids->bytes);
    free(ids->places);
    free(ids->slots);
    memset(ids, 0, sizeof *ids);
}
