/* SPDX-License-Identifier: Apache-2.0 */
/* Names of formats and delimiters. */
#include "table/dialect.h"

#include <stdio.h>
#include <string.h>

const char *const dialect_names[] = {[DIALECT_AUTO] = "auto",
                                     [DIALECT_TSV] = "tsv",
                                     [DIALECT_CSV] = "csv",
                                     [DIALECT_JSONL] = "jsonl",
                                     NULL};

static const struct {
    const char *name;
    char delimiter;
} named[] = {{"tab", '\t'},      {"\\t", '\t'},     {"comma", ','},    {"semicolon", ';'},
             {"pipe", '|'},      {"bar", '|'},      {"space", ' '},    {"colon", ':'},
             {"ctrl-a", '\x01'}, {"\\x01", '\x01'}, {"\\001", '\x01'}, {"\\x1f", '\x1F'}};

bool dialect_same(const struct dialect *a, const struct dialect *b) {
    return a->format == b->format && a->delimiter == b->delimiter && a->quoted == b->quoted &&
           a->single == b->single && a->padded == b->padded;
}

/* A byte that could stand in a number, a name or a text's encoding separates nothing. */
static bool may_delimit(char byte) {
    unsigned char code = (unsigned char)byte;
    return code < 0x80 && strchr("\n\r\"", byte) == NULL && !(code >= '0' && code <= '9') &&
           !((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
}

bool dialect_parse_delimiter(const char *value, char *delimiter, struct error *error) {
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (strcmp(value, named[i].name) == 0) {
            *delimiter = named[i].delimiter;
            return true;
        }
    }
    *delimiter = value[0];
    if (value[0] != '\0' && value[1] == '\0' && may_delimit(value[0])) return true;
    return error_set(error,
                     "--delimiter %s: give one ASCII character that is no letter, digit or quote, "
                     "or tab, comma, semicolon, pipe, space or ctrl-a",
                     value);
}

void dialect_describe(const struct dialect *dialect, char *to, size_t capacity) {
    static const char *const formats[] = {"", "TSV", "CSV", "JSON lines"};
    const char *format = formats[dialect->format];
    char delimiter[16] = "";
    if (dialect->format == DIALECT_JSONL) {
        snprintf(to, capacity, "%s", format);
        return;
    }
    if (dialect->delimiter == '\t') {
        strcpy(delimiter, "tabs");
    } else if (dialect->delimiter <= ' ') {
        snprintf(delimiter, sizeof delimiter, "\\x%02X", (unsigned char)dialect->delimiter);
    } else {
        snprintf(delimiter, sizeof delimiter, "'%c'", dialect->delimiter);
    }
    const char *quotes = dialect->single                                     ? " and single quotes"
                         : dialect->format == DIALECT_TSV && dialect->quoted ? " and quotes"
                                                                             : "";
    snprintf(to, capacity, "%s with %s%s%s", format,
             dialect->delimiter == ' ' ? "spaces" : delimiter, quotes,
             dialect->padded ? ", blanks around them left out" : "");
}
