/* The engine on the fake backend, through the public functions: loads, swaps, unloads, questions,
 * and what each failure leaves behind. */
#define _GNU_SOURCE
#include "backend/fake.h"
#include "core/alloc.h"
#include "engine/state.h"
#include "model/model.h"
#include "support/check.h"
#include "support/expect.h"
#include "support/steered.h"
#include "support/threads.h"
#include "support/tiny_model.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MODELS = 4 };

static char root[TINY_PATH_BYTES];
static char paths[MODELS][TINY_PATH_BYTES];
static float expected[MODELS];
static test_pair text;
static mgeo_pair pair;

static int make_models(void **state) {
    (void)state;
    mgi_backend_register(&mgi_fake_backend);
    mgi_backend_register(&steered_backend);
    tiny_models_begin(root);
    mgi_tokenizer *tokenizer = test_tokenizer();
    mgi_labels labels = test_labels(3);
    pair = test_make_pair(&text, 1, 4);
    for (uint32_t i = 0; i < MODELS; i++) {
        char name[16];
        snprintf(name, sizeof name, "model-%u", i);
        tiny_model_write(root, name, &(tiny_model){.variant = i, .labels = 3, .unused = i},
                         paths[i]);
        expected[i] = test_expected(tokenizer, TINY_MAX_LENGTH, &labels, i, &pair);
    }
    mgi_tokenizer_destroy(tokenizer);
    return 0;
}

static int remove_models(void **state) {
    (void)state;
    tiny_models_end(root);
    return 0;
}

/* ---- one engine per test --------------------------------------------------------------------- */

static char log_lines[64][256];
static atomic_uint log_count;

static void keep_line(void *user, int32_t level, const char *line) {
    (void)user;
    unsigned at = atomic_fetch_add(&log_count, 1) % 64;
    snprintf(log_lines[at], sizeof log_lines[at], "%d %s", (int)level, line);
}

static bool was_logged(const char *part) {
    for (unsigned i = 0; i < atomic_load(&log_count) && i < 64; i++) {
        if (strstr(log_lines[i], part) != NULL) return true;
    }
    return false;
}

static mgeo_engine *engine;
static mgeo_error error;

static int begin(void **state) {
    (void)state;
    steered_reset();
    atomic_store(&log_count, 0);
    mgeo_engine_options options = {.struct_size = sizeof options, .log = keep_line};
    return mgeo_engine_create(&options, &engine, &error);
}

static int end(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    engine = NULL;
    return steered_lanes_open();
}

static mgeo_load_options on(const char *device) {
    return (mgeo_load_options){.struct_size = sizeof(mgeo_load_options),
                               .device = device,
                               .threads = 2,
                               .skip_warm_up = 1};
}

static mgeo_status load_path(const char *path, mgeo_model_info *info) {
    mgeo_load_options options = on("fake");
    return mgeo_load(engine, path, &options, info, &error);
}

static uint64_t load(uint32_t model) {
    mgeo_model_info info = {.struct_size = sizeof info};
    if (load_path(paths[model], &info) != MGEO_OK) fail_msg("%s", error.message);
    return info.generation;
}

/* Which model answers, and as which generation. */
static uint32_t ask(uint64_t *generation) {
    float similarity;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    if (mgeo_score(engine, &pair, 1, &scores, &error) != MGEO_OK) fail_msg("%s", error.message);
    if (generation != NULL) *generation = scores.generation;
    for (uint32_t i = 0; i < MODELS; i++) {
        if (similarity == expected[i]) return i;
    }
    fail_msg("no model answers %f", (double)similarity);
    return MODELS;
}

static void check_answer(uint32_t model, uint64_t generation) {
    uint64_t answered = 0;
    assert_int_equal(ask(&answered), model);
    assert_int_equal(answered, generation);
}

static mgeo_status swap(void) { return mgeo_swap_model(engine, NULL, NULL, &error); }

/* ---- loading --------------------------------------------------------------------------------- */

static void test_the_first_load_goes_live(void **state) {
    (void)state;
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(load_path(paths[0], &info), MGEO_OK);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.slot, MGEO_BLUE);
    assert_int_equal(info.live, 1);
    assert_int_equal(info.threads, 2);
    assert_int_equal(info.label_count, 3);
    assert_string_equal(info.version, "model-0");
    assert_string_equal(info.device, "fake");
    assert_true(info.load_seconds > 0);
    check_answer(0, 1);
    assert_true(was_logged("loaded model-0 as generation 1 into blue (live)"));
}

