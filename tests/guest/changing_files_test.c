/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are cut short and rewritten in place while models are loaded from them, and after:
 * every load ends with a model that answers as one of the files did, or with a status; nothing ends
 * the process. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/fake_oracle.h"
#include "support/tiny_model.h"

#include <fcntl.h>
#include <mgeo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAIRS = 8, MODELS = 2, LOADS = 400, PATH_BYTES = TINY_PATH_BYTES + 1100 };

static char root[TINY_PATH_BYTES], paths[MODELS][TINY_PATH_BYTES], changing[TINY_PATH_BYTES + 16];
static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS];
static float expected[MODELS][PAIRS];
static mgeo_engine *engine;
static mgeo_error error;

/* ---- files ----------------------------------------------------------------------------------- */

typedef struct contents {
    char bytes[1 << 16];
    size_t size;
} contents;

static const char *const names[] = {"model.safetensors", "config.json", "vocab.txt"};
enum { FILES = sizeof names / sizeof *names };
static contents originals[MODELS][FILES];

static void file_path(const char *directory, int file, char full[PATH_BYTES]) {
    snprintf(full, PATH_BYTES, "%s/%s", directory, names[file]);
}

static void read_originals(void) {
    char full[PATH_BYTES];
    for (int model = 0; model < MODELS; model++) {
        for (int file = 0; file < FILES; file++) {
            contents *to = &originals[model][file];
            file_path(paths[model], file, full);
            FILE *stream = fopen(full, "rb");
            assert_non_null(stream);
            to->size = fread(to->bytes, 1, sizeof to->bytes, stream);
            assert_true(to->size > 0 && to->size < sizeof to->bytes);
            fclose(stream);
        }
    }
}

/* In place, in two writes, so that a reader may meet half of it. */
static void rewrite(int file, const contents *with) {
    char full[PATH_BYTES];
    file_path(changing, file, full);
    int descriptor = open(full, O_WRONLY | O_CREAT, 0600);
    assert_true(descriptor >= 0);
    size_t half = with->size / 2;
    ssize_t written = pwrite(descriptor, with->bytes, half, 0);
    written += pwrite(descriptor, with->bytes + half, with->size - half, (off_t)half);
    assert_int_equal(written, with->size);
    assert_int_equal(ftruncate(descriptor, (off_t)with->size), 0);
    close(descriptor);
}

static void cut(int file, size_t size) {
    char full[PATH_BYTES];
    file_path(changing, file, full);
    assert_int_equal(truncate(full, (off_t)size), 0);
}

static void restore(int model) {
    for (int file = 0; file < FILES; file++) rewrite(file, &originals[model][file]);
}

/* ---- loads ----------------------------------------------------------------------------------- */

static mgeo_status load(const char *path) {
    mgeo_load_options options = {
        .struct_size = sizeof options, .device = "cpu", .threads = 1, .skip_warm_up = 1};
    return mgeo_load(engine, path, &options, NULL, &error);
}

/* The model that answers; -1: none of the two. */
static int answering(void) {
    float similarity[PAIRS];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    if (mgeo_score(engine, pairs, PAIRS, &scores, &error) != MGEO_OK) fail_msg("%s", error.message);
    for (int i = 0; i < MODELS; i++) {
        if (memcmp(similarity, expected[i], sizeof similarity) == 0) return i;
    }
    return -1;
}

static int begin(void **state) {
    (void)state;
    tiny_models_begin(root);
    for (uint32_t i = 0; i < MODELS; i++) {
        const tiny_model model = {.variant = 20 * i, .labels = 3};
        tiny_model_write(root, i == 0 ? "first" : "second", &model, paths[i]);
    }
    for (uint32_t i = 0; i < PAIRS; i++) pairs[i] = test_make_pair(&texts[i], i, 1 + i % 5);
    snprintf(changing, sizeof changing, "%s/changing", root);
    read_originals();
    return mkdir(changing, 0700);
}

