/* SPDX-License-Identifier: Apache-2.0 */
/* Chinese that is written in ASCII: by HZ, entities of HTML, backslashes, percent signs. */
#ifndef CLI_INPUT_ESCAPES_H
#define CLI_INPUT_ESCAPES_H

#include <stddef.h>

/* How most lines of a text write Chinese in ASCII, and the command that decodes it. */
struct escapes {
    const char *kind;   /* "entities of HTML (&#19978;)" */
    const char *advice; /* "decode them first: …" */
};

/* NULL: they do not. `length` may end anywhere. */
const struct escapes *escapes_find(const char *text, size_t length);

/* Whether the text is HZ (RFC 1843): ASCII in which ~{ … ~} hold GB 2312. */
const struct escapes *escapes_find_hz(const char *text, size_t length);

#endif
