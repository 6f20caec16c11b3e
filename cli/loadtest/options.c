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

static const char *const limit_names[OPTIONS_LIMITS + 1] = {
    "shift",         "shift_mean",    "shift_p99",     "flip_share",
    "accuracy_loss", "macro_f1_loss", "latency_ratio", "psi"};

const char *options_limit_name(enum options_limit limit) { return limit_names[limit]; }

static bool precision(const char *name, const char *value, int32_t *to, struct error *error) {
    static const char *const names[] = {"auto", "fp32", "bf16", "fp16", "int8", "fp8", NULL};
    static const int32_t codes[] = {MGEO_PRECISION_AUTO, MGEO_FP32, MGEO_BF16,
                                    MGEO_FP16,           MGEO_INT8, MGEO_FP8};
    int chosen = 0;
    if (!parse_choice(name, value, names, &chosen, error)) return false;
    *to = codes[chosen];
    return true;
}

static bool columns(struct options *options, const char *value, struct error *error) {
    const char *comma = strchr(value, ',');
    if (comma == NULL || comma == value || comma[1] == '\0' || strchr(comma + 1, ',') != NULL) {
        return error_set(error, "--columns %s: give two columns as A,B", value);
    }
    free(options->columns);
    options->columns = memory_copy(value, strlen(value));
    options->columns[comma - value] = '\0';
    options->table.a = options->columns;
    options->table.b = options->columns + (comma - value) + 1;
    return true;
}

static bool header(struct options *options, const char *value, struct error *error) {
    static const char *const names[] = {"auto", "yes", "no", NULL};
    int chosen = 0;
    if (!parse_choice("--header", value, names, &chosen, error)) return false;
    options->table.header = (enum table_header)chosen;
    options->header_given = true;
    return true;
}

static bool arrivals(struct options *options, const char *value, struct error *error) {
    static const char *const names[] = {"constant", "poisson", NULL};
    int chosen = 0;
    if (!parse_choice("--arrivals", value, names, &chosen, error)) return false;
    options->arrivals = (enum arrival_kind)chosen;
    options->arrivals_given = true;
    return true;
}

/* NAME=X; 0 stands for "nothing at all", which the library writes as a negative number. */
static bool gate_limit(struct options *options, const char *value, struct error *error) {
    char name[32] = "";
    const char *sign = strchr(value, '=');
    size_t length = sign != NULL ? (size_t)(sign - value) : 0;
    if (length == 0 || length >= sizeof name) {
        return error_set(error, "--gate-limit %s: give a limit as NAME=X", value);
    }
    memcpy(name, value, length);
    int chosen = 0;
    double limit = 0;
    if (!parse_choice("--gate-limit", name, limit_names, &chosen, error) ||
        !parse_number("--gate-limit", sign + 1, 0, 1e6, &limit, error)) {
        return false;
    }
    options->limits[chosen] = limit > 0 ? limit : -1;
    return true;
}

static bool take_model(struct options *options, int code, const char *value, struct error *error) {
    switch (code) {
    case 'm': options->model = value; return true;
    case OPT_STANDBY: options->standby = value; return true;
    case OPT_TF32: options->tf32 = true; return true;
    case 'd': options->device = value; return true;
    case OPT_STANDBY_DEVICE: options->standby_device = value; return true;
    case 'p': return precision("--precision", value, &options->precision, error);
    case OPT_STANDBY_PRECISION:
        return precision("--standby-precision", value, &options->standby_precision, error);
    case 'j': return parse_whole("--threads", value, 1, 4096, &options->threads, error);
    case OPT_BATCH_TOKENS:
        return parse_whole("--batch-tokens", value, 1, 1u << 24, &options->batch_tokens, error);
    default: return parse_whole("--max-length", value, 1, 1u << 16, &options->max_length, error);
    }
}

static bool take_calls(struct options *options, int code, const char *value, struct error *error) {
    switch (code) {
    case OPT_PAIRS: options->pairs = value; return true;
    case OPT_COLUMNS: return columns(options, value, error);
    case OPT_HEADER: return header(options, value, error);
    case OPT_PAIRS_PER_CALL:
        return parse_whole("--pairs-per-call", value, 1, 100000, &options->pairs_per_call, error);
    case 'c': return parse_whole("--callers", value, 1, OPTIONS_CALLERS, &options->callers, error);
    case OPT_RATE: return parse_number("--rate", value, 0.001, 1e7, &options->rate, error);
    case OPT_ARRIVALS: return arrivals(options, value, error);
    case OPT_DURATION:
        return parse_number("--duration", value, 0.1, DAY, &options->duration, error);
    case OPT_WARM_UP: return parse_number("--warm-up", value, 0, DAY, &options->warm_up, error);
    case OPT_FIND_RATE:
        return parse_number("--find-rate", value, 0.001, 1e6, &options->find_rate, error);
    default:
        options->seed_given = true;
        return parse_whole("--seed", value, 0, UINT32_MAX, &options->seed, error);
    }
}

