/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a table, from arrays of scores to a struct array. */
#include "arrow/answer.h"

#include "arrow/export.h"
#include "arrow/table.h"
#include "core/alloc.h"

#include <stdio.h>
#include <string.h>

/* ---- the arrays that are scored into --------------------------------------------------------- */

static bool has(const mgi_arrow_answer *answer, mgeo_arrow_column column) {
    return (answer->columns & (uint32_t)column) != 0;
}

mgeo_status mgi_arrow_answer_begin(mgi_arrow_answer *answer, size_t rows, uint32_t columns,
                                   uint32_t labels, mgeo_error *error) {
    *answer = (mgi_arrow_answer){.rows = rows, .columns = columns};
    mgeo_scores *scores = &answer->scores;
    scores->struct_size = sizeof *scores;
    scores->probability_stride = labels;
    size_t row_floats = labels * sizeof(float);
    bool made = (scores->similarity = mgi_alloc_aligned(rows, sizeof(float))) != NULL &&
                (scores->flags = mgi_alloc_aligned(rows, sizeof(uint32_t))) != NULL;
    if (made && has(answer, MGEO_ARROW_LABEL)) {
        made = (scores->label = mgi_alloc_aligned(rows, sizeof(int32_t))) != NULL;
    }
    if (made && has(answer, MGEO_ARROW_PROBABILITIES)) {
        made = (scores->probabilities = mgi_alloc_aligned(rows, row_floats)) != NULL;
    }
    if (made && has(answer, MGEO_ARROW_LOGITS)) {
        made = (scores->logits = mgi_alloc_aligned(rows, row_floats)) != NULL;
    }
    if (made) return MGEO_OK;
    mgi_arrow_answer_finish(answer);
    return mgi_fail_memory(error, "a table's scores", rows * (3 * sizeof(float) + 2 * row_floats));
}

void mgi_arrow_answer_finish(mgi_arrow_answer *answer) {
    mgeo_scores *scores = &answer->scores;
    mgi_free(scores->similarity);
    mgi_free(scores->flags);
    mgi_free(scores->label);
    mgi_free(scores->probabilities);
    mgi_free(scores->logits);
    *scores = (mgeo_scores){0};
}

/* ---- nulls ----------------------------------------------------------------------------------- */

static bool is_null_pair(const mgeo_pair *pair) { return pair->a == mgi_arrow_null_text; }

/* Counts the rows that will be null. Each without a label gets one that the dictionary has, which
 * some readers look up all the same. */
static void settle_nulls(mgi_arrow_answer *answer, const mgeo_pair *pairs) {
    mgeo_scores *scores = &answer->scores;
    answer->null_rows = answer->unscored_rows = 0;
    for (size_t row = 0; row < answer->rows; row++) {
        if ((scores->flags[row] & MGEO_ROW_BAD) == 0) continue;
        answer->unscored_rows++;
        if (scores->label != NULL) scores->label[row] = 0;
        if (is_null_pair(&pairs[row])) answer->null_rows++;
    }
}

/* A bit for each row that is not null; NULL and *status where there is no memory. `pairs` NULL: of
 * scores, else of texts. */
static uint8_t *make_validity(const mgi_arrow_answer *answer, const mgeo_pair *pairs,
                              mgeo_error *error, mgeo_status *status) {
    size_t bytes = answer->rows / 8 + 1;
    uint8_t *bits = mgi_alloc_aligned(bytes, 1);
    if (bits == NULL) {
        *status = mgi_fail_memory(error, "a table's nulls", bytes);
        return NULL;
    }
    memset(bits, 0, bytes);
    for (size_t row = 0; row < answer->rows; row++) {
        bool valid = pairs == NULL ? (answer->scores.flags[row] & MGEO_ROW_BAD) == 0
                                   : !is_null_pair(&pairs[row]);
        if (valid) bits[row / 8] |= (uint8_t)(1u << (row % 8));
    }
    return bits;
}

