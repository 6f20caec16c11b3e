/* SPDX-License-Identifier: Apache-2.0 */
/* GB18030's characters of two bytes by one table, which iconv fills: whole tables pass in little
 * more time than UTF-8 takes. */
#ifndef CLI_INPUT_GB18030_H
#define CLI_INPUT_GB18030_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes ASCII and characters of two bytes from `from` to `to`, which has room for 2 bytes for
 * each byte and 8 more. Returns the bytes taken: all, or up to what the table does not have. *made:
 * the bytes written, which are UTF-8. */
size_t gb18030_decode(const char *from, size_t length, char *to, size_t *made);

/* Whether text that is not UTF-8 reads as Chinese in GB18030: no unit is impossible, and most
 * characters are the everyday ones, which texts of another encoding never are. */
bool gb18030_is_plausible(const char *text, size_t length);

/* Hanzi of two bytes, and those of them that stand in every Chinese table. */
struct gb18030_hanzi {
    size_t all, commonest;
};

/* Adds up a text that is plausible. */
void gb18030_count(const char *text, size_t length, struct gb18030_hanzi *hanzi);

#endif
