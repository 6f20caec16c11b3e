/* SPDX-License-Identifier: Apache-2.0 */
/* Draws how far loading and scoring are, ten times a second on a terminal, once elsewhere. */
#include "score/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"

struct progress {
    bool drawing, terminal;
    mgeo_progress *loading;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool end, scoring;
    double begun;
    uint64_t size, rows, position;
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

void progress_line(char *to, size_t capacity, int columns, double seconds, uint64_t rows,
                   uint64_t position, uint64_t size) {
    char clock[32], bar[64];
    double rate = seconds > 0 ? (double)rows / seconds : 0;
    if (size == 0) {
        put_time(clock, sizeof clock, seconds);
        snprintf(to, capacity, "%" PRIu64 " rows  %.0f/s  %s", rows, rate, clock);
        return;
    }
    double share = position < size ? (double)position / (double)size : 1.0;
    if (share > 0 && rows > 0) {
        put_time(clock, sizeof clock, seconds * (1 - share) / share);
    } else {
        snprintf(clock, sizeof clock, "-:--");
    }
    int cells = columns - 50;
    put_bar(bar, cells < 10 ? 10 : cells > 40 ? 40 : cells, share);
    snprintf(to, capacity, "[%s] %3.0f%%  %" PRIu64 " rows  %.0f/s  ETA %s", bar, share * 100, rows,
             rate, clock);
}

static int terminal_columns(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

static void loading_line(const mgeo_progress *loading, char *to, size_t capacity) {
    static const char *const stages[] = {
        [MGEO_STAGE_IDLE] = "loading",          [MGEO_STAGE_READING] = "reading the model",
        [MGEO_STAGE_HASHING] = "hashing",       [MGEO_STAGE_PLACING] = "placing the weights",
        [MGEO_STAGE_WARMING] = "warming up",    [MGEO_STAGE_SCORING] = "scoring",
        [MGEO_STAGE_FINISHED] = "model loaded",
    };
    int32_t stage = 0;
    uint64_t done = 0, total = 0;
    mgeo_progress_read(loading, &stage, &done, &total);
    if (stage < 0 || stage > MGEO_STAGE_FINISHED) stage = MGEO_STAGE_IDLE;
    if (total > 0) {
        snprintf(to, capacity, "%s %3.0f%%", stages[stage], 100.0 * (double)done / (double)total);
    } else {
        snprintf(to, capacity, "%s", stages[stage]);
    }
}

static void draw(const struct progress *progress) {
    char line[256];
    if (progress->scoring) {
        progress_line(line, sizeof line, terminal_columns(), clock_seconds() - progress->begun,
                      progress->rows, progress->position, progress->size);
    } else {
        loading_line(progress->loading, line, sizeof line);
    }
    message_status(line, progress->terminal);
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
    started->terminal = isatty(STDERR_FILENO);
    started->drawing =
        mode == PROGRESS_ALWAYS || (mode == PROGRESS_AUTO && started->terminal && !quiet);
    started->loading = loading;
    pthread_mutex_init(&started->lock, NULL);
    pthread_cond_init(&started->ended, NULL);
    if (started->drawing) {
        started->drawing = pthread_create(&started->thread, NULL, run, started) == 0;
    }
    return started;
}

void progress_scoring(struct progress *progress, uint64_t size) {
    pthread_mutex_lock(&progress->lock);
    progress->scoring = true;
    progress->begun = clock_seconds();
    progress->size = size;
    pthread_mutex_unlock(&progress->lock);
}

void progress_update(struct progress *progress, uint64_t rows, uint64_t position) {
    pthread_mutex_lock(&progress->lock);
    progress->rows = rows;
    progress->position = position;
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