static void test_later_loads_stand_by(void **state) {
    (void)state;
    load(0);
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(load_path(paths[1], &info), MGEO_OK);
    assert_int_equal(info.generation, 2);
    assert_int_equal(info.slot, MGEO_GREEN);
    assert_int_equal(info.live, 0);
    check_answer(0, 1);
    assert_int_equal(load(2), 3); /* replaces the one on standby */
    assert_true(was_logged(", replacing model-1"));
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
    assert_int_equal(load(3), 4); /* replaces the first one */
    check_answer(2, 3);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(3, 4);
}

static void test_a_failed_load_changes_nothing(void **state) {
    (void)state;
    char broken[TINY_PATH_BYTES];
    tiny_model_write(root, "broken", &(tiny_model){.labels = 3}, broken);
    tiny_model_spoil(broken, "model.safetensors", "not a checkpoint");
    assert_int_not_equal(load_path(broken, NULL), MGEO_OK);
    assert_int_equal(mgeo_get_info(engine, MGEO_LIVE,
                                   &(mgeo_model_info){.struct_size = sizeof(mgeo_model_info)},
                                   &error),
                     MGEO_E_NO_MODEL);
    load(0);
    load(1);
    assert_int_equal(load_path(broken, NULL), MGEO_E_FORMAT);
    assert_non_null(strstr(error.message, "model.safetensors"));
    assert_true(was_logged("1 load failed, nothing has changed: "));
    assert_int_equal(load_path("/no/such/directory", NULL), MGEO_E_IO);
    mgeo_load_options options = on("toaster");
    assert_int_equal(mgeo_load(engine, paths[2], &options, NULL, &error), MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "fake"));
    options = on("steered");
    steered_fail_lanes(true);
    assert_int_equal(mgeo_load(engine, paths[2], &options, NULL, &error), MGEO_E_DEVICE);
    steered_fail_lanes(false);
    options.skip_warm_up = 0;
    steered_fail_runs(2, 1, MGEO_E_DEVICE);
    assert_int_equal(mgeo_load(engine, paths[2], &options, NULL, &error), MGEO_E_DEVICE);
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(1, 2);
    assert_int_equal(load(2), 3); /* failed loads take no generation */
}

typedef struct loader {
    const char *path;
    mgeo_progress progress;
    mgeo_status status;
    mgeo_error error;
    uint64_t generation;
    int32_t slot;
} loader;

static void *load_steered(void *argument) {
    loader *l = argument;
    mgeo_load_options options = on("steered");
    mgeo_model_info info = {.struct_size = sizeof info};
    options.skip_warm_up = 0;
    options.progress = &l->progress;
    l->status = mgeo_load(engine, l->path, &options, &info, &l->error);
    l->generation = info.generation;
    l->slot = info.slot;
    return NULL;
}

static void test_one_load_at_a_time_and_swaps_meanwhile(void **state) {
    (void)state;
    load(0);
    load(1);
    loader slow = {.path = paths[2]};
    test_crew crew = {0};
    steered_hold(true);
    test_crew_start(&crew, load_steered, &slow);
    steered_await_waiting(1);
    assert_int_equal(load_path(paths[3], NULL), MGEO_E_BUSY);
    int32_t stage;
    mgeo_progress_read(&slow.progress, &stage, NULL, NULL);
    assert_int_equal(stage, MGEO_STAGE_WARMING);
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK); /* green is live now: the load must take blue */
    check_answer(1, 2);
    steered_hold(false);
    test_crew_join(&crew);
    assert_int_equal(slow.status, MGEO_OK);
    assert_int_equal(slow.slot, MGEO_BLUE);
    check_answer(1, 2);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
    assert_int_equal(load(3), 4); /* no longer busy */
}

static void test_a_load_can_be_cancelled(void **state) {
    (void)state;
    load(0);
    loader slow = {.path = paths[1]};
    test_crew crew = {0};
    steered_hold(true);
    test_crew_start(&crew, load_steered, &slow);
    steered_await_waiting(1);
    mgeo_progress_cancel(&slow.progress);
    steered_hold(false);
    test_crew_join(&crew);
    assert_int_equal(slow.status, MGEO_E_CANCELLED);
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
    check_answer(0, 1);
    mgeo_progress at_once = {0};
    mgeo_progress_cancel(&at_once);
    mgeo_load_options options = on("fake");
    options.progress = &at_once;
    assert_int_equal(mgeo_load(engine, paths[1], &options, NULL, &error), MGEO_E_CANCELLED);
    assert_int_equal(load(1), 2);
}

