/* SPDX-License-Identifier: Apache-2.0 */
/* Text of one input as UTF-8: decompressed if its beginning says gzip or zstd, and converted from
 * the encoding that it has. */
#ifndef CLI_INPUT_INPUT_H
#define CLI_INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "columnar/formats.h"
#include "common/error.h"

enum { INPUT_SAMPLE_BYTES = 1024 * 1024 }; /* bytes of an input by which it is judged */

struct input_options {
    const char *encoding; /* NULL or "auto": by the content */
    bool prompt;          /* judge by the first line that is there, wait for no more */
    bool quiet;           /* no notes, no warnings */
    bool any;             /* any bytes, as they come: no signature and no encoding is looked for */
    bool columnar;        /* files of columns are not refused but given as they are: input_format */
};

struct input;

/* Opens a file, or standard input for "-". options NULL: the defaults. NULL on failure. Closed with
 * input_close. */
struct input *input_open(const char *path, const struct input_options *options,
                         struct error *error);
void input_close(struct input *input);

/* Up to `capacity` bytes; 0 at the end, -1 on failure. An error with an empty line means that a
 * signal came. */
ssize_t input_read(struct input *input, char *to, size_t capacity, struct error *error);

/* Whether input_read would answer without blocking, waiting up to `milliseconds` for that. */
bool input_ready(struct input *input, int milliseconds);

/* Which file of columns the input is; COLUMNAR_NONE: it is text. Waits for the first bytes. False
 * on failure. */
bool input_format(struct input *input, enum columnar_format *format, struct error *error);

/* Of a regular file that is not compressed, to be read at any place; else -1. The input keeps it.
 */
int input_descriptor(const struct input *input);

/* Once something was read: whether the encoding was guessed, and whether the text is converted:
 * then it is UTF-8 but for CHARSET_UNDECODABLE. */
bool input_is_guessed(const struct input *input);
bool input_is_converted(const struct input *input);

uint64_t
input_position(const struct input *input);      /* bytes taken from the file, as they lie there */
uint64_t input_size(const struct input *input); /* of the file as it lies there; 0 if unknown */

/* Bytes of text that were taken from the file and not read yet; before it is converted as it is. */
size_t input_waiting(const struct input *input);

const char *input_name(const struct input *input); /* the path, or "standard input" */

#endif
