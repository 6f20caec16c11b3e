/* SPDX-License-Identifier: Apache-2.0 */
/* A process that swaps, loads and unloads with a journal is killed twenty times at some moment: the
 * journal can be read as it was left, is sound once it has been opened again, and holds every line
 * that a receipt has named. */
#define _GNU_SOURCE
#include "backend/fake.h"
#include "support/check.h"
#include "support/fake_oracle.h"
#include "support/threads.h"
#include "support/tiny_model.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 20, MODELS = 2, SWAPPERS = 2, MODELS_STAND_MS = 15, LATEST_KILL_MS = 200 };

static char root[TINY_PATH_BYTES];
static char paths[MODELS][TINY_PATH_BYTES];
static char journal[TINY_PATH_BYTES + 32];

/* ---- the child ------------------------------------------------------------------------------- */

/* What the parent is told of: a line that a receipt has named. One write, so it is whole. */
typedef struct told {
    uint64_t line;
    char hash[72];
} told;

typedef struct child {
    mgeo_engine *engine;
    int pipe;
} child;

static void load(mgeo_engine *engine, uint32_t model) {
    mgeo_load_options options = {
        .struct_size = sizeof options, .device = "fake", .threads = 1, .skip_warm_up = 1};
    mgeo_load(engine, paths[model], &options, NULL, NULL);
}

static void *swap_on(void *argument) {
    const child *c = argument;
    for (;;) {
        mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
        if (mgeo_swap_model(c->engine, NULL, &receipt, NULL) != MGEO_OK) {
            test_sleep(1); /* nothing is on standby now */
            continue;
        }
        if (receipt.journal_status != MGEO_OK) _exit(3);
        told what = {.line = receipt.journal_line};
        memcpy(what.hash, receipt.journal_hash, sizeof what.hash);
        if (write(c->pipe, &what, sizeof what) != (ssize_t)sizeof what) _exit(4);
    }
    return NULL;
}

/* Goes on until it is killed. */
static void live(int pipe) {
    mgeo_engine_options options = {.struct_size = sizeof options, .journal = journal};
    child c = {.pipe = pipe};
    mgeo_error error;
    if (mgeo_engine_create(&options, &c.engine, &error) != MGEO_OK) {
        fprintf(stderr, "%s\n", error.message);
        _exit(2);
    }
    load(c.engine, 0);
    load(c.engine, 1);
    test_threads swappers = {0};
    for (int i = 0; i < SWAPPERS; i++) test_threads_start(&swappers, swap_on, &c);
    for (uint32_t i = 0;; i++) {
        test_sleep(MODELS_STAND_MS);
        mgeo_unload(c.engine, NULL);
        load(c.engine, i % MODELS);
    }
}

/* ---- the parent ------------------------------------------------------------------------------ */

/* The last line that the child has told of; its number is 0 if there is none. */
static told last_told(int pipe) {
    told last = {0}, next;
    ssize_t got;
    while ((got = read(pipe, &next, sizeof next)) == (ssize_t)sizeof next) {
        if (next.line > last.line) last = next;
    }
    assert_int_equal(got, 0);
    return last;
}

/* Does a line carry this hash as that of the line before it? */
static bool is_in_the_chain(const told *what) {
    char part[96];
    snprintf(part, sizeof part, "\"prev\":\"%s\"}", what->hash);
    FILE *file = fopen(journal, "r");
    assert_non_null(file);
    char *line = NULL;
    size_t capacity = 0;
    bool found = false;
    for (uint64_t number = 1; getline(&line, &capacity, file) > 0; number++) {
        if (number == what->line + 1) found = strstr(line, part) != NULL;
    }
    free(line);
    fclose(file);
    return found;
}

/* Everything that was told stands in sound lines; a line may be torn. */
static uint64_t check_as_it_was_left(const told *last, unsigned *torn) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    mgeo_error error;
    mgeo_status status = mgeo_journal_verify(journal, &report, &error);
    if (status != MGEO_OK && !report.torn) fail_msg("%s", error.message);
    assert_true(report.lines >= last->line);
    *torn += report.torn != 0;
    return report.lines;
}

static void check_opened_again(const told *last, uint64_t lines) {
    mgeo_engine_options options = {.struct_size = sizeof options, .journal = journal};
    mgeo_journal_report report = {.struct_size = sizeof report};
    mgeo_engine *engine;
    mgeo_error error;
    if (mgeo_engine_create(&options, &engine, &error) != MGEO_OK) fail_msg("%s", error.message);
    mgeo_engine_destroy(engine);
    if (mgeo_journal_verify(journal, &report, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(report.lines, lines + 1);
    if (last->line > 0) assert_true(is_in_the_chain(last));
}

static pid_t start_child(int *pipe_end) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        live(ends[1]);
    }
    close(ends[1]);
    *pipe_end = ends[0];
    return pid;
}

static void test_a_killed_process_leaves_a_sound_journal(void **state) {
    (void)state;
    unsigned torn = 0, with_swaps = 0;
    uint64_t lines = 0;
    srand((unsigned)getpid());
    for (int i = 0; i < KILLS; i++) {
        int pipe_end, status;
        pid_t pid = start_child(&pipe_end);
        /* Every other child is let live until it has swapped. */
        told first = {0};
        if (i % 2 == 0 && read(pipe_end, &first, sizeof first) < 0) fail();
        test_sleep((unsigned)rand() % LATEST_KILL_MS);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        told last = last_told(pipe_end);
        if (last.line == 0) last = first;
        close(pipe_end);
        with_swaps += last.line > 0;
        if (access(journal, F_OK) != 0) continue;
        lines = check_as_it_was_left(&last, &torn);
        check_opened_again(&last, lines);
    }
    print_message("%d kills, %u after swaps, %u torn lines, %llu lines\n", KILLS, with_swaps, torn,
                  (unsigned long long)lines);
    assert_true(with_swaps >= KILLS / 2);
}

static int make_models(void **state) {
    (void)state;
    mgi_backend_register(&mgi_fake_backend);
    tiny_models_begin(root);
    snprintf(journal, sizeof journal, "%s/journal", root);
    for (uint32_t i = 0; i < MODELS; i++) {
        char name[16];
        snprintf(name, sizeof name, "model-%u", i);
        tiny_model_write(root, name, &(tiny_model){.variant = i, .labels = 3}, paths[i]);
    }
    return 0;
}

static int remove_models(void **state) {
    (void)state;
    tiny_models_end(root);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_killed_process_leaves_a_sound_journal)};
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
