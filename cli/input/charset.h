/* SPDX-License-Identifier: Apache-2.0 */
/* Text of other encodings, which becomes UTF-8 on its way in. */
#ifndef CLI_INPUT_CHARSET_H
#define CLI_INPUT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* What a byte that cannot be decoded becomes: no UTF-8 holds it, so that its row is found bad. */
enum { CHARSET_UNDECODABLE = 0xFF };

/* The name by which an encoding is known here and to iconv: "gbk" → "GB18030". NULL, with a line in
 * the error: neither knows it. The text decides the byte order where the name does not. */
const char *charset_find(const char *name, const char *bytes, size_t length, struct error *error);

struct charset;

/* A conversion to UTF-8. `strict`: what cannot be decoded is an error, else it becomes
 * CHARSET_UNDECODABLE. input_name is borrowed, for error lines. NULL on failure. */
struct charset *charset_open(const char *encoding, bool strict, const char *input_name,
                             struct error *error);
void charset_close(struct charset *charset);

enum { CHARSET_GROWTH = 4, CHARSET_ROOM = 64 };

/* Converts bytes: takes some or all of them (an incomplete character stays for the next call,
 * unless these are the last) and writes *made bytes to `to`, which has room for CHARSET_GROWTH
 * bytes for each and CHARSET_ROOM more. False on failure. */
bool charset_convert(struct charset *charset, const char *from, size_t length, bool last,
                     size_t *taken, char *to, size_t *made, struct error *error);

#endif
