/* SPDX-License-Identifier: Apache-2.0 */
/* A table of 128-bit hashes that the reader fills, and a list of answers that the writer fills: the
 * two share nothing but the numbers in the rows. */
#include "scoring/repeats.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "common/memory.h"

struct answer {
    enum row_error reason;
    uint32_t flags;
    int32_t label;
    float similarity;
    uint32_t decided;
};

struct repeats {
    size_t labels;
    /* The reader's. Open addressing: a place holds the number of a pair, or 0. */
    XXH128_hash_t *hashes; /* of pair n at n - 1 */
    uint32_t *places;
    uint32_t pairs, place_count;
    /* The writer's. */
    struct answer *answers; /* of pair n at n - 1 */
    float *probabilities;
    uint32_t answered, answer_capacity;
};

struct repeats *repeats_create(size_t labels) {
    struct repeats *made = memory_zeroed(1, sizeof *made);
    made->labels = labels;
    return made;
}

void repeats_destroy(struct repeats *repeats) {
    if (repeats == NULL) return;
    free(repeats->hashes);
    free(repeats->places);
    free(repeats->answers);
    free(repeats->probabilities);
    free(repeats);
}

/* ---- the reader's side ----------------------------------------------------------------------- */

/* The length of the first text is part of it: "ab", "c" is not "a", "bc". */
static XXH128_hash_t hash_pair(const char *text, const struct row *row) {
    XXH128_hash_t a = XXH3_128bits(text + row->a, row->a_length);
    XXH128_hash_t b = XXH3_128bits(text + row->b, row->b_length);
    uint64_t both[] = {row->a_length, a.low64, a.high64, b.low64, b.high64};
    return XXH3_128bits(both, sizeof both);
}

/* Where the pair stands, or the free place for it. */
static uint32_t *find_place(const struct repeats *repeats, XXH128_hash_t hash) {
    uint32_t mask = repeats->place_count - 1;
    uint32_t at = (uint32_t)hash.low64 & mask;
    while (repeats->places[at] != 0 &&
           !XXH128_isEqual(repeats->hashes[repeats->places[at] - 1], hash)) {
        at = (at + 1) & mask;
    }
    return &repeats->places[at];
}

/* Twice as many places as pairs, so that the searches stay short. */
static void grow(struct repeats *repeats) {
    uint32_t capacity = repeats->place_count == 0 ? 1024 : repeats->place_count;
    free(repeats->places);
    repeats->place_count = capacity * 2;
    repeats->places = memory_zeroed(repeats->place_count, sizeof *repeats->places);
    repeats->hashes = memory_resize(repeats->hashes, capacity, sizeof *repeats->hashes);
    for (uint32_t i = 0; i < repeats->pairs; i++) {
        *find_place(repeats, repeats->hashes[i]) = i + 1;
    }
}

static void mark(struct repeats *repeats, struct row *row, const char *text) {
    bool full = repeats->pairs == REPEATS_MOST;
    if (!full && repeats->pairs * 2 == repeats->place_count) grow(repeats);
    XXH128_hash_t hash = hash_pair(text, row);
    uint32_t *place = find_place(repeats, hash);
    row->repeated = *place != 0;
    if (*place == 0 && !full) {
        repeats->hashes[repeats->pairs++] = hash;
        *place = repeats->pairs;
    }
    row->pair = *place;
}

void repeats_mark(struct repeats *repeats, struct chunk *chunk) {
    for (size_t i = 0; i < chunk->count; i++) {
        struct row *row = &chunk->rows[i];
        if (row->reason == ROW_GOOD) mark(repeats, row, chunk_text(chunk, row));
    }
}

/* ---- the writer's side ----------------------------------------------------------------------- */

static void make_room(struct repeats *repeats, uint32_t pairs) {
    if (pairs <= repeats->answer_capacity) return;
    uint32_t capacity = repeats->answer_capacity == 0 ? 1024 : repeats->answer_capacity * 2;
    while (capacity < pairs) capacity *= 2;
    repeats->answers = memory_resize(repeats->answers, capacity, sizeof *repeats->answers);
    repeats->probabilities = memory_resize(repeats->probabilities, capacity,
                                           repeats->labels * sizeof *repeats->probabilities);
    repeats->answer_capacity = capacity;
}

static void keep(struct repeats *repeats, const struct row *row, const float *probabilities) {
    uint32_t at = row->pair - 1;
    make_room(repeats, row->pair);
    if (row->pair > repeats->answered) repeats->answered = row->pair;
    repeats->answers[at] = (struct answer){.reason = row->reason,
                                           .flags = row->flags,
                                           .label = row->label,
                                           .similarity = row->similarity,
                                           .decided = row->decided};
    memcpy(repeats->probabilities + at * repeats->labels, probabilities,
           repeats->labels * sizeof *probabilities);
}

static void copy(const struct repeats *repeats, struct row *row, float *probabilities) {
    uint32_t at = row->pair - 1;
    const struct answer *answer = &repeats->answers[at];
    row->reason = answer->reason;
    row->flags = answer->flags;
    row->label = answer->label;
    row->similarity = answer->similarity;
    row->decided = (uint8_t)answer->decided;
    memcpy(probabilities, repeats->probabilities + at * repeats->labels,
           repeats->labels * sizeof *probabilities);
}

void repeats_fill(struct repeats *repeats, struct chunk *chunk) {
    for (size_t i = 0; i < chunk->count; i++) {
        struct row *row = &chunk->rows[i];
        if (row->pair == 0) continue;
        float *probabilities = chunk->probabilities + i * chunk->labels;
        if (row->repeated) {
            copy(repeats, row, probabilities);
        } else {
            keep(repeats, row, probabilities);
        }
    }
}

uint32_t repeats_answered(const struct repeats *repeats) { return repeats->answered; }

uint32_t repeats_numbered(const struct repeats *repeats) { return repeats->pairs; }

/* ---- for a later run ------------------------------------------------------------------------- */

void repeats_save(const struct repeats *repeats, uint32_t from, struct string_buffer *to) {
    size_t labels = repeats->labels * sizeof *repeats->probabilities;
    for (uint32_t i = from; i < repeats->answered; i++) {
        string_buffer_add(to, (const char *)&repeats->answers[i], sizeof *repeats->answers);
        string_buffer_add(to, (const char *)(repeats->probabilities + i * repeats->labels), labels);
    }
}

bool repeats_load(struct repeats *repeats, const char *bytes, size_t length) {
    size_t labels = repeats->labels * sizeof *repeats->probabilities;
    size_t each = sizeof *repeats->answers + labels, count = length / each;
    if (length % each != 0 || count > REPEATS_MOST) return false;
    if (count > 0) make_room(repeats, (uint32_t)count);
    for (size_t i = 0; i < count; i++, bytes += each) {
        memcpy(&repeats->answers[i], bytes, sizeof *repeats->answers);
        memcpy(repeats->probabilities + i * repeats->labels, bytes + sizeof *repeats->answers,
               labels);
    }
    repeats->answered = (uint32_t)count;
    return true;
}
