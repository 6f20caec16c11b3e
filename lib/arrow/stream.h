/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of tables: each batch is scored when it is asked for. */
#ifndef MGI_ARROW_STREAM_H
#define MGI_ARROW_STREAM_H

#include "arrow/score.h"

/* As mgeo_score_arrow_stream. The scorer's job, if it has one, is borrowed.
 * After its end, and after a failure, get_next answers the same again and asks the source no more:
 * a batch that failed cannot be left out by going on. */
mgeo_status mgi_arrow_stream_begin(const mgi_arrow_scorer *scorer,
                                   const mgeo_arrow_options *options,
                                   struct ArrowArrayStream *tables,
                                   struct ArrowArrayStream *answers, mgeo_error *error);

#endif
