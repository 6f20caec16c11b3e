/* SPDX-License-Identifier: Apache-2.0 */
/* Names the columns once, and fills in each row's values. */
#include "scoring/answers.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/parse.h"
#include "common/string_buffer.h"
#include "scoring/cascade/cascade.h"

static void add(struct answers *answers, enum added_kind kind, const char *name) {
    answers->columns[answers->count++] = (struct added_column){.name = name, .kind = kind};
}

/* A name of two parts. */
static void add_made(struct answers *answers, enum added_kind kind, const char *first,
                     const char *second) {
    struct string_buffer name = {0};
    string_buffer_format(&name, "%s%s", first, second);
    answers->names[answers->name_count++] = name.bytes;
    add(answers, kind, name.bytes);
}

static void add_matches(struct answers *answers) {
    const struct writer_options *options = &answers->options;
    if (options->threshold_count == 1) add(answers, ADDED_FLAG, "match");
    for (size_t i = 0; options->threshold_count > 1 && i < options->threshold_count; i++) {
        char number[32];
        parse_print_number(options->thresholds[i], number, sizeof number);
        add_made(answers, ADDED_FLAG, "match_", number);
    }
}

void answers_init(struct answers *answers, const struct writer_options *options,
                  const mgeo_model_info *info) {
    size_t labels = info->label_count, most = 3 + WRITER_THRESHOLDS + labels;
    memset(answers, 0, sizeof *answers);
    answers->options = *options;
    answers->labels = memory_zeroed(labels + 1, sizeof *answers->labels);
    answers->columns = memory_zeroed(most, sizeof *answers->columns);
    answers->names = memory_zeroed(most, sizeof *answers->names);
    for (size_t i = 0; i < labels; i++) answers->labels[i] = info->labels[i];
    add(answers, ADDED_NUMBER, "similarity");
    add(answers, ADDED_WORD, "label");
    answers->columns[answers->count - 1].words = answers->labels;
    answers->columns[answers->count - 1].word_count = labels;
    add_matches(answers);
    for (size_t i = 0; options->probabilities && i < labels; i++) {
        add_made(answers, ADDED_NUMBER, "p_", info->labels[i]);
    }
    if (!options->decided) return;
    add(answers, ADDED_WORD, "decided_by");
    answers->columns[answers->count - 1].words = cascade_step_names + 1;
    answers->columns[answers->count - 1].word_count = CASCADE_STEPS - 1;
}

void answers_finish(struct answers *answers) {
    for (size_t i = 0; i < answers->name_count; i++) free(answers->names[i]);
    free(answers->names);
    free(answers->columns);
    free(answers->labels);
    memset(answers, 0, sizeof *answers);
}

static void answer(const void *of, const struct chunk *chunk, const struct row *row,
                   struct added_value *values) {
    const struct answers *answers = of;
    const struct writer_options *options = &answers->options;
    const float *probability = chunk->probabilities + (size_t)(row - chunk->rows) * chunk->labels;
    size_t column = 0;
    values[column++] = (struct added_value){.there = true, .number = row->similarity};
    values[column++] = (struct added_value){.there = true, .word = row->label};
    for (size_t i = 0; i < options->threshold_count; i++) {
        bool match = (double)row->similarity >= options->thresholds[i];
        values[column++] = (struct added_value){.there = true, .flag = match};
    }
    for (size_t i = 0; options->probabilities && i < chunk->labels; i++) {
        values[column++] = (struct added_value){.there = true, .number = probability[i]};
    }
    if (options->decided) {
        values[column] = (struct added_value){.there = row->decided != 0, .word = row->decided - 1};
    }
}

struct added answers_added(const struct answers *answers) {
    return (struct added){
        .columns = answers->columns, .count = answers->count, .of = answers, .answer = answer};
}
