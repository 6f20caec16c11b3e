/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON line for each request, written by a thread of its own that nobody waits for. */
#ifndef CLI_SERVE_ACCESS_LOG_H
#define CLI_SERVE_ACCESS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "http/server.h"
#include "serve/record.h"

struct access_log;

/* A log that is not open: lines are not made until access_log_reopen. */
struct access_log *access_log_create(struct error *error);

/* Writes what waits, and closes. A pipe that nobody reads gets half a second, a disk that hangs
 * three. */
void access_log_destroy(struct access_log *log);

/* Opens the file, or "-" for standard output, in the place of the one before; NULL: none. A named
 * pipe must have a reader; it is written as it has room, and what waits too long is dropped. False
 * with an error: the one before goes on. Loop's thread; never waits. */
bool access_log_reopen(struct access_log *log, const char *path, struct error *error);

/* One line. `record` and `exchange` may be NULL: there was no request to speak of. Where the disk
 * is too slow the line is dropped and counted. Loop's thread. */
void access_log_write(struct access_log *log, const struct record *record,
                      const struct http_exchange *exchange, const struct http_outcome *outcome);

/* Lines that were dropped or could not be written. Any thread. */
uint64_t access_log_dropped(struct access_log *log);

#endif
