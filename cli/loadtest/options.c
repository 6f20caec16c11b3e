/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options and what its members become: every option is either used or refused. */
#include "loadtest/options.h"

#include <mgeo.h>
#include <string.h>

#include "common/choices.h"
#include "common/parse.h"

#define DAY 86400.0

/* ---- setters of single options --------------------------------------------------------------- */

static const char *const limit_names[OPTIONS_LIMITS + 1] = {
    [OPTIONS_LIMIT_SHIFT] = "shift",
    [OPTIONS_LIMIT_SHIFT_MEAN] = "shift_mean",
    [OPTIONS_LIMIT_SHIFT_P99] = "shift_p99",
    [OPTIONS_LIMIT_FLIP_SHARE] = "flip_share",
    [OPTIONS_LIMIT_ACCURACY_LOSS] = "accuracy_loss",
    [OPTIONS_LIMIT_MACRO_F1_LOSS] = "macro_f1_loss",
    [OPTIONS_LIMIT_LATENCY_RATIO] = "latency_ratio",
    [OPTIONS_LIMIT_PSI] = "psi",
};

static bool set_canary_steps(void *to, const struct option_row *row, const char *value,
                             struct error *error) {
    (void)row;
    struct options *options = to;
    return parse_list("--canary-steps", value, MGEO_SHARE_ALL, options->steps, OPTIONS_STEPS,
                      &options->step_count, error);
}

/* NAME=X; 0 stands for "nothing at all", which the library writes as a negative number. */
static bool set_gate_limit(void *to, const struct option_row *row, const char *value,
                           struct error *error) {
    struct options *options = to;
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
        !parse_number("--gate-limit", sign + 1, row->least, row->most, &limit, error)) {
        return false;
    }
    options->limits[chosen] = limit > 0 ? limit : -1;
    return true;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define AT(member) .at = offsetof(struct options, member)
#define EVERY(kind)                                                                                \
    .argument = "S", .set = option_table_set_number,                                               \
    .at = offsetof(struct options, every) + (kind) * sizeof(double), .least = 0.0001, .most = DAY

static const char *const arrival_kinds[] = {
    [ARRIVALS_CONSTANT] = "constant", [ARRIVALS_POISSON] = "poisson", NULL};

