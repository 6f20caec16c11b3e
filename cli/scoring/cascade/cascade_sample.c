/* SPDX-License-Identifier: Apache-2.0 */
/* Asks both models about the same pairs and notes whether they agree. */
#include "scoring/cascade/cascade_sample.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

void cascade_sample_init(struct cascade_sample *sample, struct cascade *cascade, mgeo_job *job) {
    memset(sample, 0, sizeof *sample);
    sample->cascade = cascade;
    scorer_init(&sample->scorer, job, cascade, cascade->info.label_count, 0);
}

void cascade_sample_finish(struct cascade_sample *sample) {
    scorer_finish(&sample->scorer);
    free(sample->seen);
    memset(sample, 0, sizeof *sample);
}

static struct cascade_seen *make_room(struct cascade_sample *sample, size_t more) {
    if (sample->count + more > sample->capacity) {
        sample->capacity = (sample->count + more) * 2;
        sample->seen = memory_resize(sample->seen, sample->capacity, sizeof *sample->seen);
    }
    return sample->seen + sample->count;
}

static bool answered(const struct scorer *scorer, size_t packed) {
    int32_t label = scorer->label[packed];
    return (scorer->flags[packed] & MGEO_ROW_BAD) == 0 && label >= 0 &&
           (size_t)label < scorer->labels;
}

/* What was noted of the first model beside what the second one says. A pair that one of them does
 * not answer is left out. */
static size_t compare(const struct cascade_sample *sample, struct cascade_seen *seen) {
    const struct scorer *scorer = &sample->scorer;
    size_t count = 0;
    for (size_t i = 0; i < scorer->packed; i++) {
        if (seen[i].label < 0 || !answered(scorer, i)) continue;
        struct cascade_seen one = seen[i];
        one.agrees = scorer->label[i] == one.label;
        one.form_agrees = scorer->label[i] == sample->cascade->info.positive_label;
        seen[count++] = one;
    }
    return count;
}

bool cascade_sample_add(struct cascade_sample *sample, struct chunk *chunk, struct error *error) {
    struct scorer *scorer = &sample->scorer;
    scorer_pack(scorer, chunk);
    struct cascade_seen *seen = make_room(sample, scorer->packed);
    if (!scorer_ask_first(scorer, chunk, error)) return false;
    for (size_t i = 0; i < scorer->packed; i++) {
        const float *probabilities = scorer->probabilities + i * scorer->labels;
        bool there = answered(scorer, i);
        seen[i] = (struct cascade_seen){.label = there ? scorer->label[i] : -1,
                                        .probability = there ? probabilities[scorer->label[i]] : 0,
                                        .same_form = scorer_same_form(scorer, i)};
    }
    if (!scorer_ask_second(scorer, chunk, error)) return false;
    sample->count += compare(sample, seen);
    return true;
}

void cascade_sample_choose(struct cascade_sample *sample) {
    struct cascade *cascade = sample->cascade;
    cascade_choose(sample->seen, sample->count, cascade->info.label_count, cascade->options->keep,
                   &cascade->choice);
    cascade_take_choice(cascade, &cascade->choice);
}
