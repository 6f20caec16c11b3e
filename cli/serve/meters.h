/* SPDX-License-Identifier: Apache-2.0 */
/* What the server counts besides the library: requests, waits, drops. */
#ifndef CLI_SERVE_METERS_H
#define CLI_SERVE_METERS_H

#include <mgeo.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/string_buffer.h"

enum meters_drop {
    METERS_DEADLINE,
    METERS_CLIENT_LEFT,
    METERS_QUEUE_FULL,
    METERS_NOT_READY,
    METERS_DROPS
};

enum { METERS_BUCKETS = 21 };

/* Of seconds: the library's buckets, 64 microseconds and every doubling of it. */
struct meters_histogram {
    uint64_t buckets[METERS_BUCKETS + 1]; /* the last one: more than any bound */
    uint64_t nanoseconds;
};

struct meters;

/* All functions: any thread. */
struct meters *meters_create(void);
void meters_destroy(struct meters *meters);

/* A request is over. `method` of the usual ones, else "_OTHER"; `route` as metrics name it, "" for
 * none; status 0: the client left before there was an answer. Both are static. */
void meters_request(struct meters *meters, const char *method, const char *route, int status,
                    uint64_t nanoseconds);

/* A request waited in the queue. */
void meters_wait(struct meters *meters, uint64_t nanoseconds);

/* A request was not scored. */
void meters_drop(struct meters *meters, enum meters_drop reason);

/* A request for scores was answered by a model, or failed on it, `nanoseconds` after it was taken
 * from the queue. The counts of a slot begin anew with another generation. */
void meters_score(struct meters *meters, const mgeo_model_info *info, bool ok,
                  uint64_t nanoseconds);

/* Appends all of them in `format` (an mgeo_metrics_format), without "# EOF". */
void meters_write(struct meters *meters, int32_t format, struct string_buffer *text);

/* ---- for others that write metrics: heads and single samples --------------------------------- */

/* "# HELP", "# TYPE" and, if it is not "", "# UNIT" of a family. A counter's name is given without
 * "_total". */
void meters_write_head(struct string_buffer *text, int32_t format, const char *name,
                       const char *type, const char *unit, const char *help);

/* A family of one sample without labels. */
void meters_write_single(struct string_buffer *text, int32_t format, const char *name,
                         const char *type, const char *unit, const char *help, double value);

#endif