/* clang-format off */
static const struct option_row rows[] = {
    {.section = "Models",
     .letter = 'm', .name = "model", .argument = "DIR", .offer = OPTION_OFFER_FOLDERS,
     .set = option_table_set_string, AT(model),
     .help = "model directory (default: the bundled model)"},
    {.name = "standby", .argument = "DIR", .offer = OPTION_OFFER_FOLDERS,
     .set = option_table_set_string, AT(standby),
     .help = "the second model (default: the first one again)"},
    {.letter = 'p', .name = "precision", .argument = "P", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(precision), .values = choices_precisions,
     .help = "auto, fp32, bf16, fp16, int8 or fp8 (default: auto)"},
    {.name = "standby-precision", .argument = "P", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(standby_precision), .values = choices_precisions,
     .idle = "auto",
     .help = "of the second model (default: as the first)"},
    {.name = "tf32", .set = option_table_set_flag, AT(tf32),
     .help = "fp32 on a GPU in TF32"},
    {.letter = 'd', .name = "device", .argument = "D", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_string, AT(device), .values = choices_devices,
     .help = "auto (a GPU if there is one), cpu, cuda, cuda:1,\n"
             "cuda:0,cuda:1, cuda:* or torch (default: auto)"},
    {.name = "standby-device", .argument = "D", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_string, AT(standby_device), .values = choices_devices,
     .help = "of the second model (default: the same)"},
    {.letter = 'j', .name = "threads", .argument = "N",
     .set = option_table_set_whole, AT(threads), .least = 1, .most = MGEO_MAX_THREADS,
     .help = "CPU threads that compute (default: all)"},
    {.name = "batch-tokens", .argument = "N",
     .set = option_table_set_whole, AT(batch_tokens), .least = 1, .most = 1 << 24,
     .help = "tokens in a batch (default: what suits the device)"},
    {.name = "max-length", .argument = "N",
     .set = option_table_set_whole, AT(max_length), .least = PARSE_LEAST_LENGTH, .most = 1 << 16,
     .help = "tokens in a pair (default: 128)"},

    {.section = "Pairs",
     .name = "pairs", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_string, AT(pairs),
     .help = "a table as mgeo-score reads it: TSV, plain, gzip or zstd\n"
             "(default: 1,024 invented address pairs)"},
    {.name = "columns", .argument = "A,B", .set = table_options_set_columns, AT(table),
     .help = "columns of the two texts, by name or number from 1"},
    {.name = "header", .argument = "WHEN", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(table.header), .values = table_header_names,
     .help = "line 1 is a header: auto, yes, no (default: auto)"},
    {.name = "input-format", .argument = "F", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(table.dialect.format), .values = dialect_names,
     .help = "tsv, csv, jsonl or auto: by content (default: auto)"},
    {.name = "delimiter", .argument = "C", .set = table_options_set_delimiter, AT(table),
     .help = "what separates cells (default: by content)"},
    {.name = "encoding", .argument = "E", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_string, AT(table.input.encoding), .values = choices_encodings,
     .idle = "auto",
     .help = "of the file: auto, utf-8, gb18030, utf-16 … (default: auto)"},
    {.name = "pairs-per-call", .argument = "N",
     .set = option_table_set_whole, AT(pairs_per_call), .least = 1, .most = 100000,
     .help = "pairs in a call (default: 1)"},

    {.section = "Load",
     .letter = 'c', .name = "callers", .argument = "N",
     .set = option_table_set_whole, AT(callers), .least = 1, .most = OPTIONS_CALLERS,
     .help = "threads that call (default: 8). Without a rate each calls\n"
             "again at once: a closed loop"},
    {.name = "rate", .argument = "R",
     .set = option_table_set_number, AT(rate), .least = 0.001, .most = 1e7,
     .help = "calls a second, due at fixed times whatever the answers do:\n"
             "an open loop. Times count from when a call was due"},
    {.name = "arrivals", .argument = "KIND", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(arrivals), .values = arrival_kinds,
     .help = "constant or poisson (default: constant)"},
    {.name = "find-rate", .argument = "MS",
     .set = option_table_set_number, AT(find_rate), .least = 0.001, .most = 1e6,
     .help = "search for the highest rate whose P99 is at most MS\n"
             "milliseconds, in trials of --duration"},
    {.name = "duration", .argument = "S",
     .set = option_table_set_number, AT(duration), .least = 0.1, .most = DAY,
     .help = "seconds that are measured (default: 10)"},
    {.name = "warm-up", .argument = "S",
     .set = option_table_set_number, AT(warm_up), .least = 0, .most = DAY,
     .help = "seconds before that (default: 1)"},
    {.name = "seed", .argument = "N",
     .set = option_table_set_whole, AT(seed), .least = 0, .most = UINT32_MAX,
     .help = "of arrivals and invented pairs (default: 1)"},

    {.section = "Meanwhile",
     .name = "swap-every", EVERY(EVENT_SWAP),
     .help = "swap live and standby model every S seconds"},
    {.name = "load-every", EVERY(EVENT_LOAD),
     .help = "load the model that stands by again"},
    {.name = "canary-every", EVERY(EVENT_CANARY),
     .help = "set the canary's share to the next of the steps"},
    {.name = "canary-steps", .argument = "LIST", .set = set_canary_steps,
     .help = "in 1/10,000 (default: 100,1000,5000,10000,0)"},
    {.name = "unload-every", EVERY(EVENT_UNLOAD),
     .help = "unload the standby model; it is loaded again at once, or\n"
             "with --load-every when that is due"},
    {.name = "gate", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(gate),
     .help = "let the pairs in FILE pass a gate at each swap"},
    {.name = "gate-limit", .argument = "NAME=X", .offer = OPTION_OFFER_ASSIGNMENTS,
     .set = set_gate_limit, .values = limit_names, .least = 0, .most = 1e6, .repeats = true,
     .help = "a limit of the gate, as often as wanted: shift, shift_mean,\n"
             "shift_p99, flip_share, accuracy_loss, macro_f1_loss,\n"
             "latency_ratio, psi"},
    {.name = "gold", .argument = "COLUMN", .set = option_table_set_string, AT(table.gold),
     .help = "labels in the gate's FILE, for the limits that need them"},
    {.name = "verify", .set = option_table_set_flag, AT(verify),
     .help = "hold each answer against what its model answered alone"},
    {.name = "around", .argument = "S",
     .set = option_table_set_number, AT(around), .least = 0.001, .most = 3600,
     .help = "seconds before and after an event that count as around it\n"
             "(default: 0.5, or a quarter of the shortest period)"},
    {.name = "compare", .argument = "S",
     .set = option_table_set_number, AT(compare), .least = 0.1, .most = 3600,
     .help = "blocks of S seconds without and with events in turn"},

    {.section = "Output",
     .name = "json", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(json),
     .help = "all figures and events as JSON"},
    {.name = "plot", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(plot),
     .help = "latency over time with the events marked, as SVG"},
    {.letter = 'q', .name = "quiet", .set = option_table_set_flag, AT(quiet),
     .help = "no notes on standard error"},

    {.section = "",
     .letter = 'V', .name = "version", .ends = true,
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_VERSION,
     .help = "print the version"},
    {.letter = 'h', .name = "help", .ends = true,
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_HELP,
     .help = "print this"},
};