static void test_loads_beside_live_traffic_are_nice_and_workers_are_not(void **state) {
    (void)state;
    int own = steered_own_nice();
    loader one = {.path = paths[0]};
    loader two = {.path = paths[1]};
    load_steered(&one);
    assert_int_equal(one.status, MGEO_OK);
    assert_int_equal(steered_open_nice(), own); /* nobody to be nice to */
    load_steered(&two);
    assert_int_equal(two.status, MGEO_OK);
    assert_true(steered_open_nice() >= 10);
    static steered_run runs[64];
    unsigned count = steered_runs(runs, 64);
    assert_in_range(count, 4, 64);
    assert_true(runs[count - 1].nice >= 10); /* warm-up of the second */
    assert_int_equal(swap(), MGEO_OK);
    steered_reset();
    check_answer(1, 2);
    assert_int_equal(steered_runs(runs, 64), 1);
    assert_int_equal(runs[0].nice, own);
}

/* ---- swapping and unloading ------------------------------------------------------------------ */

static void test_a_swap_and_its_receipt(void **state) {
    (void)state;
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
    load(0);
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
    load(1);
    mgeo_swap_options options = {.struct_size = sizeof options, .expect_generation = 7};
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    assert_int_equal(mgeo_swap_model(engine, &options, &receipt, &error), MGEO_E_REFUSED);
    check_answer(0, 1);
    options.expect_generation = 2;
    assert_int_equal(mgeo_swap_model(engine, &options, &receipt, &error), MGEO_OK);
    assert_int_equal(receipt.from_generation, 1);
    assert_int_equal(receipt.to_generation, 2);
    assert_int_equal(receipt.from_slot, MGEO_BLUE);
    assert_int_equal(receipt.to_slot, MGEO_GREEN);
    assert_int_equal(receipt.calls_in_flight, 0);
    assert_string_equal(receipt.from_version, "model-0");
    assert_string_equal(receipt.to_version, "model-1");
    assert_true(was_logged("swapped from model-0 (generation 1) to model-1 (generation 2, green)"));
    check_answer(1, 2);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(0, 1);
}

typedef struct asker {
    uint64_t generation;
    float similarity;
    mgeo_status status;
} asker;

static void *ask_once(void *argument) {
    asker *a = argument;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &a->similarity};
    a->status = mgeo_score(engine, &pair, 1, &scores, NULL);
    a->generation = scores.generation;
    return NULL;
}

static void *unload(void *argument) {
    *(mgeo_status *)argument = mgeo_unload(engine, NULL);
    return NULL;
}

static void test_calls_in_flight_end_on_their_model(void **state) {
    (void)state;
    loader one = {.path = paths[0]};
    load_steered(&one);
    load(1);
    asker early = {0};
    test_crew asking = {0}, unloading = {0};
    steered_hold(true);
    test_crew_start(&asking, ask_once, &early);
    steered_await_waiting(1);
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    assert_int_equal(mgeo_swap_model(engine, NULL, &receipt, &error), MGEO_OK);
    assert_int_equal(receipt.calls_in_flight, 1);
    check_answer(1, 2);
    mgeo_status unloaded = MGEO_E_INTERNAL;
    test_crew_start(&unloading, unload, &unloaded);
    mgeo_swap_options never = {.struct_size = sizeof never, .expect_generation = 99};
    while (mgeo_swap_model(engine, &never, NULL, &error) == MGEO_E_REFUSED) test_sleep(1);
    assert_int_equal(error.status, MGEO_E_NO_MODEL); /* the unload has begun */
    assert_non_null(strstr(error.message, "being unloaded"));
    check_answer(1, 2); /* calls are answered while the slot drains */
    assert_int_equal(unloaded, MGEO_E_INTERNAL);
    steered_hold(false);
    test_crew_join(&asking);
    test_crew_join(&unloading);
    assert_int_equal(unloaded, MGEO_OK);
    assert_int_equal(early.status, MGEO_OK);
    assert_int_equal(early.generation, 1);
    assert_float_equal(early.similarity, expected[0], 0);
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
}

static void test_unload(void **state) {
    (void)state;
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_NO_MODEL);
    load(0);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_NO_MODEL);
    load(1);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
    assert_true(was_logged("unloaded model-1"));
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_NO_MODEL);
    check_answer(0, 1);
    assert_int_equal(load(2), 3);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
    check_answer(2, 3);
}

