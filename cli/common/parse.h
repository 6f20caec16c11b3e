/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options, each with the one line that says what is wrong with it. */
#ifndef CLI_COMMON_PARSE_H
#define CLI_COMMON_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* A number in least..most. */
bool parse_number(const char *name, const char *value, double least, double most, double *to,
                  struct error *error);

/* Writes the shortest form that reads back as the same number: "0.5". */
void parse_print_number(double number, char *to, size_t capacity);
bool parse_whole(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *to,
                 struct error *error);

/* One of the names, as its place in the list, which NULL ends. */
bool parse_choice(const char *name, const char *value, const char *const *choices, int *to,
                  struct error *error);

/* Whole numbers with commas between them, at most `capacity`. */
bool parse_list(const char *name, const char *value, uint32_t most, uint32_t *to, size_t capacity,
                size_t *count, struct error *error);

/* A time in seconds, as "250ms", "30s", "2m", "1h" or a number of seconds, in least..most. */
bool parse_duration(const char *name, const char *value, double least, double most, double *to,
                    struct error *error);

/* A count of bytes, as "64k", "1MiB", "2G" or a whole number, in least..most. */
bool parse_size(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *to,
                struct error *error);

/* A file's name, and not standard output. */
bool parse_file(const char *name, const char *value, const char **to, struct error *error);

/* Does the name end in ".tsv", in letters of any case, and is more than that? NULL is no name. */
bool parse_has_ending(const char *path, const char *ending);

/* What --max-length must allow: a token of each text, and three that frame them. */
enum { PARSE_LEAST_LENGTH = 5 };

/* --batch-tokens against --max-length, 0 where not given: the library refuses a batch in which no
 * pair of full length has room. */
bool parse_batch_holds_pair(uint32_t batch_tokens, uint32_t max_length, struct error *error);

#endif
