/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of mgeo.h as R's lists, both ways. */
#include "records.h"

/* ---- From R ---------------------------------------------------------------------------------- */

static double number_of(const member *of, SEXP value) {
    if (Rf_isString(value) && of->words != NULL) {
        const char *text = Rf_translateCharUTF8(STRING_ELT(value, 0));
        const enum_word *found = word_find(of->words, text);
        char words[256];
        if (found == NULL) {
            Rf_error("%s: there is no \"%s\": give one of %s", of->name, text,
                     word_list(of->words, words, sizeof words));
        }
        return found->number;
    }
    if (!Rf_isNumeric(value) && !Rf_isLogical(value)) Rf_error("%s: must be a number", of->name);
    return Rf_asReal(value);
}

static void set_member(const member *of, void *record, SEXP value) {
    if (Rf_length(value) != 1) Rf_error("%s: must be one value", of->name);
    if (of->kind == MEMBER_TEXT) {
        if (!Rf_isString(value) || STRING_ELT(value, 0) == NA_STRING) {
            Rf_error("%s: must be a string", of->name);
        }
        *(const char **)((char *)record + of->offset) = Rf_translateCharUTF8(STRING_ELT(value, 0));
    } else if (!member_set(of, record, number_of(of, value))) {
        Rf_error("%s: the value does not fit", of->name);
    }
}

void record_fill(const shape *shape, void *record, SEXP list) {
    SEXP names = Rf_getAttrib(list, R_NamesSymbol);
    memset(record, 0, shape->size);
    *(size_t *)record = shape->size; /* struct_size comes first in every versioned struct */
    if (Rf_length(list) > 0 && Rf_isNull(names)) {
        Rf_error("the options of %s must have names", shape->name);
    }
    for (int i = 0; i < Rf_length(list); i++) {
        const char *name = CHAR(STRING_ELT(names, i));
        const member *found = shape_find(shape, name);
        if (found == NULL || found->kind == MEMBER_NUMBERS || found->kind == MEMBER_STRUCTS) {
            Rf_error("\"%s\": there is no such option of %s", name, shape->name);
        }
        if (!Rf_isNull(VECTOR_ELT(list, i))) set_member(found, record, VECTOR_ELT(list, i));
    }
}

int32_t record_enumerator(const char *enum_name, SEXP word) {
    const enum_words *all = all_enums;
    while (strcmp(all->name, enum_name) != 0) all++;
    if (!Rf_isString(word) || Rf_length(word) != 1) Rf_error("%s: must be a string", enum_name);
    const enum_word *found = word_find(all->words, Rf_translateCharUTF8(STRING_ELT(word, 0)));
    char words[256];
    if (found == NULL) {
        Rf_error("%s: there is no \"%s\": give one of %s", enum_name, CHAR(STRING_ELT(word, 0)),
                 word_list(all->words, words, sizeof words));
    }
    return found->number;
}

/* ---- To R ------------------------------------------------------------------------------------ */

static SEXP utf8(const char *text) { return Rf_mkCharCE(text, CE_UTF8); }

static const void *record_at(const shape *shape, const void *records, size_t index) {
    return (const char *)records + index * shape->size;
}

/* One plain member of `count` records. */
static SEXP column(const shape *shape, const member *of, const void *records, size_t count) {
    const R_xlen_t rows = (R_xlen_t)count;
    if (of->kind == MEMBER_STRING || of->words != NULL) {
        SEXP texts = PROTECT(Rf_allocVector(STRSXP, rows));
        for (R_xlen_t i = 0; i < rows; i++) {
            const char *at = record_at(shape, records, (size_t)i);
            const char *text =
                of->words == NULL ? at + of->offset : word_of(of->words, member_number(of, at, 0));
            SET_STRING_ELT(texts, i, text == NULL ? NA_STRING : utf8(text));
        }
        UNPROTECT(1);
        return texts;
    }
    SEXP values = PROTECT(Rf_allocVector(of->kind == MEMBER_FLAG ? LGLSXP : REALSXP, rows));
    for (R_xlen_t i = 0; i < rows; i++) {
        const double value = member_number(of, record_at(shape, records, (size_t)i), 0);
        if (of->kind == MEMBER_FLAG) {
            LOGICAL(values)[i] = value < 0 ? NA_LOGICAL : value != 0;
        } else {
            REAL(values)[i] = value;
        }
    }
    UNPROTECT(1);
    return values;
}

