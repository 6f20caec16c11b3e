/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mgeo.h>
#include <stdio.h>
#include <string.h>

#include "loadtest/options.h"
#include "table_check.h"

static struct options options;
static struct error error;

enum { MOST_WORDS = 24 };

/* Parses words with spaces between. */
static bool parse(const char *line) {
    static char copy[512];
    char *argv[MOST_WORDS + 1] = {"mgeo-bench"};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL && argc < MOST_WORDS;
         word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    options_finish(&options);
    error.line[0] = '\0';
    return options_parse(&options, argc, argv, &error);
}

static int finish(void **state) {
    (void)state;
    options_finish(&options);
    return 0;
}

static void the_table_of_pairs_may_be_described(void **state) {
    (void)state;
    assert_true(parse("--pairs p.csv --input-format csv --delimiter semicolon --encoding gb18030"));
    assert_int_equal(options.table.dialect.format, DIALECT_CSV);
    assert_int_equal(options.table.dialect.delimiter, ';');
    assert_string_equal(options.table.input.encoding, "gb18030");
    assert_true(parse("--pairs p.csv --columns 3,left --header yes"));
    assert_string_equal(options.table.a, "3");
    assert_string_equal(options.table.b, "left");
    assert_false(parse("--pairs p --columns 3"));
    assert_non_null(strstr(error.line, "--columns 3"));
    assert_false(parse("--pairs p --input-format xlsx"));
    assert_non_null(strstr(error.line, "--input-format xlsx"));
    assert_false(parse("--pairs p --delimiter ab"));
    assert_non_null(strstr(error.line, "--delimiter"));
    assert_false(parse("--pairs p --input-format jsonl --delimiter ,"));
    assert_non_null(strstr(error.line, "JSON lines have none"));
    assert_false(parse("--pairs p --header no --columns a,b"));
    assert_non_null(strstr(error.line, "--header no"));
}

static void has_defaults_without_options(void **state) {
    (void)state;
    assert_true(parse(""));
    assert_int_equal(options.callers, 8);
    assert_int_equal(options.pairs_per_call, 1);
    assert_true(options.duration == 10 && options.warm_up == 1 && options.rate == 0);
    assert_false(options_have_events(&options));
}

static void each_model_has_a_device(void **state) {
    (void)state;
    assert_true(parse("-d cuda:0,cuda:1 -p fp32 --tf32 --standby-device cuda:2 --swap-every 1"));
    assert_string_equal(options.device, "cuda:0,cuda:1");
    assert_string_equal(options.standby_device, "cuda:2");
    assert_true(options.tf32);
    assert_false(parse("--standby-device cpu"));
    assert_non_null(strstr(error.line, "needs something to do"));
}

static void reads_events_in_their_places(void **state) {
    (void)state;
    assert_true(parse("--swap-every 1 --load-every 2 --canary-every 3 --unload-every 4"));
    assert_true(options.every[EVENT_SWAP] == 1);
    assert_true(options.every[EVENT_LOAD] == 2);
    assert_true(options.every[EVENT_CANARY] == 3);
    assert_true(options.every[EVENT_UNLOAD] == 4);
    assert_true(options_have_events(&options));
    assert_int_equal(options.step_count, 5);
    assert_int_equal(options.steps[3], MGEO_SHARE_ALL);
}

static void canary_steps_are_read_in_order(void **state) {
    (void)state;
    assert_true(parse("--canary-every 1 --canary-steps 0,10000"));
    assert_int_equal(options.step_count, 2);
    assert_int_equal(options.steps[1], 10000);
}

static void zero_as_a_limit_allows_nothing(void **state) {
    (void)state;
    assert_true(parse("--swap-every 1 --gate pairs.tsv --gate-limit flip_share=0 "
                      "--gate-limit psi=0.25"));
    assert_true(options.limits[OPTIONS_LIMIT_FLIP_SHARE] < 0);
    assert_true(options.limits[OPTIONS_LIMIT_PSI] == 0.25);
    assert_true(options.limits[OPTIONS_LIMIT_SHIFT] == 0);
}

