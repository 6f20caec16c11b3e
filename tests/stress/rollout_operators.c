/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of the rollout stress test: they load, swap, go back, share, shadow, compare and ask at
 * random, at the same time, and only what the contract allows may come of it. */
#define _GNU_SOURCE
#include "core/clock.h"
#include "rollout_stress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GATE_PAIRS = 6, METRICS_BYTES = 1 << 20 };

/* ---- loads ----------------------------------------------------------------------------------- */

static mgeo_status load_variant(stress_random *random, mgeo_progress *progress) {
    uint32_t variant = stress_draw(random, VARIANTS);
    mgeo_load_options options = {.struct_size = sizeof options,
                                 .device = stress_draw(random, 2) ? "fake" : "controllable",
                                 .threads = 1 + stress_draw(random, 2),
                                 .skip_warm_up = stress_draw(random, 8) != 0,
                                 .progress = progress};
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_status status = mgeo_load(engine, models.paths[variant], &options, &info, NULL);
    if (status == MGEO_OK) stress_settle_variant(info.generation, variant);
    return status;
}

static mgeo_status operate_load(stress_random *random) { return load_variant(random, NULL); }

static mgeo_status operate_cancelled_load(stress_random *random) {
    mgeo_progress progress = {{0}};
    mgeo_progress_cancel(&progress);
    return load_variant(random, &progress);
}

static mgeo_status operate_unload(stress_random *random) {
    (void)random;
    return mgeo_unload(engine, NULL);
}

/* ---- turns ----------------------------------------------------------------------------------- */

static void check_receipt(const mgeo_swap_receipt *receipt, uint64_t expected) {
    if (receipt->from_generation == receipt->to_generation ||
        receipt->from_slot == receipt->to_slot ||
        (expected != 0 && receipt->to_generation != expected)) {
        stress_violation("a swap from %" PRIu64 " to %" PRIu64 ", expected %" PRIu64,
                         receipt->from_generation, receipt->to_generation, expected);
    }
    if (receipt->journal_status != MGEO_OK) {
        stress_violation("the journal: status %d", (int)receipt->journal_status);
    }
}

static mgeo_status swap_with(mgeo_swap_options *options) {
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    options->struct_size = sizeof *options;
    mgeo_status status = mgeo_swap_model(engine, options, &receipt, NULL);
    if (status == MGEO_OK) check_receipt(&receipt, options->expect_generation);
    if (status == MGEO_OK && options->gate != NULL && receipt.check_count == 0) {
        stress_violation("a gate without checks");
    }
    return status;
}

static mgeo_status operate_swap(stress_random *random) {
    (void)random;
    return swap_with(&(mgeo_swap_options){0});
}

/* The standby model's generation, or one that it is not. */
static mgeo_status operate_expecting_swap(stress_random *random) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    mgeo_get_rollout(engine, &rollout, NULL);
    uint64_t generation = rollout.standby_generation;
    if (stress_draw(random, 3) == 0 || generation == 0) generation = rollout.live_generation;
    return swap_with(&(mgeo_swap_options){.expect_generation = generation});
}

/* No limit, or none that two different models hold. */
static mgeo_status operate_gated_swap(stress_random *random) {
    mgeo_gate gate = {.struct_size = sizeof gate,
                      .pairs = models.pairs,
                      .count = GATE_PAIRS,
                      .pairs_per_call = 1 + stress_draw(random, 4),
                      .full_speed = stress_draw(random, 4) != 0,
                      .max_shift = stress_draw(random, 3) == 0 ? -1 : 0};
    return swap_with(&(mgeo_swap_options){.gate = &gate});
}

/* Watches that hold, and watches that turn back: another model's scores are distributed
 * otherwise. */
static mgeo_watch draw_watch(stress_random *random) {
    return (mgeo_watch){.struct_size = sizeof(mgeo_watch),
                        .window_calls = 20 + stress_draw(random, 200),
                        .window_seconds = 0.3,
                        .min_calls = 10,
                        .max_error_rate = -1,
                        .max_psi = stress_draw(random, 2) ? -1 : 0};
}

