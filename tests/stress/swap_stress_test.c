/* SPDX-License-Identifier: Apache-2.0 */
/* Eight threads score on the fake backend while models are swapped ten thousand times, without a
 * pause in the calls, and then again while models are loaded and unloaded a thousand times: every
 * answer is whole and from one model, no call fails, and none is answered by a model that was
 * unloaded before the call began. Meant for ThreadSanitizer. Prints the longest stall. */
#define _GNU_SOURCE
#include "backend/fake.h"
#include "model/model.h"
#include "support/check.h"
#include "support/controllable_backend.h"
#include "support/fake_oracle.h"
#include "support/threads.h"
#include "support/tiny_model.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SCORERS = 8,
    SWAPS = 10000,
    LOADS = 1000,
    VARIANTS = 3,
    PAIRS = 24,
    MAX_GENERATIONS = LOADS + 8,
    LEAST_CALLS = 2000
};

static mgeo_engine *engine;
static char root[TINY_PATH_BYTES];
static char paths[VARIANTS][TINY_PATH_BYTES];
static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS];
static float expected[VARIANTS][PAIRS];

static atomic_bool over;
static atomic_bool loading_over;
static atomic_bool freed[MAX_GENERATIONS]; /* by generation */
static atomic_ulong calls, swaps, loads;
static atomic_ulong answers_of[VARIANTS];
static atomic_ulong failed, torn, strangers, ghosts;

/* Leaves the loader, which is nice, some of two processors. */
static void pause_briefly(void) { nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL); }

/* Models are loaded in turn, so the generation tells which one answers. */
static uint32_t variant_of(uint64_t generation) { return (uint32_t)(generation % VARIANTS); }

static void check_call(const mgeo_scores *scores, size_t first, size_t count,
                       const bool *gone_before) {
    uint64_t generation = scores->generation;
    if (generation == 0 || generation >= MAX_GENERATIONS) {
        atomic_fetch_add(&strangers, 1);
        return;
    }
    if (gone_before[generation]) atomic_fetch_add(&ghosts, 1);
    uint32_t variant = variant_of(generation);
    atomic_fetch_add(&answers_of[variant], 1);
    for (size_t i = 0; i < count; i++) {
        if (scores->similarity[i] != expected[variant][first + i]) atomic_fetch_add(&torn, 1);
    }
}

static uint32_t next_random(uint32_t *random) { return *random = *random * 1664525u + 1013904223u; }

static void score_once(uint32_t random, const bool *gone_before) {
    static const size_t counts[] = {1, 2, 5, 11};
    size_t count = counts[(random >> 28) % 4];
    size_t first = (random >> 8) % (PAIRS - count);
    float similarity[PAIRS];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    if (mgeo_score(engine, pairs + first, count, &scores, NULL) != MGEO_OK ||
        scores.bad_rows != 0) {
        atomic_fetch_add(&failed, 1);
    } else {
        check_call(&scores, first, count, gone_before);
    }
    atomic_fetch_add(&calls, 1);
}

static void *score_on(void *argument) {
    uint32_t random = *(uint32_t *)argument;
    while (!atomic_load(&over)) {
        bool gone_before[MAX_GENERATIONS];
        for (int i = 0; i < MAX_GENERATIONS; i++) {
            gone_before[i] = atomic_load_explicit(&freed[i], memory_order_acquire);
        }
        score_once(next_random(&random), gone_before);
        if ((random >> 20) % 4 != 0) pause_briefly();
    }
    return NULL;
}

static void *score_without_pause(void *argument) {
    static const bool nothing_gone[MAX_GENERATIONS];
    uint32_t random = *(uint32_t *)argument;
    while (!atomic_load(&over)) score_once(next_random(&random), nothing_gone);
    return NULL;
}

/* Models are called by their generation, and a line says when one has been freed. */
static void note_freed(void *user, int32_t level, const char *line) {
    (void)user;
    (void)level;
    static const char *const marks[] = {"unloaded ", ", replacing "};
    for (int i = 0; i < 2; i++) {
        const char *mark = strstr(line, marks[i]);
        if (mark == NULL) continue;
        unsigned long generation = strtoul(mark + strlen(marks[i]), NULL, 10);
        if (generation > 0 && generation < MAX_GENERATIONS) {
            atomic_store_explicit(&freed[generation], true, memory_order_release);
        }
    }
}

static bool load_next(uint64_t generation) {
    char version[32];
    snprintf(version, sizeof version, "%llu", (unsigned long long)generation);
    mgeo_load_options options = {.struct_size = sizeof options,
                                 .device = generation % 2 == 0 ? "controllable" : "fake",
                                 .threads = 2,
                                 .version = version,
                                 .skip_warm_up = generation % 8 != 0};
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_error error;
    if (mgeo_load(engine, paths[variant_of(generation)], &options, &info, &error) != MGEO_OK) {
        fprintf(stderr, "load %llu: %s\n", (unsigned long long)generation, error.message);
        return false;
    }
    return info.generation == generation;
}

/* After every second load the standby model is unloaded; otherwise the next load replaces it. */
static void *load_on(void *argument) {
    (void)argument;
    for (uint64_t generation = 2; generation < 2 + LOADS; generation++) {
        if (!load_next(generation)) {
            atomic_fetch_add(&failed, 1);
            break;
        }
        atomic_fetch_add(&loads, 1);
        if (generation % 2 == 0 && mgeo_unload(engine, NULL) != MGEO_OK) {
            atomic_fetch_add(&failed, 1); /* no other thread unloads */
        }
    }
    atomic_store(&loading_over, true);
    return NULL;
}

