/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks the command line: every option is either used or refused. */
#include "score/options.h"

#include <errno.h>
#include <getopt.h>
#include <mgeo.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    OPT_HEADER = 256,
    OPT_TF32,
    OPT_BATCH_TOKENS,
    OPT_MAX_LENGTH,
    OPT_PROBABILITIES,
    OPT_THRESHOLD,
    OPT_ERRORS,
    OPT_MAX_ERRORS,
    OPT_GOLD,
    OPT_CHECK,
    OPT_SUMMARY,
    OPT_PROGRESS,
    OPT_POSITIVE_LABEL,
    OPT_PARTIAL_WEIGHT
};

static const struct option long_options[] = {
    {"model", required_argument, NULL, 'm'},
    {"columns", required_argument, NULL, 'c'},
    {"header", required_argument, NULL, OPT_HEADER},
    {"output", required_argument, NULL, 'o'},
    {"format", required_argument, NULL, 'f'},
    {"precision", required_argument, NULL, 'p'},
    {"tf32", no_argument, NULL, OPT_TF32},
    {"device", required_argument, NULL, 'd'},
    {"threads", required_argument, NULL, 'j'},
    {"batch-tokens", required_argument, NULL, OPT_BATCH_TOKENS},
    {"max-length", required_argument, NULL, OPT_MAX_LENGTH},
    {"probabilities", no_argument, NULL, OPT_PROBABILITIES},
    {"threshold", required_argument, NULL, OPT_THRESHOLD},
    {"errors", required_argument, NULL, OPT_ERRORS},
    {"max-errors", required_argument, NULL, OPT_MAX_ERRORS},
    {"gold", required_argument, NULL, OPT_GOLD},
    {"check", no_argument, NULL, OPT_CHECK},
    {"summary", required_argument, NULL, OPT_SUMMARY},
    {"quiet", no_argument, NULL, 'q'},
    {"progress", required_argument, NULL, OPT_PROGRESS},
    {"positive-label", required_argument, NULL, OPT_POSITIVE_LABEL},
    {"partial-weight", required_argument, NULL, OPT_PARTIAL_WEIGHT},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool choose(const char *name, const char *value, const char *const *choices, int *chosen,
                   struct error *error) {
    char all[128] = "";
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(value, choices[i]) == 0) {
            *chosen = i;
            return true;
        }
        if (i > 0) strcat(all, ", ");
        strcat(all, choices[i]);
    }
    return error_set(error, "%s %s: choose one of %s", name, value, all);
}

static bool whole(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *to,
                  struct error *error) {
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    bool digits = value[0] >= '0' && value[0] <= '9' && *end == '\0';
    if (!digits || errno != 0 || number < least || number > most) {
        return error_set(error, "%s %s: give a whole number from %llu to %llu", name, value,
                         (unsigned long long)least, (unsigned long long)most);
    }
    *to = number;
    return true;
}

static bool whole32(const char *name, const char *value, uint32_t most, uint32_t *to,
                    struct error *error) {
    uint64_t wide = 0;
    if (!whole(name, value, 1, most, &wide, error)) return false;
    *to = (uint32_t)wide;
    return true;
}

static bool share(const char *name, const char *value, double *to, struct error *error) {
    char *end = NULL;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= 0 && number <= 1)) {
        return error_set(error, "%s %s: give a number from 0 to 1", name, value);
    }
    *to = number;
    return true;
}

static bool columns(struct options *options, const char *value, struct error *error) {
    const char *comma = strchr(value, ',');
    if (comma == NULL || comma == value || comma[1] == '\0' || strchr(comma + 1, ',') != NULL) {
        return error_set(error,
                         "--columns %s: give two columns as A,B; a name that holds a comma "
                         "is given by its number",
                         value);
    }
    free(options->columns);
    options->columns = memory_copy(value, strlen(value));
    options->columns[comma - value] = '\0';
    options->table.a = options->columns;
    options->table.b = options->columns + (comma - value) + 1;
    return true;
}

static bool precision(struct options *options, const char *value, struct error *error) {
    static const char *const names[] = {"auto", "fp32", "bf16", "fp16", "int8", "fp8", NULL};
    int chosen = 0;
    if (!choose("--precision", value, names, &chosen, error)) return false;
    static const int32_t codes[] = {MGEO_PRECISION_AUTO, MGEO_FP32, MGEO_BF16,
                                    MGEO_FP16,           MGEO_INT8, MGEO_FP8};
    options->precision = codes[chosen];
    return true;
}

static bool partial_weight(struct options *options, const char *value, struct error *error) {
    double weight = 0;
    if (!share("--partial-weight", value, &weight, error)) return false;
    options->partial_weight = weight > 0 ? (float)weight : -1.0f; /* 0 would mean the default */
    return true;
}

static bool threshold(struct options *options, const char *value, struct error *error) {
    options->writer.match = true;
    return share("--threshold", value, &options->writer.threshold, error);
}

static bool max_errors(struct options *options, const char *value, struct error *error) {
    options->limit_errors = true;
    return whole("--max-errors", value, 0, UINT64_MAX / 2, &options->max_errors, error);
}

static bool file_name(const char *name, const char *value, const char **to, struct error *error) {
    if (value[0] == '\0' || strcmp(value, "-") == 0) {
        return error_set(error, "%s: give a file name (/dev/stderr is one)", name);
    }
    *to = value;
    return true;
}

