/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the bundled model, or the one in the directory given, and scores two pairs of addresses.
 * Build: cc embed.c $(pkg-config --cflags --libs libmgeo) -o embed */
#include <mgeo.h>

#include <stdio.h>

int main(int argc, char **argv) {
    const mgeo_pair pairs[] = {
        {"杭州市西湖区文三路90号东部软件园", MGEO_NUL_TERMINATED, "文三路90号",
         MGEO_NUL_TERMINATED},
        {"成都市锦江区北新街58号", MGEO_NUL_TERMINATED, "锦江区南新街58号", MGEO_NUL_TERMINATED},
    };
    float similarity[2];
    int32_t label[2];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity, .label = label};
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_engine *engine = NULL;
    mgeo_error error;

    if (mgeo_engine_create(NULL, &engine, &error) ||
        mgeo_load(engine, argc > 1 ? argv[1] : NULL, NULL, &info, &error) ||
        mgeo_score(engine, pairs, 2, &scores, &error)) {
        fprintf(stderr, "embed: %s\n", error.message);
        mgeo_engine_destroy(engine);
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        printf("%.3f %s: %s | %s\n", similarity[i],
               label[i] < 0 ? "no score" : info.labels[label[i]], pairs[i].a, pairs[i].b);
    }
    mgeo_engine_destroy(engine);
    return 0;
}
