/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of every command's table; those that commands share are macros, so that they read alike.
 */
#include "ctl/options_tables.h"

#include <mgeo.h>

#include "common/choices.h"
#include "common/parse.h"
#include "ctl/options.h"

#define AT(member) .at = offsetof(struct options, member)

static const char *const events[] = {"open",   "load",     "load_failed", "swap",
                                     "refuse", "rollback", "canary",      "shadow",
                                     "watch",  "unload",   NULL};

/* clang-format off */
#define COMMON_ROWS                                                                                \
    {.section = "Server",                                                                          \
     .letter = 's', .name = "server", .argument = "ADDR", .set = option_table_set_string, AT(server), \
     .help = "unix:/PATH or 127.0.0.1:PORT (default: $MGEO_OPERATE, else\n"                        \
             "unix:/run/mgeo/operate.sock)"},                                                      \
    {.name = "token-file", .argument = "FILE", .offer = OPTION_OFFER_FILES,                        \
     .set = option_table_set_file, AT(token_file),                                                 \
     .help = "holds the token (default: $MGEO_OPERATE_TOKEN, if set)"},                            \
    {.section = "",                                                                                \
     .name = "json", .set = option_table_set_flag, AT(json),                                       \
     .help = "print one JSON document"},                                                           \
    {.letter = 'q', .name = "quiet", .set = option_table_set_flag, AT(quiet),                      \
     .help = "print nothing but what fails"},                                                      \
    {.letter = 'h', .name = "help", .ends = true,                                                  \
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_HELP,                       \
     .help = "print this"},                                                                        \
    {.letter = 'V', .name = "version", .ends = true,                                               \
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_VERSION,                    \
     .help = "print the version"}

#define IF_MATCH_ROW                                                                               \
    {.name = "if-match", .argument = "ETAG", .set = option_table_set_string, AT(if_match),         \
     .help = "only in this state, as \"etag\" of status --json names it\n"                         \
             "(default: the state when the command begins)"}
#define CHANGE_ROWS                                                                                \
    {.section = "Change",                                                                          \
     .name = "actor", .argument = "NAME", .set = option_table_set_string, AT(actor),               \
     .help = "who, for the journal (default: user@host)"},                                         \
    {.name = "reason", .argument = "TEXT", .set = option_table_set_string, AT(reason),             \
     .help = "why, for the journal"},                                                              \
    IF_MATCH_ROW

#define MODEL_ROWS                                                                                 \
    {.section = "Model (default: as the server was started)",                                      \
     .name = "model-version", .argument = "NAME", .set = option_table_set_string, AT(model_version), \
     .help = "its name (default: the directory's)"},                                               \
    {.letter = 'p', .name = "precision", .argument = "P", .offer = OPTION_OFFER_VALUES,            \
     .set = option_table_set_choice, AT(precision), .values = choices_precisions,                  \
     .help = "auto, fp32, bf16, fp16, int8 or fp8"},                                               \
    {.letter = 'd', .name = "device", .argument = "D", .offer = OPTION_OFFER_VALUES,               \
     .set = option_table_set_string, AT(device), .values = choices_devices,                        \
     .help = "auto, cpu, cuda, cuda:1 … or torch"},                                                \
    {.letter = 'j', .name = "threads", .argument = "N",                                            \
     .set = option_table_set_whole, AT(threads), .least = 1, .most = MGEO_MAX_THREADS,             \
     .help = "CPU threads that compute"},                                                          \
    {.name = "max-length", .argument = "N",                                                        \
     .set = option_table_set_whole, AT(max_length), .least = PARSE_LEAST_LENGTH, .most = 1 << 16,  \
     .help = "tokens in a pair"},                                                                  \
    {.name = "batch-tokens", .argument = "N",                                                      \
     .set = option_table_set_whole, AT(batch_tokens), .least = 1, .most = 1 << 24,                 \
     .help = "tokens in a batch"},                                                                 \
    {.name = "positive-label", .argument = "NAME", .set = option_table_set_string, AT(positive_label), \
     .help = "the label whose probability is the similarity"}