static void around_follows_the_shortest_period(void **state) {
    (void)state;
    assert_true(parse("--swap-every 10 --load-every 60"));
    assert_true(options_around(&options) == 0.5);
    assert_true(parse("--swap-every 1 --load-every 60"));
    assert_true(options_around(&options) == 0.25);
    assert_true(parse("--swap-every 1 --around 0.4"));
    assert_true(options_around(&options) == 0.4);
}

static void refuses_what_does_not_fit(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"--find-rate 5 --rate 10", "--find-rate"},
        {"--find-rate 5 --swap-every 1 --compare 1 --duration 4", "--find-rate"},
        {"--arrivals poisson", "--rate"},
        {"--arrivals constant", "--rate"},
        {"--around 1", "--swap-every"},
        {"--header yes", "--pairs"},
        {"--pairs p.tsv --rate 5 --seed 2", "--seed"},
        {"--compare 5", "--swap-every"},
        {"--compare 6 --swap-every 1", "--duration"},
        {"--canary-steps 1,2", "--canary-every"},
        {"--gate pairs.tsv", "--swap-every"},
        {"--gate-limit psi=1", "--gate FILE"},
        {"--gold label", "--gate FILE"},
        {"--swap-every 1 --gate p.tsv --gate-limit accuracy_loss=0.1", "--gold"},
        {"--gate-limit psi", "NAME=X"},
        {"--gate-limit best=1", "flip_share"},
        {"--gate-limit psi=x", "number"},
        {"--standby other", "standby"},
        {"--json -", "file name"},
        {"--columns a,b", "--pairs"},
        {"--pairs p.tsv --columns a", "A,B"},
        {"--pairs p.tsv --columns a,b --header no", "number"},
        {"-j 2000", "--threads 2000: give a whole number from 1 to 1024"},
        {"--max-length 4", "from 5"},
        {"--batch-tokens 64 --max-length 65", "--batch-tokens 64: a pair may have 65"},
        {"-c 0", "--callers"},
        {"-c 257", "--callers"},
        {"--swap-every 0", "--swap-every"},
        {"--unload-every x", "--unload-every"},
        {"--duration 0", "--duration"},
        {"--precision fp64", "bf16"},
        {"--canary-every 1 --canary-steps 1,20000", "10000"},
        {"pairs.tsv", "--pairs"},
        {"--nonsense", "--help"},
        {"--rate", "value"},
        {"-x", "-x"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(parse(bad[i][0]));
        if (strstr(error.line, bad[i][1]) == NULL) fail_msg("%s: %s", bad[i][0], error.line);
        assert_null(strchr(error.line, '\n'));
    }
}

static void takes_what_is_of_use(void **state) {
    (void)state;
    static const char *const good[] = {"--seed 2", "--rate 5 --arrivals constant",
                                       "--pairs p.tsv --header auto",
                                       "--pairs p.tsv --rate 5 --arrivals poisson --seed 2",
                                       "--swap-every 1 --gate p.tsv --header yes"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!parse(good[i])) fail_msg("%s: %s", good[i], error.line);
    }
}

static void help_comes_first(void **state) {
    (void)state;
    assert_true(parse("--help --rate x"));
    assert_int_equal(options.action, OPTIONS_HELP);
    assert_true(parse("-V"));
    assert_int_equal(options.action, OPTIONS_VERSION);
}

static void the_table_is_sound(void **state) {
    (void)state;
    check_table(&options_table);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_of_pairs_may_be_described),
                                       cmocka_unit_test(has_defaults_without_options),
                                       cmocka_unit_test(each_model_has_a_device),
                                       cmocka_unit_test(reads_events_in_their_places),
                                       cmocka_unit_test(canary_steps_are_read_in_order),
                                       cmocka_unit_test(zero_as_a_limit_allows_nothing),
                                       cmocka_unit_test(around_follows_the_shortest_period),
                                       cmocka_unit_test(refuses_what_does_not_fit),
                                       cmocka_unit_test(takes_what_is_of_use),
                                       cmocka_unit_test(help_comes_first),
                                       cmocka_unit_test(the_table_is_sound)};
    return cmocka_run_group_tests(tests, NULL, finish);
}
