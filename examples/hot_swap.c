/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces a model while four threads score with it, and takes the change back.
 *
 * Usage: hot_swap [FIRST [SECOND]], two model directories. Without them the bundled model is loaded
 * twice, the second time in int8.
 * Build: cc hot_swap.c $(pkg-config --cflags --libs libmgeo) -pthread -o hot_swap */
#define _POSIX_C_SOURCE 200809L
#include <mgeo.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { THREADS = 4, GENERATIONS = 2 };

typedef struct traffic {
    mgeo_engine *engine;
    atomic_bool stop;
    atomic_uint_fast64_t answers[GENERATIONS + 1]; /* by the generation that answered */
    atomic_uint_fast64_t failures;
} traffic;

static const mgeo_pair pair = {"上海市浦东新区福山路450号新天国际大厦13楼", MGEO_NUL_TERMINATED,
                               "浦东福山路450号新天国际大厦", MGEO_NUL_TERMINATED};

/* What a server's request thread does: it neither knows nor cares which model is live. */
static void *serve(void *user) {
    traffic *load = user;
    while (!atomic_load(&load->stop)) {
        float similarity;
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
        mgeo_status status = mgeo_score(load->engine, &pair, 1, &scores, NULL);
        if (status != MGEO_OK || scores.generation > GENERATIONS) {
            atomic_fetch_add(&load->failures, 1);
        } else {
            atomic_fetch_add(&load->answers[scores.generation], 1);
        }
    }
    return NULL;
}

/* Until the generation has given more answers, or ten seconds are over. */
static void wait_for_answers(traffic *load, int generation) {
    const struct timespec moment = {.tv_nsec = 100000000};
    uint_fast64_t before = atomic_load(&load->answers[generation]);
    for (int i = 0; i < 100 && atomic_load(&load->answers[generation]) < before + 50; i++) {
        nanosleep(&moment, NULL);
    }
}

static void report(traffic *load, const char *what) {
    printf("%s\n  answers of generation 1: %ju, of generation 2: %ju, failed: %ju\n", what,
           (uintmax_t)atomic_load(&load->answers[1]), (uintmax_t)atomic_load(&load->answers[2]),
           (uintmax_t)atomic_load(&load->failures));
}

static mgeo_status load_model(mgeo_engine *engine, const char *path, int32_t precision,
                              const char *version, mgeo_error *error) {
    mgeo_load_options options = {
        .struct_size = sizeof options, .precision = precision, .version = version};
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_status status = mgeo_load(engine, path, &options, &info, error);
    if (status == MGEO_OK) {
        printf("loaded \"%s\" as generation %ju in %.2f s; it %s\n", info.version,
               (uintmax_t)info.generation, info.load_seconds, info.live ? "is live" : "stands by");
    }
    return status;
}

static mgeo_status turn(mgeo_engine *engine, mgeo_error *error) {
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    mgeo_status status = mgeo_swap_model(engine, NULL, &receipt, error);
    if (status == MGEO_OK) {
        printf("swapped from \"%s\" to \"%s\"; %ju calls end on the former\n", receipt.from_version,
               receipt.to_version, (uintmax_t)receipt.calls_in_flight);
    }
    return status;
}

static mgeo_status swap_and_roll_back(traffic *load, const char *second, mgeo_error *error) {
    wait_for_answers(load, 1);
    report(load, "under load, one model:");
    mgeo_status status =
        load_model(load->engine, second, second != NULL ? 0 : MGEO_INT8, "second", error);
    if (status == MGEO_OK) status = turn(load->engine, error);
    if (status != MGEO_OK) return status;
    wait_for_answers(load, 2);
    report(load, "after the swap:");
    status = turn(load->engine, error);
    if (status != MGEO_OK) return status;
    wait_for_answers(load, 1);
    report(load, "after the way back:");
    return mgeo_unload(load->engine, error);
}

int main(int argc, char **argv) {
    traffic load = {0};
    pthread_t threads[THREADS];
    int started = 0;
    mgeo_error error;
    mgeo_status status = mgeo_engine_create(NULL, &load.engine, &error);
    if (status == MGEO_OK) {
        status = load_model(load.engine, argc > 1 ? argv[1] : NULL, 0, "first", &error);
    }
    if (status == MGEO_OK) {
        while (started < THREADS && !pthread_create(&threads[started], NULL, serve, &load)) {
            started++;
        }
        status = swap_and_roll_back(&load, argc > 2 ? argv[2] : NULL, &error);
    }
    atomic_store(&load.stop, true);
    while (started > 0) pthread_join(threads[--started], NULL);
    mgeo_engine_destroy(load.engine);
    if (status != MGEO_OK) fprintf(stderr, "hot_swap: %s\n", error.message);
    return status != MGEO_OK || atomic_load(&load.failures) > 0;
}
