/* SPDX-License-Identifier: Apache-2.0 */
/* Records cut into cells, JSON lines walked, and a small CSV read over every border of its pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table/json_record.h"
#include "table/reader.h"
#include "table/record.h"

static const struct dialect csv = {.format = DIALECT_CSV, .delimiter = ',', .quoted = true};

static struct table_cell cell(const char *text) { return (struct table_cell){text, strlen(text)}; }

static void cells_are_cut(void **state) {
    (void)state;
    static const struct {
        const char *record, *cells; /* these between "|" */
        enum record_fault fault;
    } cases[] = {
        {"", "", RECORD_SOUND},
        {"a,b", "a|b", RECORD_SOUND},
        {"a,", "a|", RECORD_SOUND},
        {"\"a,b\",c", "a,b|c", RECORD_SOUND},
        {"\"\",\"\"", "|", RECORD_SOUND},
        {"\"a\nb\"", "a\nb", RECORD_SOUND},
        {"\"a\"\"b\",c", "a\"\"b|c", RECORD_SOUND},
        {"a\"b,c", "a\"b|c", RECORD_SOUND},
        {"a,\"b", "a|\"b", RECORD_OPEN},
        {"\"a\"\",b", "\"a\"\"|b", RECORD_OPEN},
        {"\"a\"x,b", "\"a\"x|b", RECORD_STRAY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct string_buffer text = {0};
        struct record_cell here;
        enum record_fault fault;
        size_t count = 0;
        string_buffer_put(&text, "");
        for (size_t at = 0; record_next(&csv, cell(cases[i].record), &at, &here);) {
            if (count++ > 0) string_buffer_put(&text, "|");
            string_buffer_add(&text, here.inner.text, here.inner.length);
        }
        record_count(&csv, cell(cases[i].record), &fault);
        assert_string_equal(text.bytes, cases[i].cells);
        assert_int_equal(fault, cases[i].fault);
        string_buffer_finish(&text);
    }
}

static void open_records_go_on(void **state) {
    (void)state;
    assert_int_equal(record_continue(&csv, cell("x")), RECORD_OPEN);
    assert_int_equal(record_continue(&csv, cell("x\"\"y")), RECORD_OPEN);
    assert_int_equal(record_continue(&csv, cell("x\"")), RECORD_SOUND);
    assert_int_equal(record_continue(&csv, cell("x\",y")), RECORD_SOUND);
    assert_int_equal(record_continue(&csv, cell("x\",\"y")), RECORD_OPEN);
    assert_int_equal(record_continue(&csv, cell("x\"y")), RECORD_STRAY);
}

static size_t members(const char *text, bool *sound) {
    struct json_walk walk;
    struct json_member member;
    size_t count = 0;
    *sound = json_walk_begin(&walk, cell(text));
    while (*sound && json_walk_next(&walk, &member)) count++;
    *sound = *sound && walk.wrong == NULL;
    return count;
}

static void json_is_strict(void **state) {
    (void)state;
    static const char *const good[] = {"{}",
                                       "[]",
                                       " {\"a\":1}\r",
                                       "{\"a\":[1,{\"b\":[]}],\"c\":null}",
                                       "[\"\\u00e9\\n\", -0.5e+3]",
                                       "[[[]],{},true]"};
    static const char *const bad[] = {
        "",        "1",           "{",          "[1",        "{\"a\"}",         "{\"a\":}", "[1,]",
        "{,}",     "[01]",        "[1.]",       "[\"\\x\"]", "[\"a\nb\"]",      "[nul]",    "{a:1}",
        "[1] [2]", "[\"\\u12\"]", "{\"a\":1,}", "[[1}]",     "{\"a\":{\"b\"}}", "[-]",      "[1e]"};
    bool sound;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        members(good[i], &sound);
        assert_true(sound);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        members(bad[i], &sound);
        assert_false(sound);
    }
    assert_int_equal(members("{\"a\":[1,2],\"b\":{\"c\":3},\"d\":4}", &sound), 3);
    char deep[400];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    deep[399] = '\0';
    members(deep, &sound);
    assert_false(sound);
}