static mgeo_status operate_watched_swap(stress_random *random) {
    mgeo_watch watch = draw_watch(random);
    return swap_with(&(mgeo_swap_options){.watch = &watch});
}

static mgeo_status operate_roll_back(stress_random *random) {
    (void)random;
    return mgeo_roll_back(engine, NULL, NULL, NULL);
}

/* An unload while the model that was swapped out, or was a canary, still answers its last calls. */
static atomic_ulong hasty_swaps;

static mgeo_status operate_hasty_unload(stress_random *random) {
    bool swaps = stress_draw(random, 2);
    mgeo_status status =
        swaps ? swap_with(&(mgeo_swap_options){0}) : mgeo_set_canary(engine, 5000, NULL, NULL);
    if (status != MGEO_OK) return status;
    atomic_fetch_add(&hasty_swaps, swaps);
    if (!swaps) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    mgeo_set_canary(engine, 0, NULL, NULL);
    return mgeo_unload(engine, NULL);
}

unsigned long stress_hasty_swaps(void) { return atomic_load(&hasty_swaps); }

/* ---- shares ---------------------------------------------------------------------------------- */

static uint32_t draw_share(stress_random *random) {
    static const uint32_t shares[] = {1, 500, 5000, 9999, 10000};
    if (stress_draw(random, 2)) return shares[stress_draw(random, 5)];
    return 1 + stress_draw(random, 10000);
}

static mgeo_status operate_canary(stress_random *random) {
    mgeo_canary_options options = {.struct_size = sizeof options};
    mgeo_watch watch = draw_watch(random);
    if (stress_draw(random, 4) == 0) options.watch = &watch;
    if (stress_draw(random, 8) == 0) options.expect_generation = 1;
    return mgeo_set_canary(engine, draw_share(random), &options, NULL);
}

static mgeo_status operate_end_of_canary(stress_random *random) {
    (void)random;
    return mgeo_set_canary(engine, 0, NULL, NULL);
}

static mgeo_status operate_shadow(stress_random *random) {
    mgeo_shadow_options options = {.struct_size = sizeof options,
                                   .queue_rows = 1 + stress_draw(random, 64),
                                   .worst_pairs = 1 + stress_draw(random, 8),
                                   .full_speed = stress_draw(random, 4) != 0};
    return mgeo_set_shadow(engine, draw_share(random), &options, NULL);
}

static mgeo_status operate_end_of_shadow(stress_random *random) {
    (void)random;
    return mgeo_set_shadow(engine, 0, NULL, NULL);
}

/* ---- questions ------------------------------------------------------------------------------- */

static mgeo_status operate_compare(stress_random *random) {
    mgeo_shift worst[3];
    mgeo_compare_options options = {.struct_size = sizeof options,
                                    .pairs = models.pairs,
                                    .count = 1 + stress_draw(random, PAIRS),
                                    .full_speed = stress_draw(random, 4) != 0};
    mgeo_compare_report report = {
        .struct_size = sizeof report, .worst = worst, .worst_capacity = 3};
    mgeo_status status = mgeo_compare(engine, &options, &report, NULL);
    if (status != MGEO_OK) return status;
    int live = atomic_load(&variant_of[report.live_generation % MAX_GENERATIONS]);
    int standby = atomic_load(&variant_of[report.standby_generation % MAX_GENERATIONS]);
    bool same = live == standby && live >= 0;
    if (report.pairs != options.count || (same && report.shift_max != 0) ||
        report.live_generation == report.standby_generation) {
        stress_violation(
            "a comparison of %" PRIu64 " with %" PRIu64 ": %" PRIu64 " pairs, largest shift %g",
            report.live_generation, report.standby_generation, report.pairs, report.shift_max);
    }
    return status;
}

