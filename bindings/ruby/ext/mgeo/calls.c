/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into libmgeo while other threads of Ruby run, and the arrays that they read and fill. */
#include "calls.h"

#include <ruby/encoding.h>
#include <ruby/thread.h>

/* ---- Calls ---------------------------------------------------------------------------------- */

static void *without_gvl(void *argument) {
    call *of = argument;
    of->ran = 1;
    of->status = of->function(of);
    return NULL;
}

static void interrupt(void *argument) {
    call *of = argument;
    of->interrupted = 1;
    mgeo_progress_cancel(&of->progress);
}

static VALUE check_interrupts(VALUE unused) {
    rb_thread_check_ints();
    return Qnil;
}

/* A signal's handler interrupts a call and then returns: the call is made again. */
mgeo_status call_run(call *of) {
    int raised = 0, again = 1;
    if (of->enter != NULL) of->enter(of);
    while (again && !raised) {
        memset(&of->progress, 0, sizeof of->progress);
        of->ran = of->interrupted = 0;
        rb_thread_call_without_gvl2(without_gvl, of, interrupt, of);
        again = !of->ran || (of->interrupted && of->status == MGEO_E_CANCELLED);
        if (again) rb_protect(check_interrupts, Qnil, &raised);
    }
    if (of->leave != NULL) of->leave(of);
    if (raised) rb_jump_tag(raised);
    return of->status;
}

void call_check(const call *of, VALUE receipt) {
    if (of->status == MGEO_OK) return;
    VALUE module = rb_const_get(rb_cObject, rb_intern("Mgeo"));
    VALUE name = rb_utf8_str_new_cstr(mgeo_status_name(of->status));
    VALUE message = rb_utf8_str_new_cstr(of->error.message);
    rb_exc_raise(rb_funcall(module, rb_intern("failure"), 3, name, message, receipt));
}

/* ---- Arrays --------------------------------------------------------------------------------- */

static VALUE utf8(VALUE text, long row) {
    if (!RB_TYPE_P(text, T_STRING)) {
        rb_raise(rb_eTypeError, "pair %ld: both texts must be strings", row);
    }
    const int encoding = rb_enc_get_index(text);
    if (encoding == rb_utf8_encindex() || encoding == rb_usascii_encindex() ||
        encoding == rb_ascii8bit_encindex()) {
        return text;
    }
    return rb_str_encode(text, rb_enc_from_encoding(rb_utf8_encoding()), 0, Qnil);
}

/* The texts one after the other, and how many bytes they have. */
static VALUE texts_of(VALUE list, size_t *bytes) {
    VALUE texts = rb_ary_new_capa(2 * RARRAY_LEN(list));
    *bytes = 0;
    for (long i = 0; i < RARRAY_LEN(list); i++) {
        VALUE pair = rb_check_array_type(RARRAY_AREF(list, i));
        if (NIL_P(pair) || RARRAY_LEN(pair) != 2) {
            rb_raise(rb_eTypeError, "pair %ld: must be [a, b]", i);
        }
        for (long side = 0; side < 2; side++) {
            VALUE text = utf8(RARRAY_AREF(pair, side), i);
            *bytes += (size_t)RSTRING_LEN(text);
            rb_ary_push(texts, text);
        }
    }
    return texts;
}

const mgeo_pair *call_pairs(VALUE list, size_t *count, VALUE *owner) {
    size_t bytes;
    Check_Type(list, T_ARRAY);
    VALUE texts = texts_of(list, &bytes);
    *count = (size_t)RARRAY_LEN(texts) / 2;
    mgeo_pair *made = record_memory(owner, (*count + 1) * sizeof(mgeo_pair) + bytes);
    char *end = (char *)(made + *count + 1);
    for (size_t i = 0; i < 2 * *count; i++) {
        VALUE text = RARRAY_AREF(texts, (long)i);
        const size_t length = (size_t)RSTRING_LEN(text);
        memcpy(end, RSTRING_PTR(text), length);
        *(i % 2 == 0 ? &made[i / 2].a : &made[i / 2].b) = end;
        *(i % 2 == 0 ? &made[i / 2].a_len : &made[i / 2].b_len) = length;
        end += length;
    }
    return made;
}

