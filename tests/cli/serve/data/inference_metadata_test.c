/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v2 and below it: which paths there are, and what they tell. */
#include "exchange_check.h"

#include <string.h>

#include "serve/service.h"

static const struct service service;

/* Whether there is such a path; status 0: there is none. */
static void check_path(const char *path, int status, const char *part) {
    const struct http_request request = {.path = {path, strlen(path)}};
    struct http_answer answer = {0};
    bool found = inference_metadata(&service, &request, &answer);
    if (found != (status != 0)) fail_msg("%s is %sthere", path, found ? "" : "not ");
    assert_int_equal(answer.status, status);
    if (part != NULL && strstr(answer.body.bytes, part) == NULL) {
        fail_msg("%s: %s", path, answer.body.bytes);
    }
    http_answer_finish(&answer);
}

static void tells_of_the_server(void **state) {
    (void)state;
    check_path("/v2", 200,
               "{\"name\":\"mgeo-serve\",\"version\":\"" MGEO_VERSION
               "\",\"extensions\":[\"binary_tensor_data\"]}");
    check_path("/v2/health/live", 200, "{\"live\":true}");
    check_path("/v2/health/ready", 200, "{\"ready\":true}");
}

static void tells_of_the_model(void **state) {
    (void)state;
    static const char whole[] =
        "{\"name\":\"mgeo\",\"versions\":[\"3\"],\"platform\":\"libmgeo\",\"inputs\":["
        "{\"name\":\"address1\",\"datatype\":\"BYTES\",\"shape\":[-1]},"
        "{\"name\":\"address2\",\"datatype\":\"BYTES\",\"shape\":[-1]}],\"outputs\":["
        "{\"name\":\"similarity\",\"datatype\":\"FP32\",\"shape\":[-1]},"
        "{\"name\":\"label\",\"datatype\":\"BYTES\",\"shape\":[-1]},"
        "{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[-1,3]},"
        "{\"name\":\"flags\",\"datatype\":\"UINT32\",\"shape\":[-1]}],\"parameters\":{"
        "\"version\":\"v1\",\"slot\":\"blue\",\"max_length\":128,\"labels\":[\"exact_match\","
        "\"partial_match\",\"not_match\"]}}\n";
    check_path("/v2/models/mgeo", 200, whole);
    check_path("/v2/models/mgeo/versions/3", 200, whole);
    check_path("/v2/models/mg%65o/versions/v1", 200, whole);
    check_path("/v2/models/mgeo/ready", 200, "{\"name\":\"mgeo\",\"ready\":true}");
    check_path("/v2/models/mgeo/versions/3/ready", 200, "{\"name\":\"mgeo\",\"ready\":true}");
}

static void tells_what_is_not_there(void **state) {
    (void)state;
    check_path("/v2/models/other", 404, "unknown_model");
    check_path("/v2/models/other/ready", 404, "unknown_model");
    check_path("/v2/models/mgeo/versions/2", 404, "unknown_version");
    check_path("/v2/models/mgeo/versions/2/ready", 404, "unknown_version");
    static const char *const paths[] = {
        "/v1",
        "/v2/",
        "/v2x",
        "/v2/health",
        "/v2/health/",
        "/v2/health/live/",
        "/v2/health/dead",
        "/v2/models",
        "/v2/models/mgeo/",
        "/v2/models/mgeo/config",
        "/v2/models/mgeo/ready/x",
        "/v2/models/mgeo/versions",
        "/v2/models/mgeo/versions/3/x",
        "/v2/models/mgeo/versions/3/ready/x",
        "/v2/models/mgeo%00",
        "/v2/models/mgeo%zz",
        "/v2/models/a234567890123456789012345678901234567890123456789012345678901234",
        "",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) check_path(paths[i], 0, NULL);
}

static void tells_why_it_is_not_ready(void **state) {
    (void)state;
    exchange_check_is_live = false;
    exchange_check_reason = "no model is live yet";
    check_path("/v2", 200, NULL);
    check_path("/v2/health/live", 200, NULL);
    check_path("/v2/health/ready", 503, "{\"ready\":false,\"error\":\"no model is live yet\"}");
    check_path("/v2/models/mgeo/ready", 503, "\"ready\":false");
    check_path("/v2/models/mgeo/versions/1/ready", 503, "\"ready\":false");
    check_path("/v2/models/mgeo", 503, "\"code\": \"no_model\"");
    check_path("/v2/models/other", 404, "unknown_model");
    exchange_check_is_live = true;
    exchange_check_reason = NULL;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_of_the_server),
        cmocka_unit_test(tells_of_the_model),
        cmocka_unit_test(tells_what_is_not_there),
        cmocka_unit_test(tells_why_it_is_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
