/* SPDX-License-Identifier: Apache-2.0 */
/* Remarks: what stands alone between marks and is said to who delivers. The text before the first
 * mark is never one: a text of remarks alone is left as it is. */
#include "match/normal/noise.h"

#include "match/normal/characters.h"

#include <string.h>

enum { MOST_IN_NAME = 4, MOST_IN_TITLE = 5 };

/* What a remark begins with. Words that names begin with as well (放鹤路) are longer. */
static const char16_t *const beginnings[] = {
    u"请放",     u"请送",   u"请打",   u"请电",   u"请联",   u"请勿",   u"请提",
    u"请在",     u"请务",   u"放门口", u"放快递", u"放前台", u"放物业", u"放丰巢",
    u"放驿站",   u"放保安", u"放传达", u"放门卫", u"放菜鸟", u"放楼下", u"放在",
    u"勿放",     u"勿送",   u"勿投",   u"不要放", u"不放",   u"不接受", u"不收",
    u"麻烦",     u"送货上", u"送货前", u"送到家", u"送上门", u"联系人", u"联系我",
    u"电话联系", u"提前电", u"提前联", u"提前打", u"打电话", u"到了打", u"到付",
    u"尽快",     u"务必",   u"谢谢",   u"收件人", u"收货人", u"备注",   NULL};
static const char16_t *const receivers[] = {u"联系人", u"收件人", u"收货人", NULL};
static const char16_t *const labels[] = {u"地址",     u"收货地址", u"收件地址", u"详细地址",
                                         u"公司地址", u"联系地址", NULL};
static const char16_t surnames[] = u"王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭"
                                   u"曾肖田董潘袁蔡蒋余于杜叶程魏苏吕"
                                   u"丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫"
                                   u"段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴"
                                   u"严莫孔向常汤康易乔赖文";

static bool is_any(const uint32_t *at, size_t count, const char16_t *const *words, bool whole) {
    for (; *words != NULL; words++) {
        size_t length = 0;
        while ((*words)[length] != 0) {
            length++;
        }
        bool fits = !whole || length == count;
        if (fits && mgi_characters_begin_with(at, count, *words)) return true;
    }
    return false;
}

static bool has_digit(const uint32_t *at, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (mgi_characters_is_digit(at[i])) return true;
    }
    return false;
}

/* 张三收, 王先生. */
static bool is_receiver(const uint32_t *at, size_t count) {
    if (count < 2 || !mgi_characters_is_one_of(at[0], surnames)) return false;
    if (at[count - 1] == u'收') return count <= MOST_IN_NAME;
    static const char16_t *const titles[] = {u"先生", u"女士", u"小姐", NULL};
    return count > 2 && count <= MOST_IN_TITLE && is_any(at + count - 2, 2, titles, true);
}

static bool parts_remarks(uint32_t character) {
    return mgi_characters_is_mark(character) && character != MGI_CHARACTERS_HYPHEN &&
           character != MGI_CHARACTERS_POINT && character != MGI_CHARACTERS_NUMBER_SIGN;
}

static bool is_remark(const uint32_t *at, size_t count) {
    return !has_digit(at, count) &&
           (is_any(at, count, beginnings, false) || is_receiver(at, count));
}

size_t mgi_noise_remove_remarks(uint32_t *characters, size_t count) {
    size_t written = 0;
    bool named = false; /* something that stays has been seen */
    bool after_label = false;
    for (size_t read = 0; read < count;) {
        size_t length = 0;
        while (read + length < count && !parts_remarks(characters[read + length])) {
            length++;
        }
        const uint32_t *segment = characters + read;
        bool name =
            after_label && length > 1 && length <= MOST_IN_NAME && !has_digit(segment, length);
        bool label = !named && length > 0 && read + length + 1 < count &&
                     is_any(segment, length, labels, true);
        bool drop = label || (named && length > 0 && (name || is_remark(segment, length)));
        if (length > 0) {
            after_label = drop && is_any(segment, length, receivers, true);
            named = named || !drop;
        }
        size_t kept = (drop ? 0 : length) + (read + length < count ? 1 : 0);
        memmove(characters + written, segment + (drop ? length : 0), kept * sizeof *characters);
        written += kept;
        read += length + (read + length < count ? 1 : 0);
    }
    return written;
}
