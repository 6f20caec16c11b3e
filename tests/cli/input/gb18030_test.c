/* SPDX-License-Identifier: Apache-2.0 */
/* The table against iconv, at every length and place; and what is Chinese in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "input/gb18030.h"

static size_t by_iconv(const char *to_code, const char *from_code, const char *text, size_t length,
                       char *to, size_t room) {
    iconv_t conversion = iconv_open(to_code, from_code);
    char *in = (char *)(uintptr_t)text, *out = to;
    size_t left = length, free_bytes = room;
    assert_true(conversion != (iconv_t)-1);
    size_t status = iconv(conversion, &in, &left, &out, &free_bytes);
    iconv_close(conversion);
    return status == 0 && left == 0 ? room - free_bytes : 0;
}

static void each_character_of_two_bytes_is_iconvs(void **state) {
    (void)state;
    size_t known = 0;
    for (unsigned lead = 0x81; lead <= 0xFE; lead++) {
        for (unsigned trail = 0x40; trail <= 0xFE; trail++) {
            const char text[2] = {(char)lead, (char)trail};
            char made[16], expected[16];
            size_t length, taken = gb18030_decode(text, 2, made, &length);
            if (taken == 0) continue;
            known++;
            assert_int_equal(taken, 2);
            assert_int_equal(by_iconv("UTF-8", "GB18030", text, 2, expected, 16), length);
            assert_memory_equal(made, expected, length);
        }
    }
    assert_true(known > 21000);
}

/* The output's room is exactly what the header asks for: a sanitizer sees a byte too many. */
static void any_piece_of_a_text_is_decoded_up_to_its_last_character(void **state) {
    (void)state;
    static const char text[] = "a路12号\tabcdefgh文三路xyz1234567890甲\n乙x丙12345678";
    char gb[128], utf8[256];
    size_t bytes = by_iconv("GB18030", "UTF-8", text, sizeof text - 1, gb, sizeof gb);
    assert_true(bytes > 40);
    for (size_t from = 0; from < bytes; from += (unsigned char)gb[from] < 0x80 ? 1 : 2) {
        for (size_t length = 0; length <= bytes - from; length++) {
            char *exact = malloc(length + 1), *made = malloc(2 * length + 8);
            size_t count;
            memcpy(exact, gb + from, length);
            size_t taken = gb18030_decode(exact, length, made, &count);
            assert_true(taken <= length && length - taken <= 1);
            if (taken > 0) {
                assert_int_equal(by_iconv("UTF-8", "GB18030", exact, taken, utf8, sizeof utf8),
                                 count);
                assert_memory_equal(made, utf8, count);
            }
            free(exact);
            free(made);
        }
    }
}

static void what_the_table_lacks_is_left(void **state) {
    (void)state;
    char made[64];
    size_t count;
    assert_int_equal(gb18030_decode("ab\x81\x30\x81\x30", 6, made, &count), 2);
    assert_int_equal(count, 2);
    assert_int_equal(gb18030_decode("\x80", 1, made, &count), 0);
    assert_int_equal(gb18030_decode("\xFF\xFF", 2, made, &count), 0);
    assert_int_equal(gb18030_decode("", 0, made, &count), 0);
}

static struct gb18030_hanzi counted(const char *encoding, const char *text) {
    char bytes[256];
    struct gb18030_hanzi hanzi = {0, 0};
    size_t length = by_iconv(encoding, "UTF-8", text, strlen(text), bytes, sizeof bytes);
    assert_true(length > 0);
    gb18030_count(bytes, length, &hanzi);
    return hanzi;
}

static void the_commonest_hanzi_tell_chinese_from_other_texts(void **state) {
    (void)state;
    struct gb18030_hanzi chinese = counted("GB18030", "浙江省杭州市西湖区文三路100号创业大厦B座");
    assert_int_equal(chinese.all, 18);
    assert_true(chinese.commonest >= 14);
    struct gb18030_hanzi korean =
        counted("EUC-KR", "서울특별시 강남구 테헤란로 부산광역시 해운대구");
    assert_int_equal(korean.all, 21);
    assert_true(korean.commonest * 5 < korean.all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_character_of_two_bytes_is_iconvs),
        cmocka_unit_test(any_piece_of_a_text_is_decoded_up_to_its_last_character),
        cmocka_unit_test(what_the_table_lacks_is_left),
        cmocka_unit_test(the_commonest_hanzi_tell_chinese_from_other_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
