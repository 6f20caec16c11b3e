/* SPDX-License-Identifier: Apache-2.0 */
/* Sends the rows of a random selection through the steps of the cascade. */
#include "score/choose_rule.h"

#include "common/interrupt.h"
#include "scoring/cascade/cascade_sample.h"
#include "table/reader.h"

enum { ROWS = 512 }; /* of a chunk */

static bool take_all(struct selection *selection, struct cascade_sample *sample, size_t labels,
                     struct error *error) {
    struct chunk chunk;
    int got = 0;
    bool done = true;
    chunk_init(&chunk, labels);
    while (done && (got = selection_fill(selection, &chunk, ROWS, error)) > 0) {
        done = cascade_sample_add(sample, &chunk, error);
        if (done && interrupt_received()) done = error_set(error, "%s", "");
        chunk_clear(&chunk);
    }
    chunk_finish(&chunk);
    return done && got == 0;
}

/* What there is to be said of the inputs is said when they are read for good. */
static struct table_options quiet_table(const struct options *options) {
    struct table_options table = options->table;
    table.input.quiet = true;
    table.keep_columns = table.without_json = false;
    return table;
}

bool choose_rule(const struct options *options, struct cascade *cascade, mgeo_job *job,
                 struct error *error) {
    struct table_options table = quiet_table(options);
    uint32_t asked = options->cascade.sample;
    struct selection_options wanted = {.sample = asked > 0 ? asked : CASCADE_SAMPLE,
                                       .seed = options->selection.seed};
    struct reader *reader = reader_open(options->inputs, options->input_count, &table, error);
    if (reader == NULL) return false;
    struct selection *selection = selection_create(reader, &wanted);
    struct cascade_sample sample;
    cascade_sample_init(&sample, cascade, job);
    bool done = take_all(selection, &sample, cascade->info.label_count, error);
    if (done) cascade_sample_choose(&sample);
    cascade_sample_finish(&sample);
    selection_destroy(selection);
    reader_close(reader);
    return done;
}
