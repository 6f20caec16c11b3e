/* SPDX-License-Identifier: Apache-2.0 */
/* Callers whose stacks are of 64 KiB: every public function is called in such a thread.
 *
 *   small_stack_test DEVICE PRECISION [DIRECTORY DIRECTORY]
 *
 * Two model directories; on device "fake" they are made here. How much of the stack each function
 * used is printed; a guard page ends the test where it was too much. */
#define _GNU_SOURCE
#include "backend/fake.h"
#include "support/check.h"
#include "support/fake_oracle.h"
#include "support/tiny_model.h"

#include <mgeo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Sanitizers make frames larger, and do not say by how much. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
enum { STACK_BYTES = 1 << 20 };
#else
enum { STACK_BYTES = 64 << 10 };
#endif

enum { PAIRS = 40, MODELS = 2, GUARD_BYTES = 64 << 10, PAINT = 0xA5 };

static const char *device;
static int32_t precision;
static char root[TINY_PATH_BYTES], paths[MODELS][TINY_PATH_BYTES], journal[TINY_PATH_BYTES + 32];
static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS];

/* The host's own variables are not on its stack here. */
static mgeo_engine *engine;
static mgeo_job *job;
static mgeo_error error;
static float similarity[PAIRS];
static char text[1 << 16];

/* ---- the public functions ---------------------------------------------------------------------
 */

static mgeo_status create(void) {
    mgeo_engine_options options = {.struct_size = sizeof options, .journal = journal};
    return mgeo_engine_create(&options, &engine, &error);
}

static mgeo_status load(int model) {
    mgeo_load_options options = {
        .struct_size = sizeof options, .device = device, .precision = precision, .threads = 2};
    static mgeo_model_info info;
    info.struct_size = sizeof info;
    return mgeo_load(engine, paths[model], &options, &info, &error);
}

static mgeo_status load_first(void) { return load(0); }
static mgeo_status load_second(void) { return load(1); }

static mgeo_status predict(void) {
    mgeo_memory memory = {.struct_size = sizeof memory};
    mgeo_load_options options = {
        .struct_size = sizeof options, .device = device, .precision = precision};
    return mgeo_predict_memory(paths[1], &options, &memory, &error);
}

static mgeo_status score(void) {
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    return mgeo_score(engine, pairs, PAIRS, &scores, &error);
}

static mgeo_status compare(void) {
    mgeo_compare_options options = {
        .struct_size = sizeof options, .pairs = pairs, .count = PAIRS, .pairs_per_call = 3};
    static mgeo_compare_report report;
    report.struct_size = sizeof report;
    return mgeo_compare(engine, &options, &report, &error);
}

static mgeo_status swap(void) {
    mgeo_gate gate = {
        .struct_size = sizeof gate, .pairs = pairs, .count = PAIRS, .max_flip_share = 1};
    mgeo_watch watch = {.struct_size = sizeof watch, .window_seconds = 1000, .max_error_rate = 1};
    mgeo_swap_options options = {.struct_size = sizeof options, .gate = &gate, .watch = &watch};
    return mgeo_swap_model(engine, &options, NULL, &error);
}

static mgeo_status roll_back(void) { return mgeo_roll_back(engine, NULL, NULL, &error); }
static mgeo_status canary(void) { return mgeo_set_canary(engine, MGEO_SHARE_ALL, NULL, &error); }
static mgeo_status no_canary(void) { return mgeo_set_canary(engine, 0, NULL, &error); }
static mgeo_status shadow(void) { return mgeo_set_shadow(engine, MGEO_SHARE_ALL, NULL, &error); }
static mgeo_status no_shadow(void) { return mgeo_set_shadow(engine, 0, NULL, &error); }

static mgeo_status begin_job(void) {
    mgeo_job_options options = {.struct_size = sizeof options, .standby = 1};
    return mgeo_job_begin(engine, &options, &job, &error);
}

static mgeo_status score_job(void) {
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    return mgeo_job_score(job, pairs, PAIRS, &scores, &error);
}

static mgeo_status describe_job(void) {
    static mgeo_model_info info;
    info.struct_size = sizeof info;
    return mgeo_job_get_info(job, &info, &error);
}

static mgeo_status end_job(void) {
    mgeo_job_end(job);
    return MGEO_OK;
}

static mgeo_status info(void) {
    static mgeo_model_info of_live;
    of_live.struct_size = sizeof of_live;
    return mgeo_get_info(engine, MGEO_LIVE, &of_live, &error);
}

static mgeo_status stats(void) {
    static mgeo_stats of_live;
    of_live.struct_size = sizeof of_live;
    return mgeo_get_stats(engine, MGEO_LIVE, &of_live, &error);
}

