/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of gold labels against answers, and the figures made of them. */
#include "score/report/gold.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

static const size_t no_class = SIZE_MAX;

/* Folded and joined (table/word.h). docs/mgeo-score.md lists them. */
static const char *const words[GOLD_ROLES][64] = {
    [GOLD_SAME] = {"exactmatch", "exact", "match",     "matched",    "matches",   "same",
                   "sameplace",  "equal", "identical", "equivalent", "duplicate", "paraphrase",
                   "positive",   "pos",   "yes",       "y",          "true",      "t",
                   "1",          "1.0",   "完全匹配",  "完全一致",   "精确匹配",  "匹配",
                   "一致",       "相同",  "相等",      "同一",       "同一地址",  "是同一地址",
                   "是",         "对",    "真",        "正例",       "正样本",    "重复",
                   "相符",       "符合",  "√",         "✓",          "✔",         "+1"},
    [GOLD_PARTLY] = {"partialmatch", "partial", "partialmatched", "partiallymatch",
                     "partiallymatched", "partlymatch", "partly", "部分匹配", "部分一致",
                     "部分相同", "部分", "局部匹配", "模糊匹配", "相似", "相近", "近似"},
    [GOLD_OTHER] = {"notmatch",  "nomatch",    "nonmatch",  "notmatched", "unmatched", "unmatch",
                    "mismatch",  "mismatched", "different", "notsame",    "distinct",  "unequal",
                    "unrelated", "negative",   "neg",       "no",         "n",         "false",
                    "f",         "0",          "0.0",       "-1",         "不匹配",    "未匹配",
                    "非匹配",    "完全不匹配", "不一致",    "不同",       "不相同",    "不相等",
                    "不同地址",  "不是",       "否",        "错",         "假",        "负例",
                    "负样本",    "不符",       "不相符",    "不符合",     "无关",      "不重复",
                    "×",         "✗",          "✘"},
};

static enum gold_role role_of(const char *word) {
    char joined[WORD_BYTES];
    strcpy(joined, word);
    word_join(joined);
    for (int role = 0; role < GOLD_ROLES; role++) {
        for (size_t i = 0; words[role][i] != NULL; i++) {
            if (strcmp(words[role][i], joined) == 0) return (enum gold_role)role;
        }
    }
    return GOLD_ROLES;
}

/* The class whose name is this word in its common form; no_class also if two are. */
static size_t class_named(const struct gold *gold, const char *word) {
    size_t found = no_class;
    char joined[WORD_BYTES], name[WORD_BYTES];
    strcpy(joined, word);
    word_join(joined);
    for (size_t i = 0; i < gold->classes; i++) {
        if (!word_fold(gold->names[i], strlen(gold->names[i]), name)) continue;
        word_join(name);
        if (strcmp(name, joined) != 0) continue;
        if (found != no_class) return no_class;
        found = i;
    }
    return found;
}

/* Which class stands for what: by the model's word for its positive label, by the names of the
 * others, and of two classes the one that is not positive. */
static void settle_roles(struct gold *gold) {
    for (int i = 0; i < GOLD_ROLES; i++) gold->role[i] = no_class;
    gold->role[GOLD_SAME] = gold->positive;
    for (size_t i = 0; i < gold->classes; i++) {
        char name[WORD_BYTES];
        if (!word_fold(gold->names[i], strlen(gold->names[i]), name)) name[0] = '\0';
        enum gold_role role = i == gold->positive ? GOLD_SAME : role_of(name);
        if (gold->classes == 2 && i != gold->positive) role = GOLD_OTHER;
        if (role == GOLD_PARTLY || role == GOLD_OTHER) gold->role[role] = i;
    }
}

static void name_classes(struct gold *gold, const mgeo_model_info *info) {
    gold->one_logit = info->label_count == 1;
    if (gold->one_logit) {
        gold->classes = 2;
        strcpy(gold->names[0], "no");
        strcpy(gold->names[1], "yes");
        gold->positive = 1;
        return;
    }
    gold->classes = info->label_count < MGEO_MAX_LABELS ? info->label_count : MGEO_MAX_LABELS;
    memcpy(gold->names, info->labels, sizeof gold->names);
    gold->positive = info->positive_label > 0 ? (size_t)info->positive_label : 0;
}

