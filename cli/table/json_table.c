/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the texts among the members of JSON lines. */
#include "table/json_table.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { SAMPLED = 100, MOST_KEYS = 65536 };

char *json_table_text(struct table_cell string, bool escaped, size_t *length) {
    char *text = memory_copy(string.text, string.length);
    *length = string.length;
    if (escaped && !json_unescape(string, text, length)) *length = 0;
    text[*length] = '\0';
    return text;
}

static bool same_key(const struct json_member *member, const char *name) {
    if (!member->key_escaped) {
        return member->key.length == strlen(name) &&
               memcmp(member->key.text, name, member->key.length) == 0;
    }
    size_t length;
    char *key = json_table_text(member->key, true, &length);
    bool same = strcmp(key, name) == 0;
    free(key);
    return same;
}

size_t json_table_column(const struct table *table, const struct json_member *member,
                         size_t guess) {
    if (guess < table->width && same_key(member, table->names[guess])) return guess;
    for (size_t i = 0; i < table->width; i++) {
        if (same_key(member, table->names[i])) return i;
    }
    return TABLE_NO_COLUMN;
}

static void take_member(const struct table *table, const struct json_member *member, size_t column,
                        struct table_row *cut) {
    struct record_cell cell = {.inner = member->value, .doubled = member->value_escaped};
    bool text = member->kind != JSON_VALUE_OTHER || strchr("{[tf", member->value.text[0]) == NULL;
    if (!text && (column == table->a || column == table->b)) {
        cut->no_text = true;
        cut->no_text_column = column;
    }
    if (column == table->a) cut->a = cell;
    if (column == table->b) cut->b = cell;
    if (column == table->gold) cut->gold = cell;
}

static bool mark_seen(unsigned char *seen, size_t column) {
    unsigned char bit = (unsigned char)(1u << (column % 8));
    bool twice = (seen[column / 8] & bit) != 0;
    seen[column / 8] |= bit;
    return !twice;
}

/* The fault of an object or array that was walked; NULL: none. */
static const char *fault_of(const struct table *table, const struct json_walk *walk) {
    if (walk->wrong != NULL) return walk->wrong;
    if (table->objects && walk->array) return "an array, where line 1 has an object";
    if (!table->objects && table->names == NULL && !walk->array) {
        return "an object, where line 1 has an array";
    }
    return NULL;
}

void json_table_split(const struct table *table, struct table_cell row, struct table_row *cut) {
    unsigned char seen[MOST_KEYS / 8];
    memset(seen, 0, (table->width + 7) / 8);
    struct json_walk walk;
    struct json_member member;
    size_t guess = 0;
    cut->kept = row.length;
    json_walk_begin(&walk, row);
    cut->wrong = fault_of(table, &walk);
    while (cut->wrong == NULL && json_walk_next(&walk, &member)) {
        size_t column = walk.array ? guess : json_table_column(table, &member, guess);
        cut->columns++;
        if (column >= table->width) continue;
        if (!mark_seen(seen, column)) cut->wrong = "a name twice";
        take_member(table, &member, column, cut);
        guess = column + 1;
    }
    if (cut->wrong == NULL) cut->wrong = walk.wrong;
    cut->array = walk.array;
    cut->wrong_at = walk.at;
    size_t first = table->a < table->b ? table->a : table->b;
    const struct record_cell *of_first = first == table->a ? &cut->a : &cut->b;
    const struct record_cell *of_second = first == table->a ? &cut->b : &cut->a;
    cut->missing = TABLE_NO_COLUMN;
    if (of_second->inner.text == NULL) cut->missing = first == table->a ? table->b : table->a;
    if (of_first->inner.text == NULL) cut->missing = first;
}

/* ---- the sample ------------------------------------------------------------------------------ */

struct keys {
    char **name;
    size_t count;
    bool named, settled;
};

static void add_key(struct keys *keys, const struct json_member *member) {
    for (size_t i = 0; keys->named && i < keys->count; i++) {
        if (same_key(member, keys->name[i])) return;
    }
    if (keys->count == MOST_KEYS) return;
    size_t length;
    keys->name = memory_resize(keys->name, keys->count + 1, sizeof *keys->name);
    keys->name[keys->count++] = keys->named
                                    ? json_table_text(member->key, member->key_escaped, &length)
                                    : memory_copy("", 0);
}

static const char *add_keys(struct keys *keys, struct table_cell line) {
    struct json_walk walk, again;
    struct json_member member;
    if (!json_walk_begin(&walk, line)) return walk.wrong;
    again = walk;
    while (json_walk_next(&walk, &member)) {
    }
    if (walk.wrong != NULL) return walk.wrong;
    if (!keys->settled) keys->named = !walk.array;
    keys->settled = true;
    if (keys->named == walk.array) return NULL;
    for (size_t i = 0; json_walk_next(&again, &member); i++) {
        if (keys->named || i >= keys->count) add_key(keys, &member);
    }
    return NULL;
}

bool json_table_resolve(struct table *table, const struct table_options *options,
                        struct table_cell sample, const char *where, struct error *error) {
    struct keys keys = {0};
    const char *wrong = "no object or array";
    size_t at = 0;
    for (size_t i = 0; i < SAMPLED && at < sample.length; i++) {
        const char *from = sample.text + at;
        const char *stop = memchr(from, '\n', sample.length - at);
        size_t length = stop != NULL ? (size_t)(stop - from) : sample.length - at;
        const char *fault = add_keys(&keys, (struct table_cell){from, length});
        if (i == 0 && fault != NULL) wrong = fault;
        at += length + 1;
    }
    if (keys.settled) {
        return table_resolve_cells(table, options, keys.name, keys.count, keys.named, "line 1",
                                   where, error);
    }
    return error_set(error, "%s: line 1 is not a JSON object or array: %s", where, wrong);
}
