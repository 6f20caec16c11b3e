/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: overflow, alignment, and the hook that makes an allocation fail. */
#include "core/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void memory_comes_zeroed(void **state) {
    (void)state;
    static const unsigned char zeros[300];
    unsigned char *plain = mgi_calloc(100, 3);
    unsigned char *aligned = mgi_alloc_aligned(100, 3);
    assert_memory_equal(plain, zeros, 300);
    assert_memory_equal(aligned, zeros, 300);
    assert_int_equal((uintptr_t)aligned % 64, 0);
    mgi_free(plain);
    mgi_free(aligned);
    mgi_free(NULL);
}

static void products_that_overflow_are_refused(void **state) {
    (void)state;
    char *block = mgi_calloc(4, 1);
    assert_null(mgi_calloc(SIZE_MAX, 2));
    assert_null(mgi_alloc_aligned(SIZE_MAX / 2 + 1, 2));
    assert_null(mgi_alloc_aligned(SIZE_MAX - 8, 1));
    assert_null(mgi_realloc(block, SIZE_MAX, 2));
    mgi_free(block); /* still valid */
}

static void nothing_yields_a_block_that_can_be_freed(void **state) {
    (void)state;
    void *blocks[] = {mgi_calloc(0, 8), mgi_alloc_aligned(8, 0), mgi_realloc(NULL, 0, 1)};
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(blocks[i]);
        mgi_free(blocks[i]);
    }
}

static void blocks_grow_with_their_contents(void **state) {
    (void)state;
    char *block = mgi_strdup("路");
    block = mgi_realloc(block, 1000, 2);
    assert_non_null(block);
    assert_string_equal(block, "路");
    mgi_free(block);
}

static void the_nth_allocation_fails_and_later_ones_do_not(void **state) {
    (void)state;
    mgi_alloc_fail_at(2);
    void *first = mgi_calloc(1, 1);
    void *second = mgi_alloc_aligned(1, 1);
    char *third = mgi_strdup("x");
    assert_int_equal(mgi_alloc_count(), 3);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    mgi_alloc_fail_at(1);
    assert_null(mgi_realloc(first, 2, 1));
    mgi_alloc_fail_at(1);
    assert_null(mgi_strdup("y"));
    mgi_alloc_fail_at(0);
    assert_int_equal(mgi_alloc_count(), 0);
    mgi_free(first);
    mgi_free(third);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_comes_zeroed),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(nothing_yields_a_block_that_can_be_freed),
        cmocka_unit_test(blocks_grow_with_their_contents),
        cmocka_unit_test(the_nth_allocation_fails_and_later_ones_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
