/* SPDX-License-Identifier: Apache-2.0 */
/* The engine under test: which directory each generation was loaded from, and what each must
 * answer.
 */
#ifndef CLI_LOADTEST_LOAD_ROLLOUT_H
#define CLI_LOADTEST_LOAD_ROLLOUT_H

#include <mgeo.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "common/error.h"
#include "loadtest/load/pair_set.h"
#include "loadtest/options.h"

enum { ROLLOUT_MODELS = 2, ROLLOUT_GENERATIONS = 1 << 16 };

struct rollout_answers {
    float *similarity; /* [pairs.count + further]; NaN: no score */
    double tolerance;  /* what rounding may change, as measured */
};

struct rollout {
    const struct options *options; /* borrowed */
    const struct pair_set *pairs;  /* borrowed */
    mgeo_engine *engine;
    size_t models; /* 1 or 2 */
    const char *path[ROLLOUT_MODELS];
    mgeo_model_info info[ROLLOUT_MODELS]; /* as first loaded */
    struct rollout_answers answers[ROLLOUT_MODELS];
    uint64_t distinguishing_pairs;        /* pairs that the two models answer differently */
    uint64_t loads;                       /* the last generation */
    _Atomic unsigned char *of_generation; /* [ROLLOUT_GENERATIONS] index of the model, plus one */
    struct pair_set gate_pairs;
    mgeo_gate gate;
};

/* Loads the first model, and the second if the options need one, and with options->verify notes
 * what they answer. `loading` watches the loads and may cancel them; an error with an empty line
 * means that it did. Finished with rollout_close, also after a failure. */
bool rollout_open(struct rollout *rollout, const struct options *options,
                  const struct pair_set *pairs, mgeo_progress *loading, struct error *error);
void rollout_close(struct rollout *rollout);

/* Loads again the model that is not live now, whether it stands by or was unloaded. One thread at a
 * time. */
mgeo_status rollout_load(struct rollout *rollout, mgeo_progress *progress, uint64_t *generation,
                         mgeo_error *cause);

/* Turns traffic, through the gate if there is one. */
mgeo_status rollout_swap(struct rollout *rollout, mgeo_progress *progress,
                         mgeo_swap_receipt *receipt, mgeo_error *cause);

/* The index of a generation's model, or -1. Any thread. */
int rollout_model_of(const struct rollout *rollout, uint64_t generation);

/* What came of holding a call's answers against those expected of its generation. */
enum rollout_verdict { ROLLOUT_RIGHT, ROLLOUT_WRONG, ROLLOUT_MIXED };

/* `first` is the place of the call's first pair. MIXED: some answers are the other model's. */
enum rollout_verdict rollout_verify(const struct rollout *rollout, uint64_t generation,
                                    size_t first, const float *similarity, size_t count);

#endif
