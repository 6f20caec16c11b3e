/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the texts of a row before they are scored. */
#include "table/row_texts.h"

#include <string.h>

#include "common/utf8.h"
#include "input/charset.h"

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
static void refuse_null_words(struct row *row, const char *text, const struct table *table,
                              const struct null_words *words) {
    bool a = null_words_hold(words, text + row->a, row->a_length);
    if (!a && !null_words_hold(words, text + row->b, row->b_length)) return;
    row->reason = ROW_NULL_WORD;
    row->column = a ? table->a : table->b;
}

void row_texts_check(struct row *row, const char *text, const struct table *table,
                     const struct null_words *words, size_t at_a, size_t at_b, bool converted) {
    if (bad_text(row, text + row->a, row->a_length, table->a, at_a, converted)) return;
    if (bad_text(row, text + row->b, row->b_length, table->b, at_b, converted)) return;
    refuse_null_words(row, text, table, words);
}
