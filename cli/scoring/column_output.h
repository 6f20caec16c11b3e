/* SPDX-License-Identifier: Apache-2.0 */
/* Scored rows as a file of columns: those of the input as they are, or as texts, and the answers.
 */
#ifndef CLI_SCORING_COLUMN_OUTPUT_H
#define CLI_SCORING_COLUMN_OUTPUT_H

#include "columnar/module.h"
#include "common/error.h"
#include "scoring/writer.h"
#include "table/chunk.h"

struct column_output;

/* Writes to the writer's sink; the writer is borrowed until column_output_close, and its options
 * say what is written. NULL on failure. */
struct column_output *column_output_open(struct writer *writer, struct error *error);

/* What was not ended is not whole, and does not look so. */
void column_output_close(struct column_output *output);

/* Takes the chunk's columns. */
bool column_output_chunk(struct column_output *output, struct chunk *chunk, struct error *error);

/* Of parts: what was written so far can be read back, also if more follows. */
bool column_output_seal(struct column_output *output, struct error *error);
bool column_output_end(struct column_output *output, struct error *error);

/* Makes the file out of sealed parts: the rows of `part` go to `to`, as the options say. */
bool column_output_convert(const struct writer_options *options, const char *part, struct sink *to,
                           struct error *error);

#endif
