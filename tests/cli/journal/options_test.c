/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mgeo-journal's options, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "journal/options.h"
#include "table_check.h"

static void the_table_is_sound(void **state) {
    (void)state;
    check_table(&options_table);
}

static void an_event_that_is_offered_is_taken(void **state) {
    (void)state;
    const struct option_row *row = option_table_find(&options_table, "event");
    for (size_t i = 0; row->values[i] != NULL; i++) {
        struct options options;
        struct error error;
        char event[32];
        strcpy(event, row->values[i]);
        char *argv[] = {"mgeo-journal", "-e", event, "journal", NULL};
        assert_true(options_parse(&options, 4, argv, &error));
        assert_string_equal(options.event, row->values[i]);
    }
}

static void a_journal_is_needed(void **state) {
    (void)state;
    struct options options;
    struct error error;
    char *argv[] = {"mgeo-journal", "--json", NULL};
    assert_false(options_parse(&options, 2, argv, &error));
    assert_string_equal(error.line, "give one journal; --help lists all options");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_is_sound),
                                       cmocka_unit_test(an_event_that_is_offered_is_taken),
                                       cmocka_unit_test(a_journal_is_needed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
