/* SPDX-License-Identifier: Apache-2.0 */
/* Scores as decimal digits, which are most of what an answer holds. */
#ifndef CLI_SERVE_DATA_DECIMAL_H
#define CLI_SERVE_DATA_DECIMAL_H

#include <stdint.h>

#include "common/string_buffer.h"

enum { DECIMAL_LEAST_DIGITS = 4, DECIMAL_MOST_DIGITS = 9 };

/* Appends a score of 0..1 with 4 to 9 digits after the point, rounded as printf rounds; "null" if
 * it is not finite. */
void decimal_score(struct string_buffer *text, float score, int digits);

/* Appends a number so that it reads back as the same float; "null" if it is not finite. */
void decimal_float(struct string_buffer *text, float number);

void decimal_integer(struct string_buffer *text, uint64_t number);

#endif