#define TABLE_ROWS                                                                                 \
    {.section = "File",                                                                            \
     .letter = 'c', .name = "columns", .argument = "A,B", .set = table_options_set_columns, AT(table), \
     .help = "columns of the two texts, by name or number from 1"},                                \
    {.name = "gold", .argument = "COLUMN", .set = option_table_set_string, AT(table.gold),         \
     .help = "column of the true labels, by name or number from 1"},                               \
    {.name = "header", .argument = "WHEN", .offer = OPTION_OFFER_VALUES,                           \
     .set = option_table_set_choice, AT(table.header), .values = table_header_names,               \
     .help = "line 1 is a header: auto, yes, no (default: auto)"},                                 \
    {.name = "input-format", .argument = "F", .offer = OPTION_OFFER_VALUES,                        \
     .set = option_table_set_choice, AT(table.dialect.format), .values = dialect_names,            \
     .help = "tsv, csv, jsonl or auto: by content (default: auto)"},                               \
    {.name = "delimiter", .argument = "C", .set = table_options_set_delimiter, AT(table),          \
     .help = "what separates cells (default: by content)"},                                        \
    {.name = "encoding", .argument = "E", .offer = OPTION_OFFER_VALUES,                            \
     .set = option_table_set_string, AT(table.input.encoding), .values = choices_encodings,        \
     .idle = "auto",                                                                               \
     .help = "of the file: auto, utf-8, gb18030, utf-16 … (default: auto)"},                       \
    {.name = "sample", .argument = "N",                                                            \
     .set = option_table_set_whole, AT(selection.sample), .least = 1, .most = 1000000,             \
     .help = "only so many of its pairs, at random, the same each time"}

#define LIMIT(number) .set = option_table_set_number, AT(limits[number]), .least = 0, .most = 1e6
#define SHARE_LIMIT(number) .set = options_set_share, AT(limits[number])
#define GATE_ROWS                                                                                  \
    {.section = "Gate: the most that the new model may differ; 0 allows nothing",                  \
     .name = "gate", .argument = "FILE", .offer = OPTION_OFFER_FILES,                              \
     .set = option_table_set_string, AT(gate),                                                     \
     .help = "pairs that both models score first; a table as mgeo-score\n"                         \
             "reads it"},                                                                          \
    {.name = "max-flips", .argument = "SHARE", SHARE_LIMIT(OPTIONS_FLIPS),                         \
     .help = "pairs whose label changes: \"2%\" or 0.02"},                                         \
    {.name = "max-shift", .argument = "X", SHARE_LIMIT(OPTIONS_SHIFT),                             \
     .help = "largest change of a similarity, 0 to 1"},                                            \
    {.name = "max-shift-mean", .argument = "X", SHARE_LIMIT(OPTIONS_SHIFT_MEAN),                   \
     .help = "its mean"},                                                                          \
    {.name = "max-shift-p99", .argument = "X", SHARE_LIMIT(OPTIONS_SHIFT_P99),                     \
     .help = "its 99th percentile"},                                                               \
    {.name = "max-accuracy-loss", .argument = "X", SHARE_LIMIT(OPTIONS_ACCURACY_LOSS),             \
     .help = "live's accuracy minus the new one's; needs --gold"},                                 \
    {.name = "max-f1-loss", .argument = "X", SHARE_LIMIT(OPTIONS_F1_LOSS),                         \
     .help = "the same of macro F1; needs --gold"},                                                \
    {.name = "max-latency-ratio", .argument = "X", LIMIT(OPTIONS_LATENCY_RATIO),                   \
     .help = "its time for a pair, divided by live's"},                                            \
    {.name = "max-psi", .argument = "X", LIMIT(OPTIONS_PSI),                                       \
     .help = "population stability index of the similarities"},                                    \
    {.name = "full-speed", .set = option_table_set_flag, AT(full_speed),                           \
     .help = "compare at normal priority, not in what traffic leaves"}

