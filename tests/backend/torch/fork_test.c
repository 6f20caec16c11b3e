/* SPDX-License-Identifier: Apache-2.0 */
/* Forks around the module on libtorch, whose threads a child does not have: a child works if it is
 * the first to use it, and is refused, instead of waiting for ever, if its parent was. */
#include "backend/backend.h"
#include "backend/team.h"
#include "support/random_encoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 2, LENGTH = 30, LABELS = 3, GIVE_UP = 100 };

/* Opens an encoder and runs a batch on two cores; the status of what failed first. */
static mgeo_status compute(const mgi_backend *backend, mgeo_error *error) {
    static const uint32_t lengths[ROWS] = {LENGTH, LENGTH};
    random_encoder_options options = {.spec = random_encoder_spec(), .seed = 17};
    random_encoder *model = random_encoder_create(&options);
    random_encoder_batch *b = random_encoder_batch_create(&model->spec, lengths, ROWS, 3);
    mgi_encoder_request request = random_encoder_request(model, "torch", MGEO_FP32);
    mgi_encoder_estimate needs;
    mgi_encoder *encoder = NULL;
    mgi_lane *lane = NULL;
    mgi_team team = {.cores = 2};
    float logits[ROWS * LABELS];
    mgeo_status status = backend->predict(&request, 2, &needs, error);
    if (status == MGEO_OK) status = backend->open(&request, &encoder, error);
    if (status == MGEO_OK) status = backend->open_lane(encoder, &lane, error);
    if (status == MGEO_OK) status = backend->run(lane, &b->batch, &team, logits, error);
    backend->close_lane(lane);
    backend->close(encoder);
    random_encoder_batch_destroy(b);
    random_encoder_destroy(model);
    return status;
}

/* What a child that computes ends with: its status; a child that waits for ever is killed. */
static int compute_in_child(const mgi_backend *backend, const char *part) {
    pid_t child = fork();
    if (child == 0) {
        mgeo_error error = {0};
        alarm(GIVE_UP);
        mgeo_status status = compute(backend, &error);
        if (strstr(error.message, part) == NULL) {
            fprintf(stderr, "%s\n", error.message);
            _exit(MGEO_E_INTERNAL);
        }
        _exit((int)status);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_forks(void **state) {
    (void)state;
    const mgi_backend *backend = NULL;
    const char *name;
    mgeo_error error = {0};
    if (mgi_backend_find("torch", &backend, &name, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(compute_in_child(backend, ""), MGEO_OK); /* the parent has opened it alone */
    assert_int_equal(compute(backend, &error), MGEO_OK);
    assert_int_equal(compute_in_child(backend, "load with device \"cpu\""), MGEO_E_DEVICE);
    assert_int_equal(compute(backend, &error), MGEO_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
