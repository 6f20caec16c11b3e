/* SPDX-License-Identifier: Apache-2.0 */
/* Commands, their options, and values with a unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ctl/options.h"
#include "table_check.h"

static struct error error;

static void shares_are_numbers_or_percent(void **state) {
    (void)state;
    double share = -1;
    assert_true(options_parse_share("--x", "2%", &share, &error));
    assert_true(share == 0.02);
    assert_true(options_parse_share("--x", "0.02", &share, &error) && share == 0.02);
    assert_true(options_parse_share("--x", "0", &share, &error) && share == 0);
    assert_true(options_parse_share("--x", "100%", &share, &error) && share == 1);
    static const char *const bad[] = {"", "%", "2", "101%", "-1%", "2%%", "2 %", "nan", "0x1p-1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(options_parse_share("--x", bad[i], &share, &error));
    }
    assert_non_null(strstr(error.line, "--x 0x1p-1: give a share"));
    assert_false(options_parse_share("canary", "1", &share, &error));
    assert_string_equal(error.line, "canary 1: give 1%, or 100% for all");
}

static void times_have_units(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"90", 90}, {"30s", 30}, {"250ms", 0.25}, {"10m", 600}, {"1.5h", 5400}};
    double seconds = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(options_parse_time("--x", good[i].text, &seconds, &error));
        assert_true(seconds == good[i].seconds);
    }
    static const char *const bad[] = {"", "0", "-1s", "10 m", "10d", "1e9h", "s", "inf"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(options_parse_time("--x", bad[i], &seconds, &error));
    }
}

/* Whether a command line is taken, and if not, with which words. */
static bool parse(struct options *options, const char *line) {
    static char words[1024];
    static char *argv[32];
    int argc = 0;
    strcpy(words, line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    error.line[0] = '\0';
    bool done = options_parse(options, argc, argv, &error);
    options_finish(options);
    return done;
}

static void a_line_is_refused_with_a_reason(void **state) {
    (void)state;
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"mgeo-ctl", "give a command"},
        {"mgeo-ctl fly", "fly is no command"},
        {"mgeo-ctl --server status", "give a command"},
        {"mgeo-ctl --server", "--server needs a value"},
        {"mgeo-ctl --gold x status", "--gold cannot stand before the command"},
        {"mgeo-ctl -qx status", "-qx cannot stand before the command"},
        {"mgeo-ctl -- status", "-- cannot stand before the command"},
        {"mgeo-ctl --actor a status", "--actor"},
        {"mgeo-ctl load d --version v", "give --model-version NAME"},
        {"mgeo-ctl --version load d", "give --model-version NAME"},
        {"mgeo-ctl swap --version v", "--version alone"},
        {"mgeo-ctl load", "load: give one model directory"},
        {"mgeo-ctl load a b", "load: give one model directory"},
        {"mgeo-ctl score a", "score: give two texts"},
        {"mgeo-ctl swap x", "swap takes no operand"},
        {"mgeo-ctl swap --gate f", "--gate without a limit"},
        {"mgeo-ctl swap --max-flips 2%", "give --gate FILE too"},
        {"mgeo-ctl swap --gate f --max-accuracy-loss 1%", "--gold"},
        {"mgeo-ctl swap --max-errors 1%", "--watch TIME"},
        {"mgeo-ctl swap --wait", "--wait"},
        {"mgeo-ctl swap --gate f --max-flips 3", "--max-flips 3"},
        {"mgeo-ctl deploy d", "deploy: give --gate FILE"},
        {"mgeo-ctl deploy d --gate f --max-flips 1% --url http://x", "--load-test"},
        {"mgeo-ctl deploy d --gate f --max-flips 1% --load-test 1s --connections 7",
         "the operating side takes 6"},
        {"mgeo-ctl journal --event none", "--event none"},
        {"mgeo-ctl wait-ready --timeout 0", "--timeout 0"},
    };
    struct options options;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(parse(&options, bad[i].line));
        if (strstr(error.line, bad[i].says) == NULL) print_error("%s\n", error.line);
        assert_non_null(strstr(error.line, bad[i].says));
    }
}

static void options_of_all_commands_stand_before_it_too(void **state) {
    (void)state;
    static const char *const good[] = {
        "mgeo-ctl --server x -q --actor=a --json load d --reason r",
        "mgeo-ctl -qs x --actor a --reason r load --json d",
        "mgeo-ctl -sx --reason r load --actor a d -q --js",
        "mgeo-ctl --json --reason r load -q --actor a -- d",
    };
    struct options options;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(parse(&options, good[i]));
        assert_string_equal(options.command->name, "load");
        assert_true(i == 3 || strcmp(options.server, "x") == 0);
        assert_true(options.quiet && options.json);
        assert_string_equal(options.actor, "a");
        assert_string_equal(options.reason, "r");
        assert_int_equal(options.operand_count, 1);
        assert_string_equal(options.operands[0], "d");
    }
    assert_false(parse(&options, "mgeo-ctl fly --json") || !options.json);
    assert_false(parse(&options, "mgeo-ctl fly -- --json") || options.json);
}

static void a_watch_has_limits_of_its_own(void **state) {
    (void)state;
    struct options options;
    assert_true(parse(&options, "mgeo-ctl swap --watch 10m"));
    assert_true(options.watch_seconds == 600 && options.watch_limits[OPTIONS_WATCH_ERRORS] == 0.01);
    assert_true(options.watch_limits[OPTIONS_WATCH_NOT_FINITE] == 0);
    assert_true(options.watch_limits[OPTIONS_WATCH_PSI] < 0);
    assert_true(parse(&options, "mgeo-ctl swap --watch 10m --max-errors 5%"));
    assert_true(options.watch_limits[OPTIONS_WATCH_ERRORS] == 0.05);
    assert_true(parse(&options, "mgeo-ctl swap"));
    assert_true(options.watch_limits[OPTIONS_WATCH_ERRORS] < 0);
}

static void every_command_is_told(void **state) {
    (void)state;
    for (const struct command *at = commands; at->name != NULL; at++) {
        check_table(at->table);
        assert_non_null(strstr(at->table->program, at->name));
        assert_null(strpbrk(at->summary, "'\":")); /* shells take it as it is */
        assert_non_null(at->run);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_numbers_or_percent),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(a_line_is_refused_with_a_reason),
        cmocka_unit_test(options_of_all_commands_stand_before_it_too),
        cmocka_unit_test(a_watch_has_limits_of_its_own),
        cmocka_unit_test(every_command_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
