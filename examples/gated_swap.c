/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces a model only if the new one proves itself on pairs whose labels are known, and watches
 * it afterwards.
 *
 * Usage: gated_swap [FIRST [SECOND]], two model directories; without them the bundled model twice.
 * Build: cc gated_swap.c $(pkg-config --cflags --libs libmgeo) -o gated_swap */
#include <mgeo.h>

#include <stdio.h>

#define PAIR(a, b)                                                                                 \
    { a, MGEO_NUL_TERMINATED, b, MGEO_NUL_TERMINATED }

/* A real gate has hundreds, of the kind that the service sees. */
enum { PAIRS = 8 };
static const mgeo_pair pairs[PAIRS] = {
    PAIR("杭州市西湖区文三路90号东部软件园", "西湖区文三路90号"),
    PAIR("成都市锦江区北新街58号", "锦江区南新街58号"),
    PAIR("上海市浦东新区世纪大道100号", "浦东世纪大道100号环球金融中心"),
    PAIR("北京市海淀区中关村大街1号", "中关村大街1号"),
    PAIR("广州市天河区体育西路103号维多利广场A座22楼", "天河区体育西路101号"),
    PAIR("南京市玄武区中山路18号", "南京市玄武区中山路18号"),
    PAIR("西安市雁塔区小寨东路91号", "雁塔区小寨西路91号"),
    PAIR("武汉市洪山区珞喻路1037号", "青岛市市南区香港中路40号"),
};
static const char *const gold[PAIRS] = {
    "exact_match", "not_match", "partial_match", NULL, /* not every label need be known */
    "not_match",   NULL,        "not_match",     "not_match",
};

static void print_checks(const char *title, const mgeo_check *checks, uint32_t count) {
    printf("%s\n", title);
    for (uint32_t i = 0; i < count; i++) {
        const mgeo_check *check = &checks[i];
        printf("  %-16s %10.4f", check->name, check->measured);
        if (check->passed < 0) {
            printf("\n");
        } else {
            printf("   at most %.4f: %s\n", check->limit, check->passed ? "yes" : "no");
        }
    }
}

static mgeo_status load(mgeo_engine *engine, const char *path, const char *version,
                        mgeo_error *error) {
    mgeo_load_options options = {.struct_size = sizeof options, .version = version};
    return mgeo_load(engine, path, &options, NULL, error);
}

static mgeo_status swap(mgeo_engine *engine, mgeo_error *error) {
    mgeo_gate gate = {.struct_size = sizeof gate,
                      .pairs = pairs,
                      .count = PAIRS,
                      .gold = gold,
                      .pairs_per_call = 1,
                      .max_flip_share = 0.2,
                      .max_accuracy_loss = -1, /* no loss at all */
                      .max_latency_ratio = 3};
    mgeo_watch watch = {.struct_size = sizeof watch,
                        .window_calls = 100,
                        .min_calls = 20,
                        .max_error_rate = 0.01,
                        .max_not_finite_rate = -1};
    mgeo_swap_options options = {.struct_size = sizeof options,
                                 .gate = &gate,
                                 .watch = &watch,
                                 .reason = "the new model of this week"};
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    mgeo_status status = mgeo_swap_model(engine, &options, &receipt, error);
    if (status == MGEO_OK || status == MGEO_E_REFUSED) {
        print_checks("the gate measured:", receipt.checks, receipt.check_count);
    }
    if (status == MGEO_OK) {
        printf("swapped from \"%s\" to \"%s\"\n", receipt.from_version, receipt.to_version);
    }
    return status;
}

/* What a service does all day, until the watch has seen enough. */
static mgeo_status serve(mgeo_engine *engine, mgeo_error *error) {
    mgeo_watch_report report = {.struct_size = sizeof report};
    mgeo_status status = MGEO_OK;
    for (int call = 0; call < 10000 && status == MGEO_OK; call++) {
        float similarity;
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
        status = mgeo_score(engine, &pairs[call % PAIRS], 1, &scores, error);
        if (status == MGEO_OK) status = mgeo_get_watch(engine, &report, error);
        if (status == MGEO_OK && report.state != MGEO_WATCH_RUNNING) break;
    }
    if (status != MGEO_OK) return status;
    print_checks("the watch measured:", report.checks, report.check_count);
    printf("%s\n", report.state == MGEO_WATCH_PASSED        ? "the watch is over, all is well"
                   : report.state == MGEO_WATCH_TURNED_BACK ? report.reason
                                                            : "the watch goes on");
    return MGEO_OK;
}

int main(int argc, char **argv) {
    mgeo_engine *engine = NULL;
    mgeo_error error;
    mgeo_status status = mgeo_engine_create(NULL, &engine, &error);
    if (status == MGEO_OK) status = load(engine, argc > 1 ? argv[1] : NULL, "first", &error);
    if (status == MGEO_OK) status = load(engine, argc > 2 ? argv[2] : NULL, "second", &error);
    if (status == MGEO_OK) status = swap(engine, &error);
    if (status == MGEO_OK) status = serve(engine, &error);
    if (status != MGEO_OK) fprintf(stderr, "gated_swap: %s\n", error.message);
    mgeo_engine_destroy(engine);
    return status != MGEO_OK;
}
