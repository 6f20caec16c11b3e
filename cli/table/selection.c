/* SPDX-License-Identifier: Apache-2.0 */
/* Drops the rows of other shards from the chunks that the reader fills; for a sample, keeps each
 * row with the right chance as it passes (Vitter's algorithm R). */
#include "table/selection.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/parse.h"
#include "common/random.h"

enum { READ_ROWS = 8192, READ_MOST = 65536 };

/* A row outside a chunk. Its places count from its text, so that they stay right. */
struct kept {
    uint64_t number; /* among all rows, from 0 */
    struct row row;
    char *bytes; /* owned: its text and what was decoded behind it */
    size_t length;
};

struct selection {
    struct reader *reader;
    struct selection_options options;
    uint64_t seen;
    bool columnar;    /* the inputs are files of columns */
    bool drawn;       /* the sample is complete */
    uint64_t *places; /* [count]: of files of columns, the sample's rows, rising from 0 */
    struct random random;
    struct kept *kept;
    size_t count, capacity, next; /* next: to hand out */
    uint64_t position;            /* of the inputs, at their end */
};

bool selection_parse_shard(const char *value, struct selection_options *options,
                           struct error *error) {
    const char *slash = strchr(value, '/');
    uint64_t shard = 0, shards = 0;
    struct error ignored;
    bool sound = slash != NULL;
    if (sound) {
        char *first = memory_copy(value, (size_t)(slash - value));
        sound = parse_whole("", first, 1, UINT32_MAX, &shard, &ignored) &&
                parse_whole("", slash + 1, 1, UINT32_MAX, &shards, &ignored) && shard <= shards;
        free(first);
    }
    options->shard = (uint32_t)shard;
    options->shards = (uint32_t)shards;
    return sound || error_set(error, "--shard %s: give I/N, as 1/4 to 4/4 for four shards", value);
}

struct selection *selection_create(struct reader *reader, const struct selection_options *options) {
    struct selection *made = memory_zeroed(1, sizeof *made);
    made->reader = reader;
    made->options = *options;
    made->random.state = options->seed;
    made->columnar = reader_is_columnar(reader);
    return made;
}

void selection_destroy(struct selection *selection) {
    if (selection == NULL) return;
    for (size_t i = 0; selection->kept != NULL && i < selection->count; i++) {
        free(selection->kept[i].bytes);
    }
    free(selection->kept);
    free(selection->places);
    free(selection);
}

uint64_t selection_seen(const struct selection *selection) {
    return selection->seen + reader_passed(selection->reader);
}

/* Fills the chunk with the next rows of which `keep` leaves any; as reader_fill. */
static int fill_kept(struct selection *selection, struct chunk *chunk, size_t rows,
                     void (*keep)(struct selection *selection, struct chunk *chunk),
                     struct error *error) {
    int got;
    do {
        chunk_clear(chunk);
        got = reader_fill(selection->reader, chunk, rows, error);
        if (got > 0) keep(selection, chunk);
    } while (got > 0 && chunk->count == 0);
    return got;
}

/* ---- shards ---------------------------------------------------------------------------------- */

static void drop_others(struct selection *selection, struct chunk *chunk) {
    size_t left = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        uint64_t turn = selection->seen++ % selection->options.shards;
        if (turn + 1 == selection->options.shard) chunk->rows[left++] = chunk->rows[i];
    }
    chunk->count = left;
}

/* So many rows hold at most `max_rows` of the shard, whichever comes first. */
static int fill_shard(struct selection *selection, struct chunk *chunk, size_t max_rows,
                      struct error *error) {
    uint64_t wanted = (uint64_t)max_rows * selection->options.shards;
    size_t rows = wanted < READ_MOST ? (size_t)wanted : READ_MOST;
    return fill_kept(selection, chunk, rows, drop_others, error);
}

/* ---- samples --------------------------------------------------------------------------------- */

/* 0 … count - 1, each as likely as the others. */
static uint64_t draw_below(struct random *random, uint64_t count) {
    uint64_t fair = UINT64_MAX - UINT64_MAX % count, bits;
    do {
        bits = random_bits(random);
    } while (bits >= fair);
    return bits % count;
}

static struct kept *free_place(struct selection *selection) {
    if (selection->count == selection->capacity) {
        selection->capacity = selection->capacity == 0 ? 256 : selection->capacity * 2;
        selection->kept =
            memory_resize(selection->kept, selection->capacity, sizeof *selection->kept);
    }
    struct kept *place = &selection->kept[selection->count++];
    memset(place, 0, sizeof *place);
    return place;
}

