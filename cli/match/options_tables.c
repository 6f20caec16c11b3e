/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of every command's table; those that commands share are macros, so that they read alike.
 */
#include "match/options_tables.h"

#include <mgeo.h>
#include <stdio.h>
#include <string.h>

#include "common/choices.h"
#include "common/parse.h"
#include "match/options.h"

#define AT(member) .at = offsetof(struct options, member)

/* ---- setters of single options --------------------------------------------------------------- */

static bool set_max_errors(void *to, const struct option_row *row, const char *value,
                           struct error *error) {
    (void)row;
    struct options *options = to;
    options->limit_errors = true;
    return parse_whole("--max-errors", value, 0, UINT64_MAX / 2, &options->max_errors, error);
}

static bool set_output(void *to, const struct option_row *row, const char *value,
                       struct error *error) {
    (void)row;
    if (value[0] == '\0') {
        return error_set(error, "--output: give a file name, or - for standard output");
    }
    struct options *options = to;
    options->output = strcmp(value, "-") != 0 ? value : NULL;
    return true;
}

/* Each once, since they name columns. */
static bool set_thresholds(void *to, const struct option_row *row, const char *value,
                           struct error *error) {
    struct options *options = to;
    const char *end = value + strlen(value);
    options->threshold_count = 0;
    for (const char *at = value; at <= end; at += strcspn(at, ",") + 1) {
        char one[64];
        size_t length = strcspn(at, ",");
        if (options->threshold_count == WRITER_THRESHOLDS) {
            return error_set(error, "--threshold: at most %d", WRITER_THRESHOLDS);
        }
        double *number = &options->thresholds[options->threshold_count];
        snprintf(one, sizeof one, "%.*s", (int)(length < sizeof one ? length : sizeof one), at);
        if (!parse_number("--threshold", one, row->least, row->most, number, error)) return false;
        for (size_t i = 0; i < options->threshold_count; i++) {
            if (options->thresholds[i] != *number) continue;
            return error_set(error, "--threshold %s: %s is there twice", value, one);
        }
        options->threshold_count++;
    }
    return true;
}

/* Without guards there is nothing to cut, and with them it must be cut somehow. */
static const char *const cuts[] = {
    [MGEO_CUT_CENTER] = "center", [MGEO_CUT_CORRELATION] = "correlation", NULL};

static const char *const progress_modes[] = {
    [PROGRESS_AUTO] = "auto", [PROGRESS_ALWAYS] = "always", [PROGRESS_NEVER] = "never", NULL};

/* ---- rows that commands share ---------------------------------------------------------------- */

/* clang-format off */
#define NUMBERS_FOR_IDS "column of the ids (default: the rows' numbers, from 1)"

#define COLUMN_ROWS(id_help)                                                                          \
    {.section = "Input",                                                                           \
     .letter = 'c', .name = "text", .argument = "COLUMN", .set = option_table_set_string,          \
     AT(table.a),                                                                                  \
     .help = "column of the texts, by name or number from 1 (default: one\n"                       \
             "called address, text and the like, else that with most Chinese)"},                   \
    {.name = "id", .argument = "COLUMN", .set = option_table_set_string, AT(table.gold),           \
     .help = id_help}

#define DIALECT_ROWS                                                                               \
    {.name = "header", .argument = "WHEN", .offer = OPTION_OFFER_VALUES,                           \
     .set = option_table_set_choice, AT(table.header), .values = table_header_names,               \
     .idle = "auto",                                                                               \
     .help = "line 1 is a header: auto, yes, no (default: auto)"},                                 \
    {.name = "input-format", .argument = "F", .offer = OPTION_OFFER_VALUES,                        \
     .set = option_table_set_choice, AT(table.dialect.format), .values = dialect_names,            \
     .idle = "auto",                                                                               \
     .help = "tsv, csv, jsonl or auto: by content (default: auto)"},                               \
    {.name = "delimiter", .argument = "C", .set = table_options_set_delimiter, AT(table),          \
     .help = "what separates cells (default: by content)"},                                        \
    {.name = "encoding", .argument = "E", .offer = OPTION_OFFER_VALUES,                            \
     .set = option_table_set_string, AT(table.input.encoding), .values = choices_encodings,        \
     .idle = "auto",                                                                               \
     .help = "auto, utf-8, gb18030, utf-16 … (default: auto)"}

