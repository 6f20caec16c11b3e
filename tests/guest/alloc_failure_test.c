/* SPDX-License-Identifier: Apache-2.0 */
/* Lets every request for memory and for a thread fail in turn, once and from then on, over the
 * whole life of an engine: nothing crashes, hangs, leaks or answers wrongly, and the next call
 * works.
 *
 *   alloc_failure_test WAY DEVICE PRECISION [DIRECTORY DIRECTORY]
 *
 * WAY: "once", "healed" (from then on, until a call has failed) or "on" (from then on, to the
 * engine's end). With "-beside" behind it: from the second load on, while a thread asks the live
 * model, and one of another engine. With "-cold" behind it: to the first scores, each time in a
 * process that has used nothing before. Two model directories; on device "fake" they are made here.
 */
#define _GNU_SOURCE
#include "fail_nth.h"

#include "backend/fake.h"
#include "support/check.h"
#include "support/fake_oracle.h"
#include "support/tiny_model.h"

#include <math.h>
#include <mgeo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAIRS = 12, LONGEST_SECONDS = 60, MODELS = 2, WARM_UPS = 3 };

static struct {
    const char *device;
    int32_t precision;
    char paths[MODELS][TINY_PATH_BYTES];
    char root[TINY_PATH_BYTES], journal[TINY_PATH_BYTES + 32];
    bool on, healed, beside, cold;
    long nth;
    const char *step; /* under way */
} test;

static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS];

/* Shared with forked children. */
typedef struct answers {
    float of[MODELS][PAIRS];
    bool known;
} answers;
static answers *expected;

/* ---- what went wrong ------------------------------------------------------------------------- */

static void say(const char *what) {
    char line[256];
    int bytes = snprintf(line, sizeof line, "request %ld, %s, in %s: %s\n", test.nth,
                         test.on ? "from then on" : "once", test.step, what);
    if (write(STDERR_FILENO, line, (size_t)bytes) < 0) _exit(3);
}

static _Noreturn void give_up(const char *what) {
    say(what);
    _exit(1);
}

static void on_signal(int number) {
    say(number == SIGALRM ? "hangs" : number == SIGSEGV ? "SIGSEGV" : "a deadly signal");
    signal(number, SIG_DFL);
    raise(number);
}

static void on_exit_call(void) {
    if (test.step != NULL) say("the process is being ended");
}

/* ---- the pieces of an engine's life; each can be done again after it has failed -------------- */

typedef struct engine_life {
    mgeo_engine *engine;
    mgeo_job *job;
    uint64_t generations[MODELS]; /* of the models as they are loaded; 0: not loaded */
    uint32_t threads;             /* 0: two */
    mgeo_error error;
} engine_life;

static mgeo_status create(engine_life *life) {
    mgeo_engine_options options = {.struct_size = sizeof options, .journal = test.journal};
    return mgeo_engine_create(&options, &life->engine, &life->error);
}

static mgeo_status load(engine_life *life, int model) {
    mgeo_load_options options = {.struct_size = sizeof options,
                                 .device = test.device,
                                 .precision = test.precision,
                                 .threads = life->threads != 0 ? life->threads : 2};
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_status status = mgeo_load(life->engine, test.paths[model], &options, &info, &life->error);
    if (status == MGEO_OK) life->generations[model] = info.generation;
    return status;
}

static mgeo_status load_first(engine_life *life) { return load(life, 0); }
static mgeo_status load_second(engine_life *life) { return load(life, 1); }

static mgeo_status predict(engine_life *life) {
    mgeo_memory memory = {.struct_size = sizeof memory};
    mgeo_load_options options = {
        .struct_size = sizeof options, .device = test.device, .precision = test.precision};
    return mgeo_predict_memory(test.paths[1], &options, &memory, &life->error);
}

static void check_answers(const engine_life *life, const mgeo_scores *scores) {
    for (int model = 0; model < MODELS; model++) {
        if (scores->generation != life->generations[model]) continue;
        float *of = expected->of[model];
        if (!expected->known) memcpy(of, scores->similarity, sizeof expected->of[model]);
        if (memcmp(of, scores->similarity, sizeof expected->of[model])) give_up("a wrong answer");
        return;
    }
    give_up("an answer of no model");
}