static bool every(struct options *options, int code, const char *value, struct error *error) {
    enum event_kind kind = (enum event_kind)(code - OPT_SWAP_EVERY);
    char name[32] = "--";
    strcat(strcat(name, event_log_kind_name(kind)), "-every");
    return parse_number(name, value, 0.0001, DAY, &options->every[kind], error);
}

static bool take_events(struct options *options, int code, const char *value, struct error *error) {
    switch (code) {
    case OPT_CANARY_STEPS:
        return parse_list("--canary-steps", value, MGEO_SHARE_ALL, options->steps, OPTIONS_STEPS,
                          &options->step_count, error);
    case OPT_GATE: return parse_file("--gate", value, &options->gate, error);
    case OPT_GATE_LIMIT: return gate_limit(options, value, error);
    case OPT_GOLD: options->table.gold = value; return true;
    case OPT_AROUND: return parse_number("--around", value, 0.001, 3600, &options->around, error);
    case OPT_COMPARE: return parse_number("--compare", value, 0.1, 3600, &options->compare, error);
    default: return every(options, code, value, error);
    }
}

static bool take(struct options *options, int code, const char *value, struct error *error) {
    switch (code) {
    case 'h': options->action = OPTIONS_HELP; return true;
    case 'V': options->action = OPTIONS_VERSION; return true;
    case 'q': options->quiet = true; return true;
    case OPT_VERIFY: options->verify = true; return true;
    case OPT_JSON: return parse_file("--json", value, &options->json, error);
    case OPT_PLOT: return parse_file("--plot", value, &options->plot, error);
    case 'm':
    case 'p':
    case 'd':
    case 'j':
    case OPT_STANDBY:
    case OPT_STANDBY_PRECISION:
    case OPT_STANDBY_DEVICE:
    case OPT_TF32:
    case OPT_BATCH_TOKENS:
    case OPT_MAX_LENGTH: return take_model(options, code, value, error);
    default: break;
    }
    if (code <= OPT_SEED) return take_calls(options, code, value, error);
    return take_events(options, code, value, error);
}

static bool refuse(int code, char **argv, int at, struct error *error) {
    const char *given = argv[at - 1];
    if (code == ':') return error_set(error, "%s needs a value; --help lists all options", given);
    if (optopt != 0 && optopt < 256) {
        return error_set(error, "unknown option -%c; --help lists all options", optopt);
    }
    return error_set(error, "%s is unknown, ambiguous or takes no value; --help lists all options",
                     given);
}

bool options_have_events(const struct options *options) {
    for (int i = 0; i < EVENT_KINDS; i++) {
        if (options->every[i] > 0) return true;
    }
    return false;
}

/* Half a second, unless the events follow one another so closely that nothing would be left. */
double options_around(const struct options *options) {
    if (options->around > 0) return options->around;
    double around = 0.5;
    for (int i = 0; i < EVENT_KINDS; i++) {
        if (options->every[i] > 0 && options->every[i] / 4 < around) around = options->every[i] / 4;
    }
    return around;
}

static void set_defaults(struct options *options) {
    memset(options, 0, sizeof *options);
    options->callers = 8;
    options->pairs_per_call = 1;
    options->duration = 10;
    options->warm_up = 1;
    options->seed = 1;
}

static void default_steps(struct options *options) {
    static const uint32_t steps[] = {100, 1000, 5000, MGEO_SHARE_ALL, 0};
    if (options->step_count > 0) return;
    options->step_count = sizeof steps / sizeof *steps;
    memcpy(options->steps, steps, sizeof steps);
}

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    set_defaults(options);
    opterr = 0;
    optind = 0; /* begin anew, also in a second call */
    int code;
    while ((code = getopt_long(argc, argv, ":m:p:d:j:c:qVh", long_options, NULL)) != -1) {
        if (code == '?' || code == ':') return refuse(code, argv, optind, error);
        if (!take(options, code, optarg, error)) return false;
        if (options->action != OPTIONS_RUN) return true;
    }
    if (optind < argc) {
        return error_set(error, "%s: no FILE is expected here; pairs are given by --pairs FILE",
                         argv[optind]);
    }
    if (!options_check(options, error)) return false;
    default_steps(options);
    return true;
}

void options_finish(struct options *options) {
    free(options->columns);
    memset(options, 0, sizeof *options);
}
