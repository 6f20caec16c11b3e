/* SPDX-License-Identifier: Apache-2.0 */
/* Which text may reach a line, a table's header or a terminal as it is, and the escapes of the
 * rest. */
#ifndef MGI_CORE_BYTES_PRINTABLE_H
#define MGI_CORE_BYTES_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Is it UTF-8 in which nothing is invisible or steers a terminal: no control characters of either
 * set, no line or paragraph separators, nothing that turns the direction of writing, no characters
 * without width, tags or private escapes, no non-characters? A blank is printable. */
bool mgi_printable_is(const char *text);

/* Copies text, NUL-terminated, into `capacity` (> 0) bytes: each byte of what is not printable
 * becomes \xNN, and what has no room is left out. */
void mgi_printable_copy(char *to, size_t capacity, const char *text);

#endif
