/* SPDX-License-Identifier: Apache-2.0 */
/* The words that people and programs write where there is no address. */
#include "table/null_words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "table/word.h"

/* In their folded form (table/word.h). docs/mgeo-score.md lists them. */
static const char *const usual[] = {
    /* databases, spreadsheets and data frames */
    "null",
    "<null>",
    "(null)",
    "[null]",
    "\\n",
    "nil",
    "none",
    "<none>",
    "(none)",
    "nan",
    "-nan",
    "nat",
    "na",
    "<na>",
    "n/a",
    "n.a.",
    "n.a",
    "#n/a",
    "#n/a n/a",
    "#na",
    "#null!",
    "#ref!",
    "#value!",
    "#name?",
    "#div/0!",
    "#num!",
    "1.#ind",
    "-1.#ind",
    "1.#qnan",
    "-1.#qnan",
    "undefined",
    "[]",
    "{}",
    "0",
    "-1",
    /* English */
    "unknown",
    "unk",
    "not available",
    "not applicable",
    "not known",
    "no address",
    "no data",
    "missing",
    "empty",
    "blank",
    "tbd",
    "todo",
    "to be determined",
    /* Chinese */
    "无",
    "無",
    "空",
    "空值",
    "空白",
    "为空",
    "未知",
    "未知地址",
    "地址未知",
    "不详",
    "不詳",
    "不祥",
    "地址不详",
    "不明",
    "地址不明",
    "不清楚",
    "不知道",
    "未填",
    "未填写",
    "未提供",
    "未录入",
    "未登记",
    "未采集",
    "待补充",
    "待补",
    "待定",
    "待核实",
    "待确认",
    "待完善",
    "待填",
    "待填写",
    "暂无",
    "暂缺",
    "暂无地址",
    "暂无数据",
    "暂无信息",
    "暂未提供",
    "缺失",
    "缺",
    "没有",
    "无地址",
    "无数据",
    "无信息",
    "无效",
    "无效地址",
    "不适用",
    "保密",
    "同上",
    "略",
};

enum { BEGINS = 1024, CHINESE_FIRST = 0x3400, CHINESE_LAST = 0x9FFF };

struct null_words {
    char **words; /* folded, ascending */
    size_t count, capacity;
    size_t longest;
    bool punctuation;    /* cells of punctuation alone count too */
    bool begins[BEGINS]; /* some word begins with a Chinese character of that number, modulo BEGINS
                          */
};

static void add(struct null_words *words, const char *text, size_t length) {
    char folded[WORD_BYTES];
    if (!word_fold(text, length, folded) || folded[0] == '\0') return;
    if (words->count == words->capacity) {
        words->capacity = words->capacity == 0 ? 256 : words->capacity * 2;
        words->words = memory_resize(words->words, words->capacity, sizeof *words->words);
    }
    uint32_t code = 0;
    utf8_character(folded, strlen(folded), &code);
    words->begins[code % BEGINS] = true;
    words->words[words->count++] = memory_copy(folded, strlen(folded));
    if (strlen(folded) > words->longest) words->longest = strlen(folded);
}

static void add_usual(struct null_words *words) {
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        add(words, usual[i], strlen(usual[i]));
    }
    words->punctuation = true;
}

static void add_list(struct null_words *words, const char *list) {
    for (const char *at = list; at != NULL;) {
        size_t length = strcspn(at, ",");
        if (length == strlen("default") && strncmp(at, "default", length) == 0) {
            add_usual(words);
        } else {
            add(words, at, length);
        }
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
}

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct null_words *null_words_create(const char *list) {
    struct null_words *made = memory_zeroed(1, sizeof *made);
    if (list == NULL) {
        add_usual(made);
    } else if (strcmp(list, "none") != 0) {
        add_list(made, list);
    }
    if (made->count > 0) qsort(made->words, made->count, sizeof *made->words, compare);
    return made;
}

void null_words_destroy(struct null_words *words) {
    if (words == NULL) return;
    for (size_t i = 0; i < words->count; i++) free(words->words[i]);
    free(words->words);
    free(words);
}

static bool is_punctuation(uint32_t code) {
    if (code < 0x80) {
        return !(code >= '0' && code <= '9') && !(code >= 'a' && code <= 'z') &&
               !(code >= 'A' && code <= 'Z');
    }
    return code == 0xB7 || code == 0xD7 || (code >= 0x2010 && code <= 0x205E) ||
           (code >= 0x2500 && code <= 0x25FF) || (code >= 0x3001 && code <= 0x3003) ||
           (code >= 0x3008 && code <= 0x3020) || (code >= 0xFE30 && code <= 0xFE6F) ||
           (code >= 0xFF5F && code <= 0xFF65) || code == 0xFFE3;
}

static bool all_punctuation(const char *word) {
    size_t length = strlen(word);
    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        size_t step = utf8_character(word + at, length - at, &code);
        if (step == 0 || !is_punctuation(code)) return false;
        at += step;
    }
    return length > 0;
}

/* Most cells are told at once: they begin with a Chinese character that begins no word, or are
 * longer than any word, even if that is written in full width. */
static bool may_hold(const struct null_words *words, const char *text, size_t length) {
    enum { AROUND = 24 };
    uint32_t code = 0;
    utf8_character(text, length, &code);
    bool chinese = code >= CHINESE_FIRST && code <= CHINESE_LAST;
    if (chinese && !words->begins[code % BEGINS]) return false;
    return length <= words->longest * 3 + AROUND;
}

bool null_words_hold(const struct null_words *words, const char *text, size_t length) {
    char folded[WORD_BYTES];
    if (words->count == 0 || !may_hold(words, text, length)) return false;
    if (!word_fold(text, length, folded) || folded[0] == '\0') return false;
    if (words->punctuation && all_punctuation(folded)) return true;
    const char *key = folded;
    return bsearch(&key, words->words, words->count, sizeof *words->words, compare) != NULL;
}
