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

/* A float has 24 bits and 10^9 / 2^9 has 21, so that the product is exact in a double and is
 * rounded once, to the nearest. */
void decimal_score(struct string_buffer *text, float score, int digits) {
    static const double scales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    if (!(score >= 0 && score <= 1)) {
        decimal_float(text, score);
        return;
    }
    uint64_t scaled = (uint64_t)nearbyint((double)score * scales[digits]);
    char number[LONGEST], *end = number + sizeof number, *begin = end;
    for (int i = 0; i < digits; i++, scaled /= 10) *--begin = (char)('0' + scaled % 10);
    *--begin = '.';
    begin = write_digits(begin, scaled);
    string_buffer_add(text, begin, (size_t)(end - begin));
}

void decimal_float(struct string_buffer *text, float number) {
    if (isfinite(number)) {
        string_buffer_format(text, "%.9g", (double)number);
    } else {
        string_buffer_put(text, "null");
    }
}
