/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of random addresses with a known number of tokens. */
#ifndef MGEO_BENCH_GPU_TEXTS_H
#define MGEO_BENCH_GPU_TEXTS_H

#include <mgeo.h>

#include <stdbool.h>

typedef struct texts {
    mgeo_pair *pairs;
    char *bytes; /* what the pairs point into */
    size_t count;
    uint64_t tokens; /* of all pairs, specials included */
} texts;

/* Chooses the characters of all texts to come: the single CJK characters of the model's vocab.txt,
 * or the whole block of them without a directory or such a file. */
void texts_read_vocabulary(const char *directory);

/* `tokens` each, or, with 0, a clipped normal distribution: mean 45, deviation 12, 16 to 128. The
 * same seed gives the same pairs. */
texts texts_make(size_t count, uint32_t tokens, uint64_t seed);
void texts_free(texts *made);

/* A table with the header that mgeo-score knows. */
bool texts_write(const texts *made, const char *path);

#endif
