/* SPDX-License-Identifier: Apache-2.0 */
/* Stems and sides of column names, in Chinese and English. */
#include "table/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/memory.h"
#include "common/utf8.h"

enum { LONGEST_NAME = 64 };

/* From the surest to the least sure: where several pairs fit, the first one is taken. */
static const char *const stems[] = {
    "sentence", "sent",     "text",     "txt",      "address",  "addr",  "add",     "fulladdress",
    "地址",     "详细地址", "完整地址", "地址文本", "文本",     "句子",  "语句",    "string",
    "str",      "premise",  "query",    "question", "document", "doc",   "passage", "input",
    "seq",      "sequence", "location", "place",    "poi",      "名称",  "地点",    "位置",
    "地名",     "门址",     "住所",     "住址",     "name",     "title", "value",   "record",
    "字段",     "列",       "col",      "column",   "field",    "s",     "q"};

enum { STEMS = sizeof stems / sizeof *stems };

/* `alone`: the two words are a pair without a stem too. */
static const struct side {
    const char *a, *b;
    bool alone;
} sides[] = {
    {"1", "2", false},
    {"a", "b", true},
    {"一", "二", false},
    {"left", "right", true},
    {"l", "r", false},
    {"x", "y", false},
    {"source", "target", true},
    {"src", "dst", true},
    {"src", "tgt", true},
    {"源", "目标", true},
    {"原", "标准", false},
    {"原始", "标准", false},
    {"原", "新", false},
    {"旧", "新", false},
    {"old", "new", true},
    {"first", "second", false},
    {"0", "1", false},
    {"甲", "乙", true},
    {"左", "右", true},
    {"前", "后", false},
    {"第一", "第二", false},
    {"raw", "standard", true},
    {"raw", "std", true},
    {"raw", "normalized", true},
    {"原始", "目标", false},
    {"待匹配", "标准", false},
    {"待匹配", "候选", true},
    {"收货", "标准", false},
    {"收货", "登记", false},
    {"收货", "注册", false},
    {"输入", "标准", false},
    {"输入", "候选", true},
    {"查询", "候选", true},
    {"query", "candidate", true},
    {"query", "document", true},
    {"query", "doc", true},
    {"query", "passage", true},
    {"query", "positive", true},
    {"query", "pos", true},
    {"query", "text", true},
    {"anchor", "positive", true},
    {"premise", "hypothesis", true},
    {"original", "standard", true},
    {"original", "normalized", true},
    {"base", "compare", true},
    {"base", "candidate", true},
    {"被比较", "比较", false},
    {"标准", "候选", false},
    {"from", "to", false},
    {"", "标准", false},
    {"", "1", false},
    {"", "2", false},
    {"t1", "t2", false},
    {"db1", "db2", false},
    {"table1", "table2", false},
    {"", "standard", false},
};

enum { SIDES = sizeof sides / sizeof *sides };

static bool dropped(int32_t code) {
    return code == '_' || code == '-' || code == '.' || code == '"' || code == '\'' ||
           code == '`' || code == '(' || code == ')' || code == '[' || code == ']' || code == '#' ||
           code == 0xFEFF || code == ' ' || code == '\t' || code == '\r' || code == 0xA0 ||
           code == 0x3000 || code == 0x201C || code == 0x201D || code == 0x200B;
}

/* Copies what is not dropped; in place. */
static void drop(char *name) {
    size_t out = 0, length = strlen(name);
    for (size_t at = 0; at < length;) {
        utf8proc_int32_t code;
        utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)name + at,
                                                 (utf8proc_ssize_t)(length - at), &code);
        if (step <= 0) break;
        if (!dropped(code)) {
            memmove(name + out, name + at, (size_t)step);
            out += (size_t)step;
        }
        at += (size_t)step;
    }
    name[out] = '\0';
}

char *names_fold(struct table_cell cell) {
    utf8proc_uint8_t *folded = NULL;
    if (cell.length == 0 || cell.text == NULL || cell.length > 4096 ||
        memchr(cell.text, '\0', cell.length) != NULL ||
        utf8_valid_prefix(cell.text, cell.length) != cell.length) {
        return memory_copy("", 0);
    }
    utf8proc_ssize_t got =
        utf8proc_map((const utf8proc_uint8_t *)cell.text, (utf8proc_ssize_t)cell.length, &folded,
                     (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE |
                                         UTF8PROC_CASEFOLD));
    if (got < 0) return memory_copy("", 0);
    char *name = memory_copy((const char *)folded, (size_t)got);
    free(folded);
    drop(name);
    return name;
}

/* The rank of a stem from 1, or 0. An English one may have words before it: "shopaddress". */
static unsigned stem_rank(const char *stem, size_t length) {
    unsigned ends = 0;
    for (unsigned i = 0; i < STEMS; i++) {
        size_t known = strlen(stems[i]);
        if (known > length || memcmp(stem + length - known, stems[i], known) != 0) continue;
        if (known == length) return i + 1;
        if (ends == 0 && known >= 4) ends = STEMS + i + 1;
    }
    return ends;
}

/* What is left of a name when a side is taken off its end or its beginning; NULL if none is. */
static const char *without_end(const char *name, const char *side, size_t *length) {
    size_t whole = strlen(name), off = strlen(side);
    if (whole < off || memcmp(name + whole - off, side, off) != 0) return NULL;
    *length = whole - off;
    return name;
}

