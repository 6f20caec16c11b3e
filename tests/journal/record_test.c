/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the journal: its members, their order, and texts that are not what they should be. */
#include "journal/record.h"

#include "core/alloc.h"
#include "support/check.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* Lays the record out as line 7 and parses it; the record is destroyed. */
static json_t *laid_out(mgi_journal_record *record, char **line) {
    size_t length = 0;
    mgeo_error error;
    mgeo_status status = mgi_journal_record_lay_out(record, 7, zeros, line, &length, &error);
    mgi_journal_record_destroy(record);
    if (status != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal((*line)[length - 1], '\n');
    assert_null(memchr(*line, '\n', length - 1));
    json_t *object = json_loadb(*line, length, 0, NULL);
    assert_non_null(object);
    return object;
}

static const char *text(const json_t *object, const char *key) {
    const char *value = json_string_value(json_object_get(object, key));
    assert_non_null(value);
    return value;
}

static void test_the_members_stand_in_their_order(void **state) {
    (void)state;
    static const char *const keys[] = {"seq",  "time", "event", "actor", "reason",
                                       "from", "n",    "x",     "prev"};
    mgi_journal_record *record = mgi_journal_record_create("swap", "wang", "周五上线");
    mgi_journal_record_text(record, "from", "v1");
    mgi_journal_record_integer(record, "n", 3);
    mgi_journal_record_number(record, "x", 0.1);
    char *line;
    json_t *object = laid_out(record, &line);
    size_t at = 0;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) { assert_string_equal(key, keys[at++]); }
    assert_int_equal(at, 9);
    assert_int_equal(json_integer_value(json_object_get(object, "seq")), 7);
    assert_string_equal(text(object, "event"), "swap");
    assert_string_equal(text(object, "actor"), "wang");
    assert_string_equal(text(object, "reason"), "周五上线");
    assert_string_equal(text(object, "prev"), zeros);
    assert_non_null(strstr(line, "\"reason\":\"周五上线\",\"from\":\"v1\",\"n\":3,\"x\":0.1,"));
    json_decref(object);
    mgi_free(line);
}

static void test_the_time_is_utc_to_the_microsecond(void **state) {
    (void)state;
    char *line;
    json_t *object = laid_out(mgi_journal_record_create("open", NULL, NULL), &line);
    static const char shape[] = "0000-00-00T00:00:00.000000Z";
    const char *time = text(object, "time");
    assert_int_equal(strlen(time), strlen(shape));
    for (size_t i = 0; shape[i] != '\0'; i++) {
        if (shape[i] == '0') {
            assert_in_range(time[i], '0', '9');
        } else {
            assert_int_equal(time[i], shape[i]);
        }
    }
    assert_string_equal(text(object, "actor"), "");
    assert_string_equal(text(object, "reason"), "");
    json_decref(object);
    mgi_free(line);
}

static void test_texts_are_cut_and_made_utf8(void **state) {
    (void)state;
    char longer[1024];
    memset(longer, 'a', sizeof longer - 1);
    memcpy(longer + 126, "号", 3); /* would cross the actor's 127 bytes */
    longer[sizeof longer - 1] = '\0';
    mgi_journal_record *record = mgi_journal_record_create("swap", longer, longer);
    mgi_journal_record_text(record, "broken", "a\xFF\xE5\x8F z\n\"\\");
    char *line;
    json_t *object = laid_out(record, &line);
    assert_int_equal(strlen(text(object, "actor")), 126);
    assert_int_equal(strlen(text(object, "reason")), 511);
    assert_string_equal(text(object, "broken"), "a\uFFFD\uFFFD\uFFFD z\n\"\\");
    json_decref(object);
    mgi_free(line);
}

static void test_numbers_that_are_none_are_null(void **state) {
    (void)state;
    mgi_journal_record *record = mgi_journal_record_create("swap", NULL, NULL);
    mgi_journal_record_number(record, "nan", NAN);
    mgi_journal_record_number(record, "inf", -INFINITY);
    mgi_journal_record_number(record, "small", 1.5e-9);
    mgi_journal_record_integer(record, "most", UINT64_MAX);
    char *line;
    json_t *object = laid_out(record, &line);
    assert_true(json_is_null(json_object_get(object, "nan")));
    assert_true(json_is_null(json_object_get(object, "inf")));
    assert_true(json_real_value(json_object_get(object, "small")) == 1.5e-9);
    assert_true(json_integer_value(json_object_get(object, "most")) == INT64_MAX);
    json_decref(object);
    mgi_free(line);
}