/* Begins a column with its validity. */
static mgeo_status begin_column(const mgi_arrow_answer *answer, const mgeo_pair *pairs,
                                uint64_t nulls, struct ArrowArray *column, mgeo_error *error) {
    mgeo_status status = mgi_arrow_export_array(column, (int64_t)answer->rows, error);
    if (status != MGEO_OK) return status;
    column->null_count = (int64_t)nulls;
    uint8_t *validity = nulls == 0 ? NULL : make_validity(answer, pairs, error, &status);
    mgi_arrow_export_buffer(column, validity);
    return status;
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Gives an array of the answer's to a column. */
#define GIVE(column, array) (mgi_arrow_export_buffer(column, array), (array) = NULL)

static mgeo_status export_similarity(mgi_arrow_answer *answer, struct ArrowArray *column,
                                     mgeo_error *error) {
    mgeo_status status = begin_column(answer, NULL, answer->unscored_rows, column, error);
    if (status == MGEO_OK) GIVE(column, answer->scores.similarity);
    return status;
}

static mgeo_status export_flags(mgi_arrow_answer *answer, const mgeo_pair *pairs,
                                struct ArrowArray *column, mgeo_error *error) {
    mgeo_status status = begin_column(answer, pairs, answer->null_rows, column, error);
    if (status != MGEO_OK) return status;
    for (size_t row = 0; answer->null_rows > 0 && row < answer->rows; row++) {
        if (is_null_pair(&pairs[row])) answer->scores.flags[row] = 0;
    }
    GIVE(column, answer->scores.flags);
    return MGEO_OK;
}

static mgeo_status export_names(const mgeo_model_info *info, struct ArrowArray *names,
                                mgeo_error *error) {
    mgeo_status status = mgi_arrow_export_array(names, info->label_count, error);
    if (status != MGEO_OK) return status;
    int32_t *offsets = mgi_alloc_aligned(info->label_count + 1, sizeof *offsets);
    char *bytes = mgi_alloc_aligned(info->label_count, sizeof info->labels[0]);
    mgi_arrow_export_buffer(names, NULL);
    mgi_arrow_export_buffer(names, offsets);
    mgi_arrow_export_buffer(names, bytes);
    if (offsets == NULL || bytes == NULL) {
        return mgi_fail_memory(error, "labels", info->label_count * sizeof info->labels[0]);
    }
    offsets[0] = 0;
    for (uint32_t i = 0; i < info->label_count; i++) {
        size_t length = strlen(info->labels[i]);
        memcpy(bytes + offsets[i], info->labels[i], length);
        offsets[i + 1] = offsets[i] + (int32_t)length;
    }
    return MGEO_OK;
}

static mgeo_status export_label(mgi_arrow_answer *answer, const mgeo_model_info *info,
                                struct ArrowArray *column, mgeo_error *error) {
    mgeo_status status = begin_column(answer, NULL, answer->unscored_rows, column, error);
    if (status != MGEO_OK) return status;
    GIVE(column, answer->scores.label);
    return export_names(info, mgi_arrow_export_dictionary(column), error);
}

static mgeo_status export_generation(const mgi_arrow_answer *answer, struct ArrowArray *column,
                                     mgeo_error *error) {
    mgeo_status status = begin_column(answer, NULL, 0, column, error);
    if (status != MGEO_OK) return status;
    uint64_t *numbers = mgi_alloc_aligned(answer->rows, sizeof *numbers);
    mgi_arrow_export_buffer(column, numbers);
    if (numbers == NULL) {
        return mgi_fail_memory(error, "a table's generations", answer->rows * sizeof *numbers);
    }
    for (size_t row = 0; row < answer->rows; row++) numbers[row] = answer->scores.generation;
    return MGEO_OK;
}

/* Rows of numbers by label. They lie as far apart as the call asked for, which may be more than the
 * model has labels. */
static mgeo_status export_rows(mgi_arrow_answer *answer, float **rows, struct ArrowArray *column,
                               mgeo_error *error) {
    size_t labels = answer->scores.label_count, stride = answer->scores.probability_stride;
    for (size_t row = 1; stride > labels && row < answer->rows; row++) {
        memmove(*rows + row * labels, *rows + row * stride, labels * sizeof **rows);
    }
    mgeo_status status = begin_column(answer, NULL, answer->unscored_rows, column, error);
    if (status != MGEO_OK) return status;
    struct ArrowArray *items = mgi_arrow_export_child(column);
    status = mgi_arrow_export_array(items, (int64_t)(answer->rows * labels), error);
    if (status != MGEO_OK) return status;
    mgi_arrow_export_buffer(items, NULL);
    GIVE(items, *rows);
    return MGEO_OK;
}

static mgeo_status export_column(mgi_arrow_answer *answer, mgeo_arrow_column column,
                                 const mgeo_pair *pairs, const mgeo_model_info *info,
                                 struct ArrowArray *array, mgeo_error *error) {
    switch (column) {
    case MGEO_ARROW_SIMILARITY: return export_similarity(answer, array, error);
    case MGEO_ARROW_LABEL: return export_label(answer, info, array, error);
    case MGEO_ARROW_PROBABILITIES:
        return export_rows(answer, &answer->scores.probabilities, array, error);
    case MGEO_ARROW_FLAGS: return export_flags(answer, pairs, array, error);
    case MGEO_ARROW_GENERATION: return export_generation(answer, array, error);
    case MGEO_ARROW_LOGITS: return export_rows(answer, &answer->scores.logits, array, error);
    }
    return MGEO_OK;
}

/* Flags tell which rows are null: they are exported last, whatever their place. */
static mgeo_status export_columns(mgi_arrow_answer *answer, const mgeo_pair *pairs,
                                  const mgeo_model_info *info, struct ArrowArray *array,
                                  mgeo_error *error) {
    struct ArrowArray *flags = NULL;
    mgeo_status status = MGEO_OK;
    for (uint32_t column = 1; column <= MGEO_ARROW_LOGITS && status == MGEO_OK; column <<= 1) {
        if ((answer->columns & column) == 0) continue;
        struct ArrowArray *child = mgi_arrow_export_child(array);
        if (column == MGEO_ARROW_FLAGS) {
            flags = child;
        } else {
            status = export_column(answer, (mgeo_arrow_column)column, pairs, info, child, error);
        }
    }
    if (status == MGEO_OK && flags != NULL) {
        status = export_column(answer, MGEO_ARROW_FLAGS, pairs, info, flags, error);
    }
    return status;
}

mgeo_status mgi_arrow_answer_export(mgi_arrow_answer *answer, const mgeo_pair *pairs,
                                    const mgeo_model_info *info, struct ArrowArray *array,
                                    mgeo_error *error) {
    settle_nulls(answer, pairs);
    mgeo_status status = mgi_arrow_export_array(array, (int64_t)answer->rows, error);
    if (status != MGEO_OK) return status;
    mgi_arrow_export_buffer(array, NULL);
    status = export_columns(answer, pairs, info, array, error);
    if (status != MGEO_OK) array->release(array);
    return status;
}

/* ---- the schema ------------------------------------------------------------------------------ */

static mgeo_status fill_schema(struct ArrowSchema *column, mgeo_arrow_column which, uint32_t labels,
                               mgeo_error *error) {
    char list[16];
    snprintf(list, sizeof list, "+w:%u", labels);
    bool is_list = which == MGEO_ARROW_PROBABILITIES || which == MGEO_ARROW_LOGITS;
    const char *format = is_list                          ? list
                         : which == MGEO_ARROW_SIMILARITY ? "f"
                         : which == MGEO_ARROW_LABEL      ? "i"
                         : which == MGEO_ARROW_FLAGS      ? "I"
                                                          : "L";
    mgeo_status status = mgi_arrow_export_schema(column, format, mgeo_arrow_column_name(which),
                                                 which != MGEO_ARROW_GENERATION, error);
    if (status == MGEO_OK && is_list) {
        struct ArrowSchema *item = mgi_arrow_export_schema_child(column);
        status = mgi_arrow_export_schema(item, "f", "item", true, error);
    }
    if (status == MGEO_OK && which == MGEO_ARROW_LABEL) {
        struct ArrowSchema *names = mgi_arrow_export_schema_dictionary(column);
        status = mgi_arrow_export_schema(names, "u", "", false, error);
    }
    return status;
}

mgeo_status mgi_arrow_answer_schema(uint32_t columns, uint32_t labels, struct ArrowSchema *schema,
                                    mgeo_error *error) {
    mgeo_status status = mgi_arrow_export_schema(schema, "+s", "", false, error);
    if (status != MGEO_OK) return status;
    for (uint32_t column = 1; column <= MGEO_ARROW_LOGITS && status == MGEO_OK; column <<= 1) {
        if ((columns & column) == 0) continue;
        struct ArrowSchema *child = mgi_arrow_export_schema_child(schema);
        status = fill_schema(child, (mgeo_arrow_column)column, labels, error);
    }
    if (status != MGEO_OK) schema->release(schema);
    return status;
}
