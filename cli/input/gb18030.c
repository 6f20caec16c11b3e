/* SPDX-License-Identifier: Apache-2.0 */
/* The table of GB18030's characters of two bytes, and what everyday Chinese looks like in it. */
#include "input/gb18030.h"

#include <endian.h>
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

/* What addresses are made of, then the commonest hanzi of all. */
static const char commonest[] =
    "省市区县州镇乡村路街道巷弄号楼层室幢栋座单元门组里园苑庄屯堡厦场城广中心花国际科技工业商贸有限"
    "公司大学医院"
    "学校银行酒店东西南北上下前后左右内外旁侧对面交叉口汇与至桥站港湾江河湖海山水岛坡岭田林石金银龙"
    "凤福安和平新"
    "华民解放建设红光明阳春天长永兴丰盛富康宁泰祥瑞文化教育府台馆院所部队政京津沪渝冀晋辽吉黑苏浙皖"
    "闽赣鲁豫鄂湘"
    "粤桂琼川贵云陕甘青藏疆杭武汉深圳成都重庆一二三四五六七八九十百千万甲乙丙丁戊小老高第段期号的是"
    "不了在人我他"
    "这来个到说们为子你地出也时年得就那要以生会自着去之过家可她么多而能好都然没日于起还发事只作当想"
    "看无开手用主"
    "方又如所本见经头同已从动两分厅附近原址联通利达美丽宝玉环城墙角边沿线";
static bool is_commonest[LEADS][TRAILS];
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

static void fill_commonest(void) {
    iconv_t conversion = iconv_open("GB18030", "UTF-8");
    if (conversion == (iconv_t)-1) return;
    unsigned char bytes[sizeof commonest];
    char *in = (char *)(uintptr_t)commonest, *out = (char *)bytes;
    size_t in_left = sizeof commonest - 1, out_left = sizeof bytes;
    iconv(conversion, &in, &in_left, &out, &out_left);
    for (size_t i = 0; i + 1 < sizeof bytes - out_left; i += 2) {
        is_commonest[bytes[i] - FIRST_LEAD][bytes[i + 1]] = true;
    }
    iconv_close(conversion);
}

static void fill(void) {
    fill_commonest();
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

/* ASCII at the beginning of 8 bytes. */
static size_t ascii_of(const unsigned char *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = le64toh(word) & UINT64_C(0x8080808080808080);
    return word == 0 ? 8 : (size_t)__builtin_ctzll(word) / 8;
}

size_t gb18030_decode(const char *from, size_t length, char *to, size_t *made) {
    const unsigned char *at = (const unsigned char *)from, *end = at + length;
    char *out = to;
    pthread_once(&filled, fill);
    while (at < end) {
        if (*at < 0x80 && end - at >= 8) { /* what is copied too much is written over */
            size_t ascii = ascii_of(at);
            memcpy(out, at, 8);
            at += ascii;
            out += ascii;
            continue;
        }
        if (*at < 0x80) {
            *out++ = (char)*at++;
            continue;
        }
        if (end - at < 2 || !is_lead(at[0])) break;
        const struct two_byte *known = &table[at[0] - FIRST_LEAD][at[1]];
        if (known->length == 0) break;
        memcpy(out, known, sizeof *known); /* its length is written over */
        out += known->length;
        at += 2;
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

void gb18030_count(const char *text, size_t length, struct gb18030_hanzi *hanzi) {
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    pthread_once(&filled, fill);
    while (end - at >= 2) {
        bool two = is_lead(at[0]) && is_trail(at[1]);
        if (two && at[0] >= 0xB0) {
            hanzi->all++;
            hanzi->commonest += is_commonest[at[0] - FIRST_LEAD][at[1]];
        }
        at += two ? 2 : 1;
    }
}