static SEXP array(const member *of, const void *record) {
    const size_t count = member_count(of, record);
    const char *at = (const char *)record + of->offset;
    if (of->kind == MEMBER_STRUCTS) return record_frame(of->of, at, count);
    SEXP made =
        PROTECT(Rf_allocVector(of->kind == MEMBER_STRINGS ? STRSXP : REALSXP, (R_xlen_t)count));
    for (size_t i = 0; i < count; i++) {
        if (of->kind == MEMBER_STRINGS) {
            SET_STRING_ELT(made, (R_xlen_t)i, utf8(at + i * of->item));
        } else {
            REAL(made)[i] = member_number(of, record, i);
        }
    }
    UNPROTECT(1);
    return made;
}

static int is_shown(const member *of) { return of->kind != MEMBER_TEXT; }

static R_xlen_t shown_count(const shape *shape) {
    R_xlen_t count = 0;
    for (const member *at = shape->members; at->name != NULL; at++) count += is_shown(at);
    return count;
}

static int is_array(const member *of) {
    return of->kind == MEMBER_STRUCTS || of->kind == MEMBER_STRINGS || of->kind == MEMBER_NUMBERS;
}

static SEXP members(const shape *shape, const void *records, size_t count) {
    SEXP list = PROTECT(Rf_allocVector(VECSXP, shown_count(shape)));
    SEXP names = PROTECT(Rf_allocVector(STRSXP, shown_count(shape)));
    R_xlen_t i = 0;
    for (const member *at = shape->members; at->name != NULL; at++) {
        if (!is_shown(at)) continue;
        SET_STRING_ELT(names, i, Rf_mkChar(at->name));
        SET_VECTOR_ELT(list, i++,
                       is_array(at) ? array(at, records) : column(shape, at, records, count));
    }
    Rf_setAttrib(list, R_NamesSymbol, names);
    UNPROTECT(2);
    return list;
}

SEXP record_list(const shape *shape, const void *record) { return members(shape, record, 1); }

SEXP record_frame(const shape *shape, const void *records, size_t count) {
    SEXP frame = PROTECT(members(shape, records, count)), rows = PROTECT(Rf_allocVector(INTSXP, 2));
    INTEGER(rows)[0] = NA_INTEGER;
    INTEGER(rows)[1] = -(int)count;
    Rf_setAttrib(frame, R_RowNamesSymbol, rows);
    Rf_setAttrib(frame, R_ClassSymbol, Rf_mkString("data.frame"));
    UNPROTECT(2);
    return frame;
}

SEXP record_enumerators(SEXP enum_name) {
    R_xlen_t count = 0;
    const enum_words *all = all_enums;
    while (all->name != NULL && strcmp(all->name, CHAR(STRING_ELT(enum_name, 0))) != 0) all++;
    if (all->name == NULL) Rf_error("there is no enum %s", CHAR(STRING_ELT(enum_name, 0)));
    while (all->words[count].word != NULL) count++;
    SEXP numbers = PROTECT(Rf_allocVector(INTSXP, count)),
         names = PROTECT(Rf_allocVector(STRSXP, count));
    for (R_xlen_t i = 0; i < count; i++) {
        INTEGER(numbers)[i] = all->words[i].number;
        SET_STRING_ELT(names, i, Rf_mkChar(all->words[i].word));
    }
    Rf_setAttrib(numbers, R_NamesSymbol, names);
    UNPROTECT(2);
    return numbers;
}
