/* SPDX-License-Identifier: Apache-2.0 */
/* Administrative names: which count, and how they are written out. */
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_district_brings_what_it_lies_in(void **state) {
    (void)state;
    forms_expect_same("玄武区中山路", "江苏省南京市玄武区中山路");
    forms_expect_same("南京市玄武区中山路", "江苏省南京市玄武区中山路");
    forms_expect_pieces("玄武区中山路", "江苏省:320000|南京市:320100|玄武区:320102|中山路");
    forms_expect_same("上海市徐汇区", "徐汇区");
    forms_expect_same("湖北仙桃市", "仙桃市");
}

static void a_name_of_several_places_stays_open(void **state) {
    (void)state;
    forms_expect_pieces("朝阳区大屯路", "朝阳区:0|大屯路");
    forms_expect_different("朝阳区大屯路", "北京市朝阳区大屯路");
    forms_expect_different("北京市朝阳区", "吉林省长春市朝阳区");
    forms_expect_different("南京市鼓楼区", "福州市鼓楼区");
    forms_expect_different("南京市鼓楼区", "鼓楼区");
}

static void a_town_tells_which_district_it_is(void **state) {
    (void)state;
    forms_expect_same("朝阳区奥运村街道科学园", "北京市朝阳区奥运村街道科学园");
    forms_expect_pieces("虎门镇", "虎门镇");
    forms_expect_pieces("东莞市虎门镇", "广东省:440000|东莞市:441900|虎门镇:441900121");
    forms_expect_same("深圳市布吉街道", "广东省深圳市龙岗区布吉街道");
    forms_expect_same("玄武区梅园新村街道办事处长江路", "玄武区梅园新村街道长江路");
    forms_expect_different("玄武区梅园新村街道办事处", "玄武区梅园新村街道");
}

static void a_short_name_counts_behind_its_parent(void **state) {
    (void)state;
    forms_expect_same("北京朝阳大屯路", "北京市朝阳区大屯路");
    forms_expect_same("广州市白云云城东", "广州市白云区云城东");
    forms_expect_same("江苏南京玄武区", "玄武区");
    forms_expect_same("上海浦东张江", "上海市浦东新区张江");
    forms_expect_same("南京江宁淳化街道", "江宁区淳化街道");
    forms_expect_same("新疆乌鲁木齐", "新疆维吾尔自治区乌鲁木齐市");
    forms_expect_same("江城县勐烈镇", "江城哈尼族彝族自治县勐烈镇");
}

static void a_road_is_no_place(void **state) {
    (void)state;
    forms_expect("朝阳路12号", "朝阳路12号");
    forms_expect("南京路100号", "南京路100号");
    forms_expect("北京西路12号", "北京西路12号");
    forms_expect("四川北路", "4川北路");
    forms_expect_same("北京朝阳路12号", "北京市朝阳路12号");
    forms_expect_same("上海市南京西路", "上海南京西路");
    forms_expect_same("上海江宁路12号", "上海市江宁路12号");
    forms_expect_different("上海黄浦江东岸", "上海市黄浦区江东岸");
    forms_expect_different("北京朝阳路12号", "北京市朝阳区路12号");
}

static void an_institution_is_no_place(void **state) {
    (void)state;
    forms_expect_different("南京鼓楼医院", "南京市鼓楼区医院");
    forms_expect("南京大学", "南京大学");
    forms_expect("中山医院", "中山医院");
    forms_expect_different("中山医院", "中山市医院");
    forms_expect("温州商城", "温州商城");
    forms_expect("沙县小吃", "沙县小吃");
    forms_expect_different("杭州西湖", "杭州市西湖区");
}

/* What is called after a city or its province is not what lies in it. */
static void what_is_called_after_a_place_keeps_its_name(void **state) {
    (void)state;
    forms_expect_different("武汉市湖北大学", "武汉市武汉大学");
    forms_expect_different("南京市江苏银行", "南京市南京银行");
    forms_expect_different("南京市玄武区江苏大厦", "南京市玄武区南京大厦");
    forms_expect_different("广州市广东省人民医院", "广州市人民医院");
    forms_expect_different("武汉市湖北图书馆", "武汉市图书馆");
    forms_expect_different("上海市上海中学", "上海市中学");
    forms_expect_pieces("广东省中山大学", "广东省:440000|中山大学");
    forms_expect_same("广东中山大学", "广东省中山大学");
    forms_expect_pieces("浙江杭州湾", "浙江省:330000|杭州湾");
    forms_expect("成都青羊宫", "四川省成都市青羊宫");
    forms_expect("长沙天心阁", "湖南省长沙市天心阁");
    forms_expect_same("江苏南京夫子庙", "江苏省南京市夫子庙");
    forms_expect_same("苏州市苏州工业园区", "苏州市工业园区");
}

