/* SPDX-License-Identifier: Apache-2.0 */
/* Administrative names in a text, written out.
 *
 * A text begins with a chain of them: 江苏省南京市玄武区, in any order, with gaps and repeated. A
 * full name counts wherever it does not contradict the names before it; one above them only on the
 * way down to a place again; alone it must be the only one in the country, else it is written as it
 * is and stays unresolved. A short name (南京, 玄武)
 * counts behind a name that its place lies in, or, at the beginning, if such a place follows, or if
 * it is one of the great cities; never where it begins the name of a road (南京路), an institution
 * (南京大学) or anything that a district's short name is a usual part of. */
#include "match/normal/places.h"

#include "match/normal/characters.h"
#include "match/normal/gazetteer.h"
#include "match/normal/writer.h"

enum { MOST_NAMES = 8, MOST_ROAD = 3, MOST_LEVELS = 3 };

/* What a chain has come to. */
typedef struct chain {
    const uint32_t *characters;
    size_t count, at;
    uint16_t area;                  /* the innermost so far, or MGI_PLACE_NONE */
    const mgi_place_key *ambiguous; /* a name of several places that nothing has told apart */
    mgi_gazetteer_town town;
} chain;

/* Cities whose short names mean nothing else where a text begins. */
static bool is_great(uint32_t code) {
    static const uint32_t codes[] = {110000, 120000, 310000, 500000, 440100, 440300, 320100, 330100,
                                     420100, 510100, 610100, 320500, 441900, 440600, 320200, 330200,
                                     370200, 210200, 350200, 350100, 370100, 410100, 430100, 340100,
                                     210100, 230100, 130100, 530100, 360100, 450100, 520100, 330300,
                                     440400, 320400, 320300, 441300};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i] == code) return true;
    }
    return false;
}

/* Whether the characters go on as the name of a road or an estate does: 西路, 大道, 北苑. */
static bool is_road(const uint32_t *at, size_t count) {
    size_t i = 0;
    while (i < count && i < MOST_ROAD &&
           (mgi_characters_is_digit(at[i]) ||
            mgi_characters_is_one_of(at[i], u"东西南北中大新老前后上下内外环支"))) {
        i++;
    }
    return i < count && mgi_characters_is_one_of(at[i], u"路街道巷弄里桥村胡线站河江湖苑园门");
}

static bool begins_with_any(const uint32_t *at, size_t count, const char16_t *const *words) {
    while (*words != NULL && !mgi_characters_begin_with(at, count, *words)) {
        words++;
    }
    return *words != NULL;
}

/* What a city's short name begins the names of, wherever they stand: 南京大学, 温州商城. */
static bool is_institution(const uint32_t *at, size_t count) {
    static const char16_t *const words[] = {
        u"大学", u"大厦",   u"大酒", u"大饭", u"医",   u"师范", u"师大", u"理工", u"交通大",
        u"交大", u"工业大", u"工大", u"农业", u"农大", u"财经", u"外国", u"外语", u"银行",
        u"地铁", u"火车",   u"机场", u"国际", u"科技", u"公",   u"人家", u"城",   u"花",
        u"山",   u"海",     u"湾",   u"市",   u"区",   u"县",   u"号",   u"楼",   u"时代",
        u"世家", u"印象",   u"商",   u"饭",   u"宾",   u"酒",   u"步行", u"同仁", u"小吃",
        u"菜",   u"烤",     u"老",   u"鸭",   u"包子", u"家",   u"新",   u"名",   u"豪",
        u"庭",   u"府",     u"建材", u"美食", u"风味", NULL};
    return count == 0 || begins_with_any(at, count, words);
}