#define TABLE_ROWS                                                                                 \
    DIALECT_ROWS,                                                                                  \
    {.name = "null-words", .argument = "LIST",                                                     \
     .set = option_table_set_string, AT(table.null_words),                                         \
     .help = "texts that are no address, with commas between (default:\n"                          \
             "null, n/a, -, 无, 未知 and the like; '': none)"}

#define OUTPUT_ROW(text)                                                                           \
    {.section = "Output",                                                                          \
     .letter = 'o', .name = "output", .argument = "FILE", .offer = OPTION_OFFER_FILES,             \
     .set = set_output, .idle = "-",                                                               \
     .help = text}

#define FORMAT_ROWS                                                                                \
    {.letter = 'f', .name = "format", .argument = "F", .offer = OPTION_OFFER_VALUES,               \
     .set = option_table_set_choice, AT(writer.format), .values = writer_format_names,             \
     .idle = "input",                                                                              \
     .help = "tsv, csv, jsonl, parquet, arrow or arrows (default: input:\n"                        \
             "as --output is named, else as the first input is)"},                                 \
    COMPRESSION_ROW

#define COMPRESSION_ROW                                                                            \
    {.name = "compression", .argument = "C", .offer = OPTION_OFFER_VALUES,                         \
     .set = option_table_set_choice, AT(writer.compression),                                       \
     .values = columnar_compression_names, .idle = "auto",                                         \
     .help = "of Parquet and Arrow: none, zstd, lz4, of Parquet also snappy,\n"                    \
             "gzip (default: auto: zstd in Parquet, none in Arrow)"}

#define RESUME_ROWS                                                                                \
    {.name = "resume", .set = option_table_set_flag, AT(resume),                                   \
     .help = "keep parts beside the output while it is made, and go on from\n"                     \
             "those that an interrupted run with the same command left"},                          \
    {.name = "resume-every", .argument = "N",                                                      \
     .set = option_table_set_whole, AT(resume_every), .least = 1, .most = 1 << 30,                 \
     .help = "commit the parts after N rows, and every 30 seconds\n"                               \
             "(default: 100000)"}

/* `...` names the section where they begin one. */
#define ERROR_ROWS(...)                                                                            \
    {__VA_ARGS__ .name = "errors", .argument = "FILE", .offer = OPTION_OFFER_FILES,                \
     .set = option_table_set_file, AT(errors),                                                     \
     .help = "bad rows: file, line, offset, reason, row"},                                         \
    {.name = "max-errors", .argument = "N", .set = set_max_errors,                                 \
     .help = "give up after more than N such rows (default: never)"}

#define THREADS_ROW                                                                                \
    {.letter = 'j', .name = "threads", .argument = "N",                                            \
     .set = option_table_set_whole, AT(model.threads), .least = 1, .most = MGEO_MAX_THREADS,       \
     .help = "CPU threads that compute (default: all)"}

#define QUIET_ROW                                                                                  \
    {.letter = 'q', .name = "quiet", .set = option_table_set_flag, AT(quiet),                      \
     .help = "no notes, warnings or bar; errors and reports still print"}

#define LAST_ROWS                                                                                  \
    {.section = "",                                                                                \
     .letter = 'V', .name = "version", .ends = true, .set = option_table_set_constant,             \
     AT(action), .constant = OPTIONS_VERSION, .help = "print the version"},                        \
    {.letter = 'h', .name = "help", .ends = true, .set = option_table_set_constant, AT(action),    \
     .constant = OPTIONS_HELP, .help = "print this"}

#define PROGRESS_ROW                                                                               \
    {.name = "progress", .argument = "WHEN", .offer = OPTION_OFFER_VALUES,                         \
     .set = option_table_set_choice, AT(progress), .values = progress_modes,                       \
     .help = "auto (on a terminal), always, never (default: auto)"}

#define CANDIDATE_ROWS(what)                                                                       \
    {.section = "Candidates",                                                                      \
     .name = "candidates", .set = option_table_set_flag, AT(candidates),                           \
     .help = what},                                                                                \
    {.letter = 'k', .name = "top", .argument = "K",                                                \
     .set = option_table_set_whole, AT(top), .least = 1, .most = MGEO_MAX_CANDIDATES,              \
     .help = "candidates of a row at most, each of which the model scores\n"                       \
             "(default: 5)"},                                                                      \
    {.name = "least", .argument = "X", .set = option_table_set_number, AT(least), .least = 0,      \
     .most = 1, .help = "leave out candidates whose score is lower (default: 0)"},                 \
    {.name = "effort", .argument = "PERCENT",                                                      \
     .set = option_table_set_whole, AT(effort), .least = 1, .most = 10000,                         \
     .help = "records that are looked at: more find more, and take longer\n"                       \
             "(default: 100)"}