#define EVENTS {"swap-every", "load-every", "canary-every", "unload-every"}

static const struct option_rule rules[] = {
    {{"find-rate"}, OPTION_EXCLUDES, {"rate"},
     "--find-rate chooses the rate itself: leave --rate out"},
    {{"find-rate"}, OPTION_EXCLUDES, {"compare"},
     "--find-rate and --compare are two questions: ask one at a time"},
    {{"arrivals"}, OPTION_NEEDS, {"rate", "find-rate"},
     "--arrivals needs --rate or --find-rate: in a closed loop each caller calls again at once"},
    {{"columns", "header", "input-format", "delimiter", "encoding"}, OPTION_NEEDS, {"pairs", "gate"},
     "--columns, --header, --input-format, --delimiter and --encoding need --pairs FILE"},
    {{"canary-steps"}, OPTION_NEEDS, {"canary-every"},
     "--canary-steps needs --canary-every"},
    {{"standby", "standby-device", "standby-precision"}, OPTION_NEEDS, EVENTS,
     "a standby model needs something to do, such as --swap-every 1"},
    {{"around"}, OPTION_NEEDS, EVENTS,
     "--around needs events, such as --swap-every 1"},
    {{"gate-limit", "gold"}, OPTION_NEEDS, {"gate"},
     "--gate-limit and --gold need --gate FILE"},
    {{"gate"}, OPTION_NEEDS, {"swap-every"},
     "--gate needs --swap-every"},
    {{"compare"}, OPTION_NEEDS, EVENTS,
     "--compare needs events to leave out of every other block, such as --swap-every 1"},
};
/* clang-format on */

const struct option_table options_table = {
    .program = "mgeo-bench",
    .usage =
        "Usage: mgeo-bench [OPTIONS]\n"
        "\n"
        "The load test before going live: threads call a model as a service would, while models\n"
        "are swapped, loaded, unloaded and given a canary's share beside them. Prints how fast\n"
        "calls were answered, and whether the changes could be felt.\n"
        "\n"
        "  mgeo-bench -c 8 --duration 30 --swap-every 1 --plot latency.svg\n"
        "  mgeo-bench --rate 200 --arrivals poisson --load-every 10 --json figures.json\n"
        "  mgeo-bench --find-rate 50 --pairs pairs.tsv\n"
        "  mgeo-bench --compare 5 --swap-every 1 --duration 120 --standby /models/new --verify\n",
    .ending = "\n"
              "Ctrl-C ends the run early, and the figures so far are printed.\n"
              "Exit status: 0 all calls answered, 1 a call or an event failed or an answer was "
              "wrong,\n"
              "2 could not run, 130 interrupted.\n",
    .column = 29,
    .operands = OPTION_OFFER_NOTHING,
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .rules = rules,
    .rule_count = sizeof rules / sizeof *rules,
};

/* ---- the command line ------------------------------------------------------------------------ */

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
        double quarter = options->every[i] / 4;
        if (quarter > 0 && quarter < around) around = quarter;
    }
    return around;
}

static void default_steps(struct options *options) {
    static const uint32_t steps[] = {100, 1000, 5000, MGEO_SHARE_ALL, 0};
    if (options->step_count > 0) return;
    options->step_count = sizeof steps / sizeof *steps;
    memcpy(options->steps, steps, sizeof steps);
}

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    struct option_parsed parsed;
    *options = (struct options){
        .callers = 8, .pairs_per_call = 1, .duration = 10, .warm_up = 1, .seed = 1};
    if (!option_table_parse(&options_table, argc, argv, options, &parsed, error)) return false;
    if (parsed.ended) return true;
    options->table.input.quiet = options->quiet;
    if (parsed.operands < argc) {
        return error_set(error, "%s: no FILE is expected here; pairs are given by --pairs FILE",
                         argv[parsed.operands]);
    }
    if (!options_check(options, &parsed, error)) return false;
    default_steps(options);
    return true;
}

void options_finish(struct options *options) {
    table_options_finish(&options->table);
    memset(options, 0, sizeof *options);
}
