/* SPDX-License-Identifier: Apache-2.0 */
/* What numbers count in an address, each in its one spelling.
 *
 * 栋 is also written 幢, 座 and 号楼. 楼 alone is a floor (3楼), but a building where the number
 * has three digits or a letter (407楼, A楼), or an entrance follows (3楼2单元). 门 is an entrance
 * only behind a building (3栋2门): elsewhere it is a gate. */
#include "match/normal/units.h"

#include "match/normal/characters.h"
#include "match/normal/numerals.h"

/* A spelling, what it is, and what may not follow. */
typedef struct unit_spelling {
    const char16_t *written;
    mgi_unit unit;
    const char16_t *spelling;
    const char16_t *unless;
} unit_spelling;

/* Of those that begin alike the longest is first. */
static const unit_spelling spellings[] = {
    {u"号楼", MGI_UNIT_BUILDING, u"栋", u""},
    {u"号室", MGI_UNIT_ROOM, u"室", u""},
    {u"号房", MGI_UNIT_ROOM, u"室", u"产地间屋东车"},
    {u"号弄", MGI_UNIT_LANE, u"弄", u""},
    {u"号", MGI_UNIT_HOUSE, NULL, u"线店口门库厂矿桥桩闸井馆仓"},
    {u"号", MGI_UNIT_OTHER, NULL, u""},
    {u"弄", MGI_UNIT_LANE, NULL, u"堂"},
    {u"栋", MGI_UNIT_BUILDING, NULL, u""},
    {u"幢", MGI_UNIT_BUILDING, u"栋", u""},
    {u"座", MGI_UNIT_BUILDING, u"栋", u"大桥山"},
    {u"单元", MGI_UNIT_ENTRANCE, NULL, u""},
    {u"楼层", MGI_UNIT_FLOOR, u"层", u""},
    {u"层", MGI_UNIT_FLOOR, NULL, u""},
    {u"房间", MGI_UNIT_ROOM, u"室", u""},
    {u"室", MGI_UNIT_ROOM, NULL, u"内外"},
    {u"房", MGI_UNIT_ROOM, u"室", u"产地间屋东车山村"},
    {u"公里", MGI_UNIT_KILOMETRES, NULL, u""},
    {u"千米", MGI_UNIT_KILOMETRES, u"公里", u""},
    {u"米", MGI_UNIT_METRES, NULL, u"兰罗粉线店阳"},
    {u"期", MGI_UNIT_OTHER, NULL, u""},
    {u"区", MGI_UNIT_OTHER, NULL, u""},
    {u"组", MGI_UNIT_OTHER, NULL, u""},
    {u"队", MGI_UNIT_OTHER, NULL, u""},
    {u"村", MGI_UNIT_OTHER, NULL, u""},
    {u"排", MGI_UNIT_OTHER, NULL, u""},
    {u"户", MGI_UNIT_OTHER, NULL, u"部"},
    {u"院", MGI_UNIT_OTHER, NULL, u""},
};

static bool goes_on_with(const uint32_t *at, size_t count, size_t length, const char16_t *members) {
    return length < count && mgi_characters_is_one_of(at[length], members);
}

/* Whether a number and 单元 or 门 come next: what stands before them is a building. */
static bool entrance_follows(const uint32_t *at, size_t count) {
    size_t i = 0;
    while (i < count && i < 3 && (mgi_characters_is_digit(at[i]) || mgi_numerals_has(at[i]))) {
        i++;
    }
    if (i == 0) return false;
    return mgi_characters_begin_with(at + i, count - i, u"单元") ||
           (i < count && at[i] == u'门' && i + 1 < count &&
            (mgi_characters_is_digit(at[i + 1]) || mgi_numerals_has(at[i + 1])));
}

static mgi_unit_match match_storeys(const uint32_t *at, size_t count,
                                    const mgi_unit_number *number) {
    if (goes_on_with(at, count, 1, u"盘宇道堡台村")) return (mgi_unit_match){0};
    bool building =
        number->digits > 2 || number->letters > 0 || entrance_follows(at + 1, count - 1);
    return building ? (mgi_unit_match){MGI_UNIT_BUILDING, 1, u"栋"}
                    : (mgi_unit_match){MGI_UNIT_FLOOR, 1, u"层"};
}

static size_t length_of(const char16_t *text) {
    size_t length = 0;
    while (text[length] != 0) {
        length++;
    }
    return length;
}

mgi_unit_match mgi_units_match(const uint32_t *at, size_t count, const mgi_unit_number *number) {
    if (count == 0) return (mgi_unit_match){0};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        const unit_spelling *entry = &spellings[i];
        if (entry->written[0] != at[0] || !mgi_characters_begin_with(at, count, entry->written)) {
            continue;
        }
        size_t length = length_of(entry->written);
        if (goes_on_with(at, count, length, entry->unless)) continue;
        return (mgi_unit_match){entry->unit, length, entry->spelling};
    }
    if (at[0] == u'楼') return match_storeys(at, count, number);
    if (at[0] == u'门' && number->before == MGI_UNIT_BUILDING &&
        !goes_on_with(at, count, 1, u"市口诊面店卫前厅")) {
        return (mgi_unit_match){MGI_UNIT_ENTRANCE, 1, u"单元"};
    }
    return (mgi_unit_match){0};
}

bool mgi_units_follow(const uint32_t *at, size_t count) {
    const mgi_unit_number number = {.digits = 2};
    mgi_unit_match match = mgi_units_match(at, count, &number);
    return match.unit != MGI_UNIT_NONE && match.unit != MGI_UNIT_OTHER;
}
