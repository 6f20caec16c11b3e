/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with a row: its names, and what is looked for in its texts. */
#include "table/row.h"

#include <string.h>

#include "common/utf8.h"
#include "input/charset.h"

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

/* Bytes of UTF-8 at the beginning; `converted` text is all UTF-8 but for what could not be. */
static size_t valid_prefix(const char *text, size_t length, bool converted) {
    if (!converted) return utf8_valid_prefix(text, length);
    const char *odd = memchr(text, CHARSET_UNDECODABLE, length);
    return odd != NULL ? (size_t)(odd - text) : length;
}

static bool bad_text(struct row *row, const char *text, size_t length, size_t column, size_t at,
                     bool converted) {
    row->byte = at;
    if (length == 0) {
        row->reason = ROW_EMPTY_CELL;
    } else {
        const char *nul = memchr(text, '\0', length);
        size_t valid = nul != NULL ? (size_t)(nul - text) : valid_prefix(text, length, converted);
        if (valid == length) return false;
        row->reason = nul != NULL ? ROW_NUL : ROW_NOT_UTF8;
        row->byte += valid;
    }
    row->column = column;
    return true;
}

/* A text that says that there is none gets no score. */
static void refuse_null_words(struct row *row, const char *text, const size_t columns[2],
                              const struct null_words *words) {
    bool a = null_words_hold(words, text + row->a, row->a_length);
    if (!a && !null_words_hold(words, text + row->b, row->b_length)) return;
    row->reason = ROW_NULL_WORD;
    row->column = a ? columns[0] : columns[1];
}

void row_check_texts(struct row *row, const char *text, const size_t columns[2], const size_t at[2],
                     const struct null_words *words, bool converted) {
    if (bad_text(row, text + row->a, row->a_length, columns[0], at[0], converted)) return;
    if (bad_text(row, text + row->b, row->b_length, columns[1], at[1], converted)) return;
    refuse_null_words(row, text, columns, words);
}
