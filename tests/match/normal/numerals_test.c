/* SPDX-License-Identifier: Apache-2.0 */
/* Which Chinese numerals are numbers. */
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_counted_number_is_written_in_digits(void **state) {
    (void)state;
    forms_expect_same("建国路八十八号", "建国路88号");
    forms_expect_same("一百零八号", "108号");
    forms_expect_same("长安街一千二百三十四号", "长安街1234号");
    forms_expect_same("十里河", "10里河");
    forms_expect_same("二十一弄", "21弄");
    forms_expect_same("廿三里街道", "23里街道");
    forms_expect_same("二〇一室", "201室");
    forms_expect_same("二零一室", "201室");
    forms_expect_same("八八号", "88号");
    forms_expect_same("三千米", "3000米");
    forms_expect_same("三千零五号", "3005号");
}

static void both_spellings_of_a_name_are_one(void **state) {
    (void)state;
    forms_expect_same("三里屯路11号", "3里屯路11号");
    forms_expect_same("第三人民医院", "第3人民医院");
    forms_expect_same("五道口", "5道口");
    forms_expect_same("一中", "1中");
    forms_expect_same("纬二路", "纬2路");
    forms_expect_same("十五里", "15里");
}

static void a_name_is_no_number(void **state) {
    (void)state;
    forms_expect_pieces("三里屯路11号", "3里屯路|11#|号@");
    forms_expect_pieces("第三人民医院", "第3人民医院");
    forms_expect_pieces("五道口", "5道口");
    forms_expect_pieces("五一路51号", "五一路|51#|号@");
}

static void days_are_not_numbers(void **state) {
    (void)state;
    forms_expect("五一路", "五一路");
    forms_expect("八一路", "八一路");
    forms_expect("二七路", "二七路");
    forms_expect_different("五一路", "51路");
    forms_expect_different("五一路", "五十一路");
    forms_expect_same("五十一路", "51路");
}

static void two_numbers_are_not_one(void **state) {
    (void)state;
    forms_expect("二三楼", "二三楼");
    forms_expect_different("二三楼", "23楼");
    forms_expect_different("一二三号楼", "123号楼");
    forms_expect_different("三一百号", "301号");
    forms_expect("一百零零八号", "一百零零八号");
    forms_expect("十三五号", "十三五号");
    forms_expect("一百二号", "一百二号");
}

static void hundreds_of_words_are_not_multiplied(void **state) {
    (void)state;
    forms_expect("第一百货", "第1百货");
    forms_expect_same("第一百货", "第1百货");
    forms_expect("百度", "百度");
    forms_expect("千灯湖", "千灯湖");
}

static void numerals_of_banks_are_names(void **state) {
    (void)state;
    forms_expect_different("壹号院", "1号院");
    forms_expect("陆家嘴", "陆家嘴");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counted_number_is_written_in_digits),
        cmocka_unit_test(both_spellings_of_a_name_are_one),
        cmocka_unit_test(a_name_is_no_number),
        cmocka_unit_test(days_are_not_numbers),
        cmocka_unit_test(two_numbers_are_not_one),
        cmocka_unit_test(hundreds_of_words_are_not_multiplied),
        cmocka_unit_test(numerals_of_banks_are_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