static void escapes_are_taken_out(void **state) {
    (void)state;
    char to[64];
    size_t length;
    assert_true(json_unescape(cell("\\u7532\\t\\\"\\ud83d\\ude00x"), to, &length));
    assert_int_equal(length, 3 + 1 + 1 + 4 + 1);
    assert_memory_equal(to, "甲\t\"\xF0\x9F\x98\x80x", length);
    assert_false(json_unescape(cell("\\ud83d"), to, &length));
    assert_false(json_unescape(cell("\\ude00"), to, &length));
    assert_false(json_unescape(cell("\\ud83d\\u0041"), to, &length));
}

/* Rows of a file, each "a|b" or its reason, with ";" behind. */
static void read_all(const char *path, struct string_buffer *text) {
    struct error error = {""};
    struct table_options options = {.header = TABLE_HEADER_NO, .dialect = {DIALECT_CSV, ','}};
    struct reader *reader = reader_open(&path, 1, &options, &error);
    assert_non_null(reader);
    struct chunk chunk;
    chunk_init(&chunk, 1);
    while (chunk_clear(&chunk), reader_fill(reader, &chunk, 7, &error) > 0) {
        for (size_t i = 0; i < chunk.count; i++) {
            const struct row *row = &chunk.rows[i];
            const char *from = chunk_text(&chunk, row);
            if (row->reason == ROW_GOOD) {
                string_buffer_add(text, from + row->a, row->a_length);
                string_buffer_put(text, "|");
                string_buffer_add(text, from + row->b, row->b_length);
            } else {
                string_buffer_put(text, row_error_name(row->reason));
            }
            string_buffer_put(text, ";");
        }
    }
    chunk_finish(&chunk);
    reader_close(reader);
}

/* The buffer is read in pieces of 64 KiB and more: the small table is moved over such a border. */
static void records_are_the_same_over_every_border(void **state) {
    (void)state;
    static const char rows[] =
        "\"a\"\"b\",\"c\nd\"\r\n\"x,y\",z\n\"open,1\n2,3\n\"s\"t,4\n\"\n\",5\n";
    static const char expected[] = "a\"b|c\nd;x,y|z;open_quote;2|3;stray_quote;\n|5;";
    enum { BORDER = 64 * 1024, AROUND = (int)sizeof rows + 4 };
    char path[] = "record_test.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    for (size_t before = BORDER - AROUND; before < BORDER + 4; before++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        for (size_t i = 0; i + 3 < before; i++) fputc('p', file);
        fprintf(file, ",q\n%s", rows);
        assert_int_equal(fclose(file), 0);
        struct string_buffer text = {0};
        read_all(path, &text);
        const char *after = memchr(text.bytes, ';', text.length);
        assert_non_null(after);
        assert_string_equal(after + 1, expected);
        string_buffer_finish(&text);
    }
    unlink(path);
}

/* A quote that never closes costs its own line, and time that grows no faster than the file. */
static void an_open_quote_swallows_nothing(void **state) {
    (void)state;
    char path[] = "record_test.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "wb");
    fputs("a,b\n\"x,y\n", file);
    for (int i = 0; i < 200000; i++) fputs("abcde,fghij\n", file);
    assert_int_equal(fclose(file), 0);
    struct string_buffer text = {0};
    read_all(path, &text);
    assert_int_equal(strncmp(text.bytes, "a|b;open_quote;abcde|fghij;", 26), 0);
    assert_int_equal(text.length, 4 + 11 + 200000 * 12);
    string_buffer_finish(&text);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(cells_are_cut),
                                       cmocka_unit_test(open_records_go_on),
                                       cmocka_unit_test(json_is_strict),
                                       cmocka_unit_test(escapes_are_taken_out),
                                       cmocka_unit_test(records_are_the_same_over_every_border),
                                       cmocka_unit_test(an_open_quote_swallows_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
