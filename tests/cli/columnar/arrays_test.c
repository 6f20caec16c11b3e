/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow's C data as the programs build it: bits, offsets, nulls, dictionaries, who releases what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "columnar/arrays.h"
#include "columnar/formats.h"

static const char *const words[] = {"not", "是"};
static const struct arrays_field fields[] = {{ARRAYS_TEXT, "text", NULL, 0},
                                             {ARRAYS_FLOAT, "number", NULL, 0},
                                             {ARRAYS_FLAG, "flag", NULL, 0},
                                             {ARRAYS_WORD, "word", words, 2}};

static void add_rows(struct arrays *arrays, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i == 3) {
            for (size_t j = 0; j < 4; j++) arrays_add_null(arrays, j);
            continue;
        }
        arrays_add_text(arrays, 0, "路路路", i % 3 * 3);
        arrays_add_float(arrays, 1, (float)i / 2);
        arrays_add_flag(arrays, 2, i % 2 == 1);
        arrays_add_word(arrays, 3, (int32_t)(i % 2));
    }
}

static void test_rows_lie_where_the_interface_says(void **state) {
    (void)state;
    struct arrays *arrays = arrays_create(fields, 4);
    struct ArrowArray batch;
    add_rows(arrays, 20);
    arrays_take(arrays, 20, &batch);
    assert_int_equal(batch.length, 20);
    assert_int_equal(batch.n_children, 4);
    for (int i = 0; i < 4; i++) {
        const uint8_t *validity = batch.children[i]->buffers[0];
        assert_int_equal(batch.children[i]->length, 20);
        assert_int_equal(batch.children[i]->null_count, 1);
        assert_int_equal(validity[0], 0xF7);
        assert_int_equal(validity[2], 0x0F);
    }
    const int32_t *offsets = batch.children[0]->buffers[1], *index = batch.children[3]->buffers[1];
    const float *numbers = batch.children[1]->buffers[1];
    const uint8_t *flags = batch.children[2]->buffers[1];
    assert_int_equal(offsets[0], 0);
    assert_int_equal(offsets[3] - offsets[2], 6);
    assert_int_equal(offsets[4], offsets[3]);
    assert_true(numbers[5] == 2.5f);
    assert_int_equal(flags[0], 0xA2);
    assert_int_equal(index[7], 1);
    const struct ArrowArray *dictionary = batch.children[3]->dictionary;
    assert_int_equal(dictionary->length, 2);
    assert_memory_equal(dictionary->buffers[2], "not是", 6);
    batch.release(&batch);
    assert_null(batch.release);
    arrays_destroy(arrays);
}

static void test_a_second_batch_begins_anew(void **state) {
    (void)state;
    struct arrays *arrays = arrays_create(fields, 4);
    struct ArrowArray batch;
    for (size_t rows = 9; rows > 0; rows -= 3) {
        add_rows(arrays, rows);
        arrays_take(arrays, rows, &batch);
        assert_int_equal(batch.children[0]->length, rows);
        assert_int_equal(batch.children[0]->null_count, rows > 3);
        assert_true((batch.children[0]->buffers[0] != NULL) == (rows > 3));
        batch.release(&batch);
    }
    arrays_take(arrays, 0, &batch); /* no rows, and all buffers that must be there */
    for (int i = 0; i < 4; i++) assert_non_null(batch.children[i]->buffers[1]);
    batch.release(&batch);
    arrays_destroy(arrays);
}

static void test_children_may_be_taken_out(void **state) {
    (void)state;
    struct arrays *arrays = arrays_create(fields, 4);
    struct ArrowArray batch, child;
    add_rows(arrays, 5);
    arrays_take(arrays, 5, &batch);
    child = *batch.children[3];
    batch.children[3]->release = NULL;
    batch.release(&batch);
    assert_int_equal(child.length, 5);
    child.release(&child);
    arrays_destroy(arrays);
}

static void test_types_are_compared_and_names_are_not(void **state) {
    (void)state;
    struct arrays_field others[4];
    memcpy(others, fields, sizeof others);
    for (int i = 0; i < 4; i++) others[i].name = "other";
    struct arrays *one = arrays_create(fields, 4), *same = arrays_create(others, 4);
    struct ArrowSchema a, b;
    arrays_schema(one, &a);
    arrays_schema(same, &b);
    assert_string_equal(a.children[3]->name, "word");
    assert_string_equal(a.children[3]->dictionary->format, "u");
    assert_true(arrays_same_types(&a, &b));
    struct ArrowSchema *kept = b.children[3]->dictionary;
    b.children[3]->dictionary = NULL;
    assert_false(arrays_same_types(&a, &b));
    b.children[3]->dictionary = kept;
    b.children[2]->format = "f";
    assert_false(arrays_same_types(&a, &b));
    a.release(&a);
    b.release(&b);
    arrays_destroy(one);
    arrays_destroy(same);
}

static void test_kinds_by_content_and_by_name(void **state) {
    (void)state;
    assert_int_equal(columnar_by_content("PAR1\x15\0\0\0", 8), COLUMNAR_PARQUET);
    assert_int_equal(columnar_by_content("PAR1\tPAR2", 9), COLUMNAR_NONE);
    assert_int_equal(columnar_by_content("ARROW1\0\0", 8), COLUMNAR_ARROW);
    assert_int_equal(columnar_by_content("ARROW1\tx", 8), COLUMNAR_NONE);
    assert_int_equal(columnar_by_content("\xFF\xFF\xFF\xFF\x10\1\0\0", 8), COLUMNAR_ARROWS);
    assert_int_equal(columnar_by_content("\xFF\xFF\xFF\xFF\0\0\0\0", 8), COLUMNAR_NONE);
    assert_int_equal(columnar_by_content("\xFF\xFF\xFF", 3), COLUMNAR_NONE);
    assert_int_equal(columnar_by_name("a/b.PARQUET"), COLUMNAR_PARQUET);
    assert_int_equal(columnar_by_name("x.feather"), COLUMNAR_ARROW);
    assert_int_equal(columnar_by_name("x.arrows"), COLUMNAR_ARROWS);
    assert_int_equal(columnar_by_name(".parquet"), COLUMNAR_NONE);
    assert_int_equal(columnar_by_name("parquet.tsv"), COLUMNAR_NONE);
    assert_int_equal(columnar_by_name(NULL), COLUMNAR_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_lie_where_the_interface_says),
        cmocka_unit_test(test_a_second_batch_begins_anew),
        cmocka_unit_test(test_children_may_be_taken_out),
        cmocka_unit_test(test_types_are_compared_and_names_are_not),
        cmocka_unit_test(test_kinds_by_content_and_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
