/* SPDX-License-Identifier: Apache-2.0 */
/* What is left out of an address. */
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void telephones(void **state) {
    (void)state;
    forms_expect_same("建国路88号 电话13800138000", "建国路88号");
    forms_expect_same("建国路88号138-0013-8000", "建国路88号");
    forms_expect_same("建国路88号（021-12345678）", "建国路88号");
    forms_expect_same("建国路88号 400-820-8820", "建国路88号");
    forms_expect_same("建国路88号 138 0013 8000, 138 0013 8001", "建国路88号");
    forms_expect_different("建国路88号", "建国路88号12345678");
    forms_expect_different("13800138000号", "号");
}

static void postcodes(void **state) {
    (void)state;
    forms_expect_same("100020北京市朝阳区", "北京市朝阳区");
    forms_expect_same("北京市朝阳区邮编：100020", "北京市朝阳区");
    forms_expect_same("北京市朝阳区建国路100020", "北京市朝阳区建国路");
    forms_expect_different("上海市徐汇区漕溪路100020", "上海市徐汇区漕溪路");
    forms_expect_different("建国大厦101201", "建国大厦");
    forms_expect_different("北京市海淀区1号100020", "北京市海淀区1号");
}

static void who_receives(void **state) {
    (void)state;
    forms_expect_same("建国路88号，张三收", "建国路88号");
    forms_expect_same("建国路88号(王先生)", "建国路88号");
    forms_expect_same("建国路88号 收件人：李四", "建国路88号");
    forms_expect_different("万达广场 米先生", "万达广场");
    forms_expect_different("万达广场王先生", "万达广场");
}

static void remarks(void **state) {
    (void)state;
    forms_expect_same("建国路88号(请放门口)", "建国路88号");
    forms_expect_same("建国路88号，不要放驿站", "建国路88号");
    forms_expect("放鹤路12号", "放鹤路12号");
    forms_expect_different("建国路88号 请放3号楼", "建国路88号");
    forms_expect("请放门口", "请放门口");
}

static void labels(void **state) {
    (void)state;
    forms_expect_same("收货地址：上海市徐汇区", "上海市徐汇区");
    forms_expect_same("地址 建国路88号", "建国路88号");
    forms_expect("地址", "地址");
}

static void what_is_said_twice(void **state) {
    (void)state;
    forms_expect_same("梅岭公寓东园5幢梅岭公寓东园5幢", "梅岭公寓东园5栋");
    forms_expect_same("松风苑小区6号楼(松风苑小区6号楼)", "松风苑小区6栋");
    forms_expect_different("12栋2栋", "12栋");
    forms_expect("拉萨拉萨", "拉萨拉萨");
    forms_expect_same("东园5幢东园5幢东园5幢", "东园5幢");
    forms_expect_different("3单元13单元", "3单元");
}

static void one_word_for_a_crossing(void **state) {
    (void)state;
    forms_expect_same("长安街与东单北大街交汇处", "长安街与东单北大街交叉口");
    forms_expect_different("交口县", "交叉口县");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(telephones),
        cmocka_unit_test(postcodes),
        cmocka_unit_test(who_receives),
        cmocka_unit_test(remarks),
        cmocka_unit_test(labels),
        cmocka_unit_test(what_is_said_twice),
        cmocka_unit_test(one_word_for_a_crossing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
