/* SPDX-License-Identifier: Apache-2.0 */
/* Normal forms of whole addresses, and of what is no address. */
#include "core/alloc.h"
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void addresses_of_companies(void **state) {
    (void)state;
    forms_expect("北京市海淀区北西环西路66号中国技术交易大厦B座1728",
                 "北京市海淀区北西环西路66号中国技术交易大厦b栋1728");
    forms_expect("上海徐汇区天钥桥路408号北楼703", "上海市徐汇区天钥桥路408号北楼703");
    forms_expect_same("深圳市南山区东滨路86号B栋第一商务中心2楼",
                      "广东省深圳市南山区東濱路８６號B座第1商务中心二层");
    forms_expect_pieces("广州国际采购中心1401", "广州国际采购中心|1401#");
}

static void one_place_in_many_ways(void **state) {
    (void)state;
    static const char form[] = "北京市朝阳区建国路88号3栋2单元301室";
    static const char *const ways[] = {"北京市朝阳区建国路88号3号楼2单元301室",
                                       "北京朝阳区建国路八十八号三幢二单元301房",
                                       "北京市朝陽區建國路８８號３座２單元３０１室",
                                       "北京 朝阳区 建国路88# 3#楼 2单元 301室",
                                       "北京市北京市朝阳区建国路No.88，3栋2门301室",
                                       "北京市朝阳区建国路88号3栋2单元301室(张三收)",
                                       "100020 北京市朝阳区建国路88号03栋2单元301室 13800138000"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        forms_expect(ways[i], form);
    }
}

static void other_places_have_other_forms(void **state) {
    (void)state;
    static const char *const places[] = {
        "北京市朝阳区建国路88号3栋2单元301室",  "北京市朝阳区建国路88号3栋2单元310室",
        "北京市朝阳区建国路88号3栋2层301室",    "北京市朝阳区建国路88-3号2单元301室",
        "北京市朝阳区建国路8号83栋2单元301室",  "北京市朝阳区建国路88号3栋2单元3层01室",
        "长春市朝阳区建国路88号3栋2单元301室",  "北京市朝阳区建国路88号32单元301室",
        "北京市朝阳区建国路88号3-2单元301室",   "北京市朝阳区建国路88弄3栋2单元301室",
        "北京市朝阳区建国门路88号3栋2单元301室"};
    enum { COUNT = sizeof places / sizeof *places };
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < i; k++) {
            forms_expect_different(places[i], places[k]);
        }
    }
}

static void what_names_nothing_is_empty(void **state) {
    (void)state;
    forms_expect("", "");
    forms_expect(" ，。（）-- ", "");
    forms_expect_pieces("", "");
}

static void bytes_that_are_no_text_are_refused(void **state) {
    (void)state;
    mgi_normal_form form = {0};
    assert_int_equal(mgi_normal_form_make(&form, "\xC3(", 2), MGI_NORMAL_NOT_UTF8);
    assert_int_equal(form.count, 0);
    assert_int_equal(form.piece_count, 0);
    assert_int_equal(form.digest, 0);
    assert_int_equal(mgi_normal_form_make(&form, "a\0b", 3), MGI_NORMAL_OK);
    assert_int_equal(form.count, 2);
    mgi_normal_form_finish(&form);
    mgi_normal_form_finish(NULL);
}

static void scratch_is_used_again(void **state) {
    (void)state;
    static const char text[] = "上海徐汇区天钥桥路408号北楼703";
    mgi_normal_form form = {0};
    assert_int_equal(mgi_normal_form_make(&form, text, sizeof text - 1), MGI_NORMAL_OK);
    uint64_t digest = form.digest;
    mgi_alloc_fail_from(1);
    assert_int_equal(mgi_normal_form_make(&form, text, 9), MGI_NORMAL_OK);
    assert_int_not_equal(form.digest, digest);
    assert_int_equal(mgi_normal_form_make(&form, text, sizeof text - 1), MGI_NORMAL_OK);
    assert_int_equal(mgi_alloc_count(), 0);
    mgi_alloc_fail_at(0);
    assert_int_equal(form.digest, digest);
    mgi_normal_form_finish(&form);
}

static void memory_may_run_out(void **state) {
    (void)state;
    static const char text[] = "上海徐汇区天钥桥路408号北楼703";
    mgi_normal_form form = {0};
    long nth = 0;
    mgi_normal_result result = MGI_NORMAL_NO_MEMORY;
    while (result == MGI_NORMAL_NO_MEMORY) {
        mgi_alloc_fail_at(++nth);
        result = mgi_normal_form_make(&form, text, sizeof text - 1);
        mgi_alloc_fail_at(0);
        assert_true(result == MGI_NORMAL_OK || form.count == 0);
    }
    assert_int_equal(result, MGI_NORMAL_OK);
    assert_int_equal(nth, 3);
    mgi_normal_form_finish(&form);
}

/* Each of these would be slow if a step looked back, or ahead, without a bound. */
static void long_texts(void **state) {
    (void)state;
    static const char *const units[] = {
        "北京市", "一", "1", "1-", "号-1", "南京", "(", "张三收 ", "138 0013 8000 ", "ab1"};
    enum { BYTES = 1 << 20 };
    char *text = malloc(BYTES);
    assert_non_null(text);
    mgi_normal_form form = {0};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i]);
        size_t bytes = 0;
        for (; bytes + length <= BYTES; bytes += length) {
            memcpy(text + bytes, units[i], length);
        }
        assert_int_equal(mgi_normal_form_make(&form, text, bytes), MGI_NORMAL_OK);
        assert_int_equal(form.digest == 0, form.count == 0);
    }
    mgi_normal_form_finish(&form);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_companies),
        cmocka_unit_test(one_place_in_many_ways),
        cmocka_unit_test(other_places_have_other_forms),
        cmocka_unit_test(what_names_nothing_is_empty),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(scratch_is_used_again),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
