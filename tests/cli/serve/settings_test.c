/* SPDX-License-Identifier: Apache-2.0 */
/* Flags, environment and file: which one holds, what is refused and where, what a reload changes.
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

#include "serve/settings.h"
#include "table_check.h"

static char folder[] = "/tmp/settings_test.XXXXXX";
static char file[64];
static struct settings settings;
static struct error error;

static void write_file(const char *text) {
    FILE *to = fopen(file, "w");
    assert_non_null(to);
    fputs(text, to);
    assert_int_equal(fclose(to), 0);
}

enum { WORDS = 24 };

/* Words with blanks between them. */
static int split(const char *line, char *copy, size_t capacity, char **argv) {
    int argc = 1;
    snprintf(copy, capacity, "%s", line);
    argv[0] = "mgeo-serve";
    for (char *word = strtok(copy, " "); word != NULL && argc < WORDS; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    return argc;
}

static bool read_line(const char *line) {
    static char copy[512];
    char *argv[WORDS];
    int argc = split(line, copy, sizeof copy, argv);
    settings_finish(&settings);
    error.line[0] = '\0';
    return settings_read(&settings, argc, argv, &error);
}

static bool read_with_file(const char *flags) {
    char line[512];
    snprintf(line, sizeof line, "--config %s %s", file, flags);
    return read_line(line);
}

static unsigned source_of(const char *name) {
    return settings.sources[option_table_find(&settings_table, name) - settings_table.rows];
}

static void the_table_is_sound(void **state) {
    (void)state;
    check_table(&settings_table);
    assert_true(settings_table.count <= OPTION_ROWS);
}

static void defaults_are_those_of_the_help(void **state) {
    (void)state;
    assert_true(read_line(""));
    assert_string_equal(settings.listen[0], "127.0.0.1:8080");
    assert_null(settings.listen[1]);
    assert_string_equal(settings.model_name, "mgeo");
    assert_null(settings.model);
    assert_int_equal(settings.max_queue, 1024);
    assert_int_equal(settings.max_body, 1 << 20);
    assert_int_equal(settings.max_buffered, 64 << 20);
    assert_int_equal(settings.operate_mode, 0660);
    assert_true(settings.timeout == 30 && settings.drain_time == 5 &&
                settings.max_queue_delay == 0);
    assert_int_equal(source_of("max-queue"), SETTINGS_DEFAULT);
    struct string_buffer help = {0};
    option_table_write_help(&settings_table, &help);
    for (size_t i = 0; i < settings_table.count; i++) {
        const char *text = settings.texts[i];
        char told[64];
        if (text == NULL || strcmp(settings_table.rows[i].name, "operate") == 0) continue;
        snprintf(told, sizeof told, "(default: %s", text);
        assert_non_null(strstr(settings_table.rows[i].help, told));
    }
    string_buffer_finish(&help);
}

static void a_flag_outweighs_the_environment_and_that_the_file(void **state) {
    (void)state;
    write_file("# limits\nmax-queue = 1\n max-pairs=2 \ntimeout = 250ms\r\n\n");
    setenv("MGEO_MAX_QUEUE", "3", 1);
    setenv("MGEO_MAX_PAIRS", "4", 1);
    assert_true(read_with_file("--max-queue 5"));
    unsetenv("MGEO_MAX_QUEUE");
    unsetenv("MGEO_MAX_PAIRS");
    assert_int_equal(settings.max_queue, 5);
    assert_int_equal(settings.max_pairs, 4);
    assert_true(settings.timeout == 0.25);
    assert_int_equal(source_of("max-queue"), SETTINGS_FLAG);
    assert_int_equal(source_of("max-pairs"), SETTINGS_ENVIRONMENT);
    assert_int_equal(source_of("timeout"), SETTINGS_FILE);
    assert_string_equal(settings_source_name(source_of("timeout")), "file");
}

static void listeners_of_one_source_add_up(void **state) {
    (void)state;
    write_file("listen = 127.0.0.1:1\nlisten = unix:/tmp/x, [::1]:3\n");
    assert_true(read_with_file(""));
    assert_string_equal(settings.listen[0], "127.0.0.1:1");
    assert_string_equal(settings.listen[1], "unix:/tmp/x");
    assert_string_equal(settings.listen[2], "[::1]:3");
    assert_null(settings.listen[3]);
    assert_true(read_with_file("--listen :8080 --listen 0.0.0.0:81"));
    assert_string_equal(settings.listen[0], ":8080");
    assert_string_equal(settings.listen[1], "0.0.0.0:81");
    assert_null(settings.listen[2]);
    assert_false(read_line("--listen 1:1,1:2,1:3,1:4,1:5,1:6,1:7,1:8,1:9"));
}

static void switches_are_yes_or_no(void **state) {
    (void)state;
    write_file("tf32 = yes\nkeep-unknown = off\n");
    assert_true(read_with_file(""));
    assert_true(settings.tf32);
    assert_false(settings.keep_unknown);
    assert_true(read_with_file("--keep-unknown"));
    assert_true(settings.keep_unknown);
    write_file("tf32 = maybe\n");
    assert_false(read_with_file(""));
}

static void mistakes_are_told_with_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *place, *what;
    } cases[] = {
        {"# x\nmax-queue = 0\n", ":2: ", "--max-queue 0: give a whole number from 1 to"},
        {"max-quue = 1\n", ":1: ", "max-quue is no setting of a file"},
        {"health = yes\n", ":1: ", "health is no setting of a file"},
        {"config = x\n", ":1: ", "config is no setting of a file"},
        {"max-queue\n", ":1: ", "write NAME = VALUE"},
        {"max-queue = 1\nmax-queue = 2\n", ":2: ", "given above already"},
        {"timeout = 5 minutes\n", ":1: ", "such as 250ms, 30s or 2m"},
        {"timeout = 5s # c\n", ":1: ", "2m (a comment needs a line of its own)"},
        {"max-queue = many # c\n", ":1: ", "(a comment needs a line of its own)"},
        {"max-body = 3 MB\n", ":1: ", "such as 64k or 1MiB"},
        {"operate = 0.0.0.0:99\n", ":1: ", "who reaches it can replace the model"},
        {"operate-mode = 999\n", ":1: ", "in octal"},
        {"operate-mode = 0\n", ":1: ", "in octal"},
        {"timeout = 1us\n", ":1: ", "at least 1ms"},
        {"idle-timeout = 0\n", ":1: ", "give a time from 0.1s"},
        {"head-timeout = 0\n", ":1: ", "give a time from 0.1s"},
        {"body-timeout = 0ms\n", ":1: ", "give a time from 0.1s"},
        {"write-timeout = 1ms\n", ":1: ", "give a time from 0.1s"},
        {"model-name = a/b\n", ":1: ", "it is a part of /v2/models/NAME"},
        {"model-name = ..\n", ":1: ", "it is a part of /v2/models/NAME"},
        {"model-name =\n", ":1: ", "it is a part of /v2/models/NAME"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(cases[i].text);
        assert_false(read_with_file(""));
        assert_int_equal(strncmp(error.line, file, strlen(file)), 0);
        assert_int_equal(strncmp(error.line + strlen(file), cases[i].place, 4), 0);
        assert_non_null(strstr(error.line, cases[i].what));
    }
    setenv("MGEO_MAX_BODY", "many", 1);
    assert_false(read_line(""));
    unsetenv("MGEO_MAX_BODY");
    assert_non_null(strstr(error.line, "MGEO_MAX_BODY in the environment: --max-body many"));
    assert_false(read_line("--config /nowhere/at/all"));
    assert_non_null(strstr(error.line, "/nowhere/at/all"));
    assert_false(read_line("--operate 127.0.0.1:9000"));
    assert_non_null(strstr(error.line, "--operate-token-file"));
    assert_false(read_line("--listen nowhere"));
    assert_false(read_line("--max-buffered 64k"));
    assert_false(read_line("--batch-tokens 16 --max-length 128"));
    assert_false(read_line("stray"));
}

