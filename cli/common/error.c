/* SPDX-License-Identifier: Apache-2.0 */
/* Formats the one line that says why something could not be done. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>

bool fault_set(struct fault *fault, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->line, sizeof fault->line, format, arguments);
    va_end(arguments);
    return false;
}
