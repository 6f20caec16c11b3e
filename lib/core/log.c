/* SPDX-License-Identifier: Apache-2.0 */
/* The host's optional log. */
#include "core/log.h"

#include "core/fixed_text.h"
#include "core/status.h"

void mgi_log_line(const mgi_log *log, mgeo_log_level level, const char *format, ...) {
    if (log == NULL || log->write == NULL) return;
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    mgi_fixed_text_format(line, sizeof line, format, arguments);
    va_end(arguments);
    log->write(log->user, level, line);
}