/* Calls are counted before they return, and noted by their callers after that. */
static mgeo_status operate_stats(stress_random *random) {
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_stats stats = {.struct_size = sizeof stats};
    int32_t slot = (int32_t)stress_draw(random, 4);
    mgeo_status status = mgeo_get_info(engine, slot, &info, NULL);
    if (status != MGEO_OK) return status;
    unsigned long noted = atomic_load(&calls_of[info.generation % MAX_GENERATIONS]);
    status = mgeo_get_stats(engine, slot, &stats, NULL);
    if (status != MGEO_OK || stats.generation != info.generation) return status;
    unsigned long later = atomic_load(&calls_of[info.generation % MAX_GENERATIONS]);
    if (stats.calls < noted || stats.calls > later + CALLERS || stats.failed_calls != 0 ||
        stats.bad_rows != 0) {
        stress_violation(
            "generation %" PRIu64 " counts %" PRIu64
            " calls, %lu before and %lu after were noted; failed %" PRIu64 ", bad rows %" PRIu64,
            stats.generation, stats.calls, noted, later, stats.failed_calls, stats.bad_rows);
    }
    return status;
}

static mgeo_status operate_questions(stress_random *random) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    mgeo_watch_report watch = {.struct_size = sizeof watch};
    mgeo_shadow_report shadow = {.struct_size = sizeof shadow};
    char name[32];
    mgeo_status status = mgeo_get_rollout(engine, &rollout, NULL);
    if (status == MGEO_OK) status = mgeo_get_watch(engine, &watch, NULL);
    if (status == MGEO_OK) status = mgeo_get_shadow(engine, &shadow, NULL);
    if (rollout.live_slot < 0 || rollout.live_generation == 0 || rollout.canary_share > 10000 ||
        rollout.live_generation == rollout.standby_generation) {
        stress_violation("live slot %d, generations %" PRIu64 " and %" PRIu64,
                         (int)rollout.live_slot, rollout.live_generation,
                         rollout.standby_generation);
    }
    mgeo_get_unused_tensor(engine, (int32_t)stress_draw(random, 4), 0, name, sizeof name, NULL);
    return status;
}

static mgeo_status operate_shadow_pair(stress_random *random) {
    char a[64], b[64];
    mgeo_shift shift;
    return mgeo_get_shadow_pair(engine, stress_draw(random, 4), &shift, a, sizeof a, b, sizeof b,
                                NULL);
}

static mgeo_status operate_metrics(stress_random *random) {
    int32_t format = (int32_t)stress_draw(random, 2);
    size_t length = 0;
    char *text = malloc(METRICS_BYTES);
    if (text == NULL) return MGEO_E_MEMORY;
    mgeo_status status = mgeo_write_metrics(engine, format, text, METRICS_BYTES, &length, NULL);
    bool ends = status != MGEO_OK || format == MGEO_METRICS_PROMETHEUS ||
                (length > 6 && strcmp(text + length - 6, "# EOF\n") == 0);
    if (status == MGEO_OK && (strlen(text) != length || !ends)) {
        stress_violation("metrics of %zu bytes, %zu said", strlen(text), length);
    }
    free(text);
    return status;
}

/* ---- the schedule ---------------------------------------------------------------------------- */

#define MAY(status) (1u << (status))
#define MAY_OK MAY(MGEO_OK)
#define MAY_TURN (MAY_OK | MAY(MGEO_E_NO_MODEL) | MAY(MGEO_E_BUSY))

typedef struct stress_kind {
    const char *name;
    mgeo_status (*run)(stress_random *random);
    uint32_t allowed;
    uint32_t weight;
    mgeo_status success;
} stress_kind;