static void test_models_and_checks(void **state) {
    (void)state;
    mgeo_model_info info = {.generation = 5,
                            .bytes_on_device = 4096,
                            .slot = MGEO_GREEN,
                            .precision = MGEO_INT8,
                            .version = "v5",
                            .fingerprint = "abcd",
                            .device = "cuda:1"};
    mgeo_check checks[] = {{.name = "psi", .measured = 0.25, .limit = 0.2, .passed = 0},
                           {.name = "flip_share", .measured = 0, .limit = 0.01, .passed = 1},
                           {.name = "accuracy_loss", .measured = NAN, .limit = NAN, .passed = -1}};
    mgi_journal_record *record = mgi_journal_record_create("refuse", NULL, NULL);
    mgi_journal_record_model(record, "to", &info);
    mgi_journal_record_checks(record, "checks", checks, 3);
    mgi_journal_record_checks(record, "none", checks, 0);
    mgi_journal_record_model(record, "nobody", &(mgeo_model_info){.version = ""});
    char *line;
    json_decref(laid_out(record, &line));
    assert_non_null(strstr(
        line, "\"to\":{\"generation\":5,\"version\":\"v5\",\"fingerprint\":\"abcd\",\"slot\":"
              "\"green\",\"precision\":\"int8\",\"device\":\"cuda:1\",\"bytes\":4096}"));
    assert_non_null(strstr(
        line, "\"checks\":[{\"name\":\"psi\",\"measured\":0.25,\"limit\":0.2,\"passed\":false},"
              "{\"name\":\"flip_share\",\"measured\":0.0,\"limit\":0.01,\"passed\":true},"
              "{\"name\":\"accuracy_loss\",\"measured\":null,\"limit\":null,\"passed\":null}],"
              "\"none\":[],\"nobody\":null,"));
    mgi_free(line);
}

static void test_a_line_has_a_longest_length(void **state) {
    (void)state;
    static char huge[MGI_JOURNAL_LINE_MAX_BYTES];
    memset(huge, 'x', sizeof huge - 1);
    mgi_journal_record *record = mgi_journal_record_create("swap", NULL, NULL);
    mgi_journal_record_text(record, "huge", huge);
    char *line = NULL;
    size_t length;
    mgeo_error error;
    assert_int_equal(mgi_journal_record_lay_out(record, 1, zeros, &line, &length, &error),
                     MGEO_E_ARGUMENT);
    assert_null(line);
    mgi_journal_record_destroy(record);
}

/* Whatever allocation fails, it is noticed when the line is laid out, and not before. */
static void test_out_of_memory_is_told_at_the_end(void **state) {
    (void)state;
    mgeo_model_info info = {.generation = 1, .version = "v"};
    mgeo_check check = {.name = "psi"};
    long nth = 1;
    for (bool failed = true; failed; nth++) {
        mgi_alloc_fail_at(nth);
        mgi_journal_record *record = mgi_journal_record_create("swap", "a", "b");
        mgi_journal_record_text(record, "text", "c");
        mgi_journal_record_integer(record, "integer", 1);
        mgi_journal_record_number(record, "number", 1);
        mgi_journal_record_model(record, "model", &info);
        mgi_journal_record_checks(record, "checks", &check, 1);
        for (int i = 0; i < 100; i++) mgi_journal_record_text(record, "more", "and more");
        char *line = NULL;
        size_t length;
        mgeo_error error;
        mgeo_status status = mgi_journal_record_lay_out(record, 1, zeros, &line, &length, &error);
        failed = mgi_alloc_count() >= nth;
        assert_int_equal(status, failed ? MGEO_E_MEMORY : MGEO_OK);
        assert_true((line == NULL) == failed);
        mgi_alloc_fail_at(0);
        mgi_journal_record_destroy(record);
        mgi_free(line);
    }
    assert_true(nth > 4);
    mgi_journal_record_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_members_stand_in_their_order),
        cmocka_unit_test(test_the_time_is_utc_to_the_microsecond),
        cmocka_unit_test(test_texts_are_cut_and_made_utf8),
        cmocka_unit_test(test_numbers_that_are_none_are_null),
        cmocka_unit_test(test_models_and_checks),
        cmocka_unit_test(test_a_line_has_a_longest_length),
        cmocka_unit_test(test_out_of_memory_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
