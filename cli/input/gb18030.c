/* SPDX-License-Identifier: Apache-2.0 */
/* The table of GB18030's characters of two bytes, and what everyday Chinese looks like in it. */
#include "input/gb18030.h"

#include <iconv.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum { FIRST_LEAD = 0x81, LEADS = 126, TRAILS = 256 };

/* Three bytes of UTF-8 and how many of them count; a count of 0: not in the table. */
struct two_byte {
    unsigned char utf8[3], length;
};

static struct two_byte table[LEADS][TRAILS];
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static bool is_lead(unsigned char byte) { return byte >= FIRST_LEAD && byte <= 0xFE; }

static bool is_trail(unsigned char byte) { return byte >= 0x40 && byte <= 0xFE && byte != 0x7F; }

static void fill_one(iconv_t conversion, int lead, int trail) {
    char from[2] = {(char)(FIRST_LEAD + lead), (char)trail}, to[8];
    char *in = from, *out = to;
    size_t in_left = sizeof from, out_left = sizeof to;
    size_t status = iconv(conversion, &in, &in_left, &out, &out_left);
    size_t length = sizeof to - out_left;
    iconv(conversion, NULL, NULL, NULL, NULL);
    if (status != 0 || in_left != 0 || length == 0 || length > 3) return;
    memcpy(table[lead][trail].utf8, to, length);
    table[lead][trail].length = (unsigned char)length;
}

static void fill(void) {
    iconv_t conversion = iconv_open("UTF-8", "GB18030");
    /* Without it the table is empty, and all goes through iconv, or fails there. */
    if (conversion == (iconv_t)-1) return;
    for (int lead = 0; lead < LEADS; lead++) {
        for (int trail = 0x40; trail <= 0xFE; trail++) {
            if (is_trail((unsigned char)trail)) fill_one(conversion, lead, trail);
        }
    }
    iconv_close(conversion);
}

size_t gb18030_decode(const char *from, size_t length, char *to, size_t *made) {
    const unsigned char *at = (const unsigned char *)from, *end = at + length;
    char *out = to;
    pthread_once(&filled, fill);
    while (at < end) {
        uint64_t word = 0;
        if (end - at >= 8) memcpy(&word, at, 8);
        if (end - at >= 8 && (word & UINT64_C(0x8080808080808080)) == 0) {
            memcpy(out, at, 8);
            at += 8;
            out += 8;
        } else if (*at < 0x80) {
            *out++ = (char)*at++;
        } else {
            if (end - at < 2 || !is_lead(at[0])) break;
            const struct two_byte *known = &table[at[0] - FIRST_LEAD][at[1]];
            if (known->length == 0) break;
            memcpy(out, known->utf8, 3);
            out += known->length;
            at += 2;
        }
    }
    *made = (size_t)(out - to);
    return (size_t)(at - (const unsigned char *)from);
}

/* Hanzi of GB 2312's first level, which are all but a few percent of what is written, and its
 * punctuation, digits and letters of full width. */
static bool is_everyday(unsigned char lead, unsigned char trail) {
    return trail >= 0xA1 && ((lead >= 0xB0 && lead <= 0xD7) || (lead >= 0xA1 && lead <= 0xA3));
}

bool gb18030_is_plausible(const char *text, size_t length) {
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    size_t everyday = 0, others = 0;
    while (at < end) {
        if (*at <= 0x80) { /* 0x80 is the euro sign of Windows' GBK */
            at++;
            continue;
        }
        if (end - at < 2) break; /* cut off */
        if (!is_lead(at[0])) return false;
        if (at[1] >= 0x30 && at[1] <= 0x39) {
            if (end - at >= 4 && (!is_lead(at[2]) || at[3] < 0x30 || at[3] > 0x39)) return false;
            others++;
            at += end - at < 4 ? end - at : 4;
            continue;
        }
        if (!is_trail(at[1])) return false;
        if (is_everyday(at[0], at[1])) {
            everyday++;
        } else {
            others++;
        }
        at += 2;
    }
    return everyday > 0 && everyday * 10 >= (everyday + others) * 7;
}
