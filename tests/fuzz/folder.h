/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of files out of one input: NUL bytes stand between them, which no text file holds. */
#ifndef TESTS_FUZZ_FOLDER_H
#define TESTS_FUZZ_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/* Writes the files `names` (NULL ends them), and takes away those that the input has not or has
 * empty; the first is always there. The folder lives until the program ends, and is the same at
 * each call. Returns its path. */
const char *fuzz_folder(const uint8_t *data, size_t size, const char *const *names);

#endif
