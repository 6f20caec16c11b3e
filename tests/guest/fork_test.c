/* SPDX-License-Identifier: Apache-2.0 */
/* Forks as prefork servers make them: after any history and at any moment in the parent, a child
 * that creates its own engine loads, scores, swaps and ends, and its own children do.
 *
 *   fork_test DEVICE PRECISION */
#define _GNU_SOURCE
#include "backend/fake.h"
#include "support/check.h"
#include "support/fake_oracle.h"
#include "support/tiny_model.h"

#include <mgeo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAIRS = 8, MODELS = 2, CHILDREN = 4, ROUNDS = 6, CALLERS = 2, LONGEST_SECONDS = 100 };

static const char *device;
static int32_t precision;
static char root[TINY_PATH_BYTES], paths[MODELS][TINY_PATH_BYTES];
static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS];
static float expected[MODELS][PAIRS];

static _Noreturn void give_up(const char *what, const mgeo_error *error) {
    fprintf(stderr, "process %ld: %s: %s\n", (long)getpid(), what, error->message);
    _exit(1);
}

/* ---- an engine's life ------------------------------------------------------------------------ */

static void load(mgeo_engine *engine, int model) {
    mgeo_error error;
    mgeo_load_options options = {
        .struct_size = sizeof options, .device = device, .precision = precision, .threads = 2};
    if (mgeo_load(engine, paths[model], &options, NULL, &error) != MGEO_OK) {
        give_up("load", &error);
    }
}

/* The answers are those of the model, or of either where it is -1. */
static void score(mgeo_engine *engine, int model) {
    float similarity[PAIRS];
    mgeo_error error = {0};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    if (mgeo_score(engine, pairs, PAIRS, &scores, &error) != MGEO_OK) give_up("score", &error);
    for (int i = 0; i < MODELS; i++) {
        if (memcmp(similarity, expected[i], sizeof similarity) == 0 && (model < 0 || i == model)) {
            return;
        }
    }
    give_up("a wrong answer", &error);
}

static mgeo_engine *create(void) {
    mgeo_engine *engine;
    mgeo_error error;
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK) give_up("create", &error);
    return engine;
}

static void swap(mgeo_engine *engine) {
    mgeo_error error;
    if (mgeo_swap_model(engine, NULL, NULL, &error) != MGEO_OK) give_up("swap", &error);
}

static void live(void) {
    mgeo_engine *engine = create();
    load(engine, 0);
    score(engine, 0);
    load(engine, 1);
    swap(engine);
    score(engine, 1);
    mgeo_engine_destroy(engine);
}

/* ---- children -------------------------------------------------------------------------------- */

static void check_forked(mgeo_engine *engine) {
    mgeo_error error = {0};
    float similarity[PAIRS];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    mgeo_stats stats = {.struct_size = sizeof stats};
    if (engine == NULL) return;
    if (mgeo_score(engine, pairs, PAIRS, &scores, &error) != MGEO_E_FORKED ||
        mgeo_load(engine, paths[0], NULL, NULL, &error) != MGEO_E_FORKED ||
        mgeo_get_stats(engine, MGEO_LIVE, &stats, &error) != MGEO_E_FORKED ||
        strstr(error.message, "create one after fork()") == NULL) {
        give_up("the parent's engine is not refused", &error);
    }
    mgeo_engine_destroy(engine);
}

static pid_t fork_child(mgeo_engine *engine, int generations);

static void await_child(pid_t child) {
    const mgeo_error error = {.message = "by its exit status"};
    int status = -1;
    if (waitpid(child, &status, 0) != child || status != 0) give_up("a child has failed", &error);
}

static void live_as_child(mgeo_engine *parents, int generations) {
    alarm(LONGEST_SECONDS);
    check_forked(parents);
    live();
    if (generations > 0) {
        mgeo_engine *engine = create();
        load(engine, 0);
        score(engine, 0);
        pid_t child = fork_child(engine, generations - 1);
        score(engine, 0);
        await_child(child);
        mgeo_engine_destroy(engine);
    }
    _exit(0);
}