/* ---- what a label counts as ------------------------------------------------------------------ */

static bool add_rule(struct gold_map *map, const char *text, size_t length, struct error *error) {
    const char *sign = memrchr(text, '=', length);
    struct gold_rule rule = {.as = no_class};
    if (map->count == GOLD_RULES) {
        return error_set(error, "--gold-map: at most %d labels are mapped", GOLD_RULES);
    }
    if (sign == NULL || !word_fold(text, (size_t)(sign - text), rule.from) ||
        !word_fold(sign + 1, length - (size_t)(sign + 1 - text), rule.to) || rule.to[0] == '\0') {
        return error_set(error, "--gold-map %.*s: give FROM=TO,FROM=TO …", (int)length, text);
    }
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->rules[i].from, rule.from) == 0) {
            return error_set(error, "--gold-map %.*s: \"%s\" is mapped twice", (int)length, text,
                             rule.from);
        }
    }
    map->rules[map->count++] = rule;
    return true;
}

bool gold_map_add(struct gold_map *map, const char *text, struct error *error) {
    for (const char *at = text; at != NULL;) {
        size_t length = strcspn(at, ",");
        if (!add_rule(map, at, length, error)) return false;
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return true;
}

static bool settle_rule(const struct gold *gold, struct gold_rule *rule, struct error *error) {
    rule->as = class_named(gold, rule->to);
    if (rule->as != no_class) return true;
    char names[400] = "";
    for (size_t i = 0; i < gold->classes; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "", gold->names[i]);
    }
    return error_set(error, "--gold-map: the model has no label \"%s\"; it has: %s", rule->to,
                     names);
}

bool gold_init(struct gold *gold, const mgeo_model_info *info, double threshold,
               const struct gold_map *map, struct error *error) {
    memset(gold, 0, sizeof *gold);
    gold->threshold = threshold;
    name_classes(gold, info);
    settle_roles(gold);
    if (map != NULL) gold->map = *map;
    for (size_t i = 0; i < gold->map.count; i++) {
        if (!settle_rule(gold, &gold->map.rules[i], error)) return false;
    }
    return true;
}

/* Counts the label under its name, if there is room for one more name. */
static void note(struct gold_label *labels, size_t capacity, size_t *count, const char *cell,
                 size_t length, size_t as) {
    char name[sizeof labels->name];
    size_t kept = utf8_cut(cell, length, sizeof name - 1);
    memcpy(name, cell, kept);
    name[kept] = '\0';
    size_t i = 0;
    while (i < *count && strcmp(labels[i].name, name) != 0) i++;
    if (i == capacity) return;
    if (i == *count) {
        memcpy(labels[(*count)++].name, name, sizeof name);
        labels[i].as = as;
    }
    labels[i].rows++;
}

static size_t class_by_rule(struct gold *gold, const char *word) {
    for (size_t i = 0; i < gold->map.count; i++) {
        struct gold_rule *rule = &gold->map.rules[i];
        if (strcmp(rule->from, word) != 0) continue;
        rule->rows++;
        return rule->as;
    }
    return no_class;
}

/* What the user says comes first, then the model's own labels, then well-known words. */
static size_t class_of(struct gold *gold, const char *cell, size_t length, const char *word) {
    size_t as = class_by_rule(gold, word);
    for (size_t i = 0; as == no_class && i < gold->classes; i++) {
        if (length == strlen(gold->names[i]) && memcmp(cell, gold->names[i], length) == 0) return i;
    }
    if (as == no_class) as = class_named(gold, word);
    if (as != no_class) return as;
    enum gold_role role = role_of(word);
    if (role == GOLD_ROLES || gold->role[role] == no_class) return no_class;
    note(gold->mapped, GOLD_MAPPED, &gold->mapped_names, word, strlen(word), gold->role[role]);
    return gold->role[role];
}

