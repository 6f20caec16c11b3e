/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mgeo-serve's options, their defaults, and which may change while it runs. */
#include "serve/settings.h"

#include <mgeo.h>
#include <stdlib.h>
#include <string.h>

#include "common/choices.h"
#include "common/memory.h"
#include "common/parse.h"
#include "http/listener.h"

#define DAY 86400.0
#define GIB 1073741824.0
enum { MOST_NAME = 60 };

/* ---- setters of single options --------------------------------------------------------------- */

/* Any number of addresses with blanks or commas between them; a flag or line more adds to them. */
static bool set_listen(void *to, const struct option_row *row, const char *value,
                       struct error *error) {
    struct settings *settings = to;
    (void)row;
    size_t count = 0;
    while (count < SETTINGS_LISTENERS && settings->listen[count] != NULL) count++;
    if (value[0] == '\0') return error_set(error, "--listen: give an address as HOST:PORT");
    if (count == SETTINGS_LISTENERS) {
        return error_set(error, "--listen %s: at most %d addresses", value, SETTINGS_LISTENERS);
    }
    settings->listen[count] = value;
    return true;
}

static bool set_operate(void *to, const struct option_row *row, const char *value,
                        struct error *error) {
    struct settings *settings = to;
    (void)row;
    if (strcmp(value, "none") != 0 && !listener_is_local(value)) {
        return error_set(error,
                         "--operate %s: give unix:/PATH, or a port of the loopback such as "
                         "127.0.0.1:9000: who reaches it can replace the model",
                         value);
    }
    settings->operate = value;
    return true;
}

static bool set_mode(void *to, const struct option_row *row, const char *value,
                     struct error *error) {
    struct settings *settings = to;
    (void)row;
    char *end = NULL;
    unsigned long mode = strtoul(value, &end, 8);
    if (value[0] < '0' || value[0] > '7' || *end != '\0' || mode > 0777 || (mode & 0222) == 0) {
        return error_set(error, "--operate-mode %s: give a file's mode in octal, such as 660",
                         value);
    }
    settings->operate_mode = (uint32_t)mode;
    return true;
}

/* 0: none; less than a millisecond answers nothing. */
static bool set_timeout(void *to, const struct option_row *row, const char *value,
                        struct error *error) {
    struct settings *settings = to;
    double seconds = 0;
    if (!parse_duration("--timeout", value, row->least, row->most, &seconds, error)) return false;
    if (seconds > 0 && seconds < 0.001) {
        return error_set(error, "--timeout %s: give at least 1ms, or 0 for none", value);
    }
    settings->timeout = seconds;
    return true;
}

/* 0 stands for "partial matches count nothing", which the library writes as a negative number. */
static bool set_partial_weight(void *to, const struct option_row *row, const char *value,
                               struct error *error) {
    struct settings *settings = to;
    double weight = 0;
    if (!parse_number("--partial-weight", value, row->least, row->most, &weight, error)) {
        return false;
    }
    settings->partial_weight = weight > 0 ? weight : -1;
    return true;
}