static pid_t fork_child(mgeo_engine *engine, int generations) {
    pid_t child = fork();
    if (child == 0) live_as_child(engine, generations);
    return child;
}

/* ---- what goes on in the parent -------------------------------------------------------------- */

static atomic_bool over;

static void *call_on(void *engine) {
    while (!atomic_load(&over)) score(engine, -1);
    return NULL;
}

static void *swap_on(void *argument) {
    mgeo_engine *engine = argument;
    mgeo_error error;
    static char text[1 << 16];
    size_t length;
    while (!atomic_load(&over)) {
        load(engine, 1);
        mgeo_write_metrics(engine, MGEO_METRICS_PROMETHEUS, text, sizeof text, &length, &error);
        swap(engine);
        swap(engine);
        if (mgeo_unload(engine, &error) != MGEO_OK) give_up("unload", &error);
    }
    return NULL;
}

/* An engine is created and ended again and again, so that forks fall into that as well. */
static void *create_on(void *argument) {
    (void)argument;
    while (!atomic_load(&over)) live();
    return NULL;
}

static void fork_under_load(void) {
    pthread_t threads[CALLERS + 2];
    mgeo_engine *engine = create();
    load(engine, 0);
    atomic_store(&over, false);
    for (int i = 0; i < CALLERS; i++) pthread_create(&threads[i], NULL, call_on, engine);
    pthread_create(&threads[CALLERS], NULL, swap_on, engine);
    pthread_create(&threads[CALLERS + 1], NULL, create_on, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t children[CHILDREN];
        for (int i = 0; i < CHILDREN; i++) {
            usleep((useconds_t)(rand() % 3000));
            children[i] = fork_child(engine, i == 0);
        }
        for (int i = 0; i < CHILDREN; i++) await_child(children[i]);
    }
    atomic_store(&over, true);
    for (int i = 0; i < CALLERS + 2; i++) pthread_join(threads[i], NULL);
    score(engine, 0);
    mgeo_engine_destroy(engine);
}

/* Preloading servers: the master loads, scores, and keeps its engine or ends it. */
static void fork_after(bool destroyed) {
    mgeo_engine *engine = create();
    load(engine, 0);
    score(engine, 0);
    if (destroyed) mgeo_engine_destroy(engine);
    if (destroyed) engine = NULL;
    pid_t children[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) children[i] = fork_child(engine, 1);
    for (int i = 0; i < CHILDREN; i++) await_child(children[i]);
    if (engine != NULL) score(engine, 0);
    mgeo_engine_destroy(engine);
}

/* ---- setting up ------------------------------------------------------------------------------ */

static void learn_answers(void) {
    for (int model = 0; model < MODELS; model++) {
        mgeo_error error;
        mgeo_engine *engine = create();
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = expected[model]};
        load(engine, model);
        if (mgeo_score(engine, pairs, PAIRS, &scores, &error) != MGEO_OK) give_up("score", &error);
        mgeo_engine_destroy(engine);
    }
}

static int32_t precision_of(const char *name) {
#define COMPARE(constant, number, text)                                                            \
    if (strcmp(name, text) == 0) return constant;
    MGEO_PRECISION_LIST(COMPARE)
#undef COMPARE
    return -1;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
#if defined(__SANITIZE_THREAD__)
    return 77; /* its children may not start threads */
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return 77;
#endif
#endif
    alarm(2 * LONGEST_SECONDS);
    device = arguments[1];
    precision = precision_of(arguments[2]);
    mgi_backend_register(&mgi_fake_backend);
    tiny_models_begin(root);
    for (uint32_t i = 0; i < MODELS; i++) {
        tiny_model_write(root, i == 0 ? "first" : "second",
                         &(tiny_model){.variant = i, .labels = 3}, paths[i]);
    }
    for (uint32_t i = 0; i < PAIRS; i++) pairs[i] = test_make_pair(&texts[i], i, 1 + i % 5);
    learn_answers();
    fork_after(false);
    fork_after(true);
    fork_under_load();
    tiny_models_end(root);
    return 0;
}
