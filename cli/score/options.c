/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options, and what it cannot say: every option is either used or refused. */
#include "score/options.h"

#include <mgeo.h>
#include <stdlib.h>
#include <string.h>

#include "common/choices.h"
#include "common/memory.h"
#include "common/parse.h"

/* ---- setters of single options --------------------------------------------------------------- */

static bool set_shard(void *to, const struct option_row *row, const char *value,
                      struct error *error) {
    (void)row;
    struct options *options = to;
    return selection_parse_shard(value, &options->selection, error);
}

static bool add_threshold(struct writer_options *writer, const struct option_row *row,
                          const char *value, struct error *error) {
    double threshold = 0;
    if (!parse_number("--threshold", value, row->least, row->most, &threshold, error)) return false;
    for (size_t i = 0; i < writer->threshold_count; i++) {
        if (writer->thresholds[i] == threshold) {
            return error_set(error, "--threshold %s: given twice", value);
        }
    }
    if (writer->threshold_count == WRITER_THRESHOLDS) {
        return error_set(error, "--threshold %s: at most %d in one run", value, WRITER_THRESHOLDS);
    }
    writer->thresholds[writer->threshold_count++] = threshold;
    return true;
}

/* One or several with commas between; the option may also be repeated. */
static bool set_threshold(void *to, const struct option_row *row, const char *value,
                          struct error *error) {
    struct options *options = to;
    bool done = true;
    for (const char *at = value; done && at != NULL;) {
        size_t length = strcspn(at, ",");
        char *one = memory_copy(at, length);
        done = add_threshold(&options->writer, row, one, error);
        free(one);
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return done;
}

static bool set_max_errors(void *to, const struct option_row *row, const char *value,
                           struct error *error) {
    (void)row;
    struct options *options = to;
    options->limit_errors = true;
    return parse_whole("--max-errors", value, 0, UINT64_MAX / 2, &options->max_errors, error);
}

static bool set_tolerance(void *to, const struct option_row *row, const char *value,
                          struct error *error) {
    struct options *options = to;
    options->tolerance_given = true;
    return parse_number("--tolerance", value, row->least, row->most, &options->tolerance, error);
}

static bool set_gold_map(void *to, const struct option_row *row, const char *value,
                         struct error *error) {
    (void)row;
    struct options *options = to;
    if (options->gold_map == NULL) options->gold_map = memory_zeroed(1, sizeof *options->gold_map);
    return gold_map_add(options->gold_map, value, error);
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

/* Unlike --output, these have no place in standard output. */
static bool set_other_file(void *to, const struct option_row *row, const char *value,
                           struct error *error) {
    if (value[0] == '\0' || strcmp(value, "-") == 0) {
        return error_set(error, "--%s: give a file name (/dev/stderr is one)", row->name);
    }
    *(const char **)((char *)to + row->at) = value;
    return true;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define AT(member) .at = offsetof(struct options, member)

static const char *const progress_modes[] = {
    [PROGRESS_AUTO] = "auto", [PROGRESS_ALWAYS] = "always", [PROGRESS_NEVER] = "never", NULL};

/* clang-format off */
static const struct option_row rows[] = {
    MODEL_OPTIONS_ROWS(offsetof(struct options, model)),
    CASCADE_OPTIONS_ROWS(offsetof(struct options, cascade)),
    {.name = "check", .set = option_table_set_constant, AT(action), .constant = OPTIONS_CHECK,
     .help = "check the model directory, print what it holds, score nothing"},
    {.name = "json", .set = option_table_set_flag, AT(json),
     .help = "print what --check finds as one JSON object"},
    {.name = "expect", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = option_table_set_string, AT(expect),
     .help = "with --check: score the pairs in FILE and compare with the\n"
             "similarity, label and p_LABEL that stand there"},
    {.name = "tolerance", .argument = "X", .set = set_tolerance, .least = 0, .most = 1,
     .help = "how far a value may be from the expected one (default: 1e-5 in\n"
             "fp32, 0.005 fp16, 0.02 bf16, 0.05 int8 and fp8)"},

    {.section = "Input",
     .letter = 'c', .name = "columns", .argument = "A,B", .set = table_options_set_columns, AT(table),
     .help = "columns of the two texts, by name or number from 1 (default:\n"
             "sentence1,sentence2 and the like if so named, else 1,2)"},
    {.name = "header", .argument = "WHEN", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(table.header), .values = table_header_names, .idle = "auto",
     .help = "line 1 is a header: auto, yes, no (default: auto: yes if it\n"
             "has the columns named, or names like sentence1)"},
    {.name = "input-format", .argument = "F", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(table.dialect.format), .values = dialect_names,
     .idle = "auto",
     .help = "tsv (no quoting), csv (quoted), jsonl, or auto: by content\n"
             "(default: auto)"},
    {.name = "delimiter", .argument = "C", .set = table_options_set_delimiter, AT(table),
     .help = "what separates cells: a character, or tab, comma, semicolon,\n"
             "pipe, space, ctrl-a (default: by content)"},
    {.name = "encoding", .argument = "E", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_string, AT(table.input.encoding), .values = choices_encodings,
     .idle = "auto",
     .help = "auto (UTF-8, GB18030, UTF-16, UTF-32 by the first megabyte), utf-8,\n"
             "gb18030, utf-16, big5 … (iconv -l) (default: auto)"},
    {.name = "null-words", .argument = "LIST",
     .set = option_table_set_string, AT(table.null_words),
     .help = "texts that are no address and get no score, with commas\n"
             "between (default: null, n/a, -, 无, 未知 and the like; '': none)"},
    {.name = "shard", .argument = "I/N", .set = set_shard,
     .help = "only the rows I, I+N, I+2N … of all inputs, counted from 1, of\n"
             "Parquet and Arrow so many row groups or record batches:\n"
             "N runs with 1/N to N/N score each row once"},
    {.name = "sample", .argument = "N",
     .set = option_table_set_whole, AT(selection.sample), .least = 1, .most = 10000000,
     .help = "only N rows, taken at random, in the order of the inputs"},
    {.name = "seed", .argument = "S",
     .set = option_table_set_whole, AT(selection.seed), .least = 0, .most = UINT32_MAX,
     .help = "another sample for each S; the same S takes the same rows\n"
             "(default: 0)"},
    {.name = "gold", .argument = "COLUMN", .set = option_table_set_string, AT(table.gold),
     .help = "compare with the labels in COLUMN: accuracy, macro-F1, figures\n"
             "per label, confusion matrix, threshold sweep (standard error)"},
    {.name = "gold-map", .argument = "MAP", .set = set_gold_map, .repeats = true,
     .help = "what labels in that column mean, as 'A=exact_match,B=not_match';\n"
             "without it yes, 1, true, 完全匹配 and the like are known"},

    {.section = "Output",
     .letter = 'o', .name = "output", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = set_output, .idle = "-",
     .help = "write to FILE, which appears only once complete"},
    {.name = "stream", .set = option_table_set_flag, AT(stream),
     .help = "answer each row as soon as it is there, the header too: for\n"
             "programs that write a row and wait for its answer"},
    {.name = "resume", .set = option_table_set_flag, AT(resume),
     .help = "keep parts beside the output while it is made, and go on from\n"
             "those that an interrupted run with the same command left"},
    {.name = "resume-every", .argument = "N",
     .set = option_table_set_whole, AT(resume_every), .least = 1, .most = 1 << 30,
     .help = "commit the parts after N rows, and every 30 seconds\n"
             "(default: 100000)"},
    {.letter = 'f', .name = "format", .argument = "F", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(writer.format), .values = writer_format_names,
     .idle = "input",
     .help = "tsv, csv, jsonl, parquet, arrow or arrows (a stream) (default:\n"
             "input: as --output is named, else as the first input is)"},
    {.name = "compression", .argument = "C", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(writer.compression), .values = columnar_compression_names,
     .idle = "auto",
     .help = "of Parquet and Arrow: none, zstd, lz4, of Parquet also snappy,\n"
             "gzip (default: auto: zstd in Parquet, none in Arrow)"},
    {.name = "probabilities", .set = option_table_set_flag, AT(writer.probabilities),
     .help = "add a column p_LABEL for each label"},
    {.name = "threshold", .argument = "X", .set = set_threshold, .least = 0, .most = 1,
     .repeats = true,
     .help = "add a column match: yes if similarity is at least X;\n"
             "with several, as 0.5,0.8, a column match_X for each"},
    {.name = "errors", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = set_other_file, AT(errors),
     .help = "rows without a score: file, line, offset, reason, row"},
    {.name = "max-errors", .argument = "N", .set = set_max_errors,
     .help = "give up after more than N such rows (default: never)"},
    {.name = "summary", .argument = "FILE", .offer = OPTION_OFFER_FILES,
     .set = set_other_file, AT(summary),
     .help = "counts, rates, score quantiles and the model, as JSON"},
    {.name = "histogram", .set = option_table_set_flag, AT(histogram),
     .help = "print how the similarities are spread (standard error)"},
    {.letter = 'q', .name = "quiet", .set = option_table_set_flag, AT(quiet),
     .help = "no notes, warnings or bar; errors and reports still print"},
    {.name = "progress", .argument = "WHEN", .offer = OPTION_OFFER_VALUES,
     .set = option_table_set_choice, AT(progress), .values = progress_modes,
     .help = "auto (on a terminal), always, never (default: auto)"},

    {.section = "",
     .letter = 'V', .name = "version", .ends = true,
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_VERSION,
     .help = "print the version"},
    {.letter = 'h', .name = "help", .ends = true,
     .set = option_table_set_constant, AT(action), .constant = OPTIONS_HELP,
     .help = "print this"},
};
/* clang-format on */

static const struct option_rule rules[] = {
    {.of = {"check"},
     .relation = OPTION_EXCLUDES,
     .others = {"gold",
                "gold-map",
                "histogram",
                "output",
                "format",
                "probabilities",
                "threshold",
                "compression",
                "errors",
                "max-errors",
                "summary",
                "resume",
                "resume-every",
                "stream",
                "shard",
                "sample",
                "seed",
                "first",
                "first-precision",
                "band",
                "sure",
                "keep-agreement",
                "agreement-sample",
                "same-form"},
     .line = "--check scores no rows: of the other options only --model, --precision, --tf32, "
             "--device, --threads, --batch-tokens, --max-length, --positive-label, "
             "--partial-weight, --unknown, --progress, --quiet, --json and --expect apply, and "
             "with --expect also --tolerance, --columns, --header, --input-format, --delimiter, "
             "--encoding and --null-words"},
    {.of = {"columns", "header", "input-format", "delimiter", "encoding", "null-words"},
     .beside = "check",
     .relation = OPTION_NEEDS,
     .others = {"expect"},
     .line = "--check scores no rows without --expect: --columns, --header, --input-format, "
             "--delimiter, --encoding and --null-words say how its FILE is read"},
    {.of = {"json", "expect"},
     .relation = OPTION_NEEDS,
     .others = {"check"},
     .line = "--json and --expect are of --check; rows are scored as JSON by --format jsonl"},
    {.of = {"tolerance"},
     .relation = OPTION_NEEDS,
     .others = {"expect"},
     .line = "--tolerance is how far values may be from those of --expect; give that too"},
    {.of = {"gold-map"},
     .relation = OPTION_NEEDS,
     .others = {"gold"},
     .line = "--gold-map says what labels of --gold mean; give the column too: --gold COLUMN"},
    {.of = {"seed"},
     .relation = OPTION_NEEDS,
     .others = {"sample"},
     .line = "--seed chooses another sample; give its size too: --sample N"},
    {.of = {"sample"},
     .relation = OPTION_EXCLUDES,
     .others = {"shard", "stream"},
     .line = "--sample reads all rows before it scores one, and goes with neither --shard nor "
             "--stream"},
    {.of = {"stream"},
     .relation = OPTION_EXCLUDES,
     .others = {"resume", "shard"},
     .line = "--stream answers every row at once, and goes with neither --resume nor --shard"},
    CASCADE_OPTIONS_RULES,
    {.of = {"keep-agreement"},
     .relation = OPTION_EXCLUDES,
     .others = {"stream"},
     .line = "--keep-agreement reads a sample of all rows before one is answered, and does not go "
             "with --stream; give --sure or --band"},
    {.of = {"resume-every"},
     .relation = OPTION_NEEDS,
     .others = {"resume"},
     .line = "--resume-every says how often --resume commits; give that too"},
    {.of = {"resume"},
     .relation = OPTION_NEEDS,
     .others = {"output"},
     .line = "--resume keeps parts beside the output file; name it: --output FILE"},
};

const struct option_table options_table = {
    .program = "mgeo-score",
    .usage =
        "Usage: mgeo-score [OPTIONS] [FILE…]\n"
        "\n"
        "Scores whether two Chinese addresses name the same place. Reads TSV, CSV, JSON lines,\n"
        "Parquet or Arrow, one pair a row, from the FILEs or from standard input (-, the\n"
        "default), text also gzip or zstd, and writes each row in its order with the columns\n"
        "`similarity` (0..1) and `label` added, in memory that does not grow with the input.\n"
        "\n"
        "  mgeo-score pairs.tsv > scored.tsv\n"
        "  mgeo-score -c 2,3 -m /models/mgeo -o scored.tsv --errors bad.tsv pairs.tsv.gz\n"
        "  mgeo-score --gold label -o /dev/null dev.tsv\n"
        "  mgeo-score -c addr1,addr2 -o scored.parquet pairs.parquet\n",
    .ending = "\n"
              "What is guessed of the input is told in a line each. A row that cannot be\n"
              "scored is kept, with the added cells empty (null in JSON).\n"
              "Exit status: 0 all scored, 1 some rows bad, 2 could not run, 130 interrupted.\n",
    .column = 28,
    .operands = OPTION_OFFER_FILES,
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .rules = rules,
    .rule_count = sizeof rules / sizeof *rules,
};

/* ---- the command line ------------------------------------------------------------------------ */

static bool standard_input_twice(const struct options *options) {
    int seen = 0;
    for (size_t i = 0; i < options->input_count; i++) seen += strcmp(options->inputs[i], "-") == 0;
    return seen > 1;
}

static bool values_fit(const struct options *options, struct error *error) {
    if (!model_options_check(&options->model, error)) return false;
    if (!table_options_check(&options->table, error)) return false;
    if (standard_input_twice(options)) {
        return error_set(error, "standard input (-) can be read only once");
    }
    return true;
}

/* Of files of columns: whether their columns are written as they are, and rows are made text of. */
static void say_columns(struct options *options) {
    enum writer_format format =
        writer_format_for(options->writer.format, options->output, COLUMNAR_PARQUET);
    options->table.keep_columns = options->action == OPTIONS_SCORE && writer_is_columnar(format);
    options->table.without_json = options->table.keep_columns && options->errors == NULL;
}

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    static const char *const standard_input[] = {"-"};
    struct option_parsed parsed;
    memset(options, 0, sizeof *options);
    if (!option_table_parse(&options_table, argc, argv, options, &parsed, error)) return false;
    if (parsed.ended) return true;
    options->table.input.quiet = options->quiet;
    options->table.input.prompt = options->stream;
    say_columns(options);
    options->writer.decided = cascade_options_any(&options->cascade);
    int files = argc - parsed.operands;
    if (options->action == OPTIONS_CHECK && files > 0) {
        return error_set(error, "--check takes no FILE; the model directory is given by --model, "
                                "a table to compare with by --expect");
    }
    options->inputs = files > 0 ? (const char *const *)(argv + parsed.operands) : standard_input;
    options->input_count = files > 0 ? (size_t)files : 1;
    return option_table_check(&options_table, &parsed, error) && values_fit(options, error);
}

void options_finish(struct options *options) {
    table_options_finish(&options->table);
    free(options->gold_map);
    memset(options, 0, sizeof *options);
}