static void *swap_on(void *argument) {
    (void)argument;
    while (atomic_load(&swaps) < SWAPS || !atomic_load(&loading_over)) {
        mgeo_status status = mgeo_swap_model(engine, NULL, NULL, NULL);
        if (status == MGEO_OK) {
            atomic_fetch_add(&swaps, 1);
        } else if (status != MGEO_E_NO_MODEL) {
            atomic_fetch_add(&failed, 1);
        }
        if (status == MGEO_E_NO_MODEL && atomic_load(&loading_over)) break;
        pause_briefly();
    }
    return NULL;
}

static void make_models(void) {
    mgi_backend_register(&mgi_fake_backend);
    mgi_backend_register(&controllable_backend);
    controllable_set_lanes(
        2, 64); /* half of the models are off the CPU: callers stand in for workers */
    tiny_models_begin(root);
    mgi_tokenizer *tokenizer = oracle_tokenizer();
    mgi_labels labels = test_labels(3);
    for (uint32_t i = 0; i < PAIRS; i++) pairs[i] = test_make_pair(&texts[i], i, 1 + i % 7);
    for (uint32_t v = 0; v < VARIANTS; v++) {
        char name[16];
        snprintf(name, sizeof name, "model-%u", v);
        tiny_model_write(root, name, &(tiny_model){.variant = v, .labels = 3}, paths[v]);
        for (uint32_t i = 0; i < PAIRS; i++) {
            expected[v][i] = oracle_similarity(tokenizer, TINY_MAX_LENGTH, &labels, v, &pairs[i]);
        }
    }
    mgi_tokenizer_destroy(tokenizer);
}

static int make_all(void **state) {
    (void)state;
    make_models();
    return 0;
}

static int remove_all(void **state) {
    (void)state;
    tiny_models_end(root);
    return 0;
}

static int begin(void **state) {
    (void)state;
    mgeo_engine_options options = {
        .struct_size = sizeof options, .log = note_freed, .queue_rows = 32};
    atomic_store(&over, false);
    atomic_store(&calls, 0);
    atomic_store(&swaps, 0);
    for (int v = 0; v < VARIANTS; v++) atomic_store(&answers_of[v], 0);
    return mgeo_engine_create(&options, &engine, NULL) == MGEO_OK && load_next(1) ? 0 : 1;
}

static int end(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    return 0;
}

static void start_scorers(test_threads *scorers, void *(*body)(void *)) {
    static uint32_t seeds[SCORERS];
    for (uint32_t i = 0; i < SCORERS; i++) {
        seeds[i] = i * 7919;
        test_threads_start(scorers, body, &seeds[i]);
    }
}

static void end_scorers(test_threads *scorers) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    atomic_store(&over, true);
    test_threads_join(scorers);
    assert_int_equal(mgeo_get_rollout(engine, &rollout, NULL), MGEO_OK);
    print_message("%lu calls, %lu swaps; the longest that a call lost by meeting a turn: %.4f ms\n",
                  atomic_load(&calls), atomic_load(&swaps), 1e3 * rollout.stall_seconds_max);
    assert_int_equal(atomic_load(&failed), 0);
    assert_int_equal(atomic_load(&torn), 0);
    assert_int_equal(atomic_load(&strangers), 0);
    assert_int_equal(atomic_load(&ghosts), 0);
    assert_int_equal(rollout.swaps, atomic_load(&swaps));
    assert_true(atomic_load(&swaps) >= SWAPS);
    assert_true(atomic_load(&calls) > LEAST_CALLS);
}

static void test_swaps_at_full_load(void **state) {
    (void)state;
    assert_true(load_next(2));
    test_threads scorers = {0};
    start_scorers(&scorers, score_without_pause);
    while (atomic_load(&swaps) < SWAPS) {
        assert_int_equal(mgeo_swap_model(engine, NULL, NULL, NULL), MGEO_OK);
        atomic_fetch_add(&swaps, 1);
        pause_briefly();
    }
    end_scorers(&scorers);
    assert_true(atomic_load(&answers_of[1]) > 0);
    assert_true(atomic_load(&answers_of[2]) > 0);
}

static void test_swaps_loads_and_unloads_under_load(void **state) {
    (void)state;
    test_threads scorers = {0}, writers = {0};
    start_scorers(&scorers, score_on);
    test_threads_start(&writers, load_on, NULL);
    test_threads_start(&writers, swap_on, NULL);
    test_threads_join(&writers);
    end_scorers(&scorers);
    unsigned long gone = 0;
    for (int i = 0; i < MAX_GENERATIONS; i++) gone += atomic_load(&freed[i]);
    print_message("%lu loads, %lu models freed under load\n", atomic_load(&loads), gone);
    assert_int_equal(atomic_load(&loads), LOADS);
    assert_in_range(gone, LOADS - 2, LOADS + 1);
    for (int v = 0; v < VARIANTS; v++) assert_true(atomic_load(&answers_of[v]) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_swaps_at_full_load, begin, end),
        cmocka_unit_test_setup_teardown(test_swaps_loads_and_unloads_under_load, begin, end),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