static const char *without_beginning(const char *name, const char *side, size_t *length) {
    size_t off = strlen(side);
    if (strncmp(name, side, off) != 0) return NULL;
    *length = strlen(name) - off;
    return name + off;
}

typedef const char *taking_off(const char *name, const char *side, size_t *length);

static unsigned pair_by(taking_off *take, const char *a, const char *b, const struct side *side) {
    size_t a_length = 0, b_length = 0;
    const char *left = take(a, side->a, &a_length), *right = take(b, side->b, &b_length);
    if (left == NULL || right == NULL || a_length != b_length ||
        memcmp(left, right, a_length) != 0) {
        return 0;
    }
    if (a_length == 0) return side->alone ? 2 * STEMS + 1 : 0;
    return stem_rank(left, a_length);
}

unsigned names_pair(const char *a, const char *b) {
    if (strlen(a) > LONGEST_NAME || strlen(b) > LONGEST_NAME) return 0;
    unsigned best = 0;
    for (unsigned i = 0; i < SIDES; i++) {
        unsigned rank = pair_by(without_end, a, b, &sides[i]);
        if (rank == 0) rank = pair_by(without_beginning, a, b, &sides[i]);
        if (rank == 0) continue;
        rank = rank * SIDES + i;
        if (best == 0 || rank < best) best = rank;
    }
    return best;
}

bool names_stemmed_pair(const char *a, const char *b) {
    unsigned rank = names_pair(a, b);
    return rank > 0 && rank < (2 * STEMS + 1) * SIDES;
}

bool names_candidate(const char *folded) {
    return names_known(folded) || stem_rank(folded, strlen(folded)) > 0;
}

bool names_known(const char *folded) {
    for (unsigned i = 0; i < SIDES; i++) {
        const char *words[] = {sides[i].a, sides[i].b};
        if (words[0][0] == '\0') continue;
        for (int j = 0; j < 2; j++) {
            size_t length;
            if (sides[i].alone && strcmp(folded, words[j]) == 0) return true;
            const char *stem = without_end(folded, words[j], &length);
            if (stem != NULL && length > 0 && stem_rank(stem, length) > 0) return true;
            stem = without_beginning(folded, words[j], &length);
            if (stem != NULL && length > 0 && stem_rank(stem, length) > 0) return true;
        }
    }
    return false;
}

/* 门店地址, customer_addr: an address, and whose. Addresses themselves end in what is there. */
bool names_address(const char *folded) {
    static const char *const ends[] = {"地址", "住址", "address", "addr"};
    size_t length = strlen(folded);
    if (length > 36 || strpbrk(folded, "0123456789") != NULL) return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length >= end && strcmp(folded + length - end, ends[i]) == 0) return true;
    }
    return false;
}

unsigned names_text(const char *folded) {
    if (names_address(folded)) return 1;
    unsigned rank = stem_rank(folded, strlen(folded));
    return rank > 0 ? rank + 1 : 0;
}

static bool holds(struct table_cell cell, const char *word) {
    return memmem(cell.text, cell.length, word, strlen(word)) != NULL;
}

/* Names begin with a letter, a quote or a mark (fullwidth ones and U+FEFF begin with EF), or are
 * short Chinese words. */
bool names_plausible(struct table_cell cell) {
    if (cell.length == 0 || cell.length > LONGEST_NAME) return false;
    unsigned char first = (unsigned char)cell.text[0];
    if (first < 0x80) return first > '9' || first == '"' || first == '\'' || first == ' ';
    if (first == 0xEF || cell.length <= 6) return true;
    return holds(cell, "地址") || holds(cell, "文本") || holds(cell, "句") || holds(cell, "名称") ||
           holds(cell, "地点") || holds(cell, "位置") || holds(cell, "候选") || holds(cell, "字段");
}

bool names_like(struct table_cell cell) {
    static const char *const of_addresses[] = {"路", "街", "巷", "弄", "号", "村",
                                               "镇", "乡", "区", "县", "市", "省",
                                               "楼", "室", "幢", "栋", "店", "园"};
    if (cell.length == 0 || cell.length > 32) return false;
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.text[i] >= '0' && cell.text[i] <= '9') return false;
    }
    for (size_t i = 0; i < sizeof of_addresses / sizeof *of_addresses; i++) {
        if (holds(cell, of_addresses[i])) return false;
    }
    return true;
}

/* ---- one text a row ------------------------------------------------------------------------- */

bool names_are_of_text(char *const *folded, size_t count, const char *asked, size_t number) {
    if (asked != NULL) return number < count && names_text(folded[number]) > 0;
    for (size_t i = 0; i < count; i++) {
        if (names_text(folded[i]) > 0) return true;
    }
    return false;
}

/* Bytes of characters from U+3000 on: Chinese ones, for what a guess needs. */
static size_t chinese_bytes(const char *text) {
    size_t bytes = 0;
    for (; *text != '\0'; text++) bytes += (unsigned char)*text >= 0xE3;
    return bytes;
}

/* How well a cell serves: 0 not at all. */
static size_t worth_of(char *const *text, char *const *folded, size_t column, bool named) {
    if (!named) return chinese_bytes(text[column]);
    unsigned rank = names_text(folded[column]);
    return rank > 0 ? SIZE_MAX - rank : 0;
}

size_t names_text_column(char *const *text, char *const *folded, size_t count, bool named,
                         size_t other) {
    size_t best = other == 0 && count > 1 ? 1 : 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t worth = i != other ? worth_of(text, folded, i, named) : 0;
        if (worth <= most) continue;
        most = worth;
        best = i;
    }
    return best;
}