static const stress_kind kinds[] = {
    {"load", operate_load, MAY_OK | MAY(MGEO_E_BUSY), 10, MGEO_OK},
    {"cancelled load", operate_cancelled_load, MAY(MGEO_E_CANCELLED) | MAY(MGEO_E_BUSY), 1,
     MGEO_E_CANCELLED},
    {"unload", operate_unload, MAY_TURN, 2, MGEO_OK},
    {"hasty unload", operate_hasty_unload, MAY_TURN, 6, MGEO_OK},
    {"swap", operate_swap, MAY_TURN, 10, MGEO_OK},
    {"expecting swap", operate_expecting_swap, MAY_TURN | MAY(MGEO_E_REFUSED), 6, MGEO_OK},
    {"gated swap", operate_gated_swap, MAY_TURN | MAY(MGEO_E_REFUSED), 4, MGEO_OK},
    {"watched swap", operate_watched_swap, MAY_TURN, 5, MGEO_OK},
    {"roll-back", operate_roll_back, MAY_OK | MAY(MGEO_E_NO_MODEL), 5, MGEO_OK},
    {"canary", operate_canary, MAY_TURN | MAY(MGEO_E_REFUSED), 8, MGEO_OK},
    {"end of canary", operate_end_of_canary, MAY_OK, 4, MGEO_OK},
    {"shadow", operate_shadow, MAY_TURN, 5, MGEO_OK},
    {"end of shadow", operate_end_of_shadow, MAY_OK, 2, MGEO_OK},
    {"compare", operate_compare, MAY_OK | MAY(MGEO_E_NO_MODEL), 3, MGEO_OK},
    {"stats", operate_stats, MAY_OK | MAY(MGEO_E_NO_MODEL), 8, MGEO_OK},
    {"questions", operate_questions, MAY_OK, 6, MGEO_OK},
    {"shadow pair", operate_shadow_pair, MAY_OK | MAY(MGEO_E_ARGUMENT), 2, MGEO_OK},
    {"metrics", operate_metrics, MAY_OK, 3, MGEO_OK},
};

enum { KINDS = sizeof kinds / sizeof *kinds, LEAST_SUCCESSES = 3 };

static atomic_ulong ended[KINDS][STATUSES];

static void operate_once(stress_random *random, size_t kind) {
    mgeo_status status = kinds[kind].run(random);
    if ((kinds[kind].allowed & MAY(status)) == 0) {
        stress_violation("%s: %s", kinds[kind].name, mgeo_status_name(status));
    }
    atomic_fetch_add(&ended[kind][status], 1);
}

static size_t draw_kind(stress_random *random) {
    uint32_t sum = 0;
    for (size_t i = 0; i < KINDS; i++) sum += kinds[i].weight;
    uint32_t drawn = stress_draw(random, sum);
    size_t kind = 0;
    while (drawn >= kinds[kind].weight) drawn -= kinds[kind++].weight;
    return kind;
}

static bool every_kind_succeeded(void) {
    for (size_t i = 0; i < KINDS; i++) {
        if (atomic_load(&ended[i][kinds[i].success]) < LEAST_SUCCESSES) return false;
    }
    return true;
}

void *stress_operate(void *argument) {
    stress_operator *self = argument;
    double until = mgi_clock_now() + self->seconds_most;
    for (unsigned long i = 0;; i++) {
        bool enough = i >= self->operations || mgi_clock_now() >= until;
        if (enough && every_kind_succeeded()) return NULL;
        operate_once(&self->random, draw_kind(&self->random));
        nanosleep(&(struct timespec){.tv_nsec = 100000L * (long)stress_draw(&self->random, 20)},
                  NULL);
    }
}

void stress_print_operations(void) {
    for (size_t i = 0; i < KINDS; i++) {
        printf("%16s:", kinds[i].name);
        for (int status = 0; status < STATUSES; status++) {
            unsigned long count = atomic_load(&ended[i][status]);
            if (count > 0) printf("  %s %lu", mgeo_status_name(status), count);
        }
        printf("\n");
    }
}

unsigned long stress_ended(const char *kind, mgeo_status status) {
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].name, kind) == 0) return atomic_load(&ended[i][status]);
    }
    stress_violation("no operation is called %s", kind);
    return 0;
}
