/* SPDX-License-Identifier: Apache-2.0 */
/* Draws how far loading and scoring are, ten times a second on a terminal, once elsewhere. */
#include "scoring/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "scoring/terminal.h"

struct progress {
    bool drawing, terminal;
    mgeo_progress *loading;
    const char *const *stages; /* of what is watched */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool end, scoring;
    double begun;
    uint64_t size, rows, position;
    uint64_t rows_before, position_before; /* of what an earlier run has done */
};

static void put_time(char *to, size_t capacity, double seconds) {
    uint64_t whole = seconds < 1e9 ? (uint64_t)(seconds + 0.5) : 1000000000;
    if (whole >= 3600) {
        snprintf(to, capacity, "%" PRIu64 ":%02u:%02u", whole / 3600, (unsigned)(whole / 60 % 60),
                 (unsigned)(whole % 60));
    } else {
        snprintf(to, capacity, "%u:%02u", (unsigned)(whole / 60), (unsigned)(whole % 60));
    }
}

static void put_bar(char *to, int cells, double share) {
    int full = (int)(share * cells);
    for (int i = 0; i < cells; i++) to[i] = i < full ? '=' : ' ';
    to[cells] = '\0';
}

/* The longest of the forms that fits into `columns`; nothing if none does. */
static void put_fitting(char *to, size_t capacity, int columns, const char *const *forms,
                        size_t count) {
    to[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (strlen(forms[i]) <= (size_t)columns && strlen(forms[i]) < capacity) {
            snprintf(to, capacity, "%s", forms[i]);
            return;
        }
    }
}

enum { FORM = 128, FORMS = 4 };

static void counting_line(char *to, size_t capacity, int columns, double seconds, uint64_t rows) {
    char clock[32], forms[FORMS - 1][FORM];
    double rate = seconds > 0 ? (double)rows / seconds : 0;
    put_time(clock, sizeof clock, seconds);
    snprintf(forms[0], FORM, "%" PRIu64 " rows  %.0f/s  %s", rows, rate, clock);
    snprintf(forms[1], FORM, "%" PRIu64 " rows  %s", rows, clock);
    snprintf(forms[2], FORM, "%" PRIu64, rows);
    put_fitting(to, capacity, columns, (const char *[]){forms[0], forms[1], forms[2]}, FORMS - 1);
}

void progress_line(char *to, size_t capacity, int columns, double seconds, uint64_t rows,
                   uint64_t position, uint64_t size) {
    char clock[32] = "-:--", bar[64], forms[FORMS][FORM];
    double rate = seconds > 0 ? (double)rows / seconds : 0;
    if (size == 0) {
        counting_line(to, capacity, columns, seconds, rows);
        return;
    }
    double share = position < size ? (double)position / (double)size : 1.0;
    if (share > 0 && rows > 0) put_time(clock, sizeof clock, seconds * (1 - share) / share);
    snprintf(forms[1], FORM, "%3.0f%%  %" PRIu64 " rows  %.0f/s  ETA %s", share * 100, rows, rate,
             clock);
    snprintf(forms[2], FORM, "%3.0f%%  ETA %s", share * 100, clock);
    snprintf(forms[3], FORM, "%3.0f%%", share * 100);
    int cells = columns - (int)strlen(forms[1]) - 3; /* what the brackets and a blank leave */
    put_bar(bar, cells < 10 ? 10 : cells > 40 ? 40 : cells, share);
    snprintf(forms[0], FORM, "[%s] %.*s", bar, FORM - (int)sizeof bar, forms[1]);
    put_fitting(to, capacity, columns, (const char *[]){forms[0], forms[1], forms[2], forms[3]},
                FORMS);
}

static const char *const model_stages[] = {
    [MGEO_STAGE_IDLE] = "loading",          [MGEO_STAGE_READING] = "reading the model",
    [MGEO_STAGE_HASHING] = "hashing",       [MGEO_STAGE_PLACING] = "placing the weights",
    [MGEO_STAGE_WARMING] = "warming up",    [MGEO_STAGE_SCORING] = "scoring",
    [MGEO_STAGE_FINISHED] = "model loaded",
};

