/* SPDX-License-Identifier: Apache-2.0 */
/* What a device does with pairs of addresses, text in, scores out: one program that measures parts
 * by name, each at every precision asked for. See --help and benchmarks/README.md. */
#include "bench.h"
#include "precision.h"
#include "report.h"
#include "texts.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: pairs_bench [OPTIONS] [PART…]\n"
    "\n"
    "Parts (default: throughput one callers)\n"
    "  ready       seconds from the load call to the first answer; name it first, so that the\n"
    "              process's first load, told apart, starts the device\n"
    "  throughput  one caller with very many pairs\n"
    "  one         calls of one pair, one after another: of 45 tokens, and of mixed lengths\n"
    "  callers     many callers with one pair each\n"
    "  swap        swaps between two resident models under full load\n"
    "  rounds      loads and unloads during live traffic; the device's free memory\n"
    "  cards       throughput of the first of --cards against all of them\n"
    "  parity      answers for the pairs of --table against the CPU's in fp32\n"
    "\n"
    "  -m, --model DIR        model directory (default: the bundled model)\n"
    "      --tiny DIR         model that \"ready\" loads first (default: the bundled model)\n"
    "  -d, --device D         auto, cpu, cuda, cuda:1, cuda:0,cuda:1 … (default: auto)\n"
    "  -p, --precision LIST   auto, fp32, bf16, fp16, int8, fp8 (default: auto)\n"
    "      --batch-tokens LIST  tokens in a batch, 0: the library's choice (default: 0);\n"
    "                         parts other than throughput take the first\n"
    "  -j, --threads N        CPU threads (default: all)\n"
    "      --pairs N          of throughput and cards (default: 200000)\n"
    "      --repeats N        of throughput, cards and ready; medians are told (default: 3)\n"
    "      --calls N          of one (default: 3000)\n"
    "      --callers N        of callers and swap (default: 64)\n"
    "      --seconds S        of callers, and of each window of swap (default: 4)\n"
    "      --swaps N          in all (default: 1000)\n"
    "      --windows N        of swap, with swaps and as many without (default: 4)\n"
    "      --swap-pairs N     in a call of swap (default: 128)\n"
    "      --rounds N         (default: 200)\n"
    "      --cards LIST       (default: cuda:0,cuda:1)\n"
    "      --no-warm-up       in rounds\n"
    "      --table FILE       of parity: TSV with columns sentence1 and sentence2\n"
    "      --models LIST      of parity (default: the model)\n"
    "      --json FILE        one JSON object a line\n"
    "      --write-tsv FILE   write the pairs of throughput as a table\n"
    "Exit status: 0 all measured, 1 some parts failed, 2 could not run.\n";

static const struct part {
    const char *name;
    part_fn *run;
    bool whole; /* goes through the precisions by itself */
} parts[] = {{"ready", part_ready, false}, {"throughput", part_throughput, false},
             {"one", part_one, false},     {"callers", part_callers, false},
             {"swap", part_swap, false},   {"rounds", part_rounds, false},
             {"cards", part_cards, false}, {"parity", part_parity, true}};
enum { PARTS = sizeof parts / sizeof parts[0] };

typedef struct files {
    const char *json, *tsv;
} files;

static void fail(const char *what, const char *which) {
    fprintf(stderr, "pairs_bench: %s%s; --help tells more\n", what, which);
    exit(2);
}

static uint64_t read_count(const char *text, uint64_t least, uint64_t most) {
    char *end;
    unsigned long long count = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || count < least || count > most) {
        fail("not a sensible number: ", text);
    }
    return count;
}

static double read_seconds(const char *text) {
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0) || seconds > 3600) {
        fail("not a sensible time: ", text);
    }
    return seconds;
}

static int32_t read_precision(const char *text) {
    int32_t precision = bench_precision(text);
    if (precision < 0) fail("no such precision: ", text);
    return precision;
}

static void read_precisions(settings *s, char *list) {
    s->precision_count = 0;
    for (char *one = strtok(list, ","); one != NULL; one = strtok(NULL, ",")) {
        if (s->precision_count == MAX_PRECISIONS) fail("too many precisions", "");
        s->precisions[s->precision_count++] = read_precision(one);
    }
}

static void read_batches(settings *s, char *list) {
    s->batch_count = 0;
    for (char *one = strtok(list, ","); one != NULL; one = strtok(NULL, ",")) {
        if (s->batch_count == MAX_BATCHES) fail("too many batch sizes", "");
        s->batch_tokens[s->batch_count++] = (uint32_t)read_count(one, 0, 1 << 30);
    }
}

static void read_models(settings *s, char *list) {
    for (char *one = strtok(list, ","); one != NULL; one = strtok(NULL, ",")) {
        if (s->parity_model_count == MAX_MODELS) fail("too many models", "");
        s->parity_models[s->parity_model_count++] = one;
    }
}

enum option_number {
    OPTION_TINY = 256,
    OPTION_BATCH_TOKENS,
    OPTION_PAIRS,
    OPTION_REPEATS,
    OPTION_CALLS,
    OPTION_CALLERS,
    OPTION_SECONDS,
    OPTION_SWAPS,
    OPTION_WINDOWS,
    OPTION_SWAP_PAIRS,
    OPTION_ROUNDS,
    OPTION_CARDS,
    OPTION_NO_WARM_UP,
    OPTION_TABLE,
    OPTION_MODELS,
    OPTION_JSON,
    OPTION_WRITE_TSV
};