#define WATCH_LIMIT(number) AT(watch_limits[number])
#define WATCH_ROWS(what)                                                                           \
    {.section = "Watch: what the new model must keep to on live calls, or " what,                  \
     .name = "watch", .argument = "TIME", .set = options_set_seconds, AT(watch_seconds),           \
     .help = "for so long: 10m, 90s"},                                                             \
    {.name = "watch-calls", .argument = "N",                                                       \
     .set = option_table_set_whole, AT(watch_calls), .least = 1, .most = 4e9,                      \
     .help = "for so many calls"},                                                                 \
    {.name = "min-calls", .argument = "N",                                                         \
     .set = option_table_set_whole, AT(min_calls), .least = 1, .most = 4e9,                        \
     .help = "calls before anything is judged (default: 50)"},                                     \
    {.name = "max-errors", .argument = "SHARE", .set = options_set_share,                          \
     WATCH_LIMIT(OPTIONS_WATCH_ERRORS),                                                            \
     .help = "failed calls (default with a watch: 1%)"},                                           \
    {.name = "max-not-finite", .argument = "SHARE", .set = options_set_share,                      \
     WATCH_LIMIT(OPTIONS_WATCH_NOT_FINITE),                                                        \
     .help = "answers that are NaN (default with a watch: 0)"},                                    \
    {.name = "watch-latency-ratio", .argument = "X", .set = option_table_set_number,               \
     WATCH_LIMIT(OPTIONS_WATCH_LATENCY_RATIO), .least = 0, .most = 1e6,                            \
     .help = "95th percentile of call times, divided by the other's"},                             \
    {.name = "watch-psi", .argument = "X", .set = option_table_set_number,                         \
     WATCH_LIMIT(OPTIONS_WATCH_PSI), .least = 0, .most = 1e6,                                      \
     .help = "population stability index against the other model's"}
#define WAIT_ROW                                                                                   \
    {.name = "wait", .set = option_table_set_flag, AT(wait),                                       \
     .help = "end when the watch has ended, with 0 or 1"}
#define JUDGEMENT_ROW                                                                              \
    {.name = "require-judgement", .set = option_table_set_flag, AT(require_judgement),             \
     .help = "a watch to which too few calls came is a failure: 1"}

#define WATCH_RULES                                                                                \
    {{"min-calls", "max-errors", "max-not-finite", "watch-latency-ratio", "watch-psi"},            \
     OPTION_NEEDS, {"watch", "watch-calls"},                                                       \
     "this is a limit of a watch: give --watch TIME or --watch-calls N too"}
#define GATE_RULES                                                                                 \
    {{"gate"}, OPTION_NEEDS,                                                                       \
     {"max-flips", "max-shift", "max-shift-mean", "max-shift-p99", "max-accuracy-loss",            \
      "max-f1-loss", "max-latency-ratio", "max-psi"},                                              \
     "--gate without a limit judges nothing: give --max-flips 2% or another one"},                 \
    {{"max-accuracy-loss", "max-f1-loss"}, OPTION_NEEDS, {"gold"},                                 \
     "--max-accuracy-loss and --max-f1-loss need the true labels: give --gold COLUMN"}
#define LEFT_OVER_RULES                                                                            \
    {{"max-flips", "max-shift", "max-shift-mean", "max-shift-p99", "max-accuracy-loss",            \
      "max-f1-loss", "max-latency-ratio", "max-psi", "full-speed", "columns", "gold", "header",    \
      "input-format", "delimiter", "encoding", "sample"}, OPTION_NEEDS, {"gate"},                  \
     "this says how a gate is judged or read: give --gate FILE too"}

static const struct option_row load_rows[] = {MODEL_ROWS, CHANGE_ROWS, COMMON_ROWS};
static const struct option_row check_rows[] = {MODEL_ROWS, COMMON_ROWS};
static const struct option_row unload_rows[] = {
    {.section = "Change",
     .name = "if-match", .argument = "ETAG", .set = option_table_set_string, AT(if_match),
     .help = "only in this state, as \"etag\" of status --json names it\n"
             "(default: the state when the command begins)"},
    COMMON_ROWS};
static const struct option_row swap_rows[] = {
    GATE_ROWS, TABLE_ROWS, WATCH_ROWS("else is rolled back"), WAIT_ROW, JUDGEMENT_ROW,
    CHANGE_ROWS, COMMON_ROWS};
static const struct option_row rollback_rows[] = {CHANGE_ROWS, COMMON_ROWS};
static const struct option_row canary_rows[] = {
    WATCH_ROWS("ends"), WAIT_ROW, JUDGEMENT_ROW, CHANGE_ROWS, COMMON_ROWS};
static const struct option_row shadow_rows[] = {
    {.section = "", .name = "full-speed", .set = option_table_set_flag, AT(full_speed),
     .help = "at normal priority, not in what traffic leaves"},
    CHANGE_ROWS, COMMON_ROWS};
