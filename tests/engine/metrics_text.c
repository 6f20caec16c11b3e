/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the metrics of an engine that has seen much, for the programs that check them:
 * metrics_text openmetrics|prometheus|empty */
#include "support/engine_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void load_as(uint32_t model, const char *version) {
    mgeo_load_options options = on("controllable");
    options.version = version;
    if (mgeo_load(engine, paths[model], &options, NULL, &error) != MGEO_OK) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
}

static void score(unsigned calls) {
    float similarity[2];
    mgeo_pair pairs[2] = {pair, {"1", 1, "", 0}};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    for (unsigned i = 0; i < calls; i++) {
        scores.route_key = i + 1;
        mgeo_score(engine, pairs, 2, &scores, NULL);
    }
}

static void make_history(void) {
    load_as(0, "v1 \"西湖\"\\\n\xff");
    score(20);
    load_as(1, "v2");
    mgeo_load(engine, "/nonexistent", NULL, NULL, NULL);
    mgeo_set_canary(engine, MGEO_SHARE_ALL / 2, NULL, NULL);
    score(20);
    mgeo_watch watch = {.struct_size = sizeof watch, .window_seconds = 3600};
    mgeo_swap_options options = {.struct_size = sizeof options, .watch = &watch};
    watch.max_error_rate = 0.5;
    if (mgeo_swap_model(engine, &options, NULL, &error) != MGEO_OK) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    mgeo_set_shadow(engine, MGEO_SHARE_ALL, NULL, NULL);
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    score(20);
    mgeo_roll_back(engine, NULL, NULL, NULL);
}

int main(int count, char **arguments) {
    static char written[1 << 18];
    size_t length;
    if (count != 2) return 2;
    int32_t format = strcmp(arguments[1], "prometheus") == 0 ? MGEO_METRICS_PROMETHEUS
                                                             : MGEO_METRICS_OPENMETRICS;
    make_models(NULL);
    begin(NULL);
    if (strcmp(arguments[1], "empty") != 0) make_history();
    mgeo_status status =
        mgeo_write_metrics(engine, format, written, sizeof written, &length, &error);
    if (status == MGEO_OK) fwrite(written, 1, length, stdout);
    if (status != MGEO_OK) fprintf(stderr, "%s\n", error.message);
    end(NULL);
    remove_models(NULL);
    return status;
}