static const struct option long_options[] = {
    {"model", required_argument, NULL, 'm'},
    {"tiny", required_argument, NULL, OPTION_TINY},
    {"device", required_argument, NULL, 'd'},
    {"precision", required_argument, NULL, 'p'},
    {"batch-tokens", required_argument, NULL, OPTION_BATCH_TOKENS},
    {"threads", required_argument, NULL, 'j'},
    {"pairs", required_argument, NULL, OPTION_PAIRS},
    {"repeats", required_argument, NULL, OPTION_REPEATS},
    {"calls", required_argument, NULL, OPTION_CALLS},
    {"callers", required_argument, NULL, OPTION_CALLERS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"swaps", required_argument, NULL, OPTION_SWAPS},
    {"windows", required_argument, NULL, OPTION_WINDOWS},
    {"swap-pairs", required_argument, NULL, OPTION_SWAP_PAIRS},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"cards", required_argument, NULL, OPTION_CARDS},
    {"no-warm-up", no_argument, NULL, OPTION_NO_WARM_UP},
    {"table", required_argument, NULL, OPTION_TABLE},
    {"models", required_argument, NULL, OPTION_MODELS},
    {"json", required_argument, NULL, OPTION_JSON},
    {"write-tsv", required_argument, NULL, OPTION_WRITE_TSV},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

static void take_option(settings *s, files *f, int option) {
    switch (option) {
    case 'm': s->model = optarg; break;
    case 'd': s->device = optarg; break;
    case 'p': read_precisions(s, optarg); break;
    case 'j': s->threads = (uint32_t)read_count(optarg, 0, 4096); break;
    case OPTION_TINY: s->tiny = optarg; break;
    case OPTION_BATCH_TOKENS: read_batches(s, optarg); break;
    case OPTION_PAIRS: s->pairs = read_count(optarg, 1, 20000000); break;
    case OPTION_REPEATS: s->repeats = (unsigned)read_count(optarg, 1, 1000); break;
    case OPTION_CALLS: s->calls = read_count(optarg, 1, 10000000); break;
    case OPTION_CALLERS: s->callers = (unsigned)read_count(optarg, 1, MAX_CALLERS); break;
    case OPTION_SECONDS: s->seconds = read_seconds(optarg); break;
    case OPTION_SWAPS: s->swaps = (unsigned)read_count(optarg, 1, 1000000); break;
    case OPTION_WINDOWS: s->windows = (unsigned)read_count(optarg, 1, 1000); break;
    case OPTION_SWAP_PAIRS: s->swap_pairs = read_count(optarg, 1, 100000); break;
    case OPTION_ROUNDS: s->rounds = (unsigned)read_count(optarg, 1, 1000000); break;
    case OPTION_CARDS: s->cards = optarg; break;
    case OPTION_NO_WARM_UP: s->no_warm_up = 1; break;
    case OPTION_TABLE: s->table = optarg; break;
    case OPTION_MODELS: read_models(s, optarg); break;
    case OPTION_JSON: f->json = optarg; break;
    case OPTION_WRITE_TSV: f->tsv = optarg; break;
    case 'h': fputs(help, stdout); exit(0);
    default: fail("an option is not known or lacks its value", "");
    }
}

static const struct part *find_part(const char *name) {
    for (int i = 0; i < PARTS; i++) {
        if (strcmp(parts[i].name, name) == 0) return &parts[i];
    }
    fail("no such part: ", name);
    return NULL;
}

/* All precisions; "throughput" also at all batch sizes. */
static bool run_part(const settings *s, const struct part *part) {
    bool good = true;
    int batches = part->run == part_throughput ? s->batch_count : 1;
    int precisions = part->whole ? 1 : s->precision_count;
    for (int p = 0; p < precisions; p++) {
        for (int b = 0; b < batches; b++) {
            variant v = {s->device, s->precisions[p], s->batch_tokens[b]};
            good = part->run(s, &v) && good;
        }
    }
    return good;
}

static bool run_parts(const settings *s, char **names, int count) {
    static char *usual[] = {"throughput", "one", "callers"};
    bool good = true;
    if (count == 0) {
        names = usual;
        count = 3;
    }
    for (int i = 0; i < count; i++) find_part(names[i]);
    for (int i = 0; i < count; i++) good = run_part(s, find_part(names[i])) && good;
    return good;
}

static void write_table(const settings *s, const char *path) {
    texts made = texts_make(s->pairs, 0, 1);
    if (!texts_write(&made, path)) fail("cannot write ", path);
    texts_free(&made);
}

int main(int argc, char **argv) {
    settings s = {.device = "auto",
                  .cards = "cuda:0,cuda:1",
                  .precision_count = 1,
                  .batch_count = 1,
                  .pairs = 200000,
                  .repeats = 3,
                  .calls = 3000,
                  .callers = 64,
                  .seconds = 4,
                  .swaps = 1000,
                  .windows = 4,
                  .swap_pairs = 128,
                  .rounds = 200};
    files f = {NULL, NULL};
    int option;
    while ((option = getopt_long(argc, argv, "m:d:p:j:h", long_options, NULL)) != -1) {
        take_option(&s, &f, option);
    }
    if (s.precision_count == 0 || s.batch_count == 0) fail("an empty list", "");
    if (f.json != NULL && !report_to(f.json)) fail("cannot write ", f.json);
    texts_read_vocabulary(s.model);
    if (f.tsv != NULL) write_table(&s, f.tsv);
    if (f.tsv != NULL && optind == argc) return 0;
    return run_parts(&s, argv + optind, argc - optind) ? 0 : 1;
}
