/* SPDX-License-Identifier: Apache-2.0 */
/* Which encoding a text is written in, by its beginning. */
#ifndef CLI_INPUT_GUESS_H
#define CLI_INPUT_GUESS_H

#include <stdbool.h>
#include <stddef.h>

enum { GUESS_CANDIDATES = 3 };

/* Why none was found. */
struct guess_doubt {
    size_t
        line; /* the first that is not UTF-8, from 1; 0: all are ASCII, which stands for others */
    bool either; /* all lines are UTF-8, and everyday Chinese in GB18030 as well */
    size_t count;
    const char *candidates[GUESS_CANDIDATES]; /* encodings that the text reads well in */
};

/* What the first bytes of a text are written in: "UTF-8", "GB18030", "UTF-16LE", "UTF-16BE",
 * "UTF-32LE", "UTF-32BE"; NULL: none of them is sure, and *doubt (may be NULL) tells more. `ended`:
 * there are no further bytes. */
const char *guess_encoding(const char *bytes, size_t length, bool ended, struct guess_doubt *doubt);

/* Whether a row that is not UTF-8 is plainly written in GB18030: then a table changes its encoding
 * in the middle. */
bool guess_is_another(const char *row, size_t length);

#endif