static void a_city_may_end_in_the_next_word(void **state) {
    (void)state;
    forms_expect("上海市场路", "上海市场路");
    forms_expect_same("乐山市中区", "乐山市市中区");
    forms_expect("北京市区", "北京市区");
    forms_expect("鞍山市立山区", "辽宁省鞍山市立山区");
}

static void a_former_city_is_not_the_first_of_a_word(void **state) {
    (void)state;
    forms_expect_same("杭州萧山市心中路", "杭州市萧山区市心中路");
    forms_expect_different("杭州萧山市心中路", "杭州市萧山区心中路");
    forms_expect_different("广州番禺市桥南路", "广州市番禺区桥南路");
    forms_expect_same("广州番禺市桥街道", "番禺区市桥街道");
    forms_expect_same("广州番禺市广路", "番禺区市广路");
    forms_expect_same("深圳福田市民中心", "福田区市民中心");
    forms_expect_different("南京江宁县前街", "南京市江宁区前街");
    forms_expect_same("萧山市北干街道", "萧山区北干街道");
    forms_expect_same("番禺市建设路", "番禺区建设路");
    forms_expect_same("江宁县东山街道", "江宁区东山街道");
}

static void repeated_names_are_one(void **state) {
    (void)state;
    forms_expect_same("南京市江苏省南京市玄武区中山路", "玄武区中山路");
    forms_expect_same("玄武区江苏南京玄武区中山路", "玄武区中山路");
    forms_expect_same("玄武区南京市", "玄武区");
    forms_expect_same("北京市北京市海淀区", "北京市海淀区");
    forms_expect_same("上海上海市", "上海市");
    forms_expect_same("阿城区阿城区", "哈尔滨市阿城区");
    forms_expect_same("万柏林区万柏林街道", "太原市万柏林区万柏林街道");
}

static void former_names(void **state) {
    (void)state;
    forms_expect_same("高淳县宝塔路", "高淳区宝塔路");
    forms_expect_same("襄樊市", "襄阳市");
    forms_expect_different("杭州市江干区", "杭州市上城区");
    forms_expect_same("邵东县", "邵东市");
    forms_expect_same("双城市", "双城区");
}

static void the_country_is_left_out(void **state) {
    (void)state;
    forms_expect_same("中国上海市徐汇区", "徐汇区");
    forms_expect("中国路", "中国路");
}

static void a_mention_further_on_is_marked(void **state) {
    (void)state;
    forms_expect_pieces("建国路阎良区", "建国路|阎良区:610114");
    forms_expect_pieces("建国路朝阳区", "建国路|朝阳区:0");
    forms_expect_pieces("北京市建国路朝阳区", "北京市:110000|建国路|朝阳区:110105");
}

static void numerals_of_places_stay(void **state) {
    (void)state;
    forms_expect_pieces("三亚市天涯区", "海南省:460000|三亚市:460200|天涯区:460204");
    forms_expect_pieces("二七区大学路", "河南省:410000|郑州市:410100|二七区:410103|大学路");
    forms_expect_same("3亚市", "三亚市");
}

static void towns_of_one_name_are_not_merged(void **state) {
    (void)state;
    forms_expect_different("城关镇", "兰州市城关镇");
    forms_expect_different("大同镇", "杭州市建德市大同镇");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_district_brings_what_it_lies_in),
        cmocka_unit_test(a_name_of_several_places_stays_open),
        cmocka_unit_test(a_town_tells_which_district_it_is),
        cmocka_unit_test(a_short_name_counts_behind_its_parent),
        cmocka_unit_test(a_road_is_no_place),
        cmocka_unit_test(an_institution_is_no_place),
        cmocka_unit_test(what_is_called_after_a_place_keeps_its_name),
        cmocka_unit_test(a_city_may_end_in_the_next_word),
        cmocka_unit_test(a_former_city_is_not_the_first_of_a_word),
        cmocka_unit_test(repeated_names_are_one),
        cmocka_unit_test(former_names),
        cmocka_unit_test(the_country_is_left_out),
        cmocka_unit_test(a_mention_further_on_is_marked),
        cmocka_unit_test(numerals_of_places_stay),
        cmocka_unit_test(towns_of_one_name_are_not_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