/* A segment of a URL that needs no escapes. */
static bool set_model_name(void *to, const struct option_row *row, const char *value,
                           struct error *error) {
    struct settings *settings = to;
    (void)row;
    size_t length = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-._~");
    bool dots = strcmp(value, ".") == 0 || strcmp(value, "..") == 0;
    if (value[length] != '\0' || length == 0 || length > MOST_NAME || dots) {
        return error_set(error,
                         "--model-name %s: give 1 to %d letters, digits and -._~: it is a part of "
                         "/v2/models/NAME",
                         value, MOST_NAME);
    }
    settings->model_name = value;
    return true;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define AT(member) .at = offsetof(struct settings, member)
#define SECONDS .argument = "TIME", .set = option_table_set_duration, .least = 0, .most = DAY
/* Connections are looked at ten times a second, and 0 would close all of them. */
#define PATIENCE .argument = "TIME", .set = option_table_set_duration, .least = 0.1, .most = DAY

/* clang-format off */
static const struct option_row rows[] = {
    {.section = "Model",
     .letter = 'm', .name = "model", .argument = "DIR", .offer = OPTION_OFFER_FOLDERS,
     .set = option_table_set_string, AT(model),
     .help = "model directory (default: the bundled model)"},
    {.name = "model-version", .argument = "NAME", .set = option_table_set_string, AT(model_version),
     .help = "what answers and metrics call it (default: the folder's name)"},
    {.name = "model-name", .argument = "NAME", .set = set_model_name, AT(model_name),
     .help = "its name in /v2/models/NAME (default: mgeo)"},
    {.name = "model-store", .argument = "DIR", .offer = OPTION_OFFER_FOLDERS,
     .set = option_table_set_string, AT(model_store),
     .help = "folder of model directories, for /v2/repository"},
    {.letter = 'p', .name = "precision", .argument = "P", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(precision), .values = choices_precisions,
     .help = "auto, fp32, bf16, fp16, int8 or fp8 (default: auto)"},
    {.letter = 'd', .name = "device", .argument = "D", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_string, AT(device), .values = choices_devices,
     .help = "auto (a GPU if there is one), cpu, cuda, cuda:1,\n"
             "cuda:0,cuda:1, cuda:* or torch (default: auto)"},
    {.letter = 'j', .name = "threads", .argument = "N",
     .set = option_table_set_whole, AT(threads), .least = 1, .most = MGEO_MAX_THREADS,
     .help = "CPU threads that compute (default: all)"},
    {.name = "max-length", .argument = "N",
     .set = option_table_set_whole, AT(max_length), .least = PARSE_LEAST_LENGTH, .most = 1 << 16,
     .help = "tokens in a pair (default: 128)"},
    {.name = "batch-tokens", .argument = "N",
     .set = option_table_set_whole, AT(batch_tokens), .least = 1, .most = 1 << 24,
     .help = "tokens in a batch (default: what suits the device)"},
    {.name = "partial-weight", .argument = "X",
     .set = set_partial_weight, AT(partial_weight), .least = 0, .most = 1,
     .help = "weight of partial_match in the similarity (default: 0.5)"},
    {.name = "positive-label", .argument = "NAME", .set = option_table_set_string, AT(positive_label),
     .help = "label whose probability is the similarity"},
    {.name = "tf32", .set = option_table_set_flag, AT(tf32),
     .help = "fp32 on a GPU in TF32"},
    {.name = "keep-unknown", .set = option_table_set_flag, AT(keep_unknown),
     .help = "answer as the model does where texts differ in characters\n"
             "that its vocabulary lacks"},

    {.section = "Listening",
     .name = "listen", .argument = "ADDRESS", .set = set_listen, .repeats = true,
     .help = "HOST:PORT, [::1]:PORT, :PORT (every address) or unix:/PATH,\n"
             "as often as wanted (default: 127.0.0.1:8080)"},
    {.name = "operate", .argument = "ADDRESS", .set = set_operate,
     .help = "where mgeo-ctl and the console reach it: unix:/PATH, a port\n"
             "of the loopback, or none (default: unix:/run/mgeo/operate.sock\n"
             "where that folder can be written, else none)"},
    {.name = "operate-token-file", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(operate_token_file),
     .help = "file with the token that callers of --operate give; a port\n"
             "needs one"},
    {.name = "operate-mode", .argument = "MODE", .set = set_mode,
     .help = "of a Unix socket's file, in octal (default: 660)"},

    {.section = "Serving",
     .name = "max-queue-delay", AT(max_queue_delay), SECONDS,
     .help = "how long a request may wait for others to join its batch\n"
             "(default: 0ms)"},
    {.name = "max-queue", .argument = "N",
     .set = option_table_set_whole, AT(max_queue), .least = 1, .most = 1 << 20,
     .help = "requests that may wait; more are answered 429 (default: 1024)"},
    {.name = "timeout", AT(timeout), .argument = "TIME", .set = set_timeout, .least = 0, .most = DAY,
     .help = "from a request to its answer; later it is answered 503\n"
             "(default: 30s; 0: none)"},
    {.name = "max-pairs", .argument = "N",
     .set = option_table_set_whole, AT(max_pairs), .least = 1, .most = 1 << 20,
     .help = "pairs in one request (default: 1000)"},
    {.name = "max-body", .argument = "SIZE",
     .set = option_table_set_size, AT(max_body), .least = 1024, .most = GIB,
     .help = "bytes of one request's body, or of one line of a stream\n"
             "(default: 1MiB)"},
    {.name = "max-buffered", .argument = "SIZE",
     .set = option_table_set_size, AT(max_buffered), .least = 65536, .most = 64 * GIB,
     .help = "bytes of all bodies in memory (default: 64MiB)"},
    {.name = "max-connections", .argument = "N",
     .set = option_table_set_whole, AT(max_connections), .least = 1, .most = 1 << 20,
     .help = "open at once; more are answered 503 (default: 4096)"},
    {.name = "max-streams", .argument = "N",
     .set = option_table_set_whole, AT(max_streams), .least = 1, .most = 1024,
     .help = "NDJSON streams at once (default: 16)"},
    {.name = "scorers", .argument = "N",
     .set = option_table_set_whole, AT(scorers), .least = 1, .most = 256,
     .help = "threads that hand requests to the library (default: by the\n"
             "processors)"},
    {.name = "idle-timeout", AT(idle_timeout), PATIENCE,
     .help = "a connection without a request is closed (default: 75s)"},
    {.name = "head-timeout", AT(head_timeout), PATIENCE,
     .help = "from a request's first byte to the end of its head\n(default: 10s)"},
    {.name = "body-timeout", AT(body_timeout), PATIENCE,
     .help = "without a further byte of a body (default: 10s)"},
    {.name = "write-timeout", AT(write_timeout), PATIENCE,
     .help = "without a byte that the client takes (default: 30s)"},
    {.name = "drain-time", AT(drain_time), SECONDS,
     .help = "after SIGTERM: not ready any more, but still serving\n(default: 5s)"},

    {.section = "Records",
     .name = "access-log", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_string, AT(access_log),
     .help = "a JSON line for each request; -: standard output"},
    {.name = "journal", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(journal),
     .help = "where every change of models is written (mgeo-journal)"},
    {.name = "actor", .argument = "NAME", .set = option_table_set_string, AT(actor),
     .help = "who changes models, where a call names nobody (default: the\n"
             "process's number)"},

    {.section = "Configuration",
     .name = "config", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(config),
     .help = "lines of NAME = VALUE with the names of these options, and\n"
             "comments that begin with #"},
    {.name = "check-config", .set = option_table_set_constant, AT(action),
     .constant = SETTINGS_CHECK_CONFIG,
     .help = "say whether flags, environment and file are sound"},
    {.name = "health", .set = option_table_set_constant, AT(action), .constant = SETTINGS_HEALTH,
     .help = "ask the server at the first --listen whether it is ready:\n"
             "exit status 0 or 1"},

    {.section = "",
     .letter = 'V', .name = "version", .ends = true,
     .set = option_table_set_constant, AT(action), .constant = SETTINGS_VERSION,
     .help = "print the version"},
    {.letter = 'h', .name = "help", .ends = true,
     .set = option_table_set_constant, AT(action), .constant = SETTINGS_HELP,
     .help = "print this"},
};
/* clang-format on */

const struct option_table settings_table = {
    .program = "mgeo-serve",
    .usage =
        "Usage: mgeo-serve [OPTIONS]\n"
        "\n"
        "Answers over HTTP whether two Chinese addresses name the same place, and replaces its\n"
        "model under load (mgeo-ctl).\n"
        "\n"
        "  mgeo-serve\n"
        "  curl localhost:8080/match -d '{\"address1\": \"文三路100号\", \"address2\": "
        "\"西湖区文三路100号\"}' \\\n"
        "      -H 'Content-Type: application/json'\n"
        "  mgeo-serve --model /models/v2 --listen :8080 --access-log - --journal journal.jsonl\n",
    .ending =
        "\n"
        "Each option is also read from the environment (--max-queue: MGEO_MAX_QUEUE) and from\n"
        "the file of --config (max-queue = 1024). A flag outweighs the environment, which\n"
        "outweighs the file. SIGHUP reads both anew and reopens the access log; SIGTERM ends\n"
        "it after --drain-time, SIGINT at once; what is in flight has --timeout to end.\n"
        "Exit status: 0 ended by a signal, 1 --health: not ready, 2 could not run.\n",
    .column = 33,
    .operands = OPTION_OFFER_NOTHING,
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
};

/* ---- kinds of rows --------------------------------------------------------------------------- */

bool settings_is_action(const struct option_row *row) {
    return row->set == option_table_set_constant;
}

bool settings_can_change(const struct option_row *row) {
    static const char *const names[] = {
        "max-queue-delay", "max-queue",       "timeout",     "max-pairs",    "max-body",
        "max-buffered",    "max-connections", "max-streams", "idle-timeout", "head-timeout",
        "body-timeout",    "write-timeout",   "drain-time",  "access-log",   "model-store"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(row->name, names[i]) == 0) return true;
    }
    return false;
}

const char *settings_source_name(unsigned source) {
    static const char *const names[] = {"default", "file", "environment", "flag"};
    return source < sizeof names / sizeof *names ? names[source] : "unknown";
}
