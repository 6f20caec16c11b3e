/* SPDX-License-Identifier: Apache-2.0 */
/* Bars of text fit into every width and show what is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "score/report/histogram_chart.h"

static struct histogram *spread(void) {
    struct histogram *histogram = calloc(1, sizeof *histogram);
    assert_non_null(histogram);
    for (int i = 0; i < 800; i++) histogram_add(histogram, 0.97);
    for (int i = 0; i < 199; i++) histogram_add(histogram, 0.02);
    histogram_add(histogram, 0.5);
    return histogram;
}

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text != '\0'; text++) lines += *text == '\n';
    return lines;
}

static void fits_into_every_width(void **state) {
    (void)state;
    static const double thresholds[] = {0, 0.5, 0.51, 0.123456789, 1};
    struct histogram *histogram = spread();
    for (int columns = 20; columns <= 200; columns++) {
        for (int utf8 = 0; utf8 < 2; utf8++) {
            struct string_buffer text = {0};
            histogram_chart_write(histogram, thresholds, 5, columns, utf8 != 0, &text);
            assert_int_equal(count_lines(text.bytes), 1 + HISTOGRAM_SHOWN);
            for (const char *at = text.bytes; *at != '\0'; at += strcspn(at, "\n") + 1) {
                assert_true(utf8_columns(at, strcspn(at, "\n")) < (size_t)columns);
            }
            string_buffer_finish(&text);
        }
    }
    free(histogram);
}

static void shows_counts_bars_and_thresholds(void **state) {
    (void)state;
    static const double thresholds[] = {0.5, 1, 0.52};
    struct histogram *histogram = spread();
    struct string_buffer text = {0};
    histogram_chart_write(histogram, thresholds, 3, 60, false, &text);
    assert_non_null(strstr(text.bytes, "0.00-0.05    199   19.9%  #####"));
    assert_non_null(strstr(text.bytes, "0.05-0.10      0    0.0%\n"));
    assert_non_null(strstr(text.bytes, "0.50-0.55      1    0.1%  . <- 0.5,0.52\n"));
    assert_non_null(strstr(text.bytes, "# <- 1\n"));
    assert_null(strpbrk(text.bytes, "\xE2\xE3"));
    string_buffer_clear(&text);
    histogram_chart_write(histogram, thresholds, 3, 60, true, &text);
    assert_non_null(strstr(text.bytes, "0.1%  ▏ ◄ 0.5,0.52\n"));
    assert_non_null(strstr(text.bytes, "█ ◄ 1\n"));
    string_buffer_finish(&text);
    free(histogram);
}

static void without_rows_it_says_so(void **state) {
    (void)state;
    struct histogram *histogram = calloc(1, sizeof *histogram);
    struct string_buffer text = {0};
    assert_non_null(histogram);
    histogram_chart_write(histogram, NULL, 0, 80, true, &text);
    assert_string_equal(text.bytes, "no row has a score\n");
    string_buffer_finish(&text);
    free(histogram);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fits_into_every_width),
                                       cmocka_unit_test(shows_counts_bars_and_thresholds),
                                       cmocka_unit_test(without_rows_it_says_so)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
