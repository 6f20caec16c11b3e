/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: which backend a device's name leads to, and what is said where none does. */
#include "backend/backend.h"

#include "support/check.h"

#include <string.h>

static bool has_card;
static unsigned asked;

static bool serves_cuda(const char *device) {
    return strcmp(device, "cuda") == 0 || strcmp(device, "cuda:0") == 0;
}

static mgeo_status cuda_usable(const char *device, mgeo_error *error) {
    assert_string_equal(device, "cuda");
    asked++;
    if (has_card) return mgi_succeed(error);
    return mgi_fail(error, MGEO_E_DEVICE, "no NVIDIA driver");
}

static bool serves_cpu(const char *device) { return strcmp(device, "cpu") == 0; }

static const mgi_backend cuda = {.name = "card", .serves = serves_cuda, .usable = cuda_usable};
static const mgi_backend cpu = {.name = "plain", .serves = serves_cpu};

static void find(const char *device, const mgi_backend *expected, const char *name) {
    const mgi_backend *backend = NULL;
    const char *found = NULL;
    mgeo_error error = {0};
    if (mgi_backend_find(device, &backend, &found, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    assert_ptr_equal(backend, expected);
    assert_string_equal(found, name);
}

static void miss(const char *device, mgeo_status expected, const char *line) {
    const mgi_backend *backend = &cpu;
    const char *found = NULL;
    mgeo_error error = {0};
    assert_int_equal(mgi_backend_find(device, &backend, &found, &error), expected);
    assert_null(backend);
    assert_string_equal(error.message, line);
}

/* In this order: a backend that has been registered stays. */
static void test_nothing_is_built_in(void **state) {
    (void)state;
    miss("auto", MGEO_E_ARGUMENT, "no device \"auto\": this build serves none");
    miss(NULL, MGEO_E_ARGUMENT, "no device \"auto\": this build serves none");
}

static void test_a_build_without_cuda_says_how_to_get_it(void **state) {
    (void)state;
    mgi_backend_register(&cpu);
    find("auto", &cpu, "cpu");
    find(NULL, &cpu, "cpu");
    find("cpu", &cpu, "cpu");
    miss("tpu", MGEO_E_ARGUMENT, "no device \"tpu\": this build serves cpu");
    miss("cuda", MGEO_E_ARGUMENT,
         "no device \"cuda\": this build serves cpu; "
         "build with -Dcuda=enabled (nvcc and cuBLASLt) for CUDA");
    miss("cuda:0,cuda:1", MGEO_E_ARGUMENT,
         "no device \"cuda:0,cuda:1\": this build serves cpu; "
         "build with -Dcuda=enabled (nvcc and cuBLASLt) for CUDA");
}

static void test_auto_takes_a_gpu_that_can_be_used(void **state) {
    (void)state;
    mgi_backend_register(&cuda);
    has_card = true;
    find("auto", &cuda, "cuda");
    has_card = false;
    find("auto", &cpu, "cpu");
    assert_int_equal(asked, 2);
}

static void test_a_named_device_is_not_passed_over(void **state) {
    (void)state;
    asked = 0;
    has_card = false;
    find("cuda", &cuda, "cuda"); /* which then says itself why it cannot be used */
    find("cuda:0", &cuda, "cuda:0");
    assert_int_equal(asked, 0);
    miss("cuda:x", MGEO_E_ARGUMENT, "no device \"cuda:x\": this build serves cpu, cuda");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_built_in),
        cmocka_unit_test(test_a_build_without_cuda_says_how_to_get_it),
        cmocka_unit_test(test_auto_takes_a_gpu_that_can_be_used),
        cmocka_unit_test(test_a_named_device_is_not_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
