/* SPDX-License-Identifier: Apache-2.0 */
/* What each slot did in every second of the last hour, in fixed memory. */
#ifndef CLI_SERVE_OPERATE_HISTORY_H
#define CLI_SERVE_OPERATE_HISTORY_H

#include <mgeo.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/string_buffer.h"

struct history;

enum { HISTORY_SECONDS = 3600 };

/* NULL: no memory. */
struct history *history_create(void);
void history_destroy(struct history *history);

/* A request for scores was answered by the model in `slot` (MGEO_BLUE, MGEO_GREEN) after
 * `nanoseconds` from its arrival. Any thread, without a lock. NULL is ignored. */
void history_record(struct history *history, int32_t slot, uint64_t nanoseconds, bool failed);

/* Closes the second that ends now, and marks what has changed in the rollout since the last call.
 * One thread. */
void history_tick(struct history *history, mgeo_engine *engine, int64_t unix_seconds);

/* Appends the last `seconds` as JSON. Any thread. */
void history_write(struct history *history, uint32_t seconds, struct string_buffer *text);

#endif
