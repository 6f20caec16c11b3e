/* SPDX-License-Identifier: Apache-2.0 */
/* Real models on the CPU through libmgeo.so: scored by threads while they are loaded, swapped and
 * unloaded, and for memory that does not come back. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/threads.h"

#include <math.h>
#include <mgeo.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MGI_SOURCE_ROOT
#define MGI_SOURCE_ROOT "."
#endif
#define GOLDEN MGI_SOURCE_ROOT "/tests/golden/models/"

enum { MODELS = 4, PAIRS = 12, SCORERS = 4, SWAPS = 200, SWAPS_PER_LOAD = 5, ROUNDS = 200 };

/* They differ in vocabulary, labels, activation and layout. */
static const char *const paths[MODELS] = {MGI_SOURCE_ROOT "/models/mini", GOLDEN "mgeo",
                                          GOLDEN "two_labels", GOLDEN "relu"};

static const mgeo_pair pairs[PAIRS] = {
#define PAIR(a, b)                                                                                 \
    { a, MGEO_NUL_TERMINATED, b, MGEO_NUL_TERMINATED }
    PAIR("杭州市西湖区文三路90号东部软件园", "文三路90号"),
    PAIR("成都市锦江区北新街58号", "锦江区南新街58号"),
    PAIR("紫萱路363号人力社保局", "紫萱路363号市人社局"),
    PAIR("上海市浦东新区世纪大道100号", "浦东世纪大道100号环球金融中心"),
    PAIR("北京市海淀区中关村大街1号", "中关村大街1号"),
    PAIR("广州市天河区体育西路103号维多利广场A座22楼", "天河区体育西路101号"),
    PAIR("南京市玄武区中山路18号", "南京中山路18号德基广场"),
    PAIR("深圳市南山区科技园南区R2-B栋", "南山科技园R2-B"),
    PAIR("西安市雁塔区小寨东路91号", "雁塔区小寨西路91号"),
    PAIR("武汉市洪山区珞喻路1037号", "华中科技大学"),
    PAIR("青岛市市南区香港中路40号", "香港中路40号数码港旗舰大厦1203室"),
    PAIR("a", "b"),
#undef PAIR
};

static float expected[MODELS][PAIRS];
static mgeo_engine *engine;
static mgeo_error error;
static atomic_bool over;
static atomic_ulong calls, failed, wrong;
static atomic_ulong answers_of[MODELS];

/* Models are loaded in turn. */
static int model_of(uint64_t generation) { return (int)(generation % MODELS); }

static uint64_t load(int model, uint32_t skip_warm_up) {
    mgeo_load_options options = {.struct_size = sizeof options,
                                 .device = "cpu",
                                 .precision = MGEO_FP32,
                                 .threads = 2,
                                 .skip_warm_up = skip_warm_up};
    mgeo_model_info info = {.struct_size = sizeof info};
    if (mgeo_load(engine, paths[model], &options, &info, &error) != MGEO_OK) {
        fail_msg("%s: %s", paths[model], error.message);
    }
    return info.generation;
}

static void create(void) {
    mgeo_engine_options options = {.struct_size = sizeof options};
    assert_int_equal(mgeo_engine_create(&options, &engine, &error), MGEO_OK);
}

/* What each model answers when it is asked alone. */
static int ask_all(void **state) {
    (void)state;
    for (int model = 0; model < MODELS; model++) {
        create();
        load(model, 1);
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = expected[model]};
        assert_int_equal(mgeo_score(engine, pairs, PAIRS, &scores, &error), MGEO_OK);
        mgeo_engine_destroy(engine);
    }
    return 0;
}

static void *score_on(void *argument) {
    unsigned random = *(unsigned *)argument;
    while (!atomic_load(&over)) {
        random = random * 1664525u + 1013904223u;
        size_t count = 1 + (random >> 16) % 6;
        size_t first = (random >> 8) % (PAIRS - count + 1);
        float similarity[PAIRS];
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
        if (mgeo_score(engine, pairs + first, count, &scores, NULL) != MGEO_OK ||
            scores.bad_rows != 0) {
            atomic_fetch_add(&failed, 1);
            continue;
        }
        int model = model_of(scores.generation);
        for (size_t i = 0; i < count; i++) {
            if (!(fabsf(similarity[i] - expected[model][first + i]) < 1e-4f)) {
                atomic_fetch_add(&wrong, 1);
            }
        }
        atomic_fetch_add(&answers_of[model], 1);
        atomic_fetch_add(&calls, 1);
    }
    return NULL;
}

static void test_models_can_be_told_apart(void **state) {
    (void)state;
    for (int a = 0; a < MODELS; a++) {
        for (int b = 0; b < a; b++) {
            float farthest = 0;
            for (int i = 0; i < PAIRS; i++) {
                farthest = fmaxf(farthest, fabsf(expected[a][i] - expected[b][i]));
            }
            assert_true(farthest > 1e-3f);
        }
    }
}

static void swap_and_load(void) {
    uint64_t generation = 1;
    for (int swaps = 0; swaps < SWAPS; swaps++) {
        if (swaps % SWAPS_PER_LOAD == 0) {
            if (generation > 1 && generation % 3 == 0) {
                assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
            }
            generation++;
            assert_int_equal(load(model_of(generation), generation % 4 != 0), generation);
        }
        assert_int_equal(mgeo_swap_model(engine, NULL, NULL, &error), MGEO_OK);
        test_sleep(5);
    }
}

static void test_swaps_under_load(void **state) {
    (void)state;
    create();
    assert_int_equal(load(model_of(1), 1), 1);
    test_threads scorers = {0};
    unsigned seeds[SCORERS];
    for (unsigned i = 0; i < SCORERS; i++) {
        seeds[i] = i + 1;
        test_threads_start(&scorers, score_on, &seeds[i]);
    }
    swap_and_load();
    atomic_store(&over, true);
    test_threads_join(&scorers);
    mgeo_engine_destroy(engine);
    print_message("%lu calls of 1 to 6 pairs during %d swaps and %d loads\n", atomic_load(&calls),
                  SWAPS, SWAPS / SWAPS_PER_LOAD);
    assert_int_equal(atomic_load(&failed), 0);
    assert_int_equal(atomic_load(&wrong), 0);
    for (int i = 0; i < MODELS; i++) assert_true(atomic_load(&answers_of[i]) > 0);
}

static double resident_megabytes(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    long pages = 0;
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576.0;
}

/* Load, swap, unload, over and over: what is resident does not grow. */
static void test_memory_comes_back(void **state) {
    (void)state;
    create();
    load(0, 0);
    double early = 0;
    for (int round = 1; round <= ROUNDS; round++) {
        load(round % MODELS, round % 5 != 0); /* every fifth warms up */
        assert_int_equal(mgeo_swap_model(engine, NULL, NULL, &error), MGEO_OK);
        float similarity[PAIRS];
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
        assert_int_equal(mgeo_score(engine, pairs, PAIRS, &scores, &error), MGEO_OK);
        assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
        if (round == 20) early = resident_megabytes();
        if (getenv("MGEO_TEST_TRACE") != NULL && round % 10 == 0) {
            print_message("round %d: %.1f MB\n", round, resident_megabytes());
        }
    }
    double late = resident_megabytes();
    mgeo_engine_destroy(engine);
    print_message("resident after 20 rounds %.1f MB, after %d %.1f MB\n", early, ROUNDS, late);
    assert_true(late <= early * 1.05);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_can_be_told_apart),
        cmocka_unit_test(test_swaps_under_load),
        cmocka_unit_test(test_memory_comes_back),
    };
    return cmocka_run_group_tests(tests, ask_all, NULL);
}