static mgeo_status ask(engine_life *life, mgeo_job *job) {
    float similarity[PAIRS], probabilities[PAIRS * MGEO_MAX_LABELS];
    int32_t labels[PAIRS];
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = similarity,
                          .label = labels,
                          .probabilities = probabilities,
                          .probability_stride = MGEO_MAX_LABELS};
    mgeo_status status = job != NULL
                             ? mgeo_job_score(job, pairs, PAIRS, &scores, &life->error)
                             : mgeo_score(life->engine, pairs, PAIRS, &scores, &life->error);
    if (status == MGEO_OK) check_answers(life, &scores);
    return status;
}

static mgeo_status score(engine_life *life) { return ask(life, NULL); }

/* Two columns of the pairs' texts, as Arrow's utf8; `release` does nothing. */
static void keep_schema(struct ArrowSchema *schema) { (void)schema; }
static void keep_array(struct ArrowArray *array) { (void)array; }

static mgeo_status score_table(engine_life *life) {
    static char bytes[2][PAIRS * TEST_TEXT_BYTES];
    static int32_t offsets[2][PAIRS + 1];
    const void *buffers[2][3] = {{NULL, offsets[0], bytes[0]}, {NULL, offsets[1], bytes[1]}};
    const void *none[1] = {NULL};
    struct ArrowSchema columns[2], schema, *schemas[2] = {&columns[0], &columns[1]};
    struct ArrowArray arrays[2], table, *children[2] = {&arrays[0], &arrays[1]};
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < PAIRS; i++) {
            const char *text = c == 0 ? pairs[i].a : pairs[i].b;
            size_t length = strlen(text);
            memcpy(bytes[c] + offsets[c][i], text, length);
            offsets[c][i + 1] = offsets[c][i] + (int32_t)length;
        }
        columns[c] = (struct ArrowSchema){.format = "u", .release = keep_schema};
        arrays[c] = (struct ArrowArray){
            .length = PAIRS, .n_buffers = 3, .buffers = buffers[c], .release = keep_array};
    }
    schema = (struct ArrowSchema){
        .format = "+s", .n_children = 2, .children = schemas, .release = keep_schema};
    table = (struct ArrowArray){.length = PAIRS,
                                .n_buffers = 1,
                                .buffers = none,
                                .n_children = 2,
                                .children = children,
                                .release = keep_array};
    struct ArrowSchema answer_schema;
    struct ArrowArray answer;
    mgeo_arrow_options options = {.struct_size = sizeof options, .columns = 63};
    mgeo_status status = mgeo_score_arrow(life->engine, &schema, &table, &options, &answer_schema,
                                          &answer, &life->error);
    if (status != MGEO_OK) return status;
    mgeo_scores scores = {.similarity = (float *)(uintptr_t)answer.children[0]->buffers[1],
                          .generation = ((const uint64_t *)answer.children[4]->buffers[1])[0]};
    check_answers(life, &scores);
    answer.release(&answer);
    answer_schema.release(&answer_schema);
    return MGEO_OK;
}

static mgeo_status compare(engine_life *life) {
    mgeo_compare_options options = {
        .struct_size = sizeof options, .pairs = pairs, .count = PAIRS, .pairs_per_call = 3};
    static mgeo_compare_report report;
    report.struct_size = sizeof report;
    return mgeo_compare(life->engine, &options, &report, &life->error);
}

static mgeo_status swap(engine_life *life) {
    mgeo_gate gate = {
        .struct_size = sizeof gate, .pairs = pairs, .count = PAIRS, .max_flip_share = 1};
    mgeo_watch watch = {.struct_size = sizeof watch, .window_seconds = 1000, .max_error_rate = 1};
    mgeo_swap_options options = {.struct_size = sizeof options, .gate = &gate, .watch = &watch};
    return mgeo_swap_model(life->engine, &options, NULL, &life->error);
}

static mgeo_status roll_back(engine_life *life) {
    return mgeo_roll_back(life->engine, NULL, NULL, &life->error);
}

