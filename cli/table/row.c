/* SPDX-License-Identifier: Apache-2.0 */
/* Names of what can be wrong with a row. */
#include "table/row.h"

const char *row_error_name(enum row_error reason) {
    static const char *const names[ROW_ERRORS] = {
        [ROW_GOOD] = "good",
        [ROW_TOO_LONG] = "line_too_long",
        [ROW_BLANK_LINE] = "blank_line",
        [ROW_TOO_FEW] = "too_few_columns",
        [ROW_TOO_MANY] = "too_many_columns",
        [ROW_EMPTY_CELL] = "empty_text",
        [ROW_NUL] = "nul_byte",
        [ROW_NOT_UTF8] = "invalid_utf8",
        [ROW_OPEN_QUOTE] = "open_quote",
        [ROW_STRAY_QUOTE] = "stray_quote",
        [ROW_LONE_CR] = "carriage_return",
        [ROW_NOT_JSON] = "invalid_json",
        [ROW_NOT_TEXT] = "not_a_text",
        [ROW_HEADER] = "repeated_header",
        [ROW_NULL_WORD] = "null_word",
        [ROW_NOTHING] = "nothing_to_score",
        [ROW_NOT_FINITE] = "not_finite",
        [ROW_NOT_ANSWERED] = "not_answered",
    };
    return names[reason];
}