#define THRESHOLD_ROW(what)                                                                        \
    {.section = "Decision",                                                                        \
     .name = "threshold", .argument = "X", .set = option_table_set_number, AT(threshold),          \
     .least = 0, .most = 1, .help = what}

#define GUARD_ROWS                                                                                 \
    {.name = "max-size", .argument = "N", .set = option_table_set_whole, AT(max_size),             \
     .least = 2, .most = UINT32_MAX,                                                               \
     .help = "cut clusters of more rows (default: no limit)"},                                     \
    {.name = "least-link", .argument = "X", .set = option_table_set_number, AT(least_link),        \
     .least = 0, .most = 1,                                                                        \
     .help = "a row stays in a cluster if its mean similarity to the others\n"                     \
             "is at least X (default: 0)"},                                                        \
    {.name = "cut", .argument = "HOW", .offer = OPTION_OFFER_VALUES,                               \
     .set = option_table_set_choice, AT(cut), .values = cuts,                                      \
     .help = "clusters that do not keep to these are cut: center: rows go to\n"                    \
             "well linked rows; correlation: then on to where most speaks\n"                       \
             "for them (default: center)"}

#define RESUME_NEEDS_OUTPUT                                                                        \
    {.of = {"resume"}, .relation = OPTION_NEEDS, .others = {"output"},                             \
     .line = "--resume keeps parts beside the output file; name it: --output FILE"},               \
    {.of = {"resume-every"}, .relation = OPTION_NEEDS, .others = {"resume"},                       \
     .line = "--resume-every says how often --resume commits; give that too"}

#define MODEL_NAMES                                                                                \
    "model", "precision", "tf32", "device", "batch-tokens", "max-length", "positive-label",        \
    "partial-weight", "unknown"

#define CUT_NEEDS_GUARD                                                                            \
    {.of = {"cut"}, .relation = OPTION_NEEDS, .others = {"max-size", "least-link"},                \
     .line = "--cut says how clusters are cut that --max-size or --least-link do not allow; give " \
             "one of them"}

#define CASCADE_NAMES                                                                              \
    "first", "first-precision", "band", "sure", "keep-agreement", "agreement-sample", "same-form"

#define NO_MODEL                                                                                   \
    {.of = {"candidates"}, .relation = OPTION_EXCLUDES, .others = {MODEL_NAMES, CASCADE_NAMES, "threshold"}, \
     .line = "--candidates uses no model and decides nothing: leave out --model and its options "  \
             "and --threshold"}

/* ---- index, add, remove, info ---------------------------------------------------------------- */

static const struct option_row index_rows[] = {
    COLUMN_ROWS(NUMBERS_FOR_IDS),
    TABLE_ROWS,
    OUTPUT_ROW("the index file, which appears only once complete"),
    ERROR_ROWS(),
    THREADS_ROW,
    QUIET_ROW,
    PROGRESS_ROW,
    LAST_ROWS,
};

static const struct option_row add_rows[] = {
    COLUMN_ROWS("column of the ids, which must be named"),
    TABLE_ROWS,
    ERROR_ROWS(.section = "Output", ),
    THREADS_ROW,
    QUIET_ROW,
    PROGRESS_ROW,
    LAST_ROWS,
};

static const struct option_row remove_rows[] = {
    {.section = "Input",
     .name = "from", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_string, AT(from),
     .help = "a table of ids (-: standard input)"},
    {.name = "id", .argument = "COLUMN", .set = option_table_set_string, AT(table.a),
     .help = "its column of the ids (default: 1)"},
    TABLE_ROWS,
    ERROR_ROWS(.section = "Output", ),
    THREADS_ROW,
    QUIET_ROW,
    LAST_ROWS,
};

static const struct option_row info_rows[] = {
    {.section = "",
     .name = "json", .set = option_table_set_flag, AT(json),
     .help = "print one JSON object"},
    LAST_ROWS,
};

