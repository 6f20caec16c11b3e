/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of Arrow's C data interface by external pointers, as the R packages arrow and nanoarrow
 * exchange them. */
#include "entries.h"

static void release_schema(SEXP pointer) {
    struct ArrowSchema *schema = R_ExternalPtrAddr(pointer);
    R_ClearExternalPtr(pointer);
    if (schema != NULL && schema->release != NULL) schema->release(schema);
    free(schema);
}

static void release_array(SEXP pointer) {
    struct ArrowArray *array = R_ExternalPtrAddr(pointer);
    R_ClearExternalPtr(pointer);
    if (array != NULL && array->release != NULL) array->release(array);
    free(array);
}

static SEXP new_pointer(size_t bytes, const char *class, R_CFinalizer_t release) {
    SEXP pointer = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
    void *memory = calloc(1, bytes);
    if (memory == NULL) Rf_error("out of memory");
    R_SetExternalPtrAddr(pointer, memory);
    R_RegisterCFinalizerEx(pointer, release, TRUE);
    Rf_setAttrib(pointer, R_ClassSymbol, Rf_mkString(class));
    UNPROTECT(1);
    return pointer;
}

static void *address(SEXP pointer, const char *what) {
    if (TYPEOF(pointer) != EXTPTRSXP || R_ExternalPtrAddr(pointer) == NULL) {
        Rf_error("%s: must be an external pointer to Arrow's struct", what);
    }
    return R_ExternalPtrAddr(pointer);
}

typedef struct table {
    const struct ArrowSchema *pairs_schema;
    const struct ArrowArray *pairs;
    struct ArrowSchema *schema;
    struct ArrowArray *array;
} table;

static mgeo_status do_score(call *of) {
    table *tables = of->report;
    return mgeo_score_arrow(of->handle, tables->pairs_schema, tables->pairs, of->options,
                            tables->schema, tables->array, &of->error);
}

static uint32_t columns_of(SEXP columns) {
    uint32_t sum = 0;
    if (!Rf_isString(columns)) Rf_error("columns: must be a character vector");
    for (int i = 0; i < Rf_length(columns); i++) {
        SEXP word = PROTECT(Rf_ScalarString(STRING_ELT(columns, i)));
        sum |= (uint32_t)record_enumerator("mgeo_arrow_column", word);
        UNPROTECT(1);
    }
    return sum;
}

SEXP mgeo_r_score_arrow(SEXP engine, SEXP schema, SEXP array, SEXP a, SEXP b, SEXP columns,
                        SEXP route_key) {
    const char *names[] = {"schema", "array", ""};
    mgeo_arrow_options options = {.struct_size = sizeof options};
    table tables = {.pairs_schema = address(schema, "schema"), .pairs = address(array, "array")};
    call of = {.function = do_score,
               .handle = entry_engine(engine),
               .options = &options,
               .report = &tables};
    options.a = entry_text("a", a);
    options.b = entry_text("b", b);
    options.columns = columns_of(columns);
    options.route_key = call_whole("route_key", route_key, MOST_WHOLE);
    options.progress = &of.progress;
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(value, 0,
                   new_pointer(sizeof *tables.schema, "nanoarrow_schema", release_schema));
    SET_VECTOR_ELT(value, 1, new_pointer(sizeof *tables.array, "nanoarrow_array", release_array));
    tables.schema = R_ExternalPtrAddr(VECTOR_ELT(value, 0));
    tables.array = R_ExternalPtrAddr(VECTOR_ELT(value, 1));
    R_SetExternalPtrTag(VECTOR_ELT(value, 1),
                        VECTOR_ELT(value, 0)); /* where nanoarrow looks for it */
    call_run(&of);
    SEXP answer = call_answer(&of, value);
    UNPROTECT(1);
    return answer;
}
