/* SPDX-License-Identifier: Apache-2.0 */
/* Formats the one line that says why something could not be done. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/* A line that is too long ends where a character does, and shows that more followed. */
static void end_cut_line(struct error *error) {
    static const char more[] = "…";
    size_t kept = utf8_cut(error->line, sizeof error->line - 1, sizeof error->line - sizeof more);
    memcpy(error->line + kept, more, sizeof more);
}

bool error_set(struct error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int whole = vsnprintf(error->line, sizeof error->line, format, arguments);
    va_end(arguments);
    if (whole >= (int)sizeof error->line) end_cut_line(error);
    return false;
}
