/* SPDX-License-Identifier: Apache-2.0 */
/* The host's optional log. */
#ifndef MGI_CORE_LOG_H
#define MGI_CORE_LOG_H

#include <mgeo.h>

typedef struct mgi_log {
    mgeo_log_fn write; /* NULL: silent */
    void *user;
} mgi_log;

/* Writes one line, cut to 1,023 bytes. log may be NULL. */
void mgi_log_line(const mgi_log *log, mgeo_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