static bool choice_option(struct options *options, int code, const char *value,
                          struct error *error) {
    static const char *const headers[] = {"auto", "yes", "no", NULL};
    static const char *const formats[] = {"tsv", "jsonl", NULL};
    static const char *const progresses[] = {"auto", "always", "never", NULL};
    int chosen = 0;
    bool right;
    if (code == OPT_HEADER) {
        right = choose("--header", value, headers, &chosen, error);
        options->table.header = (enum table_header)chosen;
    } else if (code == 'f') {
        right = choose("--format", value, formats, &chosen, error);
        options->writer.format = (enum writer_format)chosen;
    } else {
        right = choose("--progress", value, progresses, &chosen, error);
        options->progress = (enum progress_mode)chosen;
    }
    return right;
}

static bool take(struct options *options, int code, const char *value, struct error *error) {
    switch (code) {
    case 'm': options->model = value; return true;
    case 'c': return columns(options, value, error);
    case 'o': options->output = strcmp(value, "-") != 0 ? value : NULL; return true;
    case 'p': return precision(options, value, error);
    case 'd': options->device = value; return true;
    case 'j': return whole32("--threads", value, 4096, &options->threads, error);
    case 'q': options->quiet = true; return true;
    case 'V': options->action = OPTIONS_VERSION; return true;
    case 'h': options->action = OPTIONS_HELP; return true;
    case 'f':
    case OPT_HEADER:
    case OPT_PROGRESS: return choice_option(options, code, value, error);
    case OPT_BATCH_TOKENS:
        return whole32("--batch-tokens", value, 1u << 24, &options->batch_tokens, error);
    case OPT_TF32: options->tf32 = true; return true;
    case OPT_MAX_LENGTH:
        return whole32("--max-length", value, 1u << 16, &options->max_length, error);
    case OPT_PROBABILITIES: options->writer.probabilities = true; return true;
    case OPT_THRESHOLD: return threshold(options, value, error);
    case OPT_ERRORS: return file_name("--errors", value, &options->errors, error);
    case OPT_MAX_ERRORS: return max_errors(options, value, error);
    case OPT_GOLD: options->table.gold = value; return true;
    case OPT_CHECK: options->action = OPTIONS_CHECK; return true;
    case OPT_SUMMARY: return file_name("--summary", value, &options->summary, error);
    case OPT_POSITIVE_LABEL: options->positive_label = value; return true;
    default: return partial_weight(options, value, error);
    }
}

static bool refuse(int code, char **argv, int index, struct error *error) {
    const char *given = argv[index - 1];
    if (code == ':') return error_set(error, "%s needs a value; --help lists all options", given);
    if (optopt != 0 && optopt < 256) {
        return error_set(error, "unknown option -%c; --help lists all options", optopt);
    }
    return error_set(error, "%s is unknown, ambiguous or takes no value; --help lists all options",
                     given);
}

static bool same_file(const char *a, const char *b) {
    return a != NULL && b != NULL && strncmp(a, "/dev/", 5) != 0 && strcmp(a, b) == 0;
}

static bool standard_input_twice(const struct options *options) {
    int seen = 0;
    for (size_t i = 0; i < options->input_count; i++) seen += strcmp(options->inputs[i], "-") == 0;
    return seen > 1;
}

/* With --check nothing is read or written, so options about that would be ignored. */
static bool check_alone(const struct options *options, int files, struct error *error) {
    const struct writer_options *writer = &options->writer;
    const struct table_options *table = &options->table;
    if (files > 0) {
        return error_set(error, "--check takes no FILE; the model directory is given by --model");
    }
    if (table->a != NULL || table->gold != NULL || table->header != TABLE_HEADER_AUTO ||
        writer->format != WRITER_TSV || writer->probabilities || writer->match ||
        options->output != NULL || options->errors != NULL || options->summary != NULL ||
        options->limit_errors) {
        return error_set(error, "--check scores no rows: of the other options only --model, "
                                "--precision, --tf32, --device, --threads, --batch-tokens, "
                                "--max-length, --positive-label, --partial-weight, --progress and "
                                "--quiet apply");
    }
    return true;
}

static bool fit_together(const struct options *options, int files, struct error *error) {
    if (options->action == OPTIONS_CHECK) return check_alone(options, files, error);
    if (options->table.header == TABLE_HEADER_NO && table_options_by_name(&options->table)) {
        return error_set(error, "--header no: columns can only be given by number");
    }
    if (same_file(options->output, options->errors) ||
        same_file(options->output, options->summary) ||
        same_file(options->errors, options->summary)) {
        return error_set(error, "--output, --errors and --summary need different files");
    }
    if (standard_input_twice(options)) {
        return error_set(error, "standard input (-) can be read only once");
    }
    return true;
}

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    static const char *const standard_input[] = {"-"};
    memset(options, 0, sizeof *options);
    opterr = 0;
    optind = 0; /* begin anew, also in a second call */
    int code;
    while ((code = getopt_long(argc, argv, ":m:c:o:f:p:d:j:qVh", long_options, NULL)) != -1) {
        if (code == '?' || code == ':') return refuse(code, argv, optind, error);
        if (!take(options, code, optarg, error)) return false;
        if (options->action == OPTIONS_HELP || options->action == OPTIONS_VERSION) return true;
    }
    int files = argc - optind;
    options->inputs = files > 0 ? (const char *const *)(argv + optind) : standard_input;
    options->input_count = files > 0 ? (size_t)files : 1;
    return fit_together(options, files, error);
}

void options_finish(struct options *options) {
    free(options->columns);
    memset(options, 0, sizeof *options);
}
