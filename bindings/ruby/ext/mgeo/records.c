/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of mgeo.h as Ruby's hashes, both ways. */
#include "records.h"

#include <ruby/encoding.h>

typedef struct filling {
    const shape *shape;
    char *record;
    VALUE held;
} filling;

static VALUE symbol(const char *word) { return ID2SYM(rb_intern(word)); }

/* Ruby's own strings may be changed by other threads, and moved. */
void *record_memory(VALUE *owner, size_t bytes) {
    volatile VALUE made;
    void *memory = rb_alloc_tmp_buffer(&made, (long)(bytes + 1));
    *owner = made;
    return memset(memory, 0, bytes + 1);
}

const char *record_text(VALUE text, VALUE held) {
    VALUE owner, string = rb_String(text);
    const char *source = StringValueCStr(string);
    char *copy = record_memory(&owner, strlen(source));
    rb_ary_push(held, owner);
    return strcpy(copy, source);
}

/* Ruby's own conversions take a negative number for a large one. */
uint64_t record_whole(const char *name, VALUE value, uint64_t most) {
    VALUE number = rb_to_int(value);
    if (RTEST(rb_funcall(number, '<', 1, INT2FIX(0))) ||
        RTEST(rb_funcall(number, '>', 1, ULL2NUM(most)))) {
        rb_raise(rb_eRangeError, "%s: %" PRIsVALUE " does not fit", name, value);
    }
    return NUM2ULL(number);
}

/* ---- From Ruby ------------------------------------------------------------------------------ */

static double number_of(const member *of, VALUE value) {
    if (value == Qtrue || value == Qfalse) return value == Qtrue;
    if (of->words != NULL && (SYMBOL_P(value) || RB_TYPE_P(value, T_STRING))) {
        VALUE text = rb_String(value);
        const enum_word *found = word_find(of->words, StringValueCStr(text));
        char words[256];
        if (found == NULL) {
            rb_raise(rb_eArgError, "%s: there is no %s: give one of %s", of->name,
                     StringValueCStr(text), word_list(of->words, words, sizeof words));
        }
        return found->number;
    }
    return NUM2DBL(value);
}

static void set_member(const member *of, filling *into, VALUE value) {
    if (of->kind == MEMBER_TEXT) {
        *(const char **)(into->record + of->offset) = record_text(value, into->held);
    } else if (of->type == TYPE_UINT64 && RB_INTEGER_TYPE_P(value)) {
        *(uint64_t *)(into->record + of->offset) = record_whole(of->name, value, UINT64_MAX);
    } else if (!member_set(of, into->record, number_of(of, value))) {
        rb_raise(rb_eRangeError, "%s: %" PRIsVALUE " does not fit", of->name, value);
    }
}

static int fill_one(VALUE key, VALUE value, VALUE argument) {
    filling *into = (filling *)argument;
    VALUE name = rb_String(key);
    const member *found = shape_find(into->shape, StringValueCStr(name));
    if (found == NULL || found->kind == MEMBER_NUMBERS || found->kind == MEMBER_STRUCTS) {
        rb_raise(rb_eArgError, "unknown keyword: %s is no member of %s", StringValueCStr(name),
                 into->shape->name);
    }
    if (!NIL_P(value)) set_member(found, into, value);
    return ST_CONTINUE;
}

void record_fill(const shape *shape, void *record, VALUE hash, VALUE held) {
    filling into = {shape, record, held};
    memset(record, 0, shape->size);
    *(size_t *)record = shape->size; /* struct_size comes first in every versioned struct */
    if (NIL_P(hash)) return;
    Check_Type(hash, T_HASH);
    rb_hash_foreach(hash, fill_one, (VALUE)&into);
}

int32_t record_enumerator(const char *enum_name, VALUE word) {
    const enum_words *all = all_enums;
    while (strcmp(all->name, enum_name) != 0) all++;
    VALUE text = rb_String(word);
    const enum_word *found = word_find(all->words, StringValueCStr(text));
    char words[256];
    if (found == NULL) {
        rb_raise(rb_eArgError, "%s: there is no %s: give one of %s", enum_name,
                 StringValueCStr(text), word_list(all->words, words, sizeof words));
    }
    return found->number;
}

/* ---- To Ruby -------------------------------------------------------------------------------- */

static VALUE number(const member *of, const void *record, size_t index) {
    if (of->type == TYPE_UINT64) {
        const char *at = (const char *)record + of->offset + index * of->item;
        return ULL2NUM(*(const uint64_t *)at);
    }
    double value = member_number(of, record, index);
    if (of->words != NULL) {
        const char *word = word_of(of->words, value);
        return word == NULL ? Qnil : symbol(word);
    }
    return member_is_whole(of) ? LL2NUM((long long)value) : rb_float_new(value);
}

static VALUE item(const member *of, const void *record, size_t index) {
    const char *at = (const char *)record + of->offset + index * of->item;
    if (of->kind == MEMBER_STRINGS) return rb_utf8_str_new_cstr(at);
    if (of->kind == MEMBER_STRUCTS) return record_hash(of->of, at);
    return number(of, record, index);
}

static VALUE value_of(const member *of, const void *record) {
    if (of->kind == MEMBER_STRING) return rb_utf8_str_new_cstr((const char *)record + of->offset);
    if (of->kind == MEMBER_NUMBER) return number(of, record, 0);
    if (of->kind == MEMBER_FLAG) {
        double flag = member_number(of, record, 0);
        return flag < 0 ? Qnil : flag == 0 ? Qfalse : Qtrue;
    }
    VALUE list = rb_ary_new();
    const size_t count = member_count(of, record);
    for (size_t i = 0; i < count; i++) rb_ary_push(list, item(of, record, i));
    return list;
}

VALUE record_hash(const shape *shape, const void *record) {
    VALUE hash = rb_hash_new();
    for (const member *at = shape->members; at->name != NULL; at++) {
        if (at->kind != MEMBER_TEXT) rb_hash_aset(hash, symbol(at->name), value_of(at, record));
    }
    return hash;
}

VALUE record_members(VALUE self, VALUE struct_name) {
    VALUE list = rb_ary_new();
    const char *name = StringValueCStr(struct_name);
    const shape *const *all = all_shapes;
    while (*all != NULL && strcmp((*all)->name, name) != 0) all++;
    if (*all == NULL) rb_raise(rb_eArgError, "there is no struct %s", name);
    for (const member *at = (*all)->members; at->name != NULL; at++) {
        if (at->kind != MEMBER_TEXT) rb_ary_push(list, symbol(at->name));
    }
    return list;
}

VALUE record_enumerators(VALUE self, VALUE enum_name) {
    VALUE hash = rb_hash_new();
    const char *name = StringValueCStr(enum_name);
    const enum_words *all = all_enums;
    while (all->name != NULL && strcmp(all->name, name) != 0) all++;
    if (all->name == NULL) rb_raise(rb_eArgError, "there is no enum %s", name);
    for (const enum_word *at = all->words; at->word != NULL; at++) {
        rb_hash_aset(hash, symbol(at->word), INT2NUM(at->number));
    }
    return hash;
}