/* What a district's short name is a usual part of: 鼓楼医院, 白云山. */
static bool is_part_of_name(const uint32_t *at, size_t count) {
    static const char16_t *const words[] = {
        u"大学", u"大厦", u"大酒", u"大饭", u"大剧", u"中学", u"中医", u"中心", u"中山", u"小学",
        u"小区", u"小镇", u"新村", u"新城", u"新区", u"新天", u"新世", u"新都", u"人民", u"国际",
        u"国家", u"体育", u"文化", u"文体", u"电影", u"电视", u"电子", u"工业", u"工商", u"科技",
        u"农业", u"农贸", u"农场", u"水厂", u"水库", u"水利", u"交通", u"税务", u"土地", u"卫生",
        u"高级", u"高新", u"高铁", u"实验", u"职业", u"技术", u"师范", u"综合", u"花",   u"家",
        u"商",   u"酒",   u"宾",   u"饭",   u"银",   u"法",   u"检",   u"政",   u"局",   u"医",
        u"学",   u"院",   u"幼",   u"公",   u"广",   u"第",   u"一",   u"号",   u"楼",   u"店",
        u"馆",   u"场",   u"市",   u"区",   u"县",   u"州",   u"厂",   u"庄",   u"社",   u"塔",
        u"寺",   u"庙",   u"堤",   u"坝",   u"洲",   u"岛",   u"坡",   u"岭",   u"坪",   u"沟",
        u"山",   u"海",   u"港",   u"湾",   u"城",   u"镇",   u"乡",   u"口",   u"机",   u"之",
        u"万",   u"时代", u"世",   u"府",   u"名",   u"金",   u"嘉",   u"美",   u"豪",   u"宫",
        u"祠",   u"阁",   u"亭",   u"关",   u"屯",   u"陵",   u"滩",   u"礼堂", NULL};
    if (count == 0 || mgi_characters_is_digit(at[0]) || is_road(at, count)) return true;
    return begins_with_any(at, count, words);
}

/* What is called after its city or province, and would be another one without: 湖北大学, 武汉大学.
 */
static bool is_called_after(const uint32_t *at, size_t count) {
    static const char16_t *const words[] = {
        u"大学",   u"大厦",   u"大酒", u"大饭",   u"师范", u"师大", u"理工", u"农业",
        u"交通大", u"交大",   u"工大", u"工业大", u"医科", u"医学", u"财经", u"外语",
        u"外国",   u"科技大", u"海事", u"海洋",   u"银行", u"商城", u"公园", u"人家",
        u"军区",   u"湾",     u"中学", u"小学",   NULL};
    return begins_with_any(at, count, words);
}

/* What makes 市 before it part of another word. */
static bool takes_city(const uint32_t *behind, size_t count) {
    static const char16_t *const words[] = {u"场",     u"区",     u"立医", u"立第",
                                            u"立中",   u"立小",   u"立图", u"中区",
                                            u"民中心", u"民广场", NULL};
    return begins_with_any(behind, count, words);
}

/* A single character and a road's last, which with the one before it is a road's name. */
static bool is_road_of_two(const uint32_t *behind, size_t count) {
    return count > 1 && mgi_characters_is_one_of(behind[1], u"路街道巷");
}

/* 市 before it is the first of a word, and of no name: 市心路, 市桥街道, 市政, 市民之家; and of
 * 市广路, since no road is called 广. */
static bool takes_former_city(const uint32_t *behind, size_t count) {
    return (count > 0 && mgi_characters_is_one_of(behind[0], u"心桥政民长立场区口郊委府头容集")) ||
           is_road_of_two(behind, count);
}

/* The same of 县: 县前街, 县学街, 县东街. */
static bool takes_former_county(const uint32_t *behind, size_t count) {
    return (count > 0 && mgi_characters_is_one_of(behind[0], u"前后府学衙")) ||
           is_road_of_two(behind, count);
}

/* 市 that belongs to the next word: 上海市场, 乐山市中区. A former name has another one written in
 * its place, and most were names of counties alone: 萧山市心路 is not 萧山区心路. */
