/* SPDX-License-Identifier: Apache-2.0 */
/* Versioned structs between callers and libraries of different ages. */
#include "api/abi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct options {
    size_t struct_size;
    uint64_t first;
    uint64_t second;
} options;

typedef struct newer_options {
    options old;
    uint64_t third;
} newer_options;

static void null_means_defaults(void **state) {
    (void)state;
    options known = {1, 2, 3};
    assert_int_equal(mgi_abi_read(&known, sizeof known, NULL, "options", NULL), MGEO_OK);
    assert_int_equal(known.struct_size, sizeof known);
    assert_int_equal(known.first, 0);
    assert_int_equal(known.second, 0);
}

static void an_older_caller_gets_defaults_for_what_it_lacks(void **state) {
    (void)state;
    options given = {offsetof(options, second), 7, 8};
    options known;
    assert_int_equal(mgi_abi_read(&known, sizeof known, &given, "options", NULL), MGEO_OK);
    assert_int_equal(known.first, 7);
    assert_int_equal(known.second, 0);
    assert_int_equal(known.struct_size, sizeof known);
}

static void a_newer_caller_may_leave_its_tail_zero(void **state) {
    (void)state;
    newer_options given = {{sizeof given, 7, 8}, 0};
    options known;
    assert_int_equal(mgi_abi_read(&known, sizeof known, &given, "options", NULL), MGEO_OK);
    assert_int_equal(known.second, 8);
    mgeo_error error = {0};
    given.third = (uint64_t)1 << 56; /* its last byte alone */
    assert_int_equal(mgi_abi_read(&known, sizeof known, &given, "options", &error),
                     MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "options"));
}

static void nonsense_sizes_are_refused(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 12, 65537, 65544, SIZE_MAX};
    options known = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        options given = {sizes[i], 0, 0};
        mgeo_error error = {0};
        assert_int_equal(mgi_abi_read(&known, sizeof known, &given, "options", &error),
                         MGEO_E_ARGUMENT);
        assert_non_null(strstr(error.message, "struct_size"));
        assert_int_equal(mgi_abi_check(&given, "options", NULL), MGEO_E_ARGUMENT);
        assert_int_equal(mgi_abi_write(&given, &known, sizeof known, "options", NULL),
                         MGEO_E_ARGUMENT);
    }
    assert_int_equal(mgi_abi_check(NULL, "options", NULL), MGEO_OK);
    assert_int_equal(mgi_abi_write(NULL, &known, sizeof known, "options", NULL), MGEO_OK);
}

static void output_is_written_up_to_the_callers_size(void **state) {
    (void)state;
    const options known = {sizeof known, 7, 8};
    options small = {offsetof(options, second), 1, 2};
    assert_int_equal(mgi_abi_write(&small, &known, sizeof known, "options", NULL), MGEO_OK);
    assert_int_equal(small.struct_size, offsetof(options, second));
    assert_int_equal(small.first, 7);
    assert_int_equal(small.second, 2);
    newer_options large = {{sizeof large, 1, 2}, 3};
    assert_int_equal(mgi_abi_write(&large, &known, sizeof known, "options", NULL), MGEO_OK);
    assert_int_equal(large.old.struct_size, sizeof large);
    assert_int_equal(large.old.second, 8);
    assert_int_equal(large.third, 0);
}

/* mgeo_error has no size; mgeo_scores.label_count and bad_rows share eight bytes. */
static void no_member_is_cut_in_half(void **state) {
    (void)state;
    mgeo_model_info info = {0};
    unsigned accepted = 0;
    for (size_t size = 0; size <= sizeof info; size++) {
        info.struct_size = size;
        accepted += mgi_abi_check(&info, "mgeo_model_info", NULL) == MGEO_OK;
    }
    assert_true(accepted > 10 && accepted < 45); /* members, and none of the bytes of a text */
    info.struct_size = offsetof(mgeo_model_info, labels) + 64;
    assert_int_equal(mgi_abi_check(&info, "mgeo_model_info", NULL), MGEO_E_ARGUMENT);
    info.struct_size = offsetof(mgeo_model_info, version);
    assert_int_equal(mgi_abi_check(&info, "mgeo_model_info", NULL), MGEO_OK);
    info.struct_size = sizeof info + 8; /* of a newer header */
    assert_int_equal(mgi_abi_check(&info, "mgeo_model_info", NULL), MGEO_OK);
    info.struct_size = sizeof info + 4;
    assert_int_equal(mgi_abi_check(&info, "mgeo_model_info", NULL), MGEO_E_ARGUMENT);
    mgeo_scores scores = {.struct_size = offsetof(mgeo_scores, label_count)};
    assert_int_equal(mgi_abi_check(&scores, "mgeo_scores", NULL), MGEO_OK);
    scores.struct_size += sizeof(uint32_t);
    assert_int_equal(mgi_abi_check(&scores, "mgeo_scores", NULL), MGEO_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_means_defaults),
        cmocka_unit_test(an_older_caller_gets_defaults_for_what_it_lacks),
        cmocka_unit_test(a_newer_caller_may_leave_its_tail_zero),
        cmocka_unit_test(nonsense_sizes_are_refused),
        cmocka_unit_test(no_member_is_cut_in_half),
        cmocka_unit_test(output_is_written_up_to_the_callers_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
