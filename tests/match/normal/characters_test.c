/* SPDX-License-Identifier: Apache-2.0 */
/* One way to write each character. */
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void width_and_case(void **state) {
    (void)state;
    forms_expect_same("ＡＢ１２号", "ab12号");
    forms_expect_same("ab12号", "AB12号");
}

static void traditional_is_simplified(void **state) {
    (void)state;
    forms_expect_same("臺灣大學", "台湾大学");
    forms_expect_same("廣東興華園", "广东兴华园");
    forms_expect_same("長樂路", "长乐路");
    forms_expect("乾县", "乾县");
}

static void compatibility_forms(void **state) {
    (void)state;
    forms_expect_same("①号", "1号");
    forms_expect_same("㈠栋", "1栋");
    forms_expect_same("Ⅲ期", "iii期");
    forms_expect_same("⼀中", "一中");
    forms_expect_same("㎡", "平米");
}

static void pictures_and_controls(void **state) {
    (void)state;
    forms_expect_same("建国路😀88号", "建国路88号");
    forms_expect_same("建国\u200b路\ufeff88号", "建国路88号");
    forms_expect_same("建国\t路\n88号", "建国路88号");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_and_case),
        cmocka_unit_test(traditional_is_simplified),
        cmocka_unit_test(compatibility_forms),
        cmocka_unit_test(pictures_and_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
