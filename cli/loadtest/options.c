/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks the command line: every option is either used or refused. */
#include "loadtest/options.h"

#include <getopt.h>
#include <mgeo.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/parse.h"

enum {
    OPT_STANDBY = 256,
    OPT_STANDBY_PRECISION,
    OPT_STANDBY_DEVICE,
    OPT_TF32,
    OPT_BATCH_TOKENS,
    OPT_MAX_LENGTH,
    OPT_PAIRS,
    OPT_COLUMNS,
    OPT_HEADER,
    OPT_PAIRS_PER_CALL,
    OPT_RATE,
    OPT_ARRIVALS,
    OPT_DURATION,
    OPT_WARM_UP,
    OPT_FIND_RATE,
    OPT_SEED,
    OPT_SWAP_EVERY, /* this and the next three stand in the order of event_kind */
    OPT_LOAD_EVERY,
    OPT_CANARY_EVERY,
    OPT_UNLOAD_EVERY,
    OPT_CANARY_STEPS,
    OPT_GATE,
    OPT_GATE_LIMIT,
    OPT_GOLD,
    OPT_VERIFY,
    OPT_AROUND,
    OPT_COMPARE,
    OPT_JSON,
    OPT_PLOT
};

static const struct option long_options[] = {
    {"model", required_argument, NULL, 'm'},
    {"standby", required_argument, NULL, OPT_STANDBY},
    {"precision", required_argument, NULL, 'p'},
    {"standby-precision", required_argument, NULL, OPT_STANDBY_PRECISION},
    {"tf32", no_argument, NULL, OPT_TF32},
    {"device", required_argument, NULL, 'd'},
    {"standby-device", required_argument, NULL, OPT_STANDBY_DEVICE},
    {"threads", required_argument, NULL, 'j'},
    {"batch-tokens", required_argument, NULL, OPT_BATCH_TOKENS},
    {"max-length", required_argument, NULL, OPT_MAX_LENGTH},
    {"pairs", required_argument, NULL, OPT_PAIRS},
    {"columns", required_argument, NULL, OPT_COLUMNS},
    {"header", required_argument, NULL, OPT_HEADER},
    {"pairs-per-call", required_argument, NULL, OPT_PAIRS_PER_CALL},
    {"callers", required_argument, NULL, 'c'},
    {"rate", required_argument, NULL, OPT_RATE},
    {"arrivals", required_argument, NULL, OPT_ARRIVALS},
    {"duration", required_argument, NULL, OPT_DURATION},
    {"warm-up", required_argument, NULL, OPT_WARM_UP},
    {"find-rate", required_argument, NULL, OPT_FIND_RATE},
    {"seed", required_argument, NULL, OPT_SEED},
    {"swap-every", required_argument, NULL, OPT_SWAP_EVERY},
    {"load-every", required_argument, NULL, OPT_LOAD_EVERY},
    {"canary-every", required_argument, NULL, OPT_CANARY_EVERY},
    {"canary-steps", required_argument, NULL, OPT_CANARY_STEPS},
    {"unload-every", required_argument, NULL, OPT_UNLOAD_EVERY},
    {"gate", required_argument, NULL, OPT_GATE},
    {"gate-limit", required_argument, NULL, OPT_GATE_LIMIT},
    {"gold", required_argument, NULL, OPT_GOLD},
    {"verify", no_argument, NULL, OPT_VERIFY},
    {"around", required_argument, NULL, OPT_AROUND},
    {"compare", required_argument, NULL, OPT_COMPARE},
    {"json", required_argument, NULL, OPT_JSON},
    {"plot", required_argument, NULL, OPT_PLOT},
    {"quiet", no_argument, NULL, 'q'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const double DAY = 86400;

static const char *const limit_names[PLAN_LIMITS + 1] = {
    "shift",         "shift_mean",    "shift_p99",     "flip_share",
    "accuracy_loss", "macro_f1_loss", "latency_ratio", "psi"};

const char *plan_limit_name(enum plan_limit limit) { return limit_names[limit]; }

static bool precision(const char *name, const char *value, int32_t *to, struct fault *fault) {
    static const char *const names[] = {"auto", "fp32", "bf16", "fp16", "int8", "fp8", NULL};
    static const int32_t codes[] = {MGEO_PRECISION_AUTO, MGEO_FP32, MGEO_BF16,
                                    MGEO_FP16,           MGEO_INT8, MGEO_FP8};
    int chosen = 0;
    if (!parse_choice(name, value, names, &chosen, fault)) return false;
    *to = codes[chosen];
    return true;
}

static bool columns(struct plan *plan, const char *value, struct fault *fault) {
    const char *comma = strchr(value, ',');
    if (comma == NULL || comma == value || comma[1] == '\0' || strchr(comma + 1, ',') != NULL)
        return fault_set(fault, "--columns %s: give two columns as A,B", value);
    free(plan->columns);
    plan->columns = must_copy(value, strlen(value));
    plan->columns[comma - value] = '\0';
    plan->table.a = plan->columns;
    plan->table.b = plan->columns + (comma - value) + 1;
    return true;
}

static bool header(struct plan *plan, const char *value, struct fault *fault) {
    static const char *const names[] = {"auto", "yes", "no", NULL};
    int chosen = 0;
    if (!parse_choice("--header", value, names, &chosen, fault)) return false;
    plan->table.header = (enum header_mode)chosen;
    plan->header_given = true;
    return true;
}

static bool arrivals(struct plan *plan, const char *value, struct fault *fault) {
    static const char *const names[] = {"constant", "poisson", NULL};
    int chosen = 0;
    if (!parse_choice("--arrivals", value, names, &chosen, fault)) return false;
    plan->arrivals = (enum arrival_kind)chosen;
    plan->arrivals_given = true;
    return true;
}

/* NAME=X; 0 stands for "nothing at all", which the library writes as a negative number. */
static bool gate_limit(struct plan *plan, const char *value, struct fault *fault) {
    char name[32] = "";
    const char *sign = strchr(value, '=');
    size_t length = sign != NULL ? (size_t)(sign - value) : 0;
    if (length == 0 || length >= sizeof name)
        return fault_set(fault, "--gate-limit %s: give a limit as NAME=X", value);
    memcpy(name, value, length);
    int chosen = 0;
    double limit = 0;
    if (!parse_choice("--gate-limit", name, limit_names, &chosen, fault) ||
        !parse_number("--gate-limit", sign + 1, 0, 1e6, &limit, fault))
        return false;
    plan->limits[chosen] = limit > 0 ? limit : -1;
    return true;
}

static bool take_model(struct plan *plan, int code, const char *value, struct fault *fault) {
    switch (code) {
    case 'm': plan->model = value; return true;
    case OPT_STANDBY: plan->standby = value; return true;
    case OPT_TF32: plan->tf32 = true; return true;
    case 'd': plan->device = value; return true;
    case OPT_STANDBY_DEVICE: plan->standby_device = value; return true;
    case 'p': return precision("--precision", value, &plan->precision, fault);
    case OPT_STANDBY_PRECISION:
        return precision("--standby-precision", value, &plan->standby_precision, fault);
    case 'j': return parse_whole("--threads", value, 1, 4096, &plan->threads, fault);
    case OPT_BATCH_TOKENS:
        return parse_whole("--batch-tokens", value, 1, 1u << 24, &plan->batch_tokens, fault);
    default: return parse_whole("--max-length", value, 1, 1u << 16, &plan->max_length, fault);
    }
}

static bool take_calls(struct plan *plan, int code, const char *value, struct fault *fault) {
    switch (code) {
    case OPT_PAIRS: plan->pairs = value; return true;
    case OPT_COLUMNS: return columns(plan, value, fault);
    case OPT_HEADER: return header(plan, value, fault);
    case OPT_PAIRS_PER_CALL:
        return parse_whole("--pairs-per-call", value, 1, 100000, &plan->pairs_per_call, fault);
    case 'c': return parse_whole("--callers", value, 1, PLAN_CALLERS, &plan->callers, fault);
    case OPT_RATE: return parse_number("--rate", value, 0.001, 1e7, &plan->rate, fault);
    case OPT_ARRIVALS: return arrivals(plan, value, fault);
    case OPT_DURATION: return parse_number("--duration", value, 0.1, DAY, &plan->duration, fault);
    case OPT_WARM_UP: return parse_number("--warm-up", value, 0, DAY, &plan->warm_up, fault);
    case OPT_FIND_RATE:
        return parse_number("--find-rate", value, 0.001, 1e6, &plan->find_rate, fault);
    default:
        plan->seed_given = true;
        return parse_whole("--seed", value, 0, UINT32_MAX, &plan->seed, fault);
    }
}

static bool every(struct plan *plan, int code, const char *value, struct fault *fault) {
    enum event_kind kind = (enum event_kind)(code - OPT_SWAP_EVERY);
    char name[32] = "--";
    strcat(strcat(name, event_name(kind)), "-every");
    return parse_number(name, value, 0.0001, DAY, &plan->every[kind], fault);
}

static bool take_events(struct plan *plan, int code, const char *value, struct fault *fault) {
    switch (code) {
    case OPT_CANARY_STEPS:
        return parse_list("--canary-steps", value, MGEO_SHARE_ALL, plan->steps, PLAN_STEPS,
                          &plan->step_count, fault);
    case OPT_GATE: return parse_file("--gate", value, &plan->gate, fault);
    case OPT_GATE_LIMIT: return gate_limit(plan, value, fault);
    case OPT_GOLD: plan->table.gold = value; return true;
    case OPT_AROUND: return parse_number("--around", value, 0.001, 3600, &plan->around, fault);
    case OPT_COMPARE: return parse_number("--compare", value, 0.1, 3600, &plan->compare, fault);
    default: return every(plan, code, value, fault);
    }
}

static bool take(struct plan *plan, int code, const char *value, struct fault *fault) {
    switch (code) {
    case 'h': plan->action = PLAN_HELP; return true;
    case 'V': plan->action = PLAN_VERSION; return true;
    case 'q': plan->quiet = true; return true;
    case OPT_VERIFY: plan->verify = true; return true;
    case OPT_JSON: return parse_file("--json", value, &plan->json, fault);
    case OPT_PLOT: return parse_file("--plot", value, &plan->plot, fault);
    case 'm':
    case 'p':
    case 'd':
    case 'j':
    case OPT_STANDBY:
    case OPT_STANDBY_PRECISION:
    case OPT_STANDBY_DEVICE:
    case OPT_TF32:
    case OPT_BATCH_TOKENS:
    case OPT_MAX_LENGTH: return take_model(plan, code, value, fault);
    default: break;
    }
    if (code <= OPT_SEED) return take_calls(plan, code, value, fault);
    return take_events(plan, code, value, fault);
}

static bool refuse(int code, char **argv, int at, struct fault *fault) {
    const char *given = argv[at - 1];
    if (code == ':') return fault_set(fault, "%s needs a value; --help lists all options", given);
    if (optopt != 0 && optopt < 256)
        return fault_set(fault, "unknown option -%c; --help lists all options", optopt);
    return fault_set(fault, "%s is unknown, ambiguous or takes no value; --help lists all options",
                     given);
}

bool plan_has_events(const struct plan *plan) {
    for (int i = 0; i < EVENT_KINDS; i++)
        if (plan->every[i] > 0) return true;
    return false;
}

/* Half a second, unless the events follow one another so closely that nothing would be left. */
double plan_around(const struct plan *plan) {
    if (plan->around > 0) return plan->around;
    double around = 0.5;
    for (int i = 0; i < EVENT_KINDS; i++)
        if (plan->every[i] > 0 && plan->every[i] / 4 < around) around = plan->every[i] / 4;
    return around;
}

static void set_defaults(struct plan *plan) {
    memset(plan, 0, sizeof *plan);
    plan->callers = 8;
    plan->pairs_per_call = 1;
    plan->duration = 10;
    plan->warm_up = 1;
    plan->seed = 1;
}

static void default_steps(struct plan *plan) {
    static const uint32_t steps[] = {100, 1000, 5000, MGEO_SHARE_ALL, 0};
    if (plan->step_count > 0) return;
    plan->step_count = sizeof steps / sizeof *steps;
    memcpy(plan->steps, steps, sizeof steps);
}

bool plan_parse(struct plan *plan, int argc, char **argv, struct fault *fault) {
    set_defaults(plan);
    opterr = 0;
    optind = 0; /* begin anew, also in a second call */
    int code;
    while ((code = getopt_long(argc, argv, ":m:p:d:j:c:qVh", long_options, NULL)) != -1) {
        if (code == '?' || code == ':') return refuse(code, argv, optind, fault);
        if (!take(plan, code, optarg, fault)) return false;
        if (plan->action != PLAN_RUN) return true;
    }
    if (optind < argc)
        return fault_set(fault, "%s: no FILE is expected here; pairs are given by --pairs FILE",
                         argv[optind]);
    if (!plan_fits_together(plan, fault)) return false;
    default_steps(plan);
    return true;
}

void plan_finish(struct plan *plan) {
    free(plan->columns);
    memset(plan, 0, sizeof *plan);
}