/* A load that is complete while a long call holds the standby model. */
typedef struct waiting_load {
    test_crew asking, loading;
    asker early;
    loader third;
} waiting_load;

static void *load_quickly(void *argument) {
    loader *l = argument;
    mgeo_load_options options = on("fake");
    mgeo_model_info info = {.struct_size = sizeof info};
    l->status = mgeo_load(engine, l->path, &options, &info, &l->error);
    l->slot = info.slot;
    return NULL;
}

static void begin_waiting_load(waiting_load *w, double patience) {
    *w = (waiting_load){.third = {.path = paths[2]}};
    engine->patience = patience;
    loader first = {.path = paths[0]};
    load_steered(&first);
    load(1);
    steered_hold(true);
    test_crew_start(&w->asking, ask_once, &w->early);
    steered_await_waiting(1);
    assert_int_equal(swap(), MGEO_OK);
    test_crew_start(&w->loading, load_quickly, &w->third);
}

static void end_waiting_load(waiting_load *w) {
    steered_hold(false);
    test_crew_join(&w->asking);
    test_crew_join(&w->loading);
    assert_int_equal(w->third.status, MGEO_OK);
    assert_int_equal(w->early.status, MGEO_OK);
    assert_float_equal(w->early.similarity, expected[0], 0);
}

static void test_rollback_while_a_load_waits_for_the_standby_model(void **state) {
    (void)state;
    waiting_load w;
    begin_waiting_load(&w, 1000);
    test_sleep(30);
    assert_int_equal(swap(), MGEO_OK); /* the load takes the other slot instead */
    test_crew_join(&w.loading);
    assert_int_equal(w.third.slot, MGEO_GREEN);
    end_waiting_load(&w);
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
}