static const struct option_rule remove_rules[] = {
    {.of = {"id", "header", "input-format", "delimiter", "encoding", "null-words", "errors",
            "max-errors"},
     .relation = OPTION_NEEDS, .others = {"from"},
     .line = "--id, --header, --input-format, --delimiter, --encoding, --null-words, --errors and "
             "--max-errors are of the table of --from; give that too"},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char statuses[] =
    "\n"
    "What is guessed of the input is told in a line each.\n"
    "Exit status: 0 done, 1 some rows bad, 2 could not run, 130 interrupted.\n";

const struct option_table options_index_table = {
    .program = "mgeo-match index",
    .usage = "Usage: mgeo-match index [OPTIONS] -o INDEX FILE…\n"
             "\n"
             "Makes an index file of a reference table, which `match`, `query` and programs that\n"
             "use libmgeo map into memory. Of rows with one id the last counts.\n"
             "\n"
             "  mgeo-match index -o ref.mgx --id code --text address reference.csv\n",
    .ending = statuses, .column = 26, .operands = OPTION_OFFER_FILES,
    .rows = index_rows, .count = COUNT(index_rows),
};

const struct option_table options_add_table = {
    .program = "mgeo-match add",
    .usage = "Usage: mgeo-match add [OPTIONS] --id COLUMN INDEX FILE…\n"
             "\n"
             "Adds rows to an index file; one whose id is there already takes that one's place.\n"
             "The file is replaced in one step, and what has it mapped keeps the old one.\n"
             "\n"
             "  mgeo-match add --id code ref.mgx new.csv\n",
    .ending = statuses, .column = 26, .operands = OPTION_OFFER_FILES,
    .rows = add_rows, .count = COUNT(add_rows),
};

const struct option_table options_remove_table = {
    .program = "mgeo-match remove",
    .usage = "Usage: mgeo-match remove [OPTIONS] INDEX [ID…]\n"
             "\n"
             "Removes the rows with these ids from an index file, which is replaced in one step.\n"
             "\n"
             "  mgeo-match remove ref.mgx 330106001 330106002\n"
             "  mgeo-match remove ref.mgx --from gone.csv --id code\n",
    .ending = statuses, .column = 26, .operands = OPTION_OFFER_FILES,
    .rows = remove_rows, .count = COUNT(remove_rows),
    .rules = remove_rules, .rule_count = COUNT(remove_rules),
};

const struct option_table options_info_table = {
    .program = "mgeo-match info",
    .usage = "Usage: mgeo-match info [OPTIONS] INDEX\n"
             "\n"
             "Checks an index file and says what it holds.\n",
    .ending = "\nExit status: 0 done, 2 could not run.\n",
    .column = 26, .operands = OPTION_OFFER_FILES,
    .rows = info_rows, .count = COUNT(info_rows),
};

/* ---- match ----------------------------------------------------------------------------------- */

static const struct option_row match_rows[] = {
    MODEL_OPTIONS_ROWS(offsetof(struct options, model)),
    CASCADE_OPTIONS_ROWS(offsetof(struct options, cascade)),
    COLUMN_ROWS(NUMBERS_FOR_IDS),
    {.name = "ref-text", .argument = "COLUMN", .set = option_table_set_string, AT(reference.a),
     .help = "the column of the texts of a reference that is a table"},
    {.name = "ref-id", .argument = "COLUMN", .set = option_table_set_string, AT(reference.gold),
     .help = "the column of the ids of a reference that is a table"},
    TABLE_ROWS,
    CANDIDATE_ROWS("write pairs of ids and texts with their scores, for other\n"
                   "tools; no model is used"),
    THRESHOLD_ROW("a row is unmatched if its best similarity is lower\n(default: 0.5)"),
    {.name = "one-to-one", .set = option_table_set_flag, AT(one_to_one),
     .help = "a row of the reference is given once at most: best pairs first"},
    {.name = "report", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(report),
     .help = "compare with pairs of ids that are known to match, and print\n"
             "recall, precision and F1 (standard error)"},
    OUTPUT_ROW("write to FILE, which appears only once complete"),
    FORMAT_ROWS,
    {.name = "unmatched", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(unmatched),
     .help = "list the unmatched rows, with the best that was found"},
    ERROR_ROWS(),
    RESUME_ROWS,
    QUIET_ROW,
    PROGRESS_ROW,
    LAST_ROWS,
};

static const struct option_rule match_rules[] = {
    NO_MODEL,
    CASCADE_OPTIONS_RULES,
    {.of = {"candidates"}, .relation = OPTION_EXCLUDES, .others = {"unmatched", "one-to-one"},
     .line = "--candidates decides nothing: leave out --unmatched and --one-to-one"},
    RESUME_NEEDS_OUTPUT,
};

const struct option_table options_match_table = {
    .program = "mgeo-match match",
    .usage = "Usage: mgeo-match match [OPTIONS] FILE… REFERENCE\n"
             "\n"
             "Finds for each row of the FILEs the row of the reference, a table or an index file,\n"
             "that names the same place. Rows are written in their order with their columns and:\n"
             "match_id, match_text, similarity, label, reason, runner_up_id,\n"
             "runner_up_similarity and gap, which are empty in unmatched rows.\n"
             "\n"
             "  mgeo-match match -o matched.tsv dirty.tsv reference.tsv\n"
             "  mgeo-match match --unmatched open.tsv -o matched.tsv dirty.tsv ref.mgx\n"
             "  mgeo-match match --candidates -k 20 dirty.tsv ref.mgx | mgeo-score -c text_a,text_b\n",
    .ending = statuses, .column = 26, .operands = OPTION_OFFER_FILES,
    .rows = match_rows, .count = COUNT(match_rows),
    .rules = match_rules, .rule_count = COUNT(match_rules),
};

/* ---- dedupe ---------------------------------------------------------------------------------- */

static const struct option_row dedupe_rows[] = {
    MODEL_OPTIONS_ROWS(offsetof(struct options, model)),
    CASCADE_OPTIONS_ROWS(offsetof(struct options, cascade)),
    COLUMN_ROWS(NUMBERS_FOR_IDS),
    TABLE_ROWS,
    CANDIDATE_ROWS("write pairs of ids and texts with their scores, for other\n"
                   "tools; no model is used and nothing is clustered"),
    THRESHOLD_ROW("rows are linked if their similarity is at least X (default: 0.5)"),
    GUARD_ROWS,
    {.name = "report", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(report),
     .help = "compare with pairs of ids that are known to match, and print\n"
             "recall, precision and F1 (standard error); not with --candidates"},
    OUTPUT_ROW("write to FILE, which appears only once complete"),
    FORMAT_ROWS,
    {.name = "pairs", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(pairs),
     .help = "write the scored pairs too"},
    ERROR_ROWS(),
    RESUME_ROWS,
    QUIET_ROW,
    PROGRESS_ROW,
    LAST_ROWS,
};

static const struct option_rule dedupe_rules[] = {
    NO_MODEL,
    CASCADE_OPTIONS_RULES,
    {.of = {"candidates"}, .relation = OPTION_EXCLUDES,
     .others = {"pairs", "max-size", "least-link", "cut", "report"},
     .line = "--candidates clusters nothing, and its output is the pairs: leave out --pairs, "
             "--max-size, --least-link, --cut and --report"},
    CUT_NEEDS_GUARD,
    RESUME_NEEDS_OUTPUT,
};

const struct option_table options_dedupe_table = {
    .program = "mgeo-match dedupe",
    .usage = "Usage: mgeo-match dedupe [OPTIONS] FILE…\n"
             "\n"
             "Finds the rows of a table that name the same place. Rows are written in their\n"
             "order with their columns and: cluster_id (the id of the cluster's first row),\n"
             "representative_id, cluster_size, weakest_link, link.\n"
             "\n"
             "  mgeo-match dedupe -o clusters.tsv customers.tsv\n"
             "  mgeo-match dedupe --pairs pairs.tsv --max-size 50 -o clusters.tsv customers.tsv\n"
             "  mgeo-match dedupe --candidates -k 10 customers.tsv > pairs.tsv\n",
    .ending = statuses, .column = 26, .operands = OPTION_OFFER_FILES,
    .rows = dedupe_rows, .count = COUNT(dedupe_rows),
    .rules = dedupe_rules, .rule_count = COUNT(dedupe_rules),
};

/* ---- cluster --------------------------------------------------------------------------------- */

static const struct option_row cluster_rows[] = {
    {.section = "Input",
     .letter = 'c', .name = "columns", .argument = "A,B", .set = table_options_set_columns,
     AT(table),
     .help = "columns of the two ids, by name or number from 1 (default:\n"
             "id_a,id_b)"},
    {.name = "similarity", .argument = "COLUMN", .set = option_table_set_string, AT(table.gold),
     .help = "column of the similarities (default: similarity)"},
    DIALECT_ROWS,
    {.section = "Clusters",
     .name = "threshold", .argument = "X,Y", .set = set_thresholds, .least = 0, .most = 1,
     .help = "ids are linked if their similarity is at least X; several are\n"
             "tried at once, each with columns of its own (default: 0.5)"},
    GUARD_ROWS,
    {.name = "one-to-one", .set = option_table_set_flag, AT(one_to_one),
     .help = "the first ids are of one table and the second of another: at\n"
             "most one of each in a cluster, best links first"},
    {.name = "previous", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(previous),
     .help = "keep the cluster ids of this earlier output"},
    {.name = "report", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_file, AT(report),
     .help = "compare with pairs of ids that are known to match, and print\n"
             "precision, recall and F1, of pairs and B-cubed (standard error)"},
    OUTPUT_ROW("write to FILE, which appears only once complete"),
    {.letter = 'f', .name = "format", .argument = "F", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(writer.format), .values = writer_format_names,
     .idle = "input",
     .help = "tsv, csv, jsonl, parquet, arrow or arrows (default: input:\n"
             "as --output is named, else tsv)"},
    COMPRESSION_ROW,
    ERROR_ROWS(),
    QUIET_ROW,
    LAST_ROWS,
};

static const struct option_rule cluster_rules[] = {
    {.of = {"cut"}, .relation = OPTION_NEEDS, .others = {"max-size", "least-link", "one-to-one"},
     .line = "--cut says how clusters are cut that --max-size, --least-link or --one-to-one do "
             "not allow; give one of them"},
};

const struct option_table options_cluster_table = {
    .program = "mgeo-match cluster",
    .usage = "Usage: mgeo-match cluster [OPTIONS] PAIRS…\n"
             "\n"
             "Makes clusters of scored pairs of ids, as mgeo-match dedupe --pairs or any other\n"
             "tool writes them. One row for each id is written: id, cluster_id (the id of the\n"
             "cluster's first member), representative_id, cluster_size, weakest_link, link.\n"
             "\n"
             "  mgeo-match cluster --threshold 0.7 -o clusters.tsv pairs.tsv\n"
             "  mgeo-match cluster --threshold 0.5,0.7,0.9 --report known.tsv pairs.tsv\n"
             "  mgeo-match cluster --previous old.tsv --max-size 50 -o new.tsv pairs.tsv\n",
    .ending = statuses, .column = 26, .operands = OPTION_OFFER_FILES,
    .rows = cluster_rows, .count = COUNT(cluster_rows),
    .rules = cluster_rules, .rule_count = COUNT(cluster_rules),
};

/* ---- query ----------------------------------------------------------------------------------- */

static const struct option_row query_rows[] = {
    MODEL_OPTIONS_ROWS(offsetof(struct options, model)),
    CANDIDATE_ROWS("use no model: the candidates and their scores"),
    {.section = "Output",
     .name = "json", .set = option_table_set_flag, AT(json),
     .help = "print one JSON object a text"},
    QUIET_ROW,
    LAST_ROWS,
};

static const struct option_rule query_rules[] = {
    {.of = {"candidates"}, .relation = OPTION_EXCLUDES, .others = {MODEL_NAMES},
     .line = "--candidates uses no model: leave out --model and its options"},
};

const struct option_table options_query_table = {
    .program = "mgeo-match query",
    .usage = "Usage: mgeo-match query [OPTIONS] INDEX TEXT…\n"
             "\n"
             "Prints the rows of an index file that name the same place as a text, best first.\n"
             "\n"
             "  mgeo-match query ref.mgx 杭州市文三路100号\n"
             "  mgeo-match query --json -k 1 ref.mgx 杭州市文三路100号 | jq .candidates\n",
    .ending = "\nExit status: 0 done, 2 could not run, 130 interrupted.\n",
    .column = 26, .operands = OPTION_OFFER_FILES,
    .rows = query_rows, .count = COUNT(query_rows),
    .rules = query_rules, .rule_count = COUNT(query_rules),
};
/* clang-format on */
