/* SPDX-License-Identifier: Apache-2.0 */
/* Text in arrays of fixed size, as public structs have them: cut where a character ends. */
#ifndef MGI_CORE_FIXED_TEXT_H
#define MGI_CORE_FIXED_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Formats one line of less than `capacity` (> 0) bytes: cut at a character's end, each byte
 * of what is not printable (core/bytes/printable.h) written \xNN. */
void mgi_fixed_text_format(char *line, size_t capacity, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Copies text into a fixed array of `capacity` bytes, NUL-terminated, cut at a UTF-8 boundary. */
void mgi_fixed_text_copy(char *to, size_t capacity, const char *text);

#endif
