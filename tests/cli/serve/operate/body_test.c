/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of the operating side: every type, and one line for everything that is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "serve/operate/body.h"

struct thing {
    const char *name;
    uint32_t count;
    uint64_t bytes;
    double share, limit;
    bool flag, has_inner;
    int32_t choice;
    struct body_pairs pairs;
};

static const char *const choices[] = {"red", "blue", NULL};
#define AT(member) .at = offsetof(struct thing, member)
static const struct body_field inner_fields[] = {
    {.name = "share", .type = BODY_NUMBER, AT(share), .least = 0, .most = 1}, {0}};
static const struct body_field fields[] = {
    {.name = "name", .type = BODY_TEXT, AT(name)},
    {.name = "count", .type = BODY_WHOLE, AT(count), .least = 1, .most = 10},
    {.name = "bytes", .type = BODY_BYTES, AT(bytes), .least = 0, .most = 1e15},
    {.name = "limit", .type = BODY_LIMIT, AT(limit), .least = 0, .most = 1},
    {.name = "flag", .type = BODY_FLAG, AT(flag)},
    {.name = "choice", .type = BODY_CHOICE, AT(choice), .choices = choices},
    {.name = "pairs", .type = BODY_PAIRS, AT(pairs)},
    {.name = "gold", .type = BODY_GOLD, AT(pairs)},
    {.name = "inner", .type = BODY_OBJECT, AT(has_inner), .members = inner_fields},
    {0},
};

/* Reads a copy, whose memory is exact, so that a sanitizer sees every byte too many. */
static char *held;
static bool read_thing(const char *text, struct thing *thing, struct http_answer *answer) {
    free(held);
    held = strdup(text);
    *thing = (struct thing){.count = 7};
    return body_read(fields, held, strlen(text), thing, answer);
}

static void every_type_is_read(void **state) {
    (void)state;
    struct thing thing;
    struct http_answer answer = {0};
    assert_true(
        read_thing("{\"name\": \"\\u4e00\", \"bytes\": 5000000000, \"limit\": 0.5, \"flag\": "
                   "true, \"choice\": \"blue\", \"inner\": {\"share\": 0.25}, \"pairs\": "
                   "[[\"a\", \"b\"], {\"address2\": \"d\", \"address1\": \"c\"}], \"gold\": "
                   "[\"x\", null]}",
                   &thing, &answer));
    assert_string_equal(thing.name, "\u4e00");
    assert_int_equal(thing.count, 7); /* was not given */
    assert_true(thing.bytes == 5000000000u && thing.limit == 0.5 && thing.share == 0.25);
    assert_true(thing.flag && thing.has_inner && thing.choice == 1);
    assert_int_equal(thing.pairs.count, 2);
    assert_memory_equal(thing.pairs.pairs[1].a, "c", 2);
    assert_memory_equal(thing.pairs.pairs[1].b, "d", 2);
    assert_string_equal(thing.pairs.gold[0], "x");
    assert_null(thing.pairs.gold[1]);
    assert_true(body_check_pairs(&thing.pairs, "", &answer));
    body_finish_pairs(&thing.pairs);
    http_answer_finish(&answer);
}

static void a_limit_of_0_lets_nothing_pass(void **state) {
    (void)state;
    struct thing thing;
    struct http_answer answer = {0};
    assert_true(read_thing("{\"limit\": 0}", &thing, &answer));
    assert_true(thing.limit < 0);
    assert_true(read_thing("{\"limit\": null}", &thing, &answer));
    assert_true(thing.limit == 0);
    assert_true(read_thing("", &thing, &answer));
}

static void what_is_wrong_is_named(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int status;
        const char *says;
    } bad[] = {
        {"{", 400, "no JSON"},
        {"{} {}", 400, "no JSON"},
        {"{\"name\": \"a}", 400, "no JSON"},
        {"[]", 422, "is no object"},
        {"{\"other\": 1}", 422, "other is no field"},
        {"{\"count\": 1, \"count\": 2}", 400, "count is there twice"},
        {"{\"count\": 0}", 422, "count is no whole number from 1 to 10"},
        {"{\"count\": 1.5}", 422, "count is no whole number"},
        {"{\"count\": \"1\"}", 422, "count is not a number"},
        {"{\"limit\": -0.1}", 422, "limit is no number"},
        {"{\"name\": \"a\\u0000b\"}", 422, "name holds a NUL"},
        {"{\"flag\": 1}", 422, "flag is not true or false"},
        {"{\"choice\": \"green\"}", 422, "choice is none of: red, blue"},
        {"{\"pairs\": {}}", 422, "pairs is not a list of pairs"},
        {"{\"pairs\": [[\"a\", \"b\"], [\"a\"]]}", 422, "pairs[1] is no pair"},
        {"{\"pairs\": [[\"a\", \"b\", \"c\"]]}", 422, "pairs[0] is no pair"},
        {"{\"pairs\": [{\"address1\": \"a\"}]}", 422, "pairs[0] is no pair"},
        {"{\"pairs\": [{\"address1\": \"a\", \"address1\": \"b\"}]}", 400,
         "pairs[0] has a field twice"},
        {"{\"gold\": [1]}", 422, "gold[0] is no label"},
        {"{\"inner\": {\"share\": 2}}", 422, "inner.share is no number from 0 to 1"},
        {"{\"inner\": {\"name\": \"a\"}}", 422, "inner.name is no field"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct thing thing;
        struct http_answer answer = {0};
        assert_false(read_thing(bad[i].text, &thing, &answer));
        assert_int_equal(answer.status, bad[i].status);
        assert_non_null(strstr(answer.body.bytes, bad[i].says));
        body_finish_pairs(&thing.pairs);
        http_answer_finish(&answer);
    }
}

static void pairs_and_labels_are_as_many(void **state) {
    (void)state;
    struct thing thing;
    struct http_answer answer = {0};
    assert_true(
        read_thing("{\"pairs\": [[\"a\", \"b\"]], \"gold\": [\"x\", \"y\"]}", &thing, &answer));
    assert_false(body_check_pairs(&thing.pairs, "gate.", &answer));
    assert_non_null(strstr(answer.body.bytes, "gate.gold: there are 2 labels for 1 pairs"));
    body_finish_pairs(&thing.pairs);
    assert_false(body_check_pairs(&thing.pairs, "", &answer));
    assert_non_null(strstr(answer.body.bytes, "pairs: give at least one pair"));
    http_answer_finish(&answer);
}

static int free_held(void **state) {
    (void)state;
    free(held);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(a_limit_of_0_lets_nothing_pass),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(pairs_and_labels_are_as_many),
    };
    return cmocka_run_group_tests(tests, NULL, free_held);
}
