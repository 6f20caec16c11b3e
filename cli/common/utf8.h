/* SPDX-License-Identifier: Apache-2.0 */
/* Where a text stops being UTF-8. */
#ifndef CLI_COMMON_UTF8_H
#define CLI_COMMON_UTF8_H

#include <stddef.h>

/* Bytes of valid UTF-8 at the start of text: `length` if all of it is. Surrogates, overlong forms
 * and code points above U+10FFFF are not valid. */
size_t utf8_valid_prefix(const char *text, size_t length);

#endif
