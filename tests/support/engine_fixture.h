/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of lib/engine share: an engine on the fake backend, and models that tell
 * themselves apart by their answers. What tests share stands in globals, as it does in every
 * fixture here: cmocka runs the tests of a program one after another. */
#ifndef TEST_SUPPORT_ENGINE_FIXTURE_H
#define TEST_SUPPORT_ENGINE_FIXTURE_H

#include "backend/fake.h"
#include "check.h"
#include "controllable_backend.h"
#include "core/alloc.h"
#include "engine/state.h"
#include "fake_oracle.h"
#include "threads.h"
#include "tiny_model.h"

enum { MODELS = 4 };

extern char root[TINY_PATH_BYTES]; /* the models' parent */
extern char paths[MODELS][TINY_PATH_BYTES];
extern float expected[MODELS]; /* what each answers to `pair` */
extern test_pair text;
extern mgeo_pair pair;

extern mgeo_engine *engine; /* one per test */
extern mgeo_error error;

/* Of a group of tests, and of each test: TEST(name) has both around it. */
int make_models(void **state);
int remove_models(void **state);
int begin(void **state);
int end(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* Was a line with this part logged since the test began? */
bool was_logged(const char *part);

/* Options for two threads on this device, without warm-up. */
mgeo_load_options on(const char *device);
mgeo_status load_path(const char *path, mgeo_model_info *info);
/* Loads a model on the fake device; returns its generation. Fails the test if it cannot. */
uint64_t load(uint32_t model);

/* Which model answers, and as which generation. */
uint32_t ask(uint64_t *generation);
void check_answer(uint32_t model, uint64_t generation);

mgeo_status swap(void);

/* A thread that loads onto the controllable device, with warm-up. */
typedef struct loader {
    const char *path;
    mgeo_progress progress;
    mgeo_status status;
    mgeo_error error;
    uint64_t generation;
    int32_t slot;
} loader;
void *load_controllable(void *argument);

/* A thread that scores `pair` once. */
typedef struct scoring_thread {
    uint64_t generation;
    float similarity;
    mgeo_status status;
} scoring_thread;
void *score_once(void *argument);

#endif
