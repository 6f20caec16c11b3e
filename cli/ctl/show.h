/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of the server laid out for people, and printed. */
#ifndef CLI_CTL_SHOW_H
#define CLI_CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>

#include "common/string_buffer.h"

/* A document as it is, on standard output. False: it cannot be written, which was said. */
bool show_json(const json_t *json);

/* Whether that was done before, however it went. */
bool show_printed_json(void);

/* The text on standard output, after which it is finished. */
bool show_text(struct string_buffer *text);

/* "v2 (generation 2) on green, fp32, cpu". */
void show_model(struct string_buffer *text, const json_t *model);

/* "flip_share 0.015 of 0.02", each check that has a limit; "BREAKS" where it was broken. */
void show_checks(struct string_buffer *text, const json_t *checks);

/* On standard error, a line for each that was broken. */
void show_broken_checks(const json_t *checks);

/* "200 pairs, 3 flips (1.5%), shift mean 0.004, P99 0.1, largest 0.2". */
void show_comparison(struct string_buffer *text, const json_t *report);

/* Members, with 0, "" or NULL where they are not there or of another type. */
double show_number(const json_t *object, const char *name);
long long show_integer(const json_t *object, const char *name);
const char *show_string(const json_t *object, const char *name);

/* Appends text of others, which may steer no terminal. */
void show_clean(struct string_buffer *text, const char *string);

/* "3.1 MB". */
void show_bytes(struct string_buffer *text, double bytes);

/* "1.25 ms". */
void show_seconds(struct string_buffer *text, double seconds);

#endif
