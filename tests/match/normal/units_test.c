/* SPDX-License-Identifier: Apache-2.0 */
/* The one spelling of what numbers count. */
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_house_has_one_sign(void **state) {
    (void)state;
    forms_expect_same("建国路88號", "建国路88号");
    forms_expect_same("建国路88＃", "建国路88号");
    forms_expect_same("建国路No.88", "建国路88号");
    forms_expect_same("建国路№ 88", "建国路88号");
    forms_expect_same("建国路no88号", "建国路88号");
}

static void a_house_beside_a_house(void **state) {
    (void)state;
    forms_expect_same("88号-1", "88-1号");
    forms_expect_same("88号之1", "88-1号");
    forms_expect_same("88之1号", "88-1号");
    forms_expect_different("88号-1", "881号");
    forms_expect_different("88号-1栋", "88-1号");
    forms_expect_different("88号-1", "88号1");
}

static void a_building_has_one_word(void **state) {
    (void)state;
    forms_expect_same("3幢", "3栋");
    forms_expect_same("3座", "3栋");
    forms_expect_same("3号楼", "3栋");
    forms_expect_same("3#楼", "3栋");
    forms_expect_same("小区#3楼", "小区3栋");
    forms_expect_different("小区#3楼", "小区3楼");
    forms_expect_same("小区5号 #3楼", "小区5号3号楼");
    forms_expect("三#3楼", "3,3层");
    forms_expect_same("#3楼层", "3层");
    forms_expect_same("A座", "a栋");
    forms_expect_same("A楼", "a栋");
    forms_expect_same("407楼", "407栋");
    forms_expect_same("三棟", "3栋");
    forms_expect_same("3楼2单元", "3栋2单元");
    forms_expect_same("02幢", "2栋");
}

static void a_storey_has_one_word(void **state) {
    (void)state;
    forms_expect_same("3楼", "3层");
    forms_expect_same("三楼", "3层");
    forms_expect_same("3F", "3层");
    forms_expect_same("B1F", "b1层");
    forms_expect_same("负一楼", "b1层");
    forms_expect_same("地下1层", "b1层");
    forms_expect_same("大厦-1层", "大厦b1层");
    forms_expect_different("大厦-1层", "大厦1层");
    forms_expect_different("3楼", "3栋");
}

static void an_entrance_behind_a_building(void **state) {
    (void)state;
    forms_expect_same("3栋2门301", "3栋2单元301");
    forms_expect_different("2门", "2单元");
    forms_expect_pieces("3栋2门", "3#|栋@|2#|单元@");
}

static void a_room_has_one_word(void **state) {
    (void)state;
    forms_expect_same("301房", "301室");
    forms_expect_same("301房间", "301室");
    forms_expect_same("301号房", "301室");
    forms_expect_different("0301室", "301室");
    forms_expect_different("8号房产公司", "8室产公司");
}

static void lengths(void **state) {
    (void)state;
    forms_expect_same("300m", "300米");
    forms_expect_same("3.5km", "3.5公里");
    forms_expect_same("3千米", "3公里");
    forms_expect_different("3米", "3公里");
}

static void pieces_tell_what_is_what(void **state) {
    (void)state;
    forms_expect_pieces("建国路88号3幢2单元301", "建国路|88#|号@|3#|栋@|2#|单元@|301#");
    forms_expect_pieces("b座1728", "b#|栋@|1728#");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_house_has_one_sign),
        cmocka_unit_test(a_house_beside_a_house),
        cmocka_unit_test(a_building_has_one_word),
        cmocka_unit_test(a_storey_has_one_word),
        cmocka_unit_test(an_entrance_behind_a_building),
        cmocka_unit_test(a_room_has_one_word),
        cmocka_unit_test(lengths),
        cmocka_unit_test(pieces_tell_what_is_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
