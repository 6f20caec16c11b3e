/* SPDX-License-Identifier: Apache-2.0 */
/* What mgeo.h counts in enums is spelled as its lists say, and nothing else has a name. */
#include "core/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(name, number, text) +1

static void every_number_has_the_name_of_its_list(void **state) {
    (void)state;
#define STAGE(name, number, text) assert_string_equal(mgeo_stage_name(number), text);
    MGEO_STAGE_LIST(STAGE)
#define SLOT(name, number, text) assert_string_equal(mgeo_slot_name(number), text);
    MGEO_SLOT_LIST(SLOT)
#define LEVEL(name, number, text) assert_string_equal(mgeo_log_level_name(number), text);
    MGEO_LOG_LEVEL_LIST(LEVEL)
#define PRECISION(name, number, text) assert_string_equal(mgeo_precision_name(number), text);
    MGEO_PRECISION_LIST(PRECISION)
#define FLAG(name, number, text) assert_string_equal(mgeo_row_flag_name(number), text);
    MGEO_ROW_FLAG_LIST(FLAG)
#define COLUMN(name, number, text) assert_string_equal(mgeo_arrow_column_name(number), text);
    MGEO_ARROW_COLUMN_LIST(COLUMN)
#define STATE(name, number, text) assert_string_equal(mgeo_watch_state_name(number), text);
    MGEO_WATCH_STATE_LIST(STATE)
#define FORMAT(name, number, text) assert_string_equal(mgeo_metrics_format_name(number), text);
    MGEO_METRICS_FORMAT_LIST(FORMAT)
#define CUT(name, number, text) assert_string_equal(mgeo_cut_name(number), text);
    MGEO_CUT_LIST(CUT)
}

/* Spelled out once more, so that an edited list is noticed: logs, metrics and journals show them.
 */
static void names_do_not_change(void **state) {
    (void)state;
    static const char *const precisions[] = {"auto", "fp32", "bf16", "fp16", "int8", "fp8"};
    assert_int_equal(sizeof precisions / sizeof *precisions, 0 MGEO_PRECISION_LIST(COUNT));
    for (int32_t i = MGEO_PRECISION_AUTO; i <= MGEO_FP8; i++) {
        assert_string_equal(mgeo_precision_name(i), precisions[i]);
    }
    assert_string_equal(mgeo_slot_name(MGEO_BLUE), "blue");
    assert_string_equal(mgeo_slot_name(MGEO_GREEN), "green");
    assert_string_equal(mgeo_watch_state_name(MGEO_WATCH_TURNED_BACK), "turned_back");
    assert_string_equal(mgeo_stage_name(MGEO_STAGE_PLACING), "placing");
}

static void other_numbers_are_unknown(void **state) {
    (void)state;
    static const int32_t numbers[] = {-1, 1000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_string_equal(mgeo_stage_name(numbers[i]), "unknown");
        assert_string_equal(mgeo_slot_name(numbers[i]), "unknown");
        assert_string_equal(mgeo_log_level_name(numbers[i]), "unknown");
        assert_string_equal(mgeo_precision_name(numbers[i]), "unknown");
        assert_string_equal(mgeo_watch_state_name(numbers[i]), "unknown");
        assert_string_equal(mgeo_metrics_format_name(numbers[i]), "unknown");
        assert_string_equal(mgeo_cut_name(numbers[i]), "unknown");
    }
    assert_string_equal(mgeo_row_flag_name(0), "unknown");
    assert_string_equal(mgeo_arrow_column_name(3), "unknown");
    assert_string_equal(mgeo_row_flag_name(MGEO_ROW_EMPTY | MGEO_ROW_TRUNCATED), "unknown");
}

static void a_number_is_known_if_it_stands_in_the_list(void **state) {
    (void)state;
    int precisions = 0, formats = 0;
    for (int32_t i = -10; i < 1000; i++) {
        precisions += mgi_names_has_precision(i);
        formats += mgi_names_has_metrics_format(i);
        if (mgi_names_has_precision(i)) assert_string_not_equal(mgeo_precision_name(i), "unknown");
    }
    assert_int_equal(precisions, 0 MGEO_PRECISION_LIST(COUNT));
    assert_int_equal(formats, 0 MGEO_METRICS_FORMAT_LIST(COUNT));
}

/* The limits' members follow one another in the order of the checks. */
static void checks_stand_in_the_order_of_their_limits(void **state) {
    (void)state;
#define GATE(member, name) offsetof(mgeo_gate, member),
    static const size_t gate[] = {MGEO_GATE_CHECK_LIST(GATE)};
    for (size_t i = 1; i < sizeof gate / sizeof *gate; i++) {
        assert_int_equal(gate[i], gate[i - 1] + sizeof(mgeo_limit));
    }
#define WATCH(member, name) offsetof(mgeo_watch, member),
    static const size_t watch[] = {MGEO_WATCH_CHECK_LIST(WATCH)};
    for (size_t i = 1; i < sizeof watch / sizeof *watch; i++) {
        assert_int_equal(watch[i], watch[i - 1] + sizeof(mgeo_limit));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_the_name_of_its_list),
        cmocka_unit_test(names_do_not_change),
        cmocka_unit_test(other_numbers_are_unknown),
        cmocka_unit_test(a_number_is_known_if_it_stands_in_the_list),
        cmocka_unit_test(checks_stand_in_the_order_of_their_limits),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
