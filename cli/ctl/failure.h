/* SPDX-License-Identifier: Apache-2.0 */
/* What failed: a line on standard error, and with --json the one document on standard output. */
#ifndef CLI_CTL_FAILURE_H
#define CLI_CTL_FAILURE_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/options.h"

/* Prints the line; the first one of the program, and its code, are kept for the document. After a
 * signal the line is "interrupted", whatever broke off by it. `code` is borrowed for good. Returns
 * CTL_COULD_NOT. Main thread, as all here. */
int failure_say(const char *code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Keeps what the server answered, whose members become those of the document. */
void failure_note_reply(int status, const json_t *reply);

/* Adds "error", "code", "status" (of HTTP, or null) and "exit" to a document, where it has them not
 * yet; nothing for CTL_DONE, and nothing if no line was said. */
void failure_add(json_t *document, int result);

/* Prints the document of a failure, unless one was printed already. */
void failure_end(int result);

#endif
