/* SPDX-License-Identifier: Apache-2.0 */
/* Where a text stops being UTF-8, and what people see of its characters. */
#ifndef CLI_COMMON_UTF8_H
#define CLI_COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of valid UTF-8 at the start of text: `length` if all of it is. Surrogates, overlong forms
 * and code points above U+10FFFF are not valid. */
size_t utf8_valid_prefix(const char *text, size_t length);

/* Bytes below 0x80 at the start of text. */
size_t utf8_ascii_prefix(const char *text, size_t length);

/* Bytes of the first character, and which it is; 0 if there is none or it is not UTF-8. */
size_t utf8_character(const char *text, size_t length, uint32_t *code);

/* How much of text fits into `most` bytes without a character cut in two. */
size_t utf8_cut(const char *text, size_t length, size_t most);

/* Whether people cannot see it or it steers what shows it: controls, zero width, directions,
 * spaces other than the blank, private use. */
bool utf8_is_invisible(uint32_t code);

/* Columns of a terminal that a text takes which holds nothing invisible: Chinese takes two. */
size_t utf8_columns(const char *text, size_t length);

#endif
