/* SPDX-License-Identifier: Apache-2.0 */
/* One list of all counts serves for both ways. An array is written as "PLACE:VALUE" for each place
 * that is not zero. */
#include "score/resume/counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum counter_kind { WHOLE, SIZE, NUMBER, TEXT };

struct counter {
    char name[32];
    enum counter_kind kind; /* uint64_t, size_t, double, or one text of `count` bytes */
    void *at;
    size_t count;
};

enum { MOST = 256 };

struct list {
    struct counter counters[MOST];
    size_t count;
};

static void add(struct list *list, enum counter_kind kind, void *at, size_t count,
                const char *name) {
    struct counter *added = &list->counters[list->count++];
    *added = (struct counter){.kind = kind, .at = at, .count = count};
    snprintf(added->name, sizeof added->name, "%s", name);
}

#define ADD(list, kind, member, name) add(list, kind, &(member), 1, name)
#define ADD_ALL(list, kind, array, name)                                                           \
    add(list, kind, array, sizeof(array) / sizeof(uint64_t), name)

_Static_assert(sizeof(double) == sizeof(uint64_t), "ADD_ALL counts in units of 8 bytes");

static void add_totals(struct list *list, struct report_totals *totals) {
    ADD(list, WHOLE, totals->rows, "rows");
    ADD(list, WHOLE, totals->input_rows, "input-rows");
    ADD(list, WHOLE, totals->scored, "scored");
    ADD(list, WHOLE, totals->truncated, "truncated");
    ADD(list, WHOLE, totals->tokens, "tokens");
    ADD(list, WHOLE, totals->repeated, "repeated");
    ADD(list, WHOLE, totals->unknown, "unknown");
    ADD(list, WHOLE, totals->unknown_differ, "unknown-differ");
    ADD(list, WHOLE, totals->capped, "capped");
    ADD_ALL(list, WHOLE, totals->matches, "matches");
    ADD_ALL(list, WHOLE, totals->by_label, "labels");
    ADD_ALL(list, WHOLE, totals->decided, "decided");
    ADD(list, NUMBER, totals->seconds, "seconds");
    ADD(list, WHOLE, totals->similarity.count, "similarities");
    ADD(list, NUMBER, totals->similarity.sum, "similarity-sum");
    ADD(list, NUMBER, totals->similarity.least, "similarity-least");
    ADD(list, NUMBER, totals->similarity.most, "similarity-most");
    ADD_ALL(list, WHOLE, totals->similarity.bins, "similarity-bins");
}

static void add_labels(struct list *list, const char *kind, struct gold_label *labels,
                       size_t count) {
    char name[32];
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "gold-%s-%zu-name", kind, i);
        add(list, TEXT, labels[i].name, sizeof labels[i].name, name);
        snprintf(name, sizeof name, "gold-%s-%zu-as", kind, i);
        ADD(list, SIZE, labels[i].as, name);
        snprintf(name, sizeof name, "gold-%s-%zu-rows", kind, i);
        ADD(list, WHOLE, labels[i].rows, name);
    }
}

static void add_gold(struct list *list, struct gold *gold) {
    char name[32];
    add(list, WHOLE, gold->confusion, sizeof gold->confusion / sizeof(uint64_t), "gold-confusion");
    ADD_ALL(list, WHOLE, gold->with, "gold-with");
    ADD_ALL(list, WHOLE, gold->without, "gold-without");
    ADD(list, WHOLE, gold->compared, "gold-compared");
    ADD(list, WHOLE, gold->missing, "gold-missing");
    ADD(list, WHOLE, gold->foreign, "gold-foreign");
    ADD(list, SIZE, gold->foreign_names, "gold-foreign-names");
    ADD(list, SIZE, gold->mapped_names, "gold-mapped-names");
    add_labels(list, "foreign", gold->foreign_label, GOLD_FOREIGN);
    add_labels(list, "mapped", gold->mapped, GOLD_MAPPED);
    for (size_t i = 0; i < gold->map.count; i++) {
        snprintf(name, sizeof name, "gold-map-%zu-rows", i);
        ADD(list, WHOLE, gold->map.rules[i].rows, name);
    }
}

