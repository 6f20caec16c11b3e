/* SPDX-License-Identifier: Apache-2.0 */
/* A program outside the project, as C and as C++: installs, links and scores by pkg-config alone.
 */
#include <mgeo.h>

#include <stdio.h>
#include <string.h>

static int complain(const char *what, const mgeo_error *error) {
    fprintf(stderr, "%s: %s\n", what, error->message);
    return 1;
}

int main(int argc, char **argv) {
    mgeo_error error;
    mgeo_engine *engine = NULL;
    mgeo_pair pair;
    mgeo_scores scores;
    float similarity = -1.0f;
    int failed = 1;

    if (argc != 2 || strcmp(mgeo_version(), MGEO_VERSION) != 0) return 2;
    pair.a = "杭州市西湖区文三路90号";
    pair.b = "西湖区文三路90号";
    pair.a_len = pair.b_len = MGEO_NUL_TERMINATED;
    memset(&scores, 0, sizeof scores);
    scores.struct_size = sizeof scores;
    scores.similarity = &similarity;

    if (mgeo_engine_create(NULL, &engine, &error)) return complain("create", &error);
    if (mgeo_load(engine, argv[1], NULL, NULL, &error)) {
        complain("load", &error);
    } else if (mgeo_score(engine, &pair, 1, &scores, &error)) {
        complain("score", &error);
    } else {
        printf("%.4f\n", (double)similarity);
        failed = !(similarity >= 0.0f && similarity <= 1.0f);
    }
    mgeo_engine_destroy(engine);
    return failed;
}