static void loading_line(const mgeo_progress *loading, const char *const *stages, int columns,
                         char *to, size_t capacity) {
    int32_t stage = 0;
    uint64_t done = 0, total = 0;
    mgeo_progress_read(loading, &stage, &done, &total);
    if (stage < 0 || stage > MGEO_STAGE_FINISHED) stage = MGEO_STAGE_IDLE;
    char whole[FORM], share[FORM] = "";
    if (total > 0) snprintf(share, FORM, " %3.0f%%", 100.0 * (double)done / (double)total);
    snprintf(whole, FORM, "%s%.32s", stages[stage], share);
    put_fitting(to, capacity, columns, (const char *[]){whole, share}, 2);
}

static void draw(const struct progress *progress) {
    char line[256];
    /* The last column stays free: a terminal may go on to the next line once it is filled. */
    int columns = terminal_columns() - 1;
    if (!progress->terminal) columns -= (int)strlen(message_program()) + 2;
    if (columns < 0) columns = 0;
    if (progress->scoring) {
        progress_line(line, sizeof line, columns, clock_seconds() - progress->begun, progress->rows,
                      progress->position, progress->size);
    } else {
        loading_line(progress->loading, progress->stages, columns, line, sizeof line);
    }
    if (line[0] != '\0') {
        message_status(line, progress->terminal);
    } else {
        message_status_clear();
    }
}

static void *run(void *opaque) {
    struct progress *progress = opaque;
    interrupt_leave_to_main();
    pthread_mutex_lock(&progress->lock);
    while (!progress->end) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        if (progress->terminal) {
            until.tv_nsec += 100000000;
        } else {
            until.tv_sec += 1;
        }
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&progress->ended, &progress->lock, &until);
        if (!progress->end) draw(progress);
    }
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

struct progress *progress_start(enum progress_mode mode, bool quiet, mgeo_progress *loading) {
    struct progress *started = memory_zeroed(1, sizeof *started);
    started->terminal = terminal_redraws();
    started->drawing =
        mode == PROGRESS_ALWAYS || (mode == PROGRESS_AUTO && started->terminal && !quiet);
    started->loading = loading;
    started->stages = model_stages;
    pthread_mutex_init(&started->lock, NULL);
    pthread_cond_init(&started->ended, NULL);
    if (started->drawing) {
        started->drawing = pthread_create(&started->thread, NULL, run, started) == 0;
    }
    return started;
}

void progress_scoring(struct progress *progress, uint64_t size, uint64_t rows_before) {
    pthread_mutex_lock(&progress->lock);
    progress->scoring = true;
    progress->begun = clock_seconds();
    progress->size = size;
    progress->rows_before = rows_before;
    pthread_mutex_unlock(&progress->lock);
}

void progress_watch(struct progress *progress, const char *const *stages) {
    pthread_mutex_lock(&progress->lock);
    progress->scoring = false;
    progress->stages = stages;
    progress->rows = progress->position = progress->position_before = 0;
    pthread_mutex_unlock(&progress->lock);
}

void progress_update(struct progress *progress, uint64_t rows, uint64_t position) {
    pthread_mutex_lock(&progress->lock);
    if (progress->rows == 0 && progress->rows_before > 0 && progress->size > position) {
        progress->position_before = position; /* as good as: one chunk more */
        progress->size -= position;
    }
    progress->rows = rows - progress->rows_before;
    progress->position = position - progress->position_before;
    pthread_mutex_unlock(&progress->lock);
}

void progress_end(struct progress *progress) {
    if (progress == NULL) return;
    pthread_mutex_lock(&progress->lock);
    progress->end = true;
    pthread_cond_signal(&progress->ended);
    pthread_mutex_unlock(&progress->lock);
    if (progress->drawing) {
        pthread_join(progress->thread, NULL);
        if (progress->terminal) {
            message_status_clear();
        } else if (progress->scoring) {
            draw(progress);
        }
    }
    pthread_cond_destroy(&progress->ended);
    pthread_mutex_destroy(&progress->lock);
    free(progress);
}
