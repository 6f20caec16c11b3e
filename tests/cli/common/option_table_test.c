/* SPDX-License-Identifier: Apache-2.0 */
/* A small table: parsing, rules, what --help prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "table_check.h"

struct taken {
    bool loud;
    const char *name, *file;
    uint32_t count;
    double share;
    int colour, action;
};

#define AT(member) .at = offsetof(struct taken, member)

static const char *const colours[] = {"red", "green", NULL};
static const struct option_row rows[] = {
    {.section = "First",
     .letter = 'l',
     .name = "loud",
     .set = option_table_set_flag,
     AT(loud),
     .help = "be loud"},
    {.name = "name",
     .argument = "NAME",
     .set = option_table_set_string,
     AT(name),
     .idle = "nobody",
     .help = "two\nlines"},
    {.name = "file", .argument = "FILE", .set = option_table_set_file, AT(file), .help = "a file"},
    {.letter = 'c',
     .name = "count",
     .argument = "N",
     .set = option_table_set_whole,
     AT(count),
     .least = 1,
     .most = 10,
     .help = "a count"},
    {.name = "share",
     .argument = "X",
     .set = option_table_set_number,
     AT(share),
     .least = 0,
     .most = 1,
     .help = "a share"},
    {.name = "colour",
     .argument = "C",
     .set = option_table_set_choice,
     AT(colour),
     .values = colours,
     .offer = OPTION_OFFER_VALUES,
     .help = "a colour"},
    {.section = "",
     .letter = 'h',
     .name = "help",
     .ends = true,
     .set = option_table_set_constant,
     AT(action),
     .constant = 7,
     .help = "help"},
};
static const struct option_rule rules[] = {
    {{"share"}, OPTION_NEEDS, {"count", "name"}, "--share needs --count or --name"},
    {{"loud"}, OPTION_EXCLUDES, {"colour", "file"}, "--loud is without --colour and --file"},
};
static const struct option_table table = {.program = "small",
                                          .usage = "Usage\n",
                                          .ending = "End\n",
                                          .column = 22,
                                          .rows = rows,
                                          .count = sizeof rows / sizeof *rows,
                                          .rules = rules,
                                          .rule_count = sizeof rules / sizeof *rules};

static struct taken taken;
static struct option_parsed parsed;
static struct error error;

/* Parses words with spaces between, and holds the rules. */
static bool parse(const char *line) {
    static char copy[256];
    char *argv[16] = {"small"};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL && argc < 15; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    taken = (struct taken){0};
    error.line[0] = '\0';
    return option_table_parse(&table, argc, argv, &taken, &parsed, &error) &&
           option_table_check(&table, &parsed, &error);
}

static void takes_each_kind_of_value(void **state) {
    (void)state;
    assert_true(parse("-c 3 --share=0.5 --file f --name n --colour green a b"));
    assert_int_equal(taken.count, 3);
    assert_true(taken.share == 0.5);
    assert_string_equal(taken.file, "f");
    assert_string_equal(taken.name, "n");
    assert_int_equal(taken.colour, 1);
    assert_int_equal(parsed.operands, 10);
    assert_true(parse("-l"));
    assert_true(taken.loud);
}

static void an_option_that_ends_hides_what_follows(void **state) {
    (void)state;
    assert_true(parse("-h --nonsense"));
    assert_int_equal(taken.action, 7);
    assert_true(parsed.ended);
    assert_true(parse("-c 1"));
    assert_false(parsed.ended);
}

static void refuses_in_one_line(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"--nonsense",
         "--nonsense is unknown, ambiguous or takes no value; --help lists all options"},
        {"-x", "unknown option -x; --help lists all options"},
        {"-lx", "unknown option -x; --help lists all options"},
        {"--count", "--count needs a value; --help lists all options"},
        {"--loud=1", "--loud=1 is unknown, ambiguous or takes no value; --help lists all options"},
        {"--co 1", "--co is unknown, ambiguous or takes no value; --help lists all options"},
        {"-c 11", "--count 11: give a whole number from 1 to 10"},
        {"--share 2", "--share 2: give a number from 0 to 1"},
        {"--colour blue", "--colour blue: choose one of red, green"},
        {"--file -", "--file: give a file name"},
        {"--share 0", "--share needs --count or --name"},
        {"--loud --file f", "--loud is without --colour and --file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(parse(cases[i][0]));
        assert_string_equal(error.line, cases[i][1]);
    }
}

static void an_idle_value_counts_as_not_given(void **state) {
    (void)state;
    assert_false(parse("--share 0 --name nobody"));
    assert_false(parse("--share 0 --name me --name nobody"));
    assert_true(parse("--share 0 --name nobody --name me"));
    assert_true(option_table_is_given(&table, &parsed, "name"));
    assert_false(option_table_is_given(&table, &parsed, "count"));
    assert_false(option_table_is_given(&table, &parsed, "nonsense"));
}

static void help_is_laid_out_in_columns(void **state) {
    (void)state;
    struct string_buffer text = {0};
    option_table_write_help(&table, &text);
    assert_string_equal(text.bytes, "Usage\n"
                                    "\n"
                                    "First\n"
                                    "  -l, --loud          be loud\n"
                                    "      --name NAME     two\n"
                                    "                      lines\n"
                                    "      --file FILE     a file\n"
                                    "  -c, --count N       a count\n"
                                    "      --share X       a share\n"
                                    "      --colour C      a colour\n"
                                    "\n"
                                    "  -h, --help          help\n"
                                    "End\n");
    string_buffer_finish(&text);
}

static void a_sound_table_passes_the_check_of_tables(void **state) {
    (void)state;
    check_table(&table);
    assert_true(line_names("--a, --name and --b", "name"));
    assert_false(line_names("--names --name-more", "name"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_each_kind_of_value),
                                       cmocka_unit_test(an_option_that_ends_hides_what_follows),
                                       cmocka_unit_test(refuses_in_one_line),
                                       cmocka_unit_test(an_idle_value_counts_as_not_given),
                                       cmocka_unit_test(help_is_laid_out_in_columns),
                                       cmocka_unit_test(a_sound_table_passes_the_check_of_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
