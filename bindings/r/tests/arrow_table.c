/* SPDX-License-Identifier: Apache-2.0 */
/* For arrow.R: two character vectors as a table of Arrow's, and a column of floats of an answer. */
#include <mgeo.h>

#include <stdlib.h>
#include <string.h>

#define R_NO_REMAP
#include <Rinternals.h>

static void release_schema(struct ArrowSchema *schema) { schema->release = NULL; }
static void release_array(struct ArrowArray *array) { array->release = NULL; }

/* A utf8 column; its memory stays. */
static struct ArrowArray *text_column(SEXP texts) {
    const R_xlen_t count = Rf_xlength(texts);
    struct ArrowArray *made = calloc(1, sizeof *made);
    int32_t *offsets = calloc((size_t)count + 1, sizeof *offsets);
    const void **buffers = calloc(3, sizeof *buffers);
    char *bytes = calloc((size_t)count, 128);
    for (R_xlen_t i = 0; i < count; i++) {
        const char *text = Rf_translateCharUTF8(STRING_ELT(texts, i));
        memcpy(bytes + offsets[i], text, strlen(text));
        offsets[i + 1] = offsets[i] + (int32_t)strlen(text);
    }
    buffers[1] = offsets;
    buffers[2] = bytes;
    *made = (struct ArrowArray){
        .length = count, .n_buffers = 3, .buffers = buffers, .release = release_array};
    return made;
}

static struct ArrowSchema *schema_of(const char *format, const char *name, int64_t children) {
    struct ArrowSchema *made = calloc(1, sizeof *made);
    *made = (struct ArrowSchema){
        .format = format, .name = name, .n_children = children, .release = release_schema};
    if (children > 0) made->children = calloc((size_t)children, sizeof *made->children);
    return made;
}

SEXP arrow_table(SEXP a, SEXP b) {
    struct ArrowSchema *schema = schema_of("+s", "", 2);
    struct ArrowArray *array = calloc(1, sizeof *array);
    schema->children[0] = schema_of("u", "a", 0);
    schema->children[1] = schema_of("u", "b", 0);
    *array = (struct ArrowArray){
        .length = Rf_xlength(a), .n_buffers = 1, .n_children = 2, .release = release_array};
    array->buffers = calloc(1, sizeof *array->buffers);
    array->children = calloc(2, sizeof *array->children);
    array->children[0] = text_column(a);
    array->children[1] = text_column(b);
    SEXP table = PROTECT(Rf_allocVector(VECSXP, 2));
    SET_VECTOR_ELT(table, 0, R_MakeExternalPtr(schema, R_NilValue, R_NilValue));
    SET_VECTOR_ELT(table, 1, R_MakeExternalPtr(array, R_NilValue, R_NilValue));
    UNPROTECT(1);
    return table;
}

SEXP arrow_floats(SEXP array_pointer, SEXP column) {
    const struct ArrowArray *array = R_ExternalPtrAddr(array_pointer);
    const struct ArrowArray *child = array->children[Rf_asInteger(column) - 1];
    const float *floats = child->buffers[1];
    SEXP values = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)array->length));
    for (int64_t i = 0; i < array->length; i++) REAL(values)[i] = (double)floats[i + child->offset];
    UNPROTECT(1);
    return values;
}

SEXP arrow_names(SEXP schema_pointer) {
    const struct ArrowSchema *schema = R_ExternalPtrAddr(schema_pointer);
    SEXP names = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)schema->n_children));
    for (int64_t i = 0; i < schema->n_children; i++) {
        SET_STRING_ELT(names, (R_xlen_t)i, Rf_mkChar(schema->children[i]->name));
    }
    UNPROTECT(1);
    return names;
}