static bool ends_too_far(const mgi_place_key *key, const uint32_t *at, size_t count) {
    const uint32_t *behind = at + key->length;
    const size_t left = count - key->length;
    const uint32_t end = behind[-1];
    if (key->kind == MGI_PLACE_FORMER && end == u'县') return takes_former_county(behind, left);
    if (end != u'市') return false;
    return takes_city(behind, left) ||
           (key->kind == MGI_PLACE_FORMER && takes_former_city(behind, left));
}

/* 江 of the next name, since no river is called after a city: 上海江宁路, 武汉江汉路. */
static bool is_next_river(const uint32_t *behind, size_t count) {
    return count > 1 && behind[0] == u'江' &&
           mgi_characters_is_one_of(behind[1], u"苏宁西南北东汉岸湾浦");
}

/* What a short name cannot be followed by. */
static bool is_cut_short(const mgi_place_key *key, const uint32_t *behind, size_t count) {
    if (mgi_place_areas[key->area].level < 3 && is_next_river(behind, count)) return false;
    return is_road(behind, count) ||
           (count > 0 && mgi_characters_is_one_of(behind[0], u"县州旗盟"));
}

static bool is_followed_by_part(uint16_t area, const uint32_t *at, size_t count);

/* A short name behind others. */
static bool is_short_name(const mgi_place_key *key, const uint32_t *at, size_t count) {
    const uint32_t *behind = at + key->length;
    size_t left = count - key->length;
    if (takes_city(behind, left)) return false;
    if (is_followed_by_part(key->area, behind, left)) return true;
    if (is_cut_short(key, behind, left)) return false;
    if (mgi_place_areas[key->area].level < 3) return true;
    if (left > 1 && behind[0] == u'市' && takes_former_city(behind + 1, left - 1)) return true;
    return !is_part_of_name(behind, left);
}

/* Whether a place in that one is named next. Each step goes down a level: three at most. */
static bool is_followed_by_part(uint16_t area, const uint32_t *at, size_t count) {
    const mgi_place_key *key =
        mgi_place_areas[area].level < 3 ? mgi_gazetteer_find(at, count) : NULL;
    for (; key != NULL; key = mgi_gazetteer_next(key)) {
        if (!mgi_gazetteer_matches(key, at, count) || key->area == area ||
            !mgi_gazetteer_lies_in(key->area, area) || ends_too_far(key, at, count)) {
            continue;
        }
        if (key->kind != MGI_PLACE_SHORT || is_short_name(key, at, count)) return true;
    }
    return mgi_place_areas[area].level > 1 && mgi_gazetteer_find_town(area, at, count).code != 0;
}

/* The first name of a text, if it is short. */
static bool may_begin(const mgi_place_key *key, const uint32_t *at, size_t count) {
    const uint32_t *behind = at + key->length;
    size_t left = count - key->length;
    if (mgi_place_areas[key->area].level > 2 || takes_city(behind, left)) return false;
    if (is_followed_by_part(key->area, behind, left)) return true;
    return is_great(mgi_place_areas[key->area].code) && !is_cut_short(key, behind, left) &&
           !is_institution(behind, left);
}

/* Whether a name of what the chain lies in is said once more on the way down to a place again, as
 * in 玄武区江苏省南京市玄武区. Else it begins another name: 武汉市湖北省图书馆 is not 武汉市图书馆.
 */
static bool is_said_again(const mgi_place_key *key, const uint32_t *behind, size_t count) {
    return count == 0 || is_followed_by_part(key->area, behind, count);
}

/* Whether a short name can stand behind the names before it, the last of which it lies in or is. */
static bool fits_short(const chain *self, const mgi_place_key *key, const uint32_t *at,
                       size_t count) {
    const uint32_t *behind = at + key->length;
    const size_t left = count - key->length;
    if (!is_short_name(key, at, count)) return false;
    if (mgi_place_areas[key->area].level == 3 || is_said_again(key, behind, left)) return true;
    if (is_called_after(behind, left)) return false;
    return key->area != self->area || !is_institution(behind, left);
}