static const struct option_row compare_rows[] = {
    {.section = "",
     .name = "worst", .argument = "N",
     .set = option_table_set_whole, AT(worst), .least = 0, .most = 1000,
     .help = "pairs to show that differ most (default: 10)"},
    {.name = "full-speed", .set = option_table_set_flag, AT(full_speed),
     .help = "at normal priority, not in what traffic leaves"},
    TABLE_ROWS, COMMON_ROWS};
static const struct option_row plain_rows[] = {COMMON_ROWS};
static const struct option_row status_rows[] = {
    {.section = "",
     .letter = 'w', .name = "watch", .set = option_table_set_flag, AT(keep_showing),
     .help = "go on showing it, every second"},
    COMMON_ROWS};
static const struct option_row journal_rows[] = {
    {.section = "",
     .letter = 'e', .name = "event", .argument = "NAME", .offer = OPTION_OFFER_VALUES,
     .set = options_set_event, AT(event), .values = events,
     .help = "only lines of this event: open, load, load_failed, swap,\n"
             "refuse, rollback, canary, shadow, watch or unload"},
    {.letter = 'n', .name = "last", .argument = "N",
     .set = option_table_set_whole, AT(last), .least = 1, .most = 10000,
     .help = "only the last N lines (default: 20)"},
    COMMON_ROWS};
static const struct option_row wait_ready_rows[] = {
    {.section = "",
     .name = "timeout", .argument = "TIME", .set = options_set_seconds, AT(timeout),
     .help = "how long to wait (default: 30s)"},
    {.name = "url", .argument = "URL", .set = option_table_set_string, AT(url),
     .help = "ask this, as http://127.0.0.1:8080/readyz, instead of the\n"
             "operating side"},
    COMMON_ROWS};
static const struct option_row deploy_rows[] = {
    MODEL_ROWS,
    {.name = "other-labels", .set = option_table_set_flag, AT(other_labels),
     .help = "its labels may be others than the live model's"},
    GATE_ROWS, TABLE_ROWS,
    {.section = "Load test, before the swap",
     .name = "load-test", .argument = "TIME", .set = options_set_seconds, AT(load_test),
     .help = "for so long: 10s (default: none)"},
    {.name = "connections", .argument = "N",
     .set = option_table_set_whole, AT(connections), .least = 1, .most = 64,
     .help = "connections that ask without a pause (default: 4)"},
    {.name = "url", .argument = "URL", .set = option_table_set_string, AT(url),
     .help = "test this server's /match, as http://127.0.0.1:8002, and not\n"
             "the standby model"},
    WATCH_ROWS("is rolled back"), JUDGEMENT_ROW, CHANGE_ROWS, COMMON_ROWS};

static const struct option_rule swap_rules[] = {
    GATE_RULES, LEFT_OVER_RULES, WATCH_RULES,
    {{"wait"}, OPTION_NEEDS, {"watch", "watch-calls"},
     "--wait waits for the end of a watch: give --watch TIME or --watch-calls N too"},
    {{"require-judgement"}, OPTION_NEEDS, {"wait"},
     "--require-judgement is about the end of a watch: give --wait too"}};
static const struct option_rule canary_rules[] = {
    WATCH_RULES,
    {{"wait"}, OPTION_NEEDS, {"watch", "watch-calls"},
     "--wait waits for the end of a watch: give --watch TIME or --watch-calls N too"},
    {{"require-judgement"}, OPTION_NEEDS, {"wait"},
     "--require-judgement is about the end of a watch: give --wait too"}};
static const struct option_rule deploy_rules[] = {
    GATE_RULES, LEFT_OVER_RULES, WATCH_RULES,
    {{"require-judgement"}, OPTION_NEEDS, {"watch", "watch-calls"},
     "--require-judgement is about a watch: give --watch TIME or --watch-calls N too"},
    {{"connections", "url"}, OPTION_NEEDS, {"load-test"},
     "--connections and --url speak of a load test: give --load-test TIME too"}};

#define EXITS                                                                                      \
    "\nExit status: 0 done; 1 refused by a condition (gate, watch, state); 2 could not (no server, a\n" \
    "bad option or file); 3 the server failed.\n"
#define TABLE(symbol, command, the_rows, offers, how)                                              \
    .program = "mgeo-ctl " command, .usage = how, .ending = EXITS, .column = 32,                   \
    .operands = offers, .rows = the_rows, .count = sizeof(the_rows) / sizeof *(the_rows)
