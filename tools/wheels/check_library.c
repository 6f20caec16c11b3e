/* SPDX-License-Identifier: Apache-2.0 */
/* Scores three pairs with the library of a wheel, and tells what computed: check_library MODEL
 * PRECISION. */
#include "mgeo.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int fail(const mgeo_error *error) {
    fprintf(stderr, "check_library: %s\n", error->message);
    return 1;
}

int main(int argc, char **argv) {
    const size_t whole = MGEO_NUL_TERMINATED;
    const mgeo_pair pairs[] = {
        {"杭州市西湖区文三路90号", whole, "文三路90号", whole},
        {"浙江省杭州市余杭区文一西路969号", whole, "杭州余杭文一西路969号", whole},
        {"上海市浦东新区世纪大道100号", whole, "北京市朝阳区建国路1号", whole},
    };
    /* What the build of this tree by gcc for x86-64 answers in fp32. */
    const float expected[] = {0.957666f, 0.959745f, 0.037148f};
    float similarity[3];
    mgeo_engine *engine = NULL;
    mgeo_error error;
    mgeo_load_options options = {.struct_size = sizeof options, .threads = 2};
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    if (argc != 3) return 2;
    for (options.precision = 0; strcmp(mgeo_precision_name(options.precision), argv[2]) != 0;) {
        options.precision++;
    }
    if (mgeo_engine_create(NULL, &engine, &error) != MGEO_OK) return fail(&error);
    if (mgeo_load(engine, argv[1], &options, &info, &error) != MGEO_OK) return fail(&error);
    if (mgeo_score(engine, pairs, 3, &scores, &error) != MGEO_OK) return fail(&error);
    printf("%s: %.6f %.6f %.6f\n", info.library, (double)similarity[0], (double)similarity[1],
           (double)similarity[2]);
    mgeo_engine_destroy(engine);
    const float close = options.precision == MGEO_FP32 ? 1e-5f : 0.03f;
    for (size_t i = 0; i < 3; i++) {
        if (!(fabsf(similarity[i] - expected[i]) <= close)) return 1;
    }
    return 0;
}
