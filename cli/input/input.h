/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of one input, decompressed if their beginning says gzip or zstd. */
#ifndef CLI_INPUT_INPUT_H
#define CLI_INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

struct input;

/* Opens a file, or standard input for "-". NULL on failure. Closed with input_close. */
struct input *input_open(const char *path, struct error *error);
void input_close(struct input *input);

/* Up to `capacity` bytes; 0 at the end, -1 on failure. An error with an empty line means that a
 * signal came. */
ssize_t input_read(struct input *input, char *to, size_t capacity, struct error *error);

/* Whether input_read would answer without blocking, waiting up to `milliseconds` for that. */
bool input_ready(struct input *input, int milliseconds);

uint64_t
input_position(const struct input *input);      /* bytes taken from the file, as they lie there */
uint64_t input_size(const struct input *input); /* of the file as it lies there; 0 if unknown */
const char *input_name(const struct input *input); /* the path, or "standard input" */

#endif