/* Whether the name can stand behind the names before it. */
static bool fits(const chain *self, const mgi_place_key *key) {
    const uint32_t *at = self->characters + self->at;
    size_t left = self->count - self->at;
    if (ends_too_far(key, at, left)) return false;
    if (self->area == MGI_PLACE_NONE) {
        return key->kind == MGI_PLACE_SHORT ? may_begin(key, at, left) : key->length > 2;
    }
    if (mgi_gazetteer_lies_in(key->area, self->area)) {
        return key->kind != MGI_PLACE_SHORT || fits_short(self, key, at, left);
    }
    return mgi_gazetteer_lies_in(self->area, key->area) &&
           is_said_again(key, at + key->length, left - key->length);
}

/* The one name that fits, the longest; *several: it is that of several places. */
static const mgi_place_key *choose(const chain *self, bool *several) {
    const mgi_place_key *chosen = NULL;
    *several = false;
    const uint32_t *at = self->characters + self->at;
    const mgi_place_key *key = mgi_gazetteer_find(at, self->count - self->at);
    for (; key != NULL; key = mgi_gazetteer_next(key)) {
        if (chosen != NULL && key->length < chosen->length) break;
        if (!mgi_gazetteer_matches(key, at, self->count - self->at) || !fits(self, key)) continue;
        /* What is called so now is before what was. */
        if (chosen == NULL || (chosen->kind == MGI_PLACE_FORMER && key->kind == MGI_PLACE_FULL)) {
            chosen = key;
        } else if (key->kind == chosen->kind) {
            *several = true;
        }
    }
    return chosen;
}

/* A name of several places is told by the town behind it. */
static bool resolve_by_town(chain *self, const mgi_place_key *key) {
    uint16_t found = MGI_PLACE_NONE;
    const uint32_t *behind = self->characters + self->at + key->length;
    size_t left = self->count - self->at - key->length;
    const mgi_place_key *other =
        mgi_gazetteer_find(self->characters + self->at, self->count - self->at);
    for (; other != NULL; other = mgi_gazetteer_next(other)) {
        if (!mgi_gazetteer_is_same(other, key) || other->kind != key->kind) continue;
        if (mgi_gazetteer_find_town(other->area, behind, left).code == 0) continue;
        if (found != MGI_PLACE_NONE) return false;
        found = other->area;
    }
    if (found != MGI_PLACE_NONE) self->area = found;
    return found != MGI_PLACE_NONE;
}

/* Takes the next name. False: there is none. */
static bool take_name(chain *self) {
    bool several = false;
    const mgi_place_key *key = choose(self, &several);
    if (key == NULL) return false;
    if (several && !resolve_by_town(self, key)) {
        if (self->area != MGI_PLACE_NONE || key->kind != MGI_PLACE_FULL) return false;
        self->ambiguous = key;
        self->at += key->length;
        return false;
    }
    if (!several &&
        (self->area == MGI_PLACE_NONE || mgi_gazetteer_lies_in(key->area, self->area))) {
        self->area = key->area;
    }
    self->at += key->length;
    return true;
}

/* 街道办事处 in front of something is its district; at the end it is an office. */
static void take_town(chain *self) {
    if (self->area == MGI_PLACE_NONE) return;
    const uint32_t *at = self->characters + self->at;
    self->town = mgi_gazetteer_find_town(self->area, at, self->count - self->at);
    if (self->town.code == 0) return;
    self->area = self->town.area;
    size_t length = self->town.length;
    static const char16_t office[] = u"办事处";
    while (self->count - self->at > length + 3 &&
           mgi_characters_begin_with(at + length, self->count - self->at - length, office)) {
        length += 3;
    }
    self->at += length;
}

