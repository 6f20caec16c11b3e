/* SPDX-License-Identifier: Apache-2.0 */
/* Whether UTF-8 is sound and its text is not: it was once read in a wrong encoding, and saved. */
#ifndef CLI_INPUT_MOJIBAKE_H
#define CLI_INPUT_MOJIBAKE_H

#include <stddef.h>

/* What the beginning of a text looks like: "UTF-8 that was read as Latin-1 and saved again", or
 * NULL: like text. A last line that is cut off does no harm. */
const char *mojibake_find(const char *text, size_t length);

#endif
