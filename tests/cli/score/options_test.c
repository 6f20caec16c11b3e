/* SPDX-License-Identifier: Apache-2.0 */
/* Every option is read into its place; every nonsense is refused in one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mgeo.h>
#include <string.h>

#include "score/options.h"
#include "table_check.h"

enum { MOST = 40 };

static bool parse(struct options *options, const char *line, struct error *error) {
    static char copy[1024];
    static char *words[MOST];
    int count = 0;
    strcpy(copy, line);
    words[count++] = "mgeo-score";
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        words[count++] = word;
    }
    words[count] = NULL;
    error->line[0] = '\0';
    return options_parse(options, count, words, error);
}

static void has_defaults_without_options(void **state) {
    (void)state;
    struct options options;
    struct error error;
    assert_true(parse(&options, "", &error));
    assert_int_equal(options.action, OPTIONS_SCORE);
    assert_int_equal(options.input_count, 1);
    assert_string_equal(options.inputs[0], "-");
    assert_null(options.model.path);
    assert_null(options.output);
    assert_int_equal(options.model.precision, MGEO_PRECISION_AUTO);
    assert_false(options.model.tf32);
    assert_false(options.limit_errors);
    assert_int_equal(options.writer.threshold_count, 0);
    options_finish(&options);
}

static void reads_short_options(void **state) {
    (void)state;
    struct options options;
    struct error error;
    assert_true(
        parse(&options, "-m M -c x,2 -o O -f jsonl -p int8 -d cuda:1 -j 3 -q --tf32 f g", &error));
    assert_string_equal(options.model.path, "M");
    assert_string_equal(options.table.a, "x");
    assert_string_equal(options.table.b, "2");
    assert_string_equal(options.output, "O");
    assert_int_equal(options.writer.format, WRITER_JSONL);
    assert_int_equal(options.model.precision, MGEO_INT8);
    assert_true(options.model.tf32);
    assert_string_equal(options.model.device, "cuda:1");
    assert_int_equal(options.model.threads, 3);
    assert_true(options.quiet);
    assert_int_equal(options.input_count, 2);
    assert_string_equal(options.inputs[1], "g");
    options_finish(&options);
}

static void reads_long_options(void **state) {
    (void)state;
    struct options options;
    struct error error;
    assert_true(parse(&options,
                      "--header=yes --batch-tokens 4096 --max-length=64 --probabilities "
                      "--threshold 0.25 --errors E --max-errors 0 --gold label --summary S "
                      "--progress never --positive-label L --partial-weight 0.75",
                      &error));
    assert_int_equal(options.table.header, TABLE_HEADER_YES);
    assert_int_equal(options.model.batch_tokens, 4096);
    assert_int_equal(options.model.max_length, 64);
    assert_true(options.writer.probabilities);
    assert_int_equal(options.writer.threshold_count, 1);
    assert_true(options.writer.thresholds[0] == 0.25);
    assert_string_equal(options.errors, "E");
    assert_true(options.limit_errors && options.max_errors == 0);
    assert_string_equal(options.table.gold, "label");
    assert_string_equal(options.summary, "S");
    assert_int_equal(options.progress, PROGRESS_NEVER);
    assert_string_equal(options.model.positive_label, "L");
    assert_true(options.model.partial_weight == 0.75f);
    options_finish(&options);
    assert_true(parse(&options, "--partial-weight 0 -o -", &error));
    assert_true(options.model.partial_weight < 0); /* 0 would mean the default */
    assert_null(options.output);
    options_finish(&options);
}

static void refuse_all(const char *const (*cases)[2], size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct options options;
        struct error error;
        assert_false(parse(&options, cases[i][0], &error));
        assert_non_null(strstr(error.line, cases[i][1]));
        assert_null(strchr(error.line, '\n'));
        options_finish(&options);
    }
}

static void refuses_nonsense_in_one_line(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"--nonsense", "unknown"},
        {"-z", "unknown option -z"},
        {"-m", "needs a value"},
        {"--model", "needs a value"},
        {"--check=1", "takes no value"},
        {"-c 1", "two columns"},
        {"-c 1,2,3", "two columns"},
        {"-c ,2", "two columns"},
        {"-c 1,", "two columns"},
        {"-f xml", "tsv, csv, jsonl"},
        {"--input-format xml", "tsv, csv, jsonl"},
        {"--delimiter ab", "one ASCII character"},
        {"--delimiter x", "one ASCII character"},
        {"--input-format jsonl --delimiter ,", "JSON lines have none"},
        {"-p fp64", "fp32"},
        {"--header maybe", "auto, yes, no"},
        {"--progress 1", "auto, always"},
        {"-j 0", "from 1"},
        {"-j -1", "from 1"},
        {"-j 2x", "from 1"},
        {"-j 2000", "--threads 2000: give a whole number from 1 to 1024"},
        {"--max-length 0", "from 5"},
        {"--max-length 4", "from 5"},
        {"--batch-tokens 64 --max-length 65", "--batch-tokens 64: a pair may have 65"},
        {"--check --batch-tokens 64 --max-length 65", "--batch-tokens 64: a pair may have 65"},
        {"--batch-tokens 99999999999999999999", "from 1"},
        {"--threshold 1.5", "0 to 1"},
        {"--threshold nan", "0 to 1"},
        {"--threshold x", "0 to 1"},
        {"--threshold 0.5,", "0 to 1"},
        {"--threshold 0.5,2", "0 to 1"},
        {"--threshold 0.5,0.50", "given twice"},
        {"--threshold 0.5 --threshold 0.5", "given twice"},
        {"--partial-weight -0.1", "0 to 1"},
        {"--max-errors -1", "from 0"},
        {"--errors -", "file name"},
        {"--summary -", "file name"},
        {"- -", "only once"},
        {"--header no -c a,b", "by number"},
        {"--header no --gold label", "by number"},
    };
    refuse_all(cases, sizeof cases / sizeof *cases);
}