static void write_area(mgi_normal_form *form, uint16_t number) {
    uint16_t numbers[MOST_LEVELS];
    size_t depth = 0;
    for (; number != MGI_PLACE_NONE && depth < MOST_LEVELS;
         number = mgi_place_areas[number].parent) {
        numbers[depth++] = number;
    }
    while (depth-- > 0) {
        const mgi_place_area *area = &mgi_place_areas[numbers[depth]];
        mgi_writer_place(form, area->level, area->code, mgi_place_names + area->name, area->length);
    }
}

static void write_ambiguous(mgi_normal_form *form, const mgi_place_key *key) {
    const mgi_place_area *area = &mgi_place_areas[key->area];
    mgi_writer_place(form, area->level, 0, mgi_place_names + area->name, area->length);
}

static void write_town(mgi_normal_form *form, const mgi_gazetteer_town *town, const uint32_t *at) {
    mgi_writer_piece(form, MGI_NORMAL_PLACE, MGI_GAZETTEER_TOWN_LEVEL, at, town->length);
    form->pieces[form->piece_count - 1].place = town->code;
}

/* Whether what would be written, and the rest, would be read as something else. */
static bool is_read_otherwise(const chain *self) {
    if (self->area == MGI_PLACE_NONE || self->ambiguous != NULL) return false;
    const mgi_place_area *area = &mgi_place_areas[self->area];
    return mgi_place_names[area->name + area->length - 1] == u'市' &&
           takes_city(self->characters + self->at, self->count - self->at);
}

/* 万柏林区万柏林街道: the town comes before its district once more. */
static bool is_at_town(const chain *self) {
    return self->area != MGI_PLACE_NONE && mgi_place_areas[self->area].town_count > 0 &&
           mgi_gazetteer_find_town(self->area, self->characters + self->at, self->count - self->at)
                   .code != 0;
}

static void take_names(chain *self) {
    static const char16_t country[] = u"中国";
    self->at = mgi_characters_begin_with(self->characters, self->count, country) ? 2 : 0;
    size_t begin = self->at;
    for (size_t names = 0; names < MOST_NAMES && !is_at_town(self) && take_name(self); names++) {
    }
    if (self->at == begin) self->at = 0;
}

size_t mgi_places_write(mgi_normal_form *form, const uint32_t *at, size_t count, uint16_t *within) {
    chain self = {.characters = at, .count = count, .area = MGI_PLACE_NONE};
    take_names(&self);
    size_t town_at = self.at;
    *within = MGI_PLACE_NONE;
    if (is_read_otherwise(&self)) return 0;
    if (self.ambiguous == NULL) take_town(&self);
    *within = self.area;
    write_area(form, self.area);
    if (self.ambiguous != NULL) write_ambiguous(form, self.ambiguous);
    if (self.town.code != 0) write_town(form, &self.town, at + town_at);
    return self.at;
}

size_t mgi_places_write_mention(mgi_normal_form *form, const uint32_t *at, size_t count,
                                uint16_t within) {
    const mgi_place_key *found = NULL;
    size_t meanings = 0;
    const mgi_place_key *key = mgi_gazetteer_find(at, count);
    for (; key != NULL; key = mgi_gazetteer_next(key)) {
        if (key->kind != MGI_PLACE_FULL || key->length < 3 ||
            mgi_place_areas[key->area].length != key->length ||
            !mgi_gazetteer_matches(key, at, count) || ends_too_far(key, at, count)) {
            continue;
        }
        if (found != NULL && key->length < found->length) break;
        meanings += found == NULL || key->area != found->area;
        if (found == NULL ||
            (within != MGI_PLACE_NONE && mgi_gazetteer_lies_in(key->area, within))) {
            found = key;
        }
    }
    if (found == NULL) return 0;
    bool known =
        meanings == 1 || (within != MGI_PLACE_NONE && mgi_gazetteer_lies_in(found->area, within));
    const mgi_place_area *area = &mgi_place_areas[found->area];
    mgi_writer_place(form, area->level, known ? area->code : 0, mgi_place_names + area->name,
                     area->length);
    return found->length;
}