#define RULES(the_rules) .rules = the_rules, .rule_count = sizeof(the_rules) / sizeof *(the_rules)

static const struct option_row common_rows[] = {CHANGE_ROWS, COMMON_ROWS};
const struct option_table options_common_table = {
    .program = "mgeo-ctl", .rows = common_rows, .count = sizeof common_rows / sizeof *common_rows};

const struct option_table options_load_table = {
    TABLE(load, "load", load_rows, OPTION_OFFER_FILES,
          "Usage: mgeo-ctl load [OPTIONS] DIR\n\n"
          "Loads a model directory of the server's machine into the standby slot; the first one\n"
          "goes live. Interrupting the command cancels the load.\n")};
const struct option_table options_check_table = {
    TABLE(check, "check", check_rows, OPTION_OFFER_FILES,
          "Usage: mgeo-ctl check [OPTIONS] DIR\n\n"
          "Says what memory a model would need, and whether it fits beside the live one.\n")};
const struct option_table options_unload_table = {
    TABLE(unload, "unload", unload_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl unload [OPTIONS]\n\n"
          "Frees the standby model.\n")};
const struct option_table options_swap_table = {
    TABLE(swap, "swap", swap_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl swap [OPTIONS]\n\n"
          "Cuts traffic over to the standby model: at once, or if it passes a gate; and watches it\n"
          "afterwards if asked to.\n\n"
          "  mgeo-ctl swap --gate golden.tsv --max-flips 2% --watch 10m --reason \"v2\"\n"),
    RULES(swap_rules)};
const struct option_table options_rollback_table = {
    TABLE(rollback, "rollback", rollback_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl rollback [OPTIONS]\n\n"
          "Cuts traffic back over to the model that was live before the last swap, and ends a\n"
          "canary.\n")};
const struct option_table options_canary_table = {
    TABLE(canary, "canary", canary_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl canary [OPTIONS] SHARE\n\n"
          "Lets the standby model answer a share of the calls: \"5%\" or 0.05; 0 ends it.\n"),
    RULES(canary_rules)};
const struct option_table options_shadow_table = {
    TABLE(shadow, "shadow", shadow_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl shadow [OPTIONS] SHARE\n\n"
          "Lets the standby model score a share of the live calls too, without answering them:\n"
          "\"10%\" or 0.1; 0 ends it. status shows the differences.\n")};
const struct option_table options_compare_table = {
    TABLE(compare, "compare", compare_rows, OPTION_OFFER_FILES,
          "Usage: mgeo-ctl compare [OPTIONS] FILE\n\n"
          "Scores the pairs of a table with both models and reports how the standby one differs.\n"
          "FILE is read here, as mgeo-score reads it; - is standard input.\n")};
const struct option_table options_score_table = {
    TABLE(score, "score", plain_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl score [OPTIONS] A B\n\n"
          "Scores one pair with both models.\n")};
const struct option_table options_status_table = {
    TABLE(status, "status", status_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl status [OPTIONS]\n\n"
          "Shows both slots, the shares of canary and shadow, the watch and what is in progress.\n")};
const struct option_table options_journal_table = {
    TABLE(journal, "journal", journal_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl journal [OPTIONS]\n\n"
          "Prints the last lines of the server's journal, which the server verifies first.\n")};
const struct option_table options_wait_ready_table = {
    TABLE(wait_ready, "wait-ready", wait_ready_rows, OPTION_OFFER_NOTHING,
          "Usage: mgeo-ctl wait-ready [OPTIONS]\n\n"
          "Waits until the server is ready to answer calls.\n")};
const struct option_table options_deploy_table = {
    TABLE(deploy, "deploy", deploy_rows, OPTION_OFFER_FILES,
          "Usage: mgeo-ctl deploy [OPTIONS] --gate FILE DIR\n\n"
          "A whole rollout: load, check, compare, load test, gated swap, watch; one line for each.\n"
          "The first step that fails ends it, and the model that was live stays or is again.\n\n"
          "  mgeo-ctl deploy /srv/models/v2 --gate golden.tsv --max-flips 2% --load-test 10s \\\n"
          "      --watch 10m --reason \"build 42\"\n"),
    RULES(deploy_rules)};
/* clang-format on */
