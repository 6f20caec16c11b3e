/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of file bytes are the beginning of, where they are no table's text. */
#ifndef CLI_INPUT_SIGNATURE_H
#define CLI_INPUT_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

enum { SIGNATURE_BYTES = 512 }; /* that a signature may reach into a file */

/* A kind that is not read: what it is, and what to do about it. NULL: none that is known. */
struct signature {
    const char *kind;   /* "a Parquet file" */
    const char *advice; /* "convert it: …" */
};

const struct signature *signature_find(const char *bytes, size_t length);

/* Bytes before the content that are none of it: marks, blanks, line ends. */
size_t signature_prefix(const char *bytes, size_t length);

/* Whether bytes of no known kind are no text either. UTF-16 and UTF-32 are to be ruled out before.
 */
bool signature_is_binary(const char *bytes, size_t length);

#endif