const char *const *call_gold(VALUE list, size_t count, VALUE held) {
    if (NIL_P(list)) return NULL;
    Check_Type(list, T_ARRAY);
    if ((size_t)RARRAY_LEN(list) != count) {
        rb_raise(rb_eArgError, "gold: one label or nil for each pair");
    }
    VALUE owner;
    const char **names = record_memory(&owner, count * sizeof(char *));
    rb_ary_push(held, owner);
    for (size_t i = 0; i < count; i++) {
        VALUE name = RARRAY_AREF(list, (long)i);
        if (!NIL_P(name)) names[i] = record_text(name, held);
    }
    return names;
}

/* ---- Scores --------------------------------------------------------------------------------- */

static VALUE option(VALUE options, const char *name) {
    return NIL_P(options) ? Qnil : rb_hash_aref(options, ID2SYM(rb_intern(name)));
}

/* An array for the caller's `count` rows, owned by `held`. */
static void *column(VALUE held, size_t count, size_t bytes) {
    VALUE owner;
    void *memory = record_memory(&owner, (count + 1) * bytes);
    rb_ary_push(held, owner);
    return memory;
}

static void new_scores(mgeo_scores *scores, size_t count, VALUE options, VALUE held) {
    const size_t row = MGEO_MAX_LABELS * sizeof(float);
    memset(scores, 0, sizeof *scores);
    scores->struct_size = sizeof *scores;
    scores->similarity = column(held, count, sizeof(float));
    scores->label = column(held, count, sizeof(int32_t));
    scores->flags = column(held, count, sizeof(uint32_t));
    if (RTEST(option(options, "probabilities"))) scores->probabilities = column(held, count, row);
    if (RTEST(option(options, "logits"))) scores->logits = column(held, count, row);
    scores->probability_stride = MGEO_MAX_LABELS;
    if (!NIL_P(option(options, "route_key"))) {
        scores->route_key = NUM2ULL(option(options, "route_key"));
    }
}

static VALUE rows_of(const float *floats, size_t count, uint32_t label_count) {
    VALUE rows = rb_ary_new_capa((long)count);
    if (floats == NULL) return Qnil;
    for (size_t i = 0; i < count; i++) {
        VALUE row = rb_ary_new_capa(label_count);
        for (uint32_t l = 0; l < label_count; l++) {
            rb_ary_push(row, rb_float_new((double)floats[i * MGEO_MAX_LABELS + l]));
        }
        rb_ary_push(rows, row);
    }
    return rows;
}

static void put(VALUE hash, const char *name, VALUE value) {
    rb_hash_aset(hash, ID2SYM(rb_intern(name)), value);
}

static VALUE scores_hash(const mgeo_scores *scores, size_t count) {
    VALUE hash = rb_hash_new(), similarity = rb_ary_new_capa((long)count);
    VALUE label = rb_ary_new_capa((long)count), flags = rb_ary_new_capa((long)count);
    for (size_t i = 0; i < count; i++) {
        rb_ary_push(similarity, rb_float_new((double)scores->similarity[i]));
        rb_ary_push(label, INT2FIX(scores->label[i]));
        rb_ary_push(flags, UINT2NUM(scores->flags[i]));
    }
    put(hash, "similarity", similarity);
    put(hash, "label", label);
    put(hash, "flags", flags);
    put(hash, "probabilities", rows_of(scores->probabilities, count, scores->label_count));
    put(hash, "logits", rows_of(scores->logits, count, scores->label_count));
    put(hash, "generation", ULL2NUM(scores->generation));
    put(hash, "tokens", ULL2NUM(scores->tokens));
    put(hash, "label_count", UINT2NUM(scores->label_count));
    put(hash, "bad_rows", UINT2NUM(scores->bad_rows));
    return hash;
}

VALUE call_score(call *of, VALUE list, VALUE options) {
    mgeo_scores scores;
    VALUE owner, held = rb_ary_new();
    of->pairs = call_pairs(list, &of->count, &owner);
    new_scores(&scores, of->count, options, held);
    of->scores = &scores;
    scores.progress = &of->progress;
    call_run(of);
    call_check(of, Qnil);
    VALUE hash = scores_hash(&scores, of->count);
    RB_GC_GUARD(owner);
    RB_GC_GUARD(held);
    return hash;
}
