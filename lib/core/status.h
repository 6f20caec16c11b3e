/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses and the one-line errors that go with them. */
#ifndef MGI_CORE_STATUS_H
#define MGI_CORE_STATUS_H

#include "core/fixed_text.h"

#include <mgeo.h>

#include <stddef.h>

/* Writes the status and a formatted line into error (NULL is legal) and returns the status, so that
 * a failing function can end in `return mgi_fail(error, MGEO_E_FORMAT, "…", …)`. */
mgeo_status mgi_fail(mgeo_error *error, mgeo_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The usual line for a failed allocation of `bytes` for `what`. */
mgeo_status mgi_fail_memory(mgeo_error *error, const char *what, size_t bytes);

#ifdef __clang_analyzer__
/* The static analyzer sees one file at a time: this tells it which status comes back. */
#define mgi_fail(error, status, ...) ((void)(mgi_fail)(error, status, __VA_ARGS__), (status))
#define mgi_fail_memory(error, what, bytes)                                                        \
    ((void)(mgi_fail_memory)(error, what, bytes), MGEO_E_MEMORY)
#endif

/* Marks success. */
mgeo_status mgi_succeed(mgeo_error *error);

#endif