static void other_variables_are_none_of_ours(void **state) {
    (void)state;
    setenv("MGEO_MODULE_PATH", "/x", 1);
    setenv("MGEO_HEALTH", "yes", 1);
    setenv("MGEO_MAX_QUEUE", "", 1);
    assert_true(read_line(""));
    assert_int_equal(settings.action, SETTINGS_SERVE);
    assert_int_equal(settings.max_queue, 1024);
    unsetenv("MGEO_MODULE_PATH");
    unsetenv("MGEO_HEALTH");
    unsetenv("MGEO_MAX_QUEUE");
}

static void a_reload_changes_what_can_change(void **state) {
    (void)state;
    char *argv[] = {"mgeo-serve", "--config", file};
    struct string_buffer unchanged = {0};
    write_file("max-queue = 7\nmodel = /a\n");
    struct settings_store *store = settings_store_create(3, argv, &error);
    assert_non_null(store);
    const struct settings *former = settings_hold(store);
    write_file("max-queue = 8\nmodel = /b\nlisten = 127.0.0.1:9\n");
    assert_true(settings_store_reload(store, &unchanged, NULL, &error));
    assert_string_equal(unchanged.bytes, "--model, --listen");
    const struct settings *now = settings_hold(store);
    assert_int_equal(former->max_queue, 7);
    assert_int_equal(now->max_queue, 8);
    assert_string_equal(now->model, "/a");
    assert_string_equal(now->listen[0], "127.0.0.1:8080");
    assert_string_equal(former->model, "/a");
    settings_release(store, former);
    write_file("max-queue = none\n");
    assert_false(settings_store_reload(store, &unchanged, NULL, &error));
    const struct settings *same = settings_hold(store);
    assert_ptr_equal(same, now);
    settings_release(store, same);
    settings_release(store, now);
    settings_store_destroy(store);
    string_buffer_finish(&unchanged);
}

static int make_folder(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(file, sizeof file, "%s/serve.conf", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    settings_finish(&settings);
    unlink(file);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(defaults_are_those_of_the_help),
        cmocka_unit_test(a_flag_outweighs_the_environment_and_that_the_file),
        cmocka_unit_test(listeners_of_one_source_add_up),
        cmocka_unit_test(switches_are_yes_or_no),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(other_variables_are_none_of_ours),
        cmocka_unit_test(a_reload_changes_what_can_change),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