static mgeo_status canary(engine_life *life) {
    mgeo_watch watch = {.struct_size = sizeof watch, .window_seconds = 1000, .max_error_rate = 1};
    mgeo_canary_options options = {.struct_size = sizeof options, .watch = &watch};
    return mgeo_set_canary(life->engine, MGEO_SHARE_ALL, &options, &life->error);
}

static mgeo_status no_canary(engine_life *life) {
    return mgeo_set_canary(life->engine, 0, NULL, &life->error);
}

static mgeo_status shadow(engine_life *life) {
    return mgeo_set_shadow(life->engine, MGEO_SHARE_ALL, NULL, &life->error);
}

static mgeo_status no_shadow(engine_life *life) {
    return mgeo_set_shadow(life->engine, 0, NULL, &life->error);
}

static mgeo_status begin_job(engine_life *life) {
    mgeo_job_options options = {.struct_size = sizeof options, .standby = 1};
    return mgeo_job_begin(life->engine, &options, &life->job, &life->error);
}

static mgeo_status score_job(engine_life *life) { return ask(life, life->job); }

static mgeo_status end_job(engine_life *life) {
    mgeo_job_end(life->job);
    life->job = NULL;
    return MGEO_OK;
}

static mgeo_status query(engine_life *life) {
    static mgeo_shadow_report shadowed;
    static mgeo_watch_report watched;
    static mgeo_model_info info;
    static mgeo_stats stats;
    static mgeo_rollout rollout;
    shadowed.struct_size = sizeof shadowed;
    watched.struct_size = sizeof watched;
    info.struct_size = sizeof info;
    stats.struct_size = sizeof stats;
    rollout.struct_size = sizeof rollout;
    mgeo_status status = mgeo_get_info(life->engine, MGEO_LIVE, &info, &life->error);
    if (status == MGEO_OK) status = mgeo_get_stats(life->engine, MGEO_LIVE, &stats, &life->error);
    if (status == MGEO_OK) status = mgeo_get_rollout(life->engine, &rollout, &life->error);
    if (status == MGEO_OK) status = mgeo_get_watch(life->engine, &watched, &life->error);
    return status == MGEO_OK ? mgeo_get_shadow(life->engine, &shadowed, &life->error) : status;
}

static mgeo_status metrics(engine_life *life) {
    static char text[1 << 16];
    size_t length;
    return mgeo_write_metrics(life->engine, MGEO_METRICS_OPENMETRICS, text, sizeof text, &length,
                              &life->error);
}

static mgeo_status verify(engine_life *life) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    return mgeo_journal_verify(test.journal, &report, &life->error);
}

static mgeo_status unload(engine_life *life) { return mgeo_unload(life->engine, &life->error); }

typedef struct life_step {
    const char *name;
    mgeo_status (*take)(engine_life *life);
    bool creates, loads; /* the engine; the first model */
} life_step;

/* Blue is the first model, green the second; before each swap green stands by. */
static const life_step steps[] = {
    {.name = "create", .take = create, .creates = true},
    {.name = "load", .take = load_first, .loads = true},
    {.name = "score", .take = score},
    {.name = "predict", .take = predict},
    {.name = "load a second", .take = load_second},
    {.name = "compare", .take = compare},
    {.name = "shadow", .take = shadow},
    {.name = "score with a shadow", .take = score},
    {.name = "shadow's end", .take = no_shadow},
    {.name = "canary", .take = canary},
    {.name = "score by the canary", .take = score},
    {.name = "canary's end", .take = no_canary},
    {.name = "score a table", .take = score_table},
    {.name = "job", .take = begin_job},
    {.name = "score in a job", .take = score_job},
    {.name = "job's end", .take = end_job},
    {.name = "swap", .take = swap},
    {.name = "score after the swap", .take = score},
    {.name = "query", .take = query},
    {.name = "metrics", .take = metrics},
    {.name = "roll back", .take = roll_back},
    {.name = "load again", .take = load_second},
    {.name = "unload", .take = unload},
    {.name = "verify", .take = verify},
};

/* What a process does once, it has done by the first scores. */
enum { STEPS = sizeof steps / sizeof *steps, COLD_STEPS = 3 };

/* ---- one life -------------------------------------------------------------------------------- */