static void refuses_what_a_check_has_no_use_for(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"--check file", "no FILE"},
        {"--check -o x", "scores no rows"},
        {"--check --threshold 0", "scores no rows"},
        {"--check --max-errors 1", "scores no rows"},
        {"--check --columns a,b", "scores no rows without --expect"},
        {"--check --encoding gbk --json", "scores no rows without --expect"},
        {"--check --expect e --gold g", "scores no rows"},
        {"--check --expect e --header no -c a,b", "by number"},
        {"--check --expect e --tolerance 2", "--tolerance 2: give a number from 0 to 1"},
        {"--check --tolerance 0.1", "of --expect"},
        {"--json", "are of --check"},
        {"--expect e", "are of --check"},
        {"--check --stream", "scores no rows"},
        {"--check --shard 1/2", "scores no rows"},
    };
    refuse_all(cases, sizeof cases / sizeof *cases);
}

static void refuses_what_does_not_go_together(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"--shard 3/2", "give I/N"},
        {"--shard 1/2/3", "give I/N"},
        {"--seed 1", "give its size too"},
        {"--sample 0", "from 1"},
        {"--sample 9 --shard 1/2", "neither --shard nor --stream"},
        {"--stream --resume -o x", "neither --resume nor --shard"},
        {"--resume", "name it: --output FILE"},
        {"--resume -o -", "name it: --output FILE"},
        {"--resume-every 9 -o x", "give that too"},
        {"--resume -o x --resume-every 0", "from 1"},
        {"--first d", "say where that model is not sure"},
        {"--band 0,1", "name its first model too: --first DIR"},
        {"--sure 0.5", "name its first model too"},
        {"--first-precision int8", "name its first model too"},
        {"--first d --band 0,1 --sure 0.5", "give one of them"},
        {"--first d --sure 0.5 --keep-agreement 99%", "give one of them"},
        {"--first d --band 1,0", "the first similarity is above the second"},
        {"--first d --band 0.5", "two similarities as LO,HI"},
        {"--first d --keep-agreement 100%", "from 50% to 99.99%"},
        {"--first d --keep-agreement 0.4", "from 50% to 99.99%"},
        {"--first d --keep-agreement 99.5", "as 99.5% or 0.995"},
        {"--first d --band 0,1 --agreement-sample 5", "of --keep-agreement"},
        {"--same-form maybe", "auto, yes, no"},
        {"--first d --keep-agreement 99% --stream", "does not go with --stream"},
    };
    refuse_all(cases, sizeof cases / sizeof *cases);
}

static void the_table_is_sound(void **state) {
    (void)state;
    check_table(&options_table);
}

/* So that a new option is thought about: --check either refuses it or says that it applies. */
static void check_knows_every_option(void **state) {
    (void)state;
    const struct option_rule *rule = &options_table.rules[0];
    assert_string_equal(rule->of[0], "check");
    for (size_t i = 0; i < options_table.count; i++) {
        const struct option_row *row = &options_table.rows[i];
        bool excluded = false;
        for (size_t j = 0; j < OPTION_RULE_NAMES && rule->others[j] != NULL; j++) {
            if (strcmp(rule->others[j], row->name) == 0) excluded = true;
        }
        bool applies = line_names(rule->line, row->name) || row->ends;
        if (excluded == applies) fail_msg("--%s: does --check use it or refuse it?", row->name);
    }
}

/* What the library would refuse of any model, the program refuses in its own words. */
static void takes_as_many_threads_as_the_library(void **state) {
    (void)state;
    struct options options;
    struct error error;
    assert_true(parse(&options, "-j 1024 --max-length 5 --batch-tokens 5", &error));
    assert_int_equal(options.model.threads, MGEO_MAX_THREADS);
    options_finish(&options);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(has_defaults_without_options),
                                       cmocka_unit_test(reads_short_options),
                                       cmocka_unit_test(reads_long_options),
                                       cmocka_unit_test(refuses_nonsense_in_one_line),
                                       cmocka_unit_test(refuses_what_a_check_has_no_use_for),
                                       cmocka_unit_test(refuses_what_does_not_go_together),
                                       cmocka_unit_test(takes_as_many_threads_as_the_library),
                                       cmocka_unit_test(the_table_is_sound),
                                       cmocka_unit_test(check_knows_every_option)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