/* The highest step whose threshold the similarity reaches, despite rounding in the product. */
static unsigned step_of(double similarity) {
    if (!(similarity > 0)) return 0;
    if (similarity >= 1) return GOLD_STEPS;
    unsigned step = (unsigned)(similarity * GOLD_STEPS);
    while (step < GOLD_STEPS && (step + 1) / (double)GOLD_STEPS <= similarity) step++;
    while (step > 0 && step / (double)GOLD_STEPS > similarity) step--;
    return step;
}

void gold_add(struct gold *gold, const char *cell, size_t length, int32_t label,
              double similarity) {
    char word[WORD_BYTES];
    size_t truth = no_class;
    bool folded = word_fold(cell, length, word);
    if (folded) truth = class_of(gold, cell, length, word);
    if (truth == no_class && folded && word[0] == '\0') {
        gold->missing++;
        return;
    }
    if (truth == no_class) {
        gold->foreign++;
        note(gold->foreign_label, GOLD_FOREIGN, &gold->foreign_names, cell, length, no_class);
        return;
    }
    size_t answer = gold->one_logit ? (size_t)(similarity >= gold->threshold) : (size_t)label;
    gold->compared++;
    gold->confusion[truth][answer]++;
    (truth == gold->positive ? gold->with : gold->without)[step_of(similarity)]++;
}

static double ratio(uint64_t part, uint64_t whole) {
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static double f1_of(uint64_t hits, uint64_t answered, uint64_t support) {
    return ratio(2 * hits, answered + support);
}

static struct gold_class measure_class(const struct gold *gold, size_t which) {
    struct gold_class measured = {0};
    for (size_t i = 0; i < gold->classes; i++) {
        measured.support += gold->confusion[which][i];
        measured.answered += gold->confusion[i][which];
    }
    uint64_t hits = gold->confusion[which][which];
    measured.precision = ratio(hits, measured.answered);
    measured.recall = ratio(hits, measured.support);
    measured.f1 = f1_of(hits, measured.answered, measured.support);
    return measured;
}

void gold_measure(const struct gold *gold, struct gold_result *result) {
    memset(result, 0, sizeof *result);
    uint64_t right = 0;
    double sum = 0;
    unsigned occurring = 0;
    for (size_t i = 0; i < gold->classes; i++) {
        result->classes[i] = measure_class(gold, i);
        right += gold->confusion[i][i];
        if (isnan(result->classes[i].f1)) continue;
        sum += result->classes[i].f1;
        occurring++;
    }
    result->accuracy = ratio(right, gold->compared);
    result->macro_f1 = occurring > 0 ? sum / occurring : NAN;
}

struct gold_point gold_at(const struct gold *gold, unsigned step) {
    uint64_t hits = 0, false_alarms = 0, positives = 0;
    for (unsigned i = 0; i <= GOLD_STEPS; i++) {
        positives += gold->with[i];
        if (i >= step) hits += gold->with[i];
        if (i >= step) false_alarms += gold->without[i];
    }
    uint64_t rejected = gold->compared - positives - false_alarms;
    return (struct gold_point){.threshold = step / (double)GOLD_STEPS,
                               .precision = ratio(hits, hits + false_alarms),
                               .recall = ratio(hits, positives),
                               .f1 = f1_of(hits, hits + false_alarms, positives),
                               .accuracy = ratio(hits + rejected, gold->compared)};
}

/* A threshold separates two kinds of rows: with one kind alone, all or none would be best. */
static bool has_both_kinds(const struct gold *gold) {
    uint64_t with = 0;
    for (unsigned i = 0; i <= GOLD_STEPS; i++) with += gold->with[i];
    return with > 0 && with < gold->compared;
}

bool gold_best(const struct gold *gold, unsigned *step) {
    double highest = -1;
    unsigned begin = 0, longest = 0; /* of the longest run of steps with the highest F1 */
    unsigned first = 0;              /* of the run at hand */
    double before = NAN;
    if (!has_both_kinds(gold)) return false;
    for (unsigned i = 0; i <= GOLD_STEPS; i++) {
        double f1 = gold_at(gold, i).f1;
        if (f1 != before) first = i;
        before = f1;
        if (f1 < highest || (f1 == highest && i - first + 1 <= longest)) continue;
        highest = f1;
        begin = first;
        longest = i - first + 1;
    }
    *step = begin + (longest - 1) / 2;
    return true;
}
