/* SPDX-License-Identifier: Apache-2.0 */
/* Random rollouts under load: eight threads score and run jobs while three others load, unload,
 * swap, go back, share, shadow, watch and compare. No call fails, every answer is whole and its
 * model's, nothing happens that the contract does not allow, and the counts add up at the end.
 * MGEO_TEST_SEED repeats a schedule as far as threads can; MGEO_TEST_SECONDS lets it run longer. */
#define _GNU_SOURCE
#include "rollout_stress.h"

#include "backend/fake.h"
#include "support/check.h"
#include "support/controllable_backend.h"
#include "support/threads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OPERATIONS = 500, SECONDS = 8 };

stress_models models;
mgeo_engine *engine;
atomic_bool callers_over;
atomic_int variant_of[MAX_GENERATIONS];
atomic_ulong calls_of[MAX_GENERATIONS];
atomic_ulong calls_in_all, jobs_in_all, keyed_in_all;

/* ---- what all share -------------------------------------------------------------------------- */

static atomic_ulong violations;

void stress_violation(const char *format, ...) {
    enum { MAX_PRINTED = 20 };
    if (atomic_fetch_add(&violations, 1) >= MAX_PRINTED) return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "violation: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
}

unsigned long stress_violations(void) { return atomic_load(&violations); }

/* splitmix64 */
uint32_t stress_draw(stress_random *random, uint32_t below) {
    uint64_t x = random->state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((x ^ (x >> 31)) >> 32) % below;
}

void stress_settle_variant(uint64_t generation, uint32_t variant) {
    int known = -1;
    if (generation >= MAX_GENERATIONS) {
        stress_violation("generation %" PRIu64, generation);
    } else if (!atomic_compare_exchange_strong(&variant_of[generation], &known, (int)variant) &&
               known != (int)variant) {
        stress_violation("generation %" PRIu64 " is variant %u, but answered as %d", generation,
                         variant, known);
    }
}

/* ---- before and after ------------------------------------------------------------------------ */

static char journal_path[TINY_PATH_BYTES + 16];

static void make_models(void) {
    mgi_backend_register(&mgi_fake_backend);
    mgi_backend_register(&controllable_backend);
    controllable_set_lanes(3, 64); /* off the CPU: callers stand in for workers */
    controllable_delay(1); /* calls of half of the models last, so that drains have to wait */
    tiny_models_begin(models.root);
    mgi_tokenizer *tokenizer = oracle_tokenizer();
    for (uint32_t i = 0; i < PAIRS; i++) {
        models.pairs[i] = test_make_pair(&models.texts[i], i, 1 + i % 5);
    }
    for (uint32_t v = 0; v < VARIANTS; v++) {
        char name[16];
        snprintf(name, sizeof name, "model-%u", v);
        models.labels[v] = v + 1 < VARIANTS ? 3 : 2;
        mgi_labels labels = test_labels(models.labels[v]);
        tiny_model_write(models.root, name,
                         &(tiny_model){.variant = v, .labels = labels.count, .unused = 1},
                         models.paths[v]);
        for (uint32_t i = 0; i < PAIRS; i++) {
            models.expected[v][i] =
                oracle_similarity(tokenizer, TINY_MAX_LENGTH, &labels, v, &models.pairs[i]);
            for (uint32_t w = 0; w < v; w++) {
                assert_true(models.expected[v][i] != models.expected[w][i]);
            }
        }
    }
    mgi_tokenizer_destroy(tokenizer);
    for (int i = 0; i < MAX_GENERATIONS; i++) atomic_init(&variant_of[i], -1);
}

static void begin_engine(void) {
    snprintf(journal_path, sizeof journal_path, "%s/journal", models.root);
    mgeo_engine_options options = {
        .struct_size = sizeof options, .queue_rows = 64, .journal = journal_path};
    mgeo_error error;
    assert_int_equal(mgeo_engine_create(&options, &engine, &error), MGEO_OK);
    mgeo_load_options load = {
        .struct_size = sizeof load, .device = "fake", .threads = 2, .skip_warm_up = 1};
    assert_int_equal(mgeo_load(engine, models.paths[0], &load, NULL, &error), MGEO_OK);
    stress_settle_variant(1, 0);
}

/* What a watch or a shadow thread still has to do is done. */
static void come_to_rest(void) {
    mgeo_watch_report watch = {.struct_size = sizeof watch};
    mgeo_shadow_report shadow = {.struct_size = sizeof shadow};
    do {
        test_sleep(5);
        assert_int_equal(mgeo_get_watch(engine, &watch, NULL), MGEO_OK);
    } while (watch.state == MGEO_WATCH_RUNNING);
    mgeo_set_canary(engine, 0, NULL, NULL);
    mgeo_set_shadow(engine, 0, NULL, NULL);
    do {
        test_sleep(5);
        assert_int_equal(mgeo_get_shadow(engine, &shadow, NULL), MGEO_OK);
    } while (shadow.waiting > 0);
    assert_int_equal(shadow.pairs, shadow.dropped + shadow.failed + shadow.lost + shadow.compared);
}

