/* SPDX-License-Identifier: Apache-2.0 */
/* What the user reads on standard error: lines, and one status line that is redrawn in place. */
#ifndef CLI_COMMON_MESSAGE_H
#define CLI_COMMON_MESSAGE_H

#include <stdbool.h>

/* Whose lines these are; said before the first of them. `name` is borrowed for good. */
void message_set_program(const char *name);
const char *message_program(void);

/* Prints "PROGRAM: …" as one line; a status line is cleared first. What is invisible, line ends
 * among it, is shown as \xNN. Any thread. */
void message_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints lines, each with its end; all else that is invisible is shown as \xNN. Whether they were
 * written. */
bool message_text(const char *text);

/* Draws the status line: in place on a terminal, as a line of its own elsewhere. */
void message_status(const char *text, bool terminal);
void message_status_clear(void);

#endif
