/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into libmgeo that the user can interrupt, and the arrays that they read and fill. */
#include "calls.h"

#include <R_ext/Utils.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

/* ---- Calls ----------------------------------------------------------------------------------- */

typedef struct running {
    call *of;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int done;
} running;

static void *run(void *argument) {
    running *job = argument;
    job->of->status = job->of->function(job->of);
    pthread_mutex_lock(&job->mutex);
    job->done = 1;
    pthread_cond_signal(&job->changed);
    pthread_mutex_unlock(&job->mutex);
    return NULL;
}

static void look_for_interrupt(void *unused) {
    (void)unused;
    R_CheckUserInterrupt();
}

static int wait_a_moment(running *job) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&job->mutex);
    while (!job->done && pthread_cond_timedwait(&job->changed, &job->mutex, &until) != ETIMEDOUT)
        continue;
    const int done = job->done;
    pthread_mutex_unlock(&job->mutex);
    return done;
}

/* Signals are R's: they go to its own thread. */
static int start(pthread_t *thread, running *job) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(thread, NULL, run, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

mgeo_status call_run(call *of) {
    pthread_t thread;
    running job = {
        .of = of, .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    if (start(&thread, &job) != 0) return of->status = of->function(of);
    while (!wait_a_moment(&job)) {
        if (!of->interrupted && !R_ToplevelExec(look_for_interrupt, NULL)) {
            of->interrupted = 1;
            mgeo_progress_cancel(&of->progress);
        }
    }
    pthread_join(thread, NULL);
    return of->status;
}

SEXP call_answer(const call *of, SEXP value) {
    const char *names[] = {"status", "message", "value", ""};
    PROTECT(value);
    SEXP answer = PROTECT(Rf_mkNamed(VECSXP, names));
    const int stopped = of->interrupted && of->status == MGEO_E_CANCELLED;
    const char *message = of->status == MGEO_OK ? "" : of->error.message;
    SET_VECTOR_ELT(answer, 0, Rf_mkString(stopped ? "interrupted" : mgeo_status_name(of->status)));
    SET_VECTOR_ELT(answer, 1, Rf_ScalarString(Rf_mkCharCE(message, CE_UTF8)));
    SET_VECTOR_ELT(answer, 2, value);
    UNPROTECT(2);
    return answer;
}

/* ---- Numbers and arrays
 * ---------------------------------------------------------------------------------- */

uint64_t call_whole(const char *name, SEXP number, double most) {
    const double value =
        Rf_isNumeric(number) && Rf_length(number) == 1 ? Rf_asReal(number) : NA_REAL;
    if (!(value >= 0 && value <= most) || value != floor(value)) {
        Rf_error("%s: must be a whole number from 0 to %.0f", name, most);
    }
    return (uint64_t)value;
}

const mgeo_pair *call_pairs(SEXP a, SEXP b, size_t *count) {
    if (!Rf_isString(a) || !Rf_isString(b)) Rf_error("a and b must be character vectors");
    if (Rf_xlength(a) != Rf_xlength(b)) Rf_error("a and b must have the same length");
    *count = (size_t)Rf_xlength(a);
    mgeo_pair *pairs = (mgeo_pair *)R_alloc(*count + 1, sizeof *pairs);
    for (size_t i = 0; i < *count; i++) {
        if (STRING_ELT(a, (R_xlen_t)i) == NA_STRING || STRING_ELT(b, (R_xlen_t)i) == NA_STRING) {
            Rf_error("pair %.0f: a text is NA; leave the pair out", (double)i + 1);
        }
        pairs[i].a = Rf_translateCharUTF8(STRING_ELT(a, (R_xlen_t)i));
        pairs[i].b = Rf_translateCharUTF8(STRING_ELT(b, (R_xlen_t)i));
        pairs[i].a_len = strlen(pairs[i].a);
        pairs[i].b_len = strlen(pairs[i].b);
    }
    return pairs;
}

const char *const *call_gold(SEXP gold, size_t count) {
    if (Rf_isNull(gold)) return NULL;
    if (!Rf_isString(gold) || (size_t)Rf_xlength(gold) != count) {
        Rf_error("gold must be a character vector, one label or NA for each pair");
    }
    const char **names = (const char **)R_alloc(count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        SEXP name = STRING_ELT(gold, (R_xlen_t)i);
        names[i] = name == NA_STRING ? NULL : Rf_translateCharUTF8(name);
    }
    return names;
}

/* ---- Scores ---------------------------------------------------------------------------------- */

static SEXP matrix(const float *rows, size_t count, uint32_t labels) {
    if (rows == NULL) return R_NilValue;
    if (count > INT_MAX) Rf_error("more rows than a matrix has; score fewer pairs a call");
    SEXP made = PROTECT(Rf_allocMatrix(REALSXP, (int)count, (int)labels));
    for (size_t i = 0; i < count; i++) {
        for (size_t l = 0; l < labels; l++) {
            const double value = (double)rows[i * MGEO_MAX_LABELS + l];
            REAL(made)[l * count + i] = ISNAN(value) ? NA_REAL : value;
        }
    }
    UNPROTECT(1);
    return made;
}

static SEXP scores_list(const mgeo_scores *scores, size_t count) {
    const char *names[] = {"similarity",    "label",    "flags",
                           "probabilities", "logits",   "generation",
                           "tokens",        "bad_rows", ""};
    SEXP list = PROTECT(Rf_mkNamed(VECSXP, names));
    SEXP similarity = SET_VECTOR_ELT(list, 0, Rf_allocVector(REALSXP, (R_xlen_t)count));
    SEXP label = SET_VECTOR_ELT(list, 1, Rf_allocVector(INTSXP, (R_xlen_t)count));
    SEXP flags = SET_VECTOR_ELT(list, 2, Rf_allocVector(INTSXP, (R_xlen_t)count));
    for (size_t i = 0; i < count; i++) {
        const int scored = scores->label[i] >= 0;
        REAL(similarity)[i] = scored ? (double)scores->similarity[i] : NA_REAL;
        INTEGER(label)[i] = scored ? scores->label[i] + 1 : NA_INTEGER; /* R counts from 1 */
        INTEGER(flags)[i] = (int)scores->flags[i];
    }
    SET_VECTOR_ELT(list, 3, matrix(scores->probabilities, count, scores->label_count));
    SET_VECTOR_ELT(list, 4, matrix(scores->logits, count, scores->label_count));
    SET_VECTOR_ELT(list, 5, Rf_ScalarReal((double)scores->generation));
    SET_VECTOR_ELT(list, 6, Rf_ScalarReal((double)scores->tokens));
    SET_VECTOR_ELT(list, 7, Rf_ScalarReal((double)scores->bad_rows));
    UNPROTECT(1);
    return list;
}

static void *new_column(size_t count, size_t bytes) { return R_alloc(count + 1, (int)bytes); }

SEXP call_score(call *of, SEXP a, SEXP b, SEXP probabilities, SEXP logits, SEXP route_key) {
    mgeo_scores scores = {.struct_size = sizeof scores, .progress = &of->progress};
    const size_t row = MGEO_MAX_LABELS * sizeof(float);
    of->pairs = call_pairs(a, b, &of->count);
    of->scores = &scores;
    scores.similarity = new_column(of->count, sizeof(float));
    scores.label = new_column(of->count, sizeof(int32_t));
    scores.flags = new_column(of->count, sizeof(uint32_t));
    if (Rf_asLogical(probabilities) == TRUE) scores.probabilities = new_column(of->count, row);
    if (Rf_asLogical(logits) == TRUE) scores.logits = new_column(of->count, row);
    scores.probability_stride = MGEO_MAX_LABELS;
    scores.route_key = call_whole("route_key", route_key, MOST_WHOLE);
    const mgeo_status status = call_run(of);
    return call_answer(of, status == MGEO_OK ? scores_list(&scores, of->count) : R_NilValue);
}