static unsigned long swaps_that_ended(mgeo_status status) {
    return stress_ended("swap", status) + stress_ended("expecting swap", status) +
           stress_ended("gated swap", status) + stress_ended("watched swap", status);
}

static void check_counts(const mgeo_rollout *rollout) {
    assert_int_equal(rollout->loads, stress_ended("load", MGEO_OK) + 1);
    assert_int_equal(rollout->unloads,
                     stress_ended("unload", MGEO_OK) + stress_ended("hasty unload", MGEO_OK));
    assert_int_equal(rollout->swaps, swaps_that_ended(MGEO_OK) + stress_hasty_swaps());
    assert_int_equal(rollout->refused_swaps, swaps_that_ended(MGEO_E_REFUSED));
    assert_int_equal(rollout->roll_backs,
                     stress_ended("roll-back", MGEO_OK) + rollout->watch_roll_backs);
    assert_int_equal(rollout->jobs, 0);
    assert_int_equal(rollout->journal_failures, 0);
    assert_int_equal(rollout->canary_share, 0);
    assert_int_equal(rollout->shadow_share, 0);
}

/* Nobody holds anything, and each model answered as many calls as its callers noted. */
static void check_slots(void) {
    for (int32_t slot = 0; slot < MGI_SLOTS; slot++) {
        assert_int_equal(mgi_slots_pins(&engine->slots, slot), 0);
        assert_int_equal(engine->leases[slot], 0);
        mgeo_stats stats = {.struct_size = sizeof stats};
        if (mgeo_get_stats(engine, slot, &stats, NULL) != MGEO_OK) continue;
        assert_int_equal(stats.calls, atomic_load(&calls_of[stats.generation]));
        assert_int_equal(stats.failed_calls, 0);
        assert_int_equal(stats.calls_in_flight, 0);
        assert_int_equal(stats.queued_rows, 0);
    }
    assert_false(engine->gate_running);
    assert_false(engine->loading);
    assert_false(engine->draining);
}

/* Every event has its line, and the lines hang together. */
static void check_journal(const mgeo_rollout *rollout) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    mgeo_error error;
    if (mgeo_journal_verify(journal_path, &report, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    uint64_t events = rollout->loads + rollout->unloads + rollout->swaps + rollout->refused_swaps +
                      rollout->roll_backs;
    print_message("%" PRIu64 " lines in the journal\n", report.lines);
    assert_true(report.lines > events);
}

/* ---- the test -------------------------------------------------------------------------------- */

static uint64_t number_from(const char *variable, uint64_t otherwise) {
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void run_threads(uint64_t seed) {
    test_threads callers = {0}, operators = {0};
    stress_random random = {seed}, seeds[CALLERS];
    stress_operator orders[OPERATORS];
    uint64_t seconds = number_from("MGEO_TEST_SECONDS", 0);
    for (int i = 0; i < CALLERS; i++) {
        seeds[i].state = stress_draw(&random, UINT32_MAX);
        test_threads_start(&callers, stress_caller, &seeds[i]);
    }
    for (int i = 0; i < OPERATORS; i++) {
        orders[i] = (stress_operator){
            .random = {stress_draw(&random, UINT32_MAX)},
            .operations = seconds > 0 ? UINT32_MAX : OPERATIONS,
            .seconds_most = seconds > 0 ? (double)seconds : SECONDS,
        };
        test_threads_start(&operators, stress_operate, &orders[i]);
    }
    test_threads_join(&operators);
    come_to_rest();
    atomic_store(&callers_over, true);
    test_threads_join(&callers);
}

static void test_random_rollouts_under_load(void **state) {
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = number_from("MGEO_TEST_SEED",
                                (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
    print_message("MGEO_TEST_SEED=%" PRIu64 "\n", seed);
    make_models();
    begin_engine();
    run_threads(seed);
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, NULL), MGEO_OK);
    stress_print_operations();
    print_message("%lu calls, %lu jobs, %lu calls with their slot foretold; %" PRIu64
                  " turned back by a watch; longest stall %.3f ms\n",
                  atomic_load(&calls_in_all), atomic_load(&jobs_in_all), atomic_load(&keyed_in_all),
                  rollout.watch_roll_backs, 1e3 * rollout.stall_seconds_max);
    assert_int_equal(stress_violations(), 0);
    assert_true(atomic_load(&jobs_in_all) > 0);
    assert_true(atomic_load(&keyed_in_all) > 0);
    check_counts(&rollout);
    check_slots();
    mgeo_engine_destroy(engine);
    assert_int_equal(controllable_lanes_open(), 0);
    check_journal(&rollout);
    tiny_models_end(models.root);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_rollouts_under_load)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