static void test_a_load_that_loses_patience_keeps_the_standby_model_down(void **state) {
    (void)state;
    waiting_load w;
    begin_waiting_load(&w, 0);
    mgeo_swap_options never = {.struct_size = sizeof never, .expect_generation = 99};
    while (mgeo_swap_model(engine, &never, NULL, &error) == MGEO_E_REFUSED) test_sleep(1);
    assert_int_equal(error.status, MGEO_E_NO_MODEL);
    check_answer(1, 2);
    end_waiting_load(&w);
    assert_int_equal(w.third.slot, MGEO_BLUE);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void test_infos(void **state) {
    (void)state;
    mgeo_model_info info = {.struct_size = sizeof info};
    for (int32_t slot = MGEO_BLUE; slot <= MGEO_STANDBY; slot++) {
        assert_int_equal(mgeo_get_info(engine, slot, &info, &error), MGEO_E_NO_MODEL);
    }
    load(2);
    load(1);
    assert_int_equal(mgeo_get_info(engine, MGEO_LIVE, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.live, 1);
    assert_int_equal(mgeo_get_info(engine, MGEO_STANDBY, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 2);
    assert_int_equal(info.live, 0);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_get_info(engine, MGEO_BLUE, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.live, 0);
    assert_int_equal(info.unused_tensors, 2);
    char name[32];
    assert_int_equal(mgeo_get_unused_tensor(engine, MGEO_BLUE, 1, name, sizeof name, &error),
                     MGEO_OK);
    assert_string_equal(name, "spare.1");
    assert_int_equal(mgeo_get_unused_tensor(engine, MGEO_BLUE, 0, name, 4, &error), MGEO_OK);
    assert_string_equal(name, "spa");
    assert_int_equal(mgeo_get_unused_tensor(engine, MGEO_BLUE, 2, name, sizeof name, &error),
                     MGEO_E_ARGUMENT);
}

static void test_stats_are_per_model(void **state) {
    (void)state;
    load(0);
    load(1);
    for (int i = 0; i < 5; i++) ask(NULL);
    mgeo_stats stats = {.struct_size = sizeof stats};
    assert_int_equal(mgeo_get_stats(engine, MGEO_LIVE, &stats, &error), MGEO_OK);
    assert_int_equal(stats.generation, 1);
    assert_int_equal(stats.calls, 5);
    assert_int_equal(stats.pairs, 5);
    assert_int_equal(stats.failed_calls, 0);
    assert_int_equal(mgeo_get_stats(engine, MGEO_STANDBY, &stats, &error), MGEO_OK);
    assert_int_equal(stats.generation, 2);
    assert_int_equal(stats.calls, 0);
}

/* ---- processes and memory -------------------------------------------------------------------- */

static int in_the_child(void) {
    float similarity;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_stats stats = {.struct_size = sizeof stats};
    char name[8];
    if (mgeo_score(engine, &pair, 1, &scores, &error) != MGEO_E_FORKED) return 1;
    if (error.status != MGEO_E_FORKED || strstr(error.message, "fork") == NULL) return 2;
    if (mgeo_load(engine, paths[1], NULL, NULL, NULL) != MGEO_E_FORKED) return 3;
    if (mgeo_swap_model(engine, NULL, NULL, NULL) != MGEO_E_FORKED) return 4;
    if (mgeo_unload(engine, NULL) != MGEO_E_FORKED) return 5;
    if (mgeo_get_info(engine, MGEO_LIVE, &info, NULL) != MGEO_E_FORKED) return 6;
    if (mgeo_get_stats(engine, MGEO_LIVE, &stats, NULL) != MGEO_E_FORKED) return 7;
    if (mgeo_get_unused_tensor(engine, 0, 0, name, 8, NULL) != MGEO_E_FORKED) return 8;
    mgeo_engine_destroy(engine);
    mgeo_engine *own = NULL;
    if (mgeo_engine_create(NULL, &own, NULL) != MGEO_OK) return 9;
    mgeo_engine_destroy(own);
    return 0;
}

static void test_a_child_process_gets_a_clear_error(void **state) {
    (void)state;
    load(0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(in_the_child());
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    check_answer(0, 1);
}

static void test_every_allocation_of_a_load_may_fail(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_load_options options = on("fake");
    options.skip_warm_up = 0;
    for (long nth = 1;; nth++) {
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgeo_load(engine, paths[2], &options, NULL, &error);
        long count = mgi_alloc_count();
        mgi_alloc_fail_at(0);
        if (status == MGEO_OK) {
            assert_true(nth > count);
            assert_true(nth > 20);
            break;
        }
        assert_int_equal(status, MGEO_E_MEMORY);
        assert_int_equal(error.status, MGEO_E_MEMORY);
        assert_int_equal(swap(), MGEO_OK); /* both models are still there */
        check_answer(nth % 2 == 1 ? 1 : 0, nth % 2 == 1 ? 2 : 1);
    }
}

static void test_an_engine_that_cannot_be_made(void **state) {
    (void)state;
    mgeo_engine *other = engine;
    mgi_alloc_fail_at(1);
    assert_int_equal(mgeo_engine_create(NULL, &other, &error), MGEO_E_MEMORY);
    mgi_alloc_fail_at(0);
    assert_null(other);
    mgeo_engine_options options = {.struct_size = sizeof options, .queue_rows = UINT64_MAX};
    assert_int_equal(mgeo_engine_create(&options, &other, &error), MGEO_E_ARGUMENT);
}

static void test_destroyed_right_after_scoring(void **state) {
    (void)state;
    for (int i = 0; i < 50; i++) {
        mgeo_engine *own = NULL;
        assert_int_equal(mgeo_engine_create(NULL, &own, NULL), MGEO_OK);
        mgeo_load_options options = on("fake");
        assert_int_equal(mgeo_load(own, paths[0], &options, NULL, NULL), MGEO_OK);
        if (i % 2 == 0) assert_int_equal(mgeo_load(own, paths[1], &options, NULL, NULL), MGEO_OK);
        float similarity[3];
        mgeo_pair three[3] = {pair, pair, pair};
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
        assert_int_equal(mgeo_score(own, three, 3, &scores, NULL), MGEO_OK);
        mgeo_engine_destroy(own);
        assert_float_equal(similarity[2], expected[0], 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_load_goes_live),
        TEST(test_later_loads_stand_by),
        TEST(test_a_failed_load_changes_nothing),
        TEST(test_one_load_at_a_time_and_swaps_meanwhile),
        TEST(test_a_load_can_be_cancelled),
        TEST(test_loads_beside_live_traffic_are_nice_and_workers_are_not),
        TEST(test_a_swap_and_its_receipt),
        TEST(test_calls_in_flight_end_on_their_model),
        TEST(test_unload),
        TEST(test_rollback_while_a_load_waits_for_the_standby_model),
        TEST(test_a_load_that_loses_patience_keeps_the_standby_model_down),
        TEST(test_infos),
        TEST(test_stats_are_per_model),
        TEST(test_a_child_process_gets_a_clear_error),
        TEST(test_every_allocation_of_a_load_may_fail),
        TEST(test_an_engine_that_cannot_be_made),
        TEST(test_destroyed_right_after_scoring),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
