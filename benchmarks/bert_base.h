/* SPDX-License-Identifier: Apache-2.0 */
/* BERT-base and the bundled model's shape with random weights, and packed pairs of about 45 tokens,
 * for benchmarks of encoders. */
#ifndef BENCH_BERT_BASE_H
#define BENCH_BERT_BASE_H

#include "backend/backend.h"

enum { BERT_LABELS = 3, PAIR_SHORTEST = 16, PAIR_LONGEST = 128 };

extern const mgi_encoder_spec bert_base;
extern const mgi_encoder_spec bert_mini; /* the bundled model's shape */

/* Ends the program with status 2. */
void bench_die(const char *what) __attribute__((noreturn));

/* Zeroed, for mgi_free; ends the program when there is none. */
void *bench_memory(size_t count, size_t size);

uint64_t bench_random(uint64_t *state);
double bench_uniform(uint64_t *state); /* 0..1 */

/* Weights of a size that keeps a row's numbers alive through twelve layers; never freed. */
void bench_weights(const mgi_encoder_spec *spec, mgi_weights *weights);

/* Tokens of a pair: about 45, rarely far from it. */
uint32_t bench_pair_length(uint64_t *state);
void bench_sort_lengths(uint32_t *lengths, size_t count);

/* Rows of such lengths, of random ids, half of each of type 1; freed by bench_drop. */
mgi_batch bench_pack(const mgi_encoder_spec *spec, const uint32_t *lengths, uint32_t rows,
                     uint64_t *state);
void bench_drop(mgi_batch *batch);

#endif