static void check_refusal(const engine_life *life, mgeo_status status) {
    const char *line = life->error.message;
    if ((mgeo_status)life->error.status != status || line[0] == '\0' ||
        strchr(line, '\n') != NULL) {
        give_up("a failure without its line");
    }
    if (status == MGEO_E_MEMORY) return;
    /* What was not done for want of memory may be missing later. */
    if (test.on && !test.healed &&
        (status == MGEO_E_NO_MODEL || status == MGEO_E_ARGUMENT || status == MGEO_E_BUSY)) {
        return;
    }
    say(line);
    give_up(mgeo_status_name(status));
}

/* After a failure: whatever else is asked answers or refuses; then there is memory again, and the
 * same call must work. */
static void try_again(engine_life *life, const life_step *step) {
    if (life->generations[0] != 0 && !step->loads) {
        const mgeo_error failure = life->error;
        mgeo_status status = score(life);
        if (status != MGEO_OK) check_refusal(life, status);
        status = metrics(life);
        if (status != MGEO_OK) check_refusal(life, status);
        life->error = failure;
    }
    fail_nth_end();
    mgeo_status status = step->take(life);
    if (status == MGEO_OK) return;
    say(life->error.message);
    give_up("the next call does not work");
}

static void take_steps(engine_life *life, int first) {
    const int last = test.cold ? COLD_STEPS : STEPS;
    for (int i = first; i < last; i++) {
        if (life->engine == NULL && !steps[i].creates && steps[i].take != verify) continue;
        if (life->job == NULL && steps[i].take == score_job) continue;
        test.step = steps[i].name;
        mgeo_status status = steps[i].take(life);
        if (status == MGEO_OK) continue;
        check_refusal(life, status);
        if (test.on && !test.healed) continue;
        try_again(life, &steps[i]);
    }
}

/* ---- beside a live model --------------------------------------------------------------------- */

typedef struct live_neighbour {
    mgeo_engine *own, *shared; /* may not fail at all; may be out of memory */
    atomic_bool over;
    pthread_t thread;
} live_neighbour;

static mgeo_status ask_neighbour(mgeo_engine *engine, mgeo_error *error) {
    float similarity[PAIRS];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    mgeo_status status = mgeo_score(engine, pairs, PAIRS, &scores, error);
    if (status != MGEO_OK) return status;
    for (int model = 0; model < MODELS; model++) {
        if (memcmp(similarity, expected->of[model], sizeof similarity) == 0) return status;
    }
    give_up("a wrong answer of the live model");
}

static void *neighbour_main(void *argument) {
    live_neighbour *n = argument;
    mgeo_error error;
    while (!atomic_load(&n->over)) {
        if (ask_neighbour(n->own, &error) != MGEO_OK) {
            say(error.message);
            give_up("a live model does not answer");
        }
        mgeo_status status = ask_neighbour(n->shared, &error);
        if (status != MGEO_OK && status != MGEO_E_MEMORY) give_up(error.message);
        usleep(100);
    }
    return NULL;
}

static mgeo_engine *live_engine(engine_life *life) {
    if (create(life) != MGEO_OK || load_first(life) != MGEO_OK || score(life) != MGEO_OK) {
        give_up(life->error.message);
    }
    return life->engine;
}

/* ---- all lives ------------------------------------------------------------------------------- */

static void finish(engine_life *life) {
    test.step = "end";
    mgeo_job_end(life->job);
    mgeo_engine_destroy(life->engine);
}

static void forget_journal(void) {
    char head[sizeof test.journal + 8];
    snprintf(head, sizeof head, "%s.head", test.journal);
    unlink(test.journal);
    unlink(head);
}

/* Returns whether anything was to fail: the last life was shorter than nth requests if not. */
static bool live_through(long nth, live_neighbour *neighbour) {
    engine_life life = {0};
    test.nth = nth;
    test.step = "begin";
    forget_journal();
    fail_nth_watch();
    alarm(LONGEST_SECONDS);
    if (neighbour != NULL) {
        neighbour->shared = live_engine(&life);
        atomic_store(&neighbour->over, false);
        pthread_create(&neighbour->thread, NULL, neighbour_main, neighbour);
    }
    fail_nth_begin(nth, test.on);
    take_steps(&life, neighbour != NULL ? 2 : 0);
    if (neighbour != NULL) {
        atomic_store(&neighbour->over, true);
        pthread_join(neighbour->thread, NULL);
    }
    finish(&life);
    bool reached = fail_nth_count() >= nth;
    fail_nth_end();
    return reached;
}

