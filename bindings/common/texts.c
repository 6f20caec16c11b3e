/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of UTF-16 units become pairs of UTF-8 texts. */
#include "texts.h"

#include <stdlib.h>

enum { BYTES_A_UNIT = 3, BLOCK_LEAST = 4096, BLOCK_MOST = 1 << 20, BYTES_A_PAIR = 160 };

struct mgb_block {
    mgb_block *next;
    size_t used, capacity;
    char bytes[];
};

mgb_texts *mgb_texts_create(size_t count) {
    mgb_texts *texts = calloc(1, sizeof *texts);
    if (texts == NULL) return NULL;
    texts->pairs = calloc(count == 0 ? 1 : count, sizeof *texts->pairs);
    if (texts->pairs == NULL) {
        free(texts);
        return NULL;
    }
    texts->count = count;
    texts->block_bytes = count > BLOCK_MOST / BYTES_A_PAIR ? BLOCK_MOST : count * BYTES_A_PAIR;
    if (texts->block_bytes < BLOCK_LEAST) texts->block_bytes = BLOCK_LEAST;
    return texts;
}

void mgb_texts_destroy(mgb_texts *texts) {
    if (texts == NULL) return;
    for (mgb_block *block = texts->block, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(texts->units);
    free(texts->pairs);
    free(texts);
}

uint16_t *mgb_texts_units(mgb_texts *texts, size_t length) {
    if (length < texts->unit_capacity) return texts->units;
    size_t capacity = length < BLOCK_LEAST ? BLOCK_LEAST : length + length / 2;
    uint16_t *units = realloc(texts->units, capacity * sizeof *units);
    if (units == NULL) return NULL;
    texts->units = units;
    texts->unit_capacity = capacity;
    return units;
}

/* The block that has room for `bytes` more, or NULL. */
static mgb_block *block_for(mgb_texts *texts, size_t bytes) {
    mgb_block *block = texts->block;
    if (block != NULL && block->capacity - block->used >= bytes) return block;
    size_t capacity = bytes > texts->block_bytes ? bytes : texts->block_bytes;
    block = malloc(sizeof *block + capacity);
    if (block == NULL) return NULL;
    *block = (mgb_block){.next = texts->block, .capacity = capacity};
    texts->block = block;
    return block;
}

static int is_high(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }

static int is_low(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

/* Writes one code point and returns where the next one goes. */
static char *put(char *to, uint32_t code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

static char *encode(char *to, const uint16_t *units, size_t length) {
    for (size_t i = 0; i < length; i++) {
        uint32_t code = units[i];
        if (is_high(code) && i + 1 < length && is_low(units[i + 1])) {
            code = 0x10000 + ((code - 0xD800) << 10) + (units[++i] - 0xDC00u);
        }
        to = put(to, code);
    }
    return to;
}

int mgb_texts_add(mgb_texts *texts, size_t length) {
    if (texts->filled >= 2 * texts->count) return 0;
    mgb_block *block = block_for(texts, length * BYTES_A_UNIT);
    if (block == NULL) return 0;
    char *text = block->bytes + block->used;
    size_t bytes = (size_t)(encode(text, texts->units, length) - text);
    block->used += bytes;
    mgeo_pair *pair = &texts->pairs[texts->filled / 2];
    if (texts->filled++ % 2 == 0) {
        pair->a = text;
        pair->a_len = bytes;
    } else {
        pair->b = text;
        pair->b_len = bytes;
    }
    return 1;
}
