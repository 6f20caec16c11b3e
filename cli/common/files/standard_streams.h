/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptors 0 to 2 as the caller left them: open, closed, or open the wrong way. */
#ifndef CLI_COMMON_FILES_STANDARD_STREAMS_H
#define CLI_COMMON_FILES_STANDARD_STREAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* First of all in main: each of 0 to 2 that is closed becomes /dev/null, so that no file, pipe or
 * socket of the program gets its number, and is remembered as closed. */
void standard_streams_hold(void);

/* Whether standard input can be read, standard output be written; else one line says why not. */
bool standard_streams_check_input(struct error *error);
bool standard_streams_check_output(struct error *error);

/* The descriptor 0 to 2 that a path such as /dev/stdout or /proc/self/fd/1 leads to; -1: none. */
int standard_streams_number(const char *path);

/* Writes to standard output and makes sure that it arrived. False with one line. */
bool standard_streams_print(const char *bytes, size_t length, struct error *error);

/* The same for main: says the line; whether it was written. */
bool standard_streams_say(const char *text);

#endif