static void consider(struct selection *selection, const struct chunk *chunk, size_t i) {
    uint64_t number = selection->seen++;
    struct kept *place;
    if (number < selection->options.sample) {
        place = free_place(selection);
    } else {
        uint64_t drawn = draw_below(&selection->random, number + 1);
        if (drawn >= selection->options.sample) return;
        place = &selection->kept[drawn];
    }
    const struct row *row = &chunk->rows[i];
    size_t end = i + 1 < chunk->count ? chunk->rows[i + 1].text : chunk->used;
    free(place->bytes);
    place->number = number;
    place->row = *row;
    place->length = end - row->text;
    place->bytes = memory_copy(chunk_text(chunk, row), place->length);
}

static int by_number(const void *a, const void *b) {
    uint64_t left = ((const struct kept *)a)->number, right = ((const struct kept *)b)->number;
    return (left > right) - (left < right);
}

/* False on failure. */
static bool draw_sample(struct selection *selection, struct error *error) {
    struct chunk chunk;
    int got;
    chunk_init(&chunk, 0);
    do {
        chunk_clear(&chunk);
        got = reader_fill(selection->reader, &chunk, READ_ROWS, error);
        for (size_t i = 0; got > 0 && i < chunk.count; i++) consider(selection, &chunk, i);
        selection->position = chunk.position;
    } while (got > 0);
    chunk_finish(&chunk);
    if (selection->count > 0) {
        qsort(selection->kept, selection->count, sizeof *selection->kept, by_number);
    }
    selection->drawn = true;
    return got == 0;
}

static int fill_sample(struct selection *selection, struct chunk *chunk, size_t max_rows,
                       struct error *error) {
    if (!selection->drawn && !draw_sample(selection, error)) return -1;
    while (selection->next < selection->count && chunk->count < max_rows &&
           chunk->used < CHUNK_BYTES) {
        const struct kept *kept = &selection->kept[selection->next++];
        struct row *row = chunk_add(chunk, kept->bytes, kept->length);
        size_t text = row->text;
        *row = kept->row;
        row->text = text;
    }
    chunk->position = selection->position;
    return chunk->count > 0;
}

/* ---- samples of files of columns ------------------------------------------------------------- */

static int by_place(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* How many rows there are is known: the same rows as by draw_sample, before one is read. */
static bool draw_places(struct selection *selection, struct error *error) {
    uint64_t rows;
    if (!reader_count(selection->reader, &rows, error)) return false;
    uint64_t most = selection->options.sample;
    selection->count = (size_t)(rows < most ? rows : most);
    selection->places = memory_zeroed(selection->count + 1, sizeof *selection->places);
    for (uint64_t number = 0; number < rows; number++) {
        uint64_t place = number < most ? number : draw_below(&selection->random, number + 1);
        if (place < most) selection->places[place] = number;
    }
    qsort(selection->places, selection->count, sizeof *selection->places, by_place);
    return selection->drawn = true;
}

static void keep_places(struct selection *selection, struct chunk *chunk) {
    size_t left = 0;
    for (size_t i = 0; i < chunk->count; i++, selection->seen++) {
        bool mine = selection->next < selection->count &&
                    selection->places[selection->next] == selection->seen;
        if (!mine) continue;
        selection->next++;
        chunk->rows[left++] = chunk->rows[i];
    }
    chunk->count = left;
}

static int fill_places(struct selection *selection, struct chunk *chunk, size_t max_rows,
                       struct error *error) {
    if (!selection->drawn && !draw_places(selection, error)) return -1;
    const int got = fill_kept(selection, chunk, max_rows, keep_places, error);
    if (got == 0 && selection->next < selection->count) {
        error_set(error, "an input holds fewer rows than it says");
        return -1;
    }
    return got;
}

static int fill_columnar(struct selection *selection, struct chunk *chunk, size_t max_rows,
                         struct error *error) {
    const struct selection_options *options = &selection->options;
    if (options->sample > 0) return fill_places(selection, chunk, max_rows, error);
    if (!selection->drawn && options->shards > 1 &&
        !reader_shard(selection->reader, options->shard, options->shards, error)) {
        return -1;
    }
    selection->drawn = true;
    int got = reader_fill(selection->reader, chunk, max_rows, error);
    if (got > 0) selection->seen += chunk->count;
    return got;
}

int selection_fill(struct selection *selection, struct chunk *chunk, size_t max_rows,
                   struct error *error) {
    if (selection->columnar) return fill_columnar(selection, chunk, max_rows, error);
    if (selection->options.sample > 0) return fill_sample(selection, chunk, max_rows, error);
    if (selection->options.shards > 1) return fill_shard(selection, chunk, max_rows, error);
    int got = reader_fill(selection->reader, chunk, max_rows, error);
    if (got > 0) selection->seen += chunk->count;
    return got;
}
