/* SPDX-License-Identifier: Apache-2.0 */
/* Marks, and how they keep numbers apart. */
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void marks_are_dropped(void **state) {
    (void)state;
    forms_expect_same("建国路，88号（近大望路）", "建国路88号近大望路");
    forms_expect_same(" 建国路 88 号 ", "建国路88号");
    forms_expect_same("【建国路】88号。", "建国路88号");
    forms_expect("(),.-", "");
}

static void numbers_stay_apart(void **state) {
    (void)state;
    forms_expect("1-2-301", "1-2-301");
    forms_expect_different("1-2-301", "12301");
    forms_expect_different("1、3号", "1-3号");
    forms_expect_different("1.3号", "13号");
    forms_expect_different("12 3", "123");
    forms_expect_different("12(3)", "123");
    forms_expect_different("12b-3", "12b3");
    forms_expect_different("12-b3", "12b-3");
    forms_expect_different("8,三单元", "八三单元");
}

static void ranges(void **state) {
    (void)state;
    forms_expect_same("1~10号", "1-10号");
    forms_expect_same("1—10号", "1-10号");
    forms_expect_same("1至10号", "1-10号");
    forms_expect_same("1 - 10号", "1-10号");
}

static void a_letter_may_touch_its_number(void **state) {
    (void)state;
    forms_expect_same("A-301", "a301");
    forms_expect_same("b 座", "b座");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_dropped),
        cmocka_unit_test(numbers_stay_apart),
        cmocka_unit_test(ranges),
        cmocka_unit_test(a_letter_may_touch_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