static void check_leaks(void) {
    if (fail_nth_leaks() != 0) give_up("memory is not given back");
}

/* Everything that a process keeps for good is there after the first lives. */
static void warm_up(void) {
    for (int i = 0; i < WARM_UPS; i++) {
        live_through(0, NULL);
        expected->known = true;
    }
    check_leaks();
}

static long try_all_warm(void) {
    live_neighbour neighbour = {0};
    engine_life own = {.threads = 1}; /* so that all it will ever need is there at once */
    warm_up();
    if (test.beside) {
        char journal[sizeof test.journal];
        memcpy(journal, test.journal, sizeof journal);
        strcat(test.journal, "2");
        neighbour.own = live_engine(&own);
        memcpy(test.journal, journal, sizeof journal);
    }
    for (int i = 0; test.beside && i < WARM_UPS; i++) live_through(0, &neighbour);
    long nth = 1;
    while (live_through(nth, test.beside ? &neighbour : NULL)) {
        check_leaks();
        nth++;
    }
    if (test.beside) mgeo_engine_destroy(neighbour.own);
    return nth - 1;
}

static void *share(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) give_up("no shared memory");
    return memory;
}

/* In a process of its own; returns its status. */
static int fork_and_live(long nth, bool *reached) {
    static _Atomic int *shared;
    if (shared == NULL) shared = share(sizeof *shared);
    pid_t child = fork();
    if (child == 0) {
        *shared = live_through(nth, NULL);
        live_through(0, NULL);
        test.step = NULL;
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    *reached = *shared;
    return status;
}

static long try_all_cold(void) {
    bool reached = true;
    long nth = 0;
    while (reached) {
        if (fork_and_live(nth, &reached) != 0) give_up("the process has ended");
        expected->known = true;
        if (nth == 0) reached = true;
        nth++;
    }
    return nth - 2;
}

/* ---- setting up ------------------------------------------------------------------------------ */

static void make_models(char **arguments, int count) {
    mgi_backend_register(&mgi_fake_backend);
    /* The journal waits for the disk at every line: for one that need not turn, where there is one.
     */
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
    tiny_models_begin(test.root);
    snprintf(test.journal, sizeof test.journal, "%s/journal", test.root);
    for (uint32_t i = 0; i < MODELS; i++) {
        if (count > 0) {
            snprintf(test.paths[i], sizeof test.paths[i], "%s", arguments[i]);
        } else {
            const tiny_model model = {.variant = i, .labels = 3, .unused = i};
            tiny_model_write(test.root, i == 0 ? "first" : "second", &model, test.paths[i]);
        }
    }
    for (uint32_t i = 0; i < PAIRS; i++) pairs[i] = test_make_pair(&texts[i], i, 1 + i % 5);
}

static int32_t precision_of(const char *name) {
#define COMPARE(constant, number, text)                                                            \
    if (strcmp(name, text) == 0) return constant;
    MGEO_PRECISION_LIST(COMPARE)
#undef COMPARE
    return -1;
}

int main(int count, char **arguments) {
    if (count != 4 && count != 4 + MODELS) return 2;
    const char *way = arguments[1];
    test.on = strncmp(way, "once", 4) != 0;
    test.healed = strncmp(way, "healed", 6) == 0;
    test.beside = strstr(way, "-beside") != NULL;
    test.cold = strstr(way, "-cold") != NULL;
    test.device = arguments[2];
    test.precision = precision_of(arguments[3]);
    test.step = "set-up";
    const int deadly[] = {SIGALRM, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) signal(deadly[i], on_signal);
    atexit(on_exit_call);
    expected = share(sizeof *expected);
    make_models(arguments + 4, count - 4);
    long tried = test.cold ? try_all_cold() : try_all_warm();
    test.step = NULL;
    tiny_models_end(test.root);
    printf("%ld requests failed, %s, each in its turn\n", tried, way);
    return tried > 0 ? 0 : 1;
}
