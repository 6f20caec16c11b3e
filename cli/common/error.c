/* SPDX-License-Identifier: Apache-2.0 */
/* Formats the one line that says why something could not be done. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->line, sizeof error->line, format, arguments);
    va_end(arguments);
    return false;
}