/* The caller frees it. */
static struct list *list_all(const struct counters *counters) {
    _Static_assert(MOST >= 40 + 3 * (GOLD_FOREIGN + GOLD_MAPPED) + GOLD_RULES, "all have a place");
    struct list *list = memory_zeroed(1, sizeof *list);
    add_totals(list, counters->totals);
    ADD(list, WHOLE, counters->row_errors->total, "bad");
    ADD_ALL(list, WHOLE, counters->row_errors->by_reason, "bad-reasons");
    ADD(list, WHOLE, counters->writer->blanked, "blanked");
    if (counters->gold != NULL) add_gold(list, counters->gold);
    return list;
}

/* ---- saving ---------------------------------------------------------------------------------- */

static void save_text(const char *text, size_t capacity, struct string_buffer *to) {
    for (size_t i = 0; i < capacity && text[i] != '\0'; i++) {
        string_buffer_format(to, "%02x", (unsigned)(unsigned char)text[i]);
    }
}

static void save_value(const struct counter *counter, size_t i, struct string_buffer *to) {
    if (counter->kind == NUMBER) {
        double value = ((const double *)counter->at)[i];
        if (value != 0) string_buffer_format(to, "%zu:%a ", i, value);
        return;
    }
    uint64_t value = counter->kind == SIZE ? ((const size_t *)counter->at)[i]
                                           : ((const uint64_t *)counter->at)[i];
    if (value != 0) string_buffer_format(to, "%zu:%" PRIu64 " ", i, value);
}

void counters_save(const struct counters *counters, struct notes *to) {
    struct list *list = list_all(counters);
    struct string_buffer text = {0};
    for (size_t i = 0; i < list->count; i++) {
        const struct counter *counter = &list->counters[i];
        string_buffer_clear(&text);
        string_buffer_add(&text, "", 0);
        if (counter->kind == TEXT) save_text(counter->at, counter->count, &text);
        for (size_t j = 0; counter->kind != TEXT && j < counter->count; j++) {
            save_value(counter, j, &text);
        }
        if (text.length > 0) notes_add_line(to, counter->name, text.bytes);
    }
    string_buffer_finish(&text);
    free(list);
}

/* ---- loading --------------------------------------------------------------------------------- */

static bool load_text(const char *value, char *to, size_t capacity) {
    size_t length = strlen(value) / 2;
    memset(to, 0, capacity);
    if (length >= capacity) return false;
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        if (sscanf(value + 2 * i, "%2x", &byte) != 1) return false;
        to[i] = (char)byte;
    }
    return true;
}

static bool load_value(const struct counter *counter, const char **at) {
    char *end;
    size_t i = strtoull(*at, &end, 10);
    if (end == *at || *end != ':' || i >= counter->count) return false;
    const char *from = end + 1;
    if (counter->kind == NUMBER) {
        ((double *)counter->at)[i] = strtod(from, &end);
    } else if (counter->kind == SIZE) {
        ((size_t *)counter->at)[i] = strtoull(from, &end, 10);
    } else {
        ((uint64_t *)counter->at)[i] = strtoull(from, &end, 10);
    }
    *at = end + 1;
    return end != from && *end == ' ';
}

static bool load(const struct counter *counter, const char *value) {
    if (counter->kind == TEXT) return load_text(value, counter->at, counter->count);
    size_t bytes = counter->kind == SIZE ? sizeof(size_t) : sizeof(uint64_t);
    memset(counter->at, 0, counter->count * bytes);
    bool sound = true;
    while (sound && *value != '\0') sound = load_value(counter, &value);
    return sound;
}

bool counters_load(const struct counters *counters, const struct notes *from) {
    struct list *list = list_all(counters);
    bool sound = true;
    for (size_t i = 0; sound && i < list->count; i++) {
        const char *value = notes_find(from, list->counters[i].name);
        sound = load(&list->counters[i], value != NULL ? value : "");
    }
    free(list);
    return sound;
}

static void save_all(const void *counters, struct notes *to) { counters_save(counters, to); }

static bool load_all(void *counters, const struct notes *from) {
    return counters_load(counters, from);
}

struct resume_counts counters_for_resume(struct counters *counters) {
    return (struct resume_counts){.writer = counters->writer,
                                  .row_errors = counters->row_errors,
                                  .rows = &counters->totals->rows,
                                  .all = counters,
                                  .save = save_all,
                                  .load = load_all};
}
