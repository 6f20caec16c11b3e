/* SPDX-License-Identifier: Apache-2.0 */
/* The bar on standard error, drawn by a thread of its own. */
#ifndef CLI_SCORING_PROGRESS_H
#define CLI_SCORING_PROGRESS_H

#include <mgeo.h>
#include <stdbool.h>
#include <stdint.h>

enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

struct progress;

/* Starts drawing if the mode and standard error ask for it; otherwise the progress is inert. A
 * terminal that cannot redraw a line gets lines, and only if the mode is "always".
 * `loading` is watched until progress_scoring is called. Never NULL. */
struct progress *progress_start(enum progress_mode mode, bool quiet, mgeo_progress *loading);

/* Scoring begins; `size` is that of the inputs in bytes, 0 if unknown. Rows that an earlier run has
 * done are left out: the bar is of what is left. */
void progress_scoring(struct progress *progress, uint64_t size, uint64_t rows_before);

/* Something else than a model is made: `stages` [MGEO_STAGE_FINISHED + 1] is how its stages are
 * called, borrowed. Watched until the next progress_scoring. */
void progress_watch(struct progress *progress, const char *const *stages);

/* How far the output is: rows written, and bytes of input they came from. */
void progress_update(struct progress *progress, uint64_t rows, uint64_t position);

/* Stops drawing and clears the bar; without a terminal a last line is printed. */
void progress_end(struct progress *progress);

/* One drawing, for tests: "[=====     ]  50%  100 rows  10/s  ETA 0:10", or as much of it as fits
 * into `columns`; empty if nothing does. */
void progress_line(char *to, size_t capacity, int columns, double seconds, uint64_t rows,
                   uint64_t position, uint64_t size);

#endif
