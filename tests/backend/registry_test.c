/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: which backend a device's name leads to, and what is said where none does. */
#include "backend/backend.h"
#include "backend/modules.h"

#include "support/check.h"

#include <stdio.h>
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

static const char *remark(const char *module) {
    return mgi_modules_exists(module) ? "" : " (module not found)";
}

/* Of modules it is told whether their files are there, which are not this test's. */
static void miss_all(const char *device, const char *before, const char *after) {
    char line[256];
    snprintf(line, sizeof line, "no device \"%s\": there are %scuda%s, torch%s%s", device, before,
             remark("cuda"), remark("torch"), after);
    miss(device, MGEO_E_ARGUMENT, line);
}

/* In this order: a backend that has been registered stays. */
static void test_no_name_leads_nowhere(void **state) {
    (void)state;
    miss_all("tpu", "", "");
    miss_all("cpu", "", "");
    miss_all("torches", "", "");
}

static void test_a_processor_is_found(void **state) {
    (void)state;
    mgi_backend_register(&cpu);
    find("cpu", &cpu, "cpu");
    miss_all("tpu", "cpu, ", "");
    miss_all("cud", "cpu, ", "");
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
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_name_leads_nowhere),
        cmocka_unit_test(test_a_processor_is_found),
        cmocka_unit_test(test_auto_takes_a_gpu_that_can_be_used),
        cmocka_unit_test(test_a_named_device_is_not_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
