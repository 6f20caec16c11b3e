/* SPDX-License-Identifier: Apache-2.0 */
/* Random addresses. A CJK character is one token, so lengths can be told beforehand. Characters are
 * drawn from the whole vocabulary, as random ids are in the peers: both read the embedding table
 * all over. */
#include "texts.h"

#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CJK_FIRST = 0x4e00, CJK_LAST = 0x9fa5, CJK_COUNT = CJK_LAST - CJK_FIRST + 1, SPECIALS = 3 };

static uint16_t alphabet[CJK_COUNT];
static uint32_t alphabet_count;

static uint64_t next_random(uint64_t *state) { /* splitmix64 */
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double next_uniform(uint64_t *state) { /* above 0, up to 1 */
    return ((double)(next_random(state) >> 11) + 1) / 9007199254740992.0;
}

static uint32_t next_length(uint64_t *state) {
    double radius = sqrt(-2 * log(next_uniform(state)));
    double normal = radius * cos(6.283185307179586 * next_uniform(state));
    double length = round(45 + 12 * normal);
    return (uint32_t)(length < 16 ? 16 : length > 128 ? 128 : length);
}

/* The line's character if it is a single one of three bytes, as all CJK characters are; else 0. */
static uint32_t only_character(const char *line) {
    const unsigned char *c = (const unsigned char *)line;
    size_t length = strcspn(line, "\r\n");
    if (length != 3 || (c[0] & 0xf0) != 0xe0) return 0;
    return (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
}

static void add_character(uint32_t character) {
    if (character < CJK_FIRST || character > CJK_LAST || alphabet_count == CJK_COUNT) return;
    alphabet[alphabet_count++] = (uint16_t)character;
}

void texts_read_vocabulary(const char *directory) {
    char path[4096], line[256];
    FILE *file = NULL;
    if (directory != NULL) {
        snprintf(path, sizeof path, "%s/vocab.txt", directory);
        file = fopen(path, "r");
    }
    alphabet_count = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        add_character(only_character(line));
    }
    if (file != NULL) fclose(file);
    if (alphabet_count > 0) return;
    for (uint32_t c = CJK_FIRST; c <= CJK_LAST; c++) add_character(c);
}

static char *put_text(char *at, uint32_t characters, uint64_t *state) {
    for (uint32_t i = 0; i < characters; i++) {
        uint32_t c = alphabet[next_random(state) % alphabet_count];
        *at++ = (char)(0xe0 | c >> 12);
        *at++ = (char)(0x80 | (c >> 6 & 0x3f));
        *at++ = (char)(0x80 | (c & 0x3f));
    }
    return at;
}

static char *put_pair(char *at, uint32_t tokens, uint64_t *state, mgeo_pair *pair) {
    uint32_t characters = tokens - SPECIALS;
    uint32_t first = characters / 3 + (uint32_t)(next_random(state) % (characters / 3));
    char *b = put_text(at, first, state);
    char *end = put_text(b, characters - first, state);
    *pair = (mgeo_pair){at, (size_t)(b - at), b, (size_t)(end - b)};
    return end;
}

texts texts_make(size_t count, uint32_t tokens, uint64_t seed) {
    texts made = {.count = count, .pairs = allocate(count, sizeof *made.pairs)};
    uint16_t *lengths = allocate(count, sizeof *lengths);
    uint64_t state = seed;
    for (size_t i = 0; i < count; i++) {
        lengths[i] = (uint16_t)(tokens > 0 ? tokens : next_length(&state));
        made.tokens += lengths[i];
    }
    made.bytes = allocate(made.tokens, 3);
    char *at = made.bytes;
    for (size_t i = 0; i < count; i++) at = put_pair(at, lengths[i], &state, &made.pairs[i]);
    free(lengths);
    return made;
}

void texts_free(texts *made) {
    free(made->pairs);
    free(made->bytes);
    *made = (texts){0};
}

bool texts_write(const texts *made, const char *path) {
    FILE *file = fopen(path, "w");
    if (file == NULL) return false;
    fputs("sentence1\tsentence2\n", file);
    for (size_t i = 0; i < made->count; i++) {
        const mgeo_pair *pair = &made->pairs[i];
        fprintf(file, "%.*s\t%.*s\n", (int)pair->a_len, pair->a, (int)pair->b_len, pair->b);
    }
    bool sound = ferror(file) == 0;
    return fclose(file) == 0 && sound;
}