static int end(void **state) {
    (void)state;
    tiny_models_end(root);
    return 0;
}

static int create(void **state) {
    (void)state;
    restore(0);
    return mgeo_engine_create(NULL, &engine, &error);
}

static int destroy(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    return 0;
}

static void learn(int model) {
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = expected[model]};
    if (load(paths[model]) != MGEO_OK) fail_msg("%s", error.message);
    if (model > 0) assert_int_equal(mgeo_swap_model(engine, NULL, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_score(engine, pairs, PAIRS, &scores, &error), MGEO_OK);
}

static void the_models_answer_differently(void **state) {
    (void)state;
    for (int model = 0; model < MODELS; model++) learn(model);
    assert_memory_not_equal(expected[0], expected[1], sizeof expected[0]);
}

/* ---- changes meanwhile ----------------------------------------------------------------------- */

static atomic_bool over;

static void *change_on(void *argument) {
    unsigned seed = 7;
    (void)argument;
    while (!atomic_load(&over)) {
        int file = rand_r(&seed) % 4 < 2 ? 0 : rand_r(&seed) % FILES;
        const contents *with = &originals[rand_r(&seed) % MODELS][file];
        rewrite(file, with);
        /* Half a vocabulary is a vocabulary: what is cut is what knows its own length. */
        if (file == 0 && rand_r(&seed) % 3 == 0) cut(file, (size_t)rand_r(&seed) % with->size);
        usleep((useconds_t)(rand_r(&seed) % 300));
        rewrite(file, with);
        usleep((useconds_t)(rand_r(&seed) % 4000));
    }
    return NULL;
}

static void check_refusal(mgeo_status status) {
    bool expected_one =
        status == MGEO_E_IO || status == MGEO_E_FORMAT || status == MGEO_E_UNSUPPORTED;
    if (!expected_one || error.message[0] == '\0') {
        fail_msg("%s: %s", mgeo_status_name(status), error.message);
    }
}

static void loads_while_files_change(void **state) {
    (void)state;
    pthread_t changer;
    unsigned loaded = 0;
    atomic_store(&over, false);
    assert_int_equal(load(paths[0]), MGEO_OK);
    assert_int_equal(pthread_create(&changer, NULL, change_on, NULL), 0);
    for (int i = 0; i < LOADS; i++) {
        mgeo_status status = load(changing);
        if (status != MGEO_OK) {
            check_refusal(status);
            assert_int_equal(answering(), 0); /* nothing has changed */
            continue;
        }
        loaded++;
        assert_int_equal(mgeo_swap_model(engine, NULL, NULL, &error), MGEO_OK);
        if (answering() < 0) fail_msg("load %d: the model is half of each", i);
        assert_int_equal(mgeo_swap_model(engine, NULL, NULL, &error), MGEO_OK);
    }
    atomic_store(&over, true);
    pthread_join(changer, NULL);
    printf("%u of %d loads succeeded\n", loaded, LOADS);
    assert_true(loaded > 0);
    restore(1);
    assert_int_equal(load(changing), MGEO_OK); /* and then it is over */
    assert_int_equal(mgeo_swap_model(engine, NULL, NULL, &error), MGEO_OK);
    assert_int_equal(answering(), 1);
}

static void a_loaded_model_needs_no_file(void **state) {
    (void)state;
    assert_int_equal(load(changing), MGEO_OK);
    assert_int_equal(answering(), 0);
    for (int file = 0; file < FILES; file++) cut(file, 0);
    assert_int_equal(answering(), 0);
    mgeo_status status = load(changing);
    assert_int_not_equal(status, MGEO_OK);
    check_refusal(status);
    assert_int_equal(answering(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_models_answer_differently, create, destroy),
        cmocka_unit_test_setup_teardown(a_loaded_model_needs_no_file, create, destroy),
        cmocka_unit_test_setup_teardown(loads_while_files_change, create, destroy),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
