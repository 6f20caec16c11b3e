/* SPDX-License-Identifier: Apache-2.0 */
/* What a label's name says in well-known words, English or Chinese. */
#include "model/label_names.h"

#include "core/utf8.h"

#include <ctype.h>
#include <string.h>

enum { WORD_BYTES = 64, ROLES = MGI_LABEL_UNKNOWN };

/* Folded. mgeo-score --gold has a list of its own (cli/score/report/gold.c), for programs see
 * mgeo.h alone: a word that is added here may belong there. docs/model-directories.md speaks of
 * these. */
static const char *const words[ROLES][64] = {
    [MGI_LABEL_SAME] =
        {"exactmatch", "exact",      "match",      "matched",    "matches",      "matching",
         "same",       "equal",      "identical",  "equivalent", "equivalence",  "duplicate",
         "duplicated", "paraphrase", "entailment", "positive",   "pos",          "yes",
         "y",          "true",       "t",          "1",          "1.0",          "+1",
         "correct",    "完全匹配",   "完全一致",   "完全相同",   "精确匹配",     "匹配",
         "一致",       "相同",       "相等",       "同一",       "同一个",       "等价",
         "是",         "对",         "真",         "正",         "正例",         "正样本",
         "正类",       "重复",       "一样",       "fullmatch",  "perfectmatch", "相符",
         "符合",       "√",          "✓",          "✔"},
    [MGI_LABEL_PARTLY] = {"partialmatch", "partial", "partialmatched", "partiallymatch",
                          "partiallymatched", "partlymatch", "partly", "similar", "related",
                          "部分匹配", "部分一致", "部分相同", "部分", "局部匹配", "模糊匹配",
                          "相似", "相近", "近似", "相关"},
    [MGI_LABEL_OTHER] = {"mismatch",
                         "mismatched",
                         "mismatching",
                         "different",
                         "differ",
                         "distinct",
                         "inequal",
                         "inequivalent",
                         "dissimilar",
                         "contradiction",
                         "negative",
                         "neg",
                         "no",
                         "not",
                         "n",
                         "false",
                         "f",
                         "0",
                         "0.0",
                         "-1",
                         "incorrect",
                         "完全不匹配",
                         "完全不同",
                         "不同",
                         "否",
                         "错",
                         "假",
                         "负",
                         "负例",
                         "负样本",
                         "负类",
                         "无关",
                         "×",
                         "✗",
                         "✘"},
};

/* What stands around a word and says nothing: "same_address", "is_match", "地址相同". */
static const char *const before[] = {"is", "are", "address", "addr", "地址", "是", NULL};
static const char *const behind[] = {"address", "addresses", "place",    "location", "poi",
                                     "entity",  "pair",      "entities", "class",    "label",
                                     "的地址",  "地址",      "地点",     "实体",     NULL};
static const char *const negations[] = {"not", "non", "no", "un", "不", "非", "未", NULL};

enum { WIDE_FIRST = 0xFF01, WIDE_LAST = 0xFF5E, WIDE_SHIFT = 0xFEE0 };

/* What stands between the words of a name: blanks, underscores, hyphens of all kinds. */
static bool is_joint(int32_t code) {
    return code == ' ' || code == '_' || code == '-' || code == 0xA0 || code == 0x3000 ||
           (code >= 0x2010 && code <= 0x2015);
}

/* Full-width ASCII becomes ASCII, letters become small, joints go; a hyphen that a number begins
 * with is its sign. false: not UTF-8, or too long. */
static bool fold(const char *name, char to[WORD_BYTES]) {
    size_t used = 0, step = 0;
    const unsigned char *at = (const unsigned char *)name, *end = at + strlen(name);
    for (; at < end; at += step) {
        int32_t code = 0;
        step = mgi_utf8_decode(at, end, &code);
        if (step == 0 || used + step >= WORD_BYTES) return false;
        if (code >= WIDE_FIRST && code <= WIDE_LAST) code -= WIDE_SHIFT;
        bool sign = code == '-' && used == 0 && isdigit(at[step]);
        if (is_joint(code) && !sign) continue;
        if (code < 0x80) {
            to[used++] = (char)tolower(code);
        } else {
            memcpy(to + used, at, step);
            used += step;
        }
    }
    to[used] = '\0';
    return true;
}

static mgi_label_role look_up(const char *word) {
    for (int role = 0; role < ROLES; role++) {
        for (size_t i = 0; words[role][i] != NULL; i++) {
            if (strcmp(words[role][i], word) == 0) return (mgi_label_role)role;
        }
    }
    return MGI_LABEL_UNKNOWN;
}

/* The length of the one of these that the word begins with; 0: none, or it is the whole word. */
static size_t begins_with(const char *word, const char *const parts[]) {
    size_t whole = strlen(word);
    for (size_t i = 0; parts[i] != NULL; i++) {
        size_t length = strlen(parts[i]);
        if (whole > length && memcmp(word, parts[i], length) == 0) return length;
    }
    return 0;
}

static size_t ends_with(const char *word, const char *const parts[]) {
    size_t whole = strlen(word);
    for (size_t i = 0; parts[i] != NULL; i++) {
        size_t length = strlen(parts[i]);
        if (whole > length && strcmp(word + whole - length, parts[i]) == 0) return length;
    }
    return 0;
}

/* The word as it is, and without what stands around it. */
static mgi_label_role look_within(const char *word) {
    char bare[WORD_BYTES];
    mgi_label_role role = look_up(word);
    strcpy(bare, word + (role == MGI_LABEL_UNKNOWN ? begins_with(word, before) : 0));
    if (role == MGI_LABEL_UNKNOWN) role = look_up(bare);
    for (size_t cut; role == MGI_LABEL_UNKNOWN && (cut = ends_with(bare, behind)) > 0;) {
        bare[strlen(bare) - cut] = '\0';
        role = look_up(bare);
    }
    return role;
}

/* "not_match" and "不是同一地址": what denies a word of either kind. */
static bool is_denied(const char *word) {
    size_t around = begins_with(word, before);
    size_t cut = begins_with(word, negations);
    if (cut == 0 && around > 0) {
        word += around;
        cut = begins_with(word, negations);
    }
    mgi_label_role role = cut == 0 ? MGI_LABEL_UNKNOWN : look_within(word + cut);
    return role == MGI_LABEL_SAME || role == MGI_LABEL_PARTLY;
}

mgi_label_role mgi_label_names_role(const char *name) {
    char word[WORD_BYTES];
    if (!fold(name, word)) return MGI_LABEL_UNKNOWN;
    mgi_label_role role = look_within(word);
    return role == MGI_LABEL_UNKNOWN && is_denied(word) ? MGI_LABEL_OTHER : role;
}

bool mgi_label_names_is(const char *name, const char *word) {
    char folded[WORD_BYTES];
    return fold(name, folded) && strcmp(folded, word) == 0;
}

int32_t mgi_label_names_number(const char *name) {
    static const char *const kinds[] = {"label", "class", "标签", "类别", NULL};
    char word[WORD_BYTES] = "";
    if (!fold(name, word)) return -1;
    const char *digits = word + begins_with(word, kinds);
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > 3 || digits[count] != '\0') return -1;
    int32_t number = 0;
    for (size_t i = 0; i < count; i++) number = number * 10 + (digits[i] - '0');
    return number;
}
