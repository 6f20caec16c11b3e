/* SPDX-License-Identifier: Apache-2.0 */
/* The ids are the added columns of rows that have no others. */
#include "match/clusters/clusters_output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "common/parse.h"
#include "match/search/pairs_output.h"

enum { CLUSTER, REPRESENTATIVE, SIZE, WEAKEST, LINK, OF_EACH };

static const struct added_column each[OF_EACH] = {
    [CLUSTER] = {.name = "cluster_id", .kind = ADDED_TEXT},
    [REPRESENTATIVE] = {.name = "representative_id", .kind = ADDED_TEXT},
    [SIZE] = {.name = "cluster_size", .kind = ADDED_WHOLE},
    [WEAKEST] = {.name = "weakest_link", .kind = ADDED_NUMBER},
    [LINK] = {.name = "link", .kind = ADDED_NUMBER},
};

enum { MOST_COLUMNS = 2 + OF_EACH * WRITER_THRESHOLDS, NAME_BYTES = 64 };

struct clusters_output {
    const struct scored_pairs *pairs;
    const struct clustering *clusterings;
    size_t count;
    size_t first; /* id of the chunk's first row */
    struct chunk chunk;
    struct added_column columns[MOST_COLUMNS];
    size_t column_count;
    char names[MOST_COLUMNS][NAME_BYTES];
};

/* ---- columns --------------------------------------------------------------------------------- */

static void add_column(struct clusters_output *output, const struct added_column *column,
                       const char *suffix) {
    char *name = output->names[output->column_count];
    snprintf(name, NAME_BYTES, "%s%s", column->name, suffix);
    output->columns[output->column_count] = *column;
    output->columns[output->column_count++].name = name;
}

/* Several thresholds stand behind the names of their columns: cluster_id_0.9. */
static void name_columns(struct clusters_output *output, const struct options *options) {
    static const struct added_column id = {.name = "id", .kind = ADDED_TEXT};
    static const struct added_column table = {.name = "table", .kind = ADDED_TEXT};
    add_column(output, &id, "");
    if (output->pairs->source != NULL) add_column(output, &table, "");
    for (size_t i = 0; i < output->count; i++) {
        char suffix[32] = "_";
        parse_print_number(options->thresholds[i], suffix + 1, sizeof suffix - 1);
        for (size_t k = 0; k < OF_EACH; k++) {
            add_column(output, &each[k], output->count > 1 ? suffix : "");
        }
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

static struct added_value text(const char *string) {
    return (struct added_value){.there = true, .text = string, .length = strlen(string)};
}

static struct added_value number(float value) {
    return (struct added_value){.there = !isnan(value), .number = value};
}

static void answer(const void *of, const struct chunk *chunk, const struct row *row,
                   struct added_value *values) {
    const struct clusters_output *output = of;
    const struct scored_pairs *pairs = output->pairs;
    size_t id = output->first + (size_t)(row - chunk->rows);
    *values++ = text(ids_text(&pairs->ids, id));
    if (pairs->source != NULL) *values++ = text(pairs->source[id] == IDS_A ? "a" : "b");
    for (size_t i = 0; i < output->count; i++, values += OF_EACH) {
        const struct clustering *clustering = &output->clusterings[i];
        const mgeo_member *member = &clustering->members[id];
        values[CLUSTER] = text(clustering_name(clustering, id));
        values[REPRESENTATIVE] = text(scored_pairs_name(pairs, member->representative));
        values[SIZE] = (struct added_value){.there = true, .whole = member->size};
        values[WEAKEST] = number(member->weakest);
        values[LINK] = number(member->link);
    }
}

static bool write_rows(struct clusters_output *output, struct writer *writer, struct error *error) {
    enum { PIECE = 4096 };
    size_t ids = output->pairs->ids.count;
    while (output->chunk.count < PIECE) {
        chunk_add(&output->chunk, "", 0)->dialect = &writer_no_table.dialect;
    }
    for (; output->first < ids; output->first += PIECE) {
        if (interrupt_received()) return error_set(error, "%s", "");
        size_t left = ids - output->first;
        output->chunk.count = left < PIECE ? left : PIECE;
        if (!writer_chunk(writer, &output->chunk, error)) return false;
    }
    return true;
}

struct writer_options clusters_output_options(const struct options *options) {
    struct writer_options wanted = options->writer;
    wanted.format = pairs_output_format(options->writer.format, options->output);
    return wanted;
}

bool clusters_output_write(const struct options *options, const struct scored_pairs *pairs,
                           const struct clustering *clusterings, size_t count, struct sink *sink,
                           struct error *error) {
    struct clusters_output *output = memory_zeroed(1, sizeof *output);
    *output = (struct clusters_output){.pairs = pairs, .clusterings = clusterings, .count = count};
    chunk_init(&output->chunk, 0);
    name_columns(output, options);
    struct writer_options wanted = clusters_output_options(options);
    struct added added = {output->columns, output->column_count, output, answer};
    struct writer writer;
    writer_init(&writer, &wanted, &writer_no_table, &added, sink);
    bool done = writer_header(&writer, error) && write_rows(output, &writer, error) &&
                writer_end(&writer, error);
    writer_finish(&writer);
    chunk_finish(&output->chunk);
    free(output);
    return done;
}
