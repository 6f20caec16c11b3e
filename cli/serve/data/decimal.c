/* SPDX-License-Identifier: Apache-2.0 */
/* Scores as decimal digits, without printf, whose time would be most of an answer's. */
#include "serve/data/decimal.h"

#include <math.h>
#include <stdint.h>

enum { LONGEST = 24 };

/* Writes the digits of a number before `end`. Where they begin. */
static char *write_digits(char *end, uint64_t number) {
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

void decimal_integer(struct string_buffer *text, uint64_t number) {
    char digits[LONGEST], *end = digits + sizeof digits, *begin = write_digits(end, number);
    string_buffer_add(text, begin, (size_t)(end - begin));
}

/* Writes 0..1 with so many digits after the point, at most 12, before `end`. Where it begins. A
 * float has 24 bits and 10^12 / 2^12 has 28, so that the product is exact in a double and is
 * rounded once, to the nearest. */
static char *write_share(char *end, float share, int digits) {
    static const double scales[] = {1,   1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                    1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    uint64_t scaled = (uint64_t)nearbyint((double)share * scales[digits]);
    for (int i = 0; i < digits; i++, scaled /= 10) *--end = (char)('0' + scaled % 10);
    *--end = '.';
    return write_digits(end, scaled);
}

void decimal_score(struct string_buffer *text, float score, int digits) {
    if (!(score >= 0 && score <= 1)) {
        decimal_float(text, score);
        return;
    }
    char number[LONGEST], *end = number + sizeof number, *begin = write_share(end, score, digits);
    string_buffer_add(text, begin, (size_t)(end - begin));
}

/* How many digits after the point show nine that count; 0: more than are written here. */
static int digits_for_nine(float share) {
    if (!(share >= 0.0001f && share < 1)) return 0;
    if (share >= 0.1f) return 9;
    return share >= 0.01f ? 10 : share >= 0.001f ? 11 : 12;
}

void decimal_float(struct string_buffer *text, float number) {
    int digits = digits_for_nine(number);
    if (digits > 0) {
        char share[LONGEST], *end = share + sizeof share;
        char *begin = write_share(end, number, digits);
        while (end[-1] == '0') end--; /* there is another digit before the point at the latest */
        string_buffer_add(text, begin, (size_t)(end - begin));
    } else if (isfinite(number)) {
        string_buffer_format(text, "%.9g", (double)number);
    } else {
        string_buffer_put(text, "null");
    }
}
