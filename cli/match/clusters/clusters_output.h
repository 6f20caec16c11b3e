/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters as a table: a row for each id, with columns for each threshold. */
#ifndef CLI_MATCH_CLUSTERS_CLUSTERS_OUTPUT_H
#define CLI_MATCH_CLUSTERS_CLUSTERS_OUTPUT_H

#include "common/sink.h"
#include "match/clusters/clustering.h"

/* With the format that --format and the output's name come to. */
struct writer_options clusters_output_options(const struct options *options);

/* Writes all of it to the sink. An error with an empty line means that a signal came. */
bool clusters_output_write(const struct options *options, const struct scored_pairs *pairs,
                           const struct clustering *clusterings, size_t count, struct sink *sink,
                           struct error *error);

#endif