static mgeo_status reports(void) {
    static mgeo_shadow_report shadowed;
    static mgeo_watch_report watched;
    static mgeo_rollout rollout;
    shadowed.struct_size = sizeof shadowed;
    watched.struct_size = sizeof watched;
    rollout.struct_size = sizeof rollout;
    mgeo_status status = mgeo_get_rollout(engine, &rollout, &error);
    if (status == MGEO_OK) status = mgeo_get_watch(engine, &watched, &error);
    return status == MGEO_OK ? mgeo_get_shadow(engine, &shadowed, &error) : status;
}

static mgeo_status metrics(void) {
    size_t length;
    return mgeo_write_metrics(engine, MGEO_METRICS_OPENMETRICS, text, sizeof text, &length, &error);
}

static mgeo_status unload(void) { return mgeo_unload(engine, &error); }

static mgeo_status destroy(void) {
    mgeo_engine_destroy(engine);
    return MGEO_OK;
}

static mgeo_status verify(void) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    return mgeo_journal_verify(journal, &report, &error);
}

typedef struct small_call {
    const char *name;
    mgeo_status (*make)(void);
    mgeo_status status;
} small_call;

static small_call calls[] = {
    {"create", create},
    {"load", load_first},
    {"score", score},
    {"predict", predict},
    {"load a second", load_second},
    {"compare", compare},
    {"shadow", shadow},
    {"score with a shadow", score},
    {"shadow's end", no_shadow},
    {"canary", canary},
    {"score by the canary", score},
    {"canary's end", no_canary},
    {"job", begin_job},
    {"score in a job", score_job},
    {"a job's model", describe_job},
    {"job's end", end_job},
    {"swap", swap},
    {"info", info},
    {"stats", stats},
    {"reports", reports},
    {"metrics", metrics},
    {"roll back", roll_back},
    {"unload", unload},
    {"destroy", destroy},
    {"verify", verify},
};

/* ---- small stacks -----------------------------------------------------------------------------
 */

static void *make_call(void *argument) {
    small_call *call = argument;
    call->status = call->make();
    return NULL;
}

/* The stack grows downwards: what is still painted at its low end was never used. */
static size_t used_bytes(const unsigned char *stack) {
    size_t unused = 0;
    while (unused < STACK_BYTES && stack[unused] == PAINT) unused++;
    return STACK_BYTES - unused;
}

static size_t call_on_small_stack(small_call *call) {
    pthread_t thread;
    pthread_attr_t attributes;
    unsigned char *memory = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    assert_int_equal(mprotect(memory, GUARD_BYTES, PROT_NONE), 0);
    memset(memory + GUARD_BYTES, PAINT, STACK_BYTES);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, memory + GUARD_BYTES, STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, make_call, call), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    const size_t used = used_bytes(memory + GUARD_BYTES);
    munmap(memory, GUARD_BYTES + STACK_BYTES);
    return used;
}

static void test_every_function_works_on_a_small_stack(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        printf("%-20s ", calls[i].name);
        fflush(stdout); /* the last line, if the stack is too small */
        printf("%6zu bytes\n", call_on_small_stack(&calls[i]));
        if (calls[i].status != MGEO_OK) fail_msg("%s: %s", calls[i].name, error.message);
    }
}

/* ---- models -----------------------------------------------------------------------------------
 */

static void make_models(void) {
    for (uint32_t i = 0; i < MODELS; i++) {
        const tiny_model model = {.variant = i + 1, .labels = 3};
        char name[16];
        snprintf(name, sizeof name, "model%u", i);
        tiny_model_write(root, name, &model, paths[i]);
    }
}

static int begin(void **state) {
    (void)state;
    tiny_models_begin(root);
    snprintf(journal, sizeof journal, "%s/journal", root);
    if (paths[0][0] == '\0') make_models();
    mgi_backend_register(&mgi_fake_backend);
    for (uint32_t i = 0; i < PAIRS; i++) pairs[i] = test_make_pair(&texts[i], i, 1 + i % 9);
    return 0;
}

static int end(void **state) {
    (void)state;
    tiny_models_end(root);
    return 0;
}

static int32_t precision_of(const char *name) {
#define COMPARE(constant, number, text)                                                            \
    if (strcmp(name, text) == 0) return constant;
    MGEO_PRECISION_LIST(COMPARE)
#undef COMPARE
    return -1;
}

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_function_works_on_a_small_stack),
    };
    if (count != 3 && count != 3 + MODELS) {
        fprintf(stderr, "usage: small_stack_test DEVICE PRECISION [DIRECTORY DIRECTORY]\n");
        return 2;
    }
    device = arguments[1];
    precision = precision_of(arguments[2]);
    for (int i = 3; i < count; i++) {
        snprintf(paths[i - 3], sizeof paths[i - 3], "%s", arguments[i]);
    }
    return cmocka_run_group_tests(tests, begin, end);
}
