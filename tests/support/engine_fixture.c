/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of lib/engine share. */
#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>

char root[TINY_PATH_BYTES];
char paths[MODELS][TINY_PATH_BYTES];
float expected[MODELS];
test_pair text;
mgeo_pair pair;

int make_models(void **state) {
    (void)state;
    mgi_backend_register(&mgi_fake_backend);
    mgi_backend_register(&controllable_backend);
    tiny_models_begin(root);
    mgi_tokenizer *tokenizer = oracle_tokenizer();
    mgi_labels labels = test_labels(3);
    pair = test_make_pair(&text, 1, 4);
    for (uint32_t i = 0; i < MODELS; i++) {
        char name[16];
        snprintf(name, sizeof name, "model-%u", i);
        tiny_model_write(root, name, &(tiny_model){.variant = i, .labels = 3, .unused = i},
                         paths[i]);
        expected[i] = oracle_similarity(tokenizer, TINY_MAX_LENGTH, &labels, i, &pair);
    }
    mgi_tokenizer_destroy(tokenizer);
    return 0;
}

int remove_models(void **state) {
    (void)state;
    tiny_models_end(root);
    return 0;
}

/* ---- one engine per test --------------------------------------------------------------------- */

static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static char log_lines[64][256];
static unsigned log_count;

static void keep_line(void *user, int32_t level, const char *line) {
    (void)user;
    pthread_mutex_lock(&log_mutex);
    snprintf(log_lines[log_count % 64], sizeof log_lines[0], "%d %s", (int)level, line);
    log_count++;
    pthread_mutex_unlock(&log_mutex);
}

bool was_logged(const char *part) {
    bool found = false;
    pthread_mutex_lock(&log_mutex);
    for (unsigned i = 0; i < log_count && i < 64; i++) {
        found = found || strstr(log_lines[i], part) != NULL;
    }
    pthread_mutex_unlock(&log_mutex);
    return found;
}

mgeo_engine *engine;
mgeo_error error;

int begin(void **state) {
    (void)state;
    controllable_reset();
    log_count = 0;
    mgeo_engine_options options = {.struct_size = sizeof options, .log = keep_line};
    return mgeo_engine_create(&options, &engine, &error);
}

int end(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    engine = NULL;
    return controllable_lanes_open();
}

mgeo_load_options on(const char *device) {
    return (mgeo_load_options){.struct_size = sizeof(mgeo_load_options),
                               .device = device,
                               .threads = 2,
                               .skip_warm_up = 1};
}

mgeo_status load_path(const char *path, mgeo_model_info *info) {
    mgeo_load_options options = on("fake");
    return mgeo_load(engine, path, &options, info, &error);
}

uint64_t load(uint32_t model) {
    mgeo_model_info info = {.struct_size = sizeof info};
    if (load_path(paths[model], &info) != MGEO_OK) fail_msg("%s", error.message);
    return info.generation;
}

/* Which model answers, and as which generation. */
uint32_t ask(uint64_t *generation) {
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

void check_answer(uint32_t model, uint64_t generation) {
    uint64_t answered = 0;
    assert_int_equal(ask(&answered), model);
    assert_int_equal(answered, generation);
}

mgeo_status swap(void) { return mgeo_swap_model(engine, NULL, NULL, &error); }

void *load_controllable(void *argument) {
    loader *l = argument;
    mgeo_load_options options = on("controllable");
    mgeo_model_info info = {.struct_size = sizeof info};
    options.skip_warm_up = 0;
    options.progress = &l->progress;
    l->status = mgeo_load(engine, l->path, &options, &info, &l->error);
    l->generation = info.generation;
    l->slot = info.slot;
    return NULL;
}

void *score_once(void *argument) {
    scoring_thread *a = argument;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &a->similarity};
    a->status = mgeo_score(engine, &pair, 1, &scores, NULL);
    a->generation = scores.generation;
    return NULL;
}
