/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of file bytes are the beginning of, where they are no table's text. */
#ifndef CLI_INPUT_SIGNATURE_H
#define CLI_INPUT_SIGNATURE_H

#include <stddef.h>

enum { SIGNATURE_BYTES = 512 }; /* that a signature may reach into a file */

/* A kind that is not read: what it is, and what to do about it. NULL: none that is known. */
struct signature {
    const char *kind;   /* "a Parquet file" */
    const char *advice; /* "convert it: …" */
};

const struct signature *signature_find(const char *bytes, size_t length);

#endif
