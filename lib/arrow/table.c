/* SPDX-License-Identifier: Apache-2.0 */
/* A struct array (record batch) and the two columns of texts in it that are compared. */
#include "arrow/table.h"

#include "arrow/texts.h"
#include "core/alloc.h"

#include <inttypes.h>
#include <string.h>

const char mgi_arrow_null_text[] = "";

/* ---- which columns --------------------------------------------------------------------------- */

static mgeo_status check_schema(const struct ArrowSchema *schema, mgeo_error *error) {
    if (schema->release == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "the table's schema is released already");
    }
    if (schema->format == NULL || strcmp(schema->format, "+s") != 0) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "the table has Arrow type \"%s\", and a struct (\"+s\") of columns is "
                        "needed",
                        schema->format == NULL ? "" : schema->format);
    }
    bool sound = schema->n_children >= 0 && (schema->n_children == 0 || schema->children != NULL);
    for (int64_t i = 0; sound && i < schema->n_children; i++) {
        sound = schema->children[i] != NULL;
    }
    return sound ? MGEO_OK
                 : mgi_fail(error, MGEO_E_ARGUMENT, "the table's schema lacks its children");
}

static mgeo_status find_named(const struct ArrowSchema *schema, const char *name, int64_t *found,
                              mgeo_error *error) {
    *found = -1;
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *other = schema->children[i]->name;
        if (other == NULL || strcmp(other, name) != 0) continue;
        if (*found >= 0) {
            return mgi_fail(error, MGEO_E_ARGUMENT, "the table has two columns \"%s\"", name);
        }
        *found = i;
    }
    if (*found >= 0) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "the table has no column \"%s\" among its %" PRId64,
                    name, schema->n_children);
}

/* Nothing but nulls is read as texts where it is named, and is not looked for. */
static bool is_texts(const struct ArrowSchema *column) {
    return mgi_arrow_texts_readable(column) &&
           (column->dictionary != NULL || strcmp(column->format, "n") != 0);
}

static mgeo_status find_texts(const struct ArrowSchema *schema, int64_t other, int64_t *found,
                              mgeo_error *error) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (i == other || !is_texts(schema->children[i])) continue;
        *found = i;
        return MGEO_OK;
    }
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "the table's %" PRId64 " columns have %s of texts: utf8, large_utf8, utf8_view "
                    "or a dictionary of these",
                    schema->n_children, other < 0 ? "none" : "no second one");
}

mgeo_status mgi_arrow_columns_choose(const struct ArrowSchema *schema, const char *a, const char *b,
                                     mgi_arrow_columns *columns, mgeo_error *error) {
    *columns = (mgi_arrow_columns){-1, -1};
    mgeo_status status = check_schema(schema, error);
    if (status == MGEO_OK && a != NULL) status = find_named(schema, a, &columns->a, error);
    if (status == MGEO_OK && b != NULL) status = find_named(schema, b, &columns->b, error);
    if (status == MGEO_OK && a == NULL) status = find_texts(schema, columns->b, &columns->a, error);
    if (status == MGEO_OK && b == NULL) status = find_texts(schema, columns->a, &columns->b, error);
    if (status != MGEO_OK || columns->a != columns->b) return status;
    return mgi_fail(error, MGEO_E_ARGUMENT, "column \"%s\" would be compared with itself", a);
}

/* ---- its pairs ------------------------------------------------------------------------------- */

static mgeo_status check_table(const struct ArrowSchema *schema, const struct ArrowArray *table,
                               mgeo_error *error) {
    mgeo_status status = mgi_arrow_array_check(table, "the table", error);
    if (status != MGEO_OK) return status;
    bool has_children = table->n_children == 0 || table->children != NULL;
    if (table->n_children != schema->n_children || !has_children) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "the table has %" PRId64 " columns, and its schema %" PRId64,
                        has_children ? table->n_children : 0, schema->n_children);
    }
    if (table->n_buffers == 1 && table->buffers != NULL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "the table has %" PRId64 " buffers, and a struct one",
                    table->n_buffers);
}

static mgeo_status read_pair(const mgi_arrow_texts texts[2], int64_t row, mgeo_pair *pair,
                             mgeo_error *error) {
    mgeo_status status = mgi_arrow_texts_get(&texts[0], row, &pair->a, &pair->a_len, error);
    if (status == MGEO_OK) {
        status = mgi_arrow_texts_get(&texts[1], row, &pair->b, &pair->b_len, error);
    }
    return status;
}

static mgeo_status read_pairs(const mgi_arrow_texts texts[2], const struct ArrowArray *table,
                              mgeo_pair *pairs, mgeo_error *error) {
    const uint8_t *validity = table->buffers[0];
    for (int64_t row = 0; row < table->length; row++) {
        mgeo_pair pair = {NULL, 0, NULL, 0};
        if (mgi_arrow_is_valid(validity, table->offset + row)) {
            mgeo_status status = read_pair(texts, row, &pair, error);
            if (status != MGEO_OK) return status;
        }
        bool null = pair.a == NULL || pair.b == NULL;
        pairs[row] = null ? (mgeo_pair){mgi_arrow_null_text, 0, mgi_arrow_null_text, 0} : pair;
    }
    return MGEO_OK;
}

mgeo_status mgi_arrow_table_read(const struct ArrowSchema *schema, const struct ArrowArray *table,
                                 mgi_arrow_columns columns, mgeo_pair **pairs, mgeo_error *error) {
    const int64_t chosen[2] = {columns.a, columns.b};
    mgi_arrow_texts texts[2];
    *pairs = NULL;
    mgeo_status status = check_table(schema, table, error);
    for (int i = 0; i < 2 && status == MGEO_OK; i++) {
        status =
            mgi_arrow_texts_open(&texts[i], schema->children[chosen[i]], table->children[chosen[i]],
                                 table->offset, table->length, error);
    }
    if (status != MGEO_OK) return status;
    size_t rows = (size_t)table->length;
    mgeo_pair *made = mgi_calloc(rows, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a table's pairs", rows * sizeof *made);
    status = read_pairs(texts, table, made, error);
    if (status == MGEO_OK) {
        *pairs = made;
    } else {
        mgi_free(made);
    }
    return status;
}
