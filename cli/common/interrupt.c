/* SPDX-License-Identifier: Apache-2.0 */
/* Signal handling: a flag, a pipe to wake poll(), cancellation of calls, files to remove. */
#include "common/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { MAX_GUARDED = 8 };

static atomic_int signals_seen;
static atomic_bool stopping;
static int wake_pipe[2] = {-1, -1};
static mgeo_progress calls[INTERRUPT_CALLS];
static char guarded[MAX_GUARDED][PATH_MAX];
static atomic_bool is_guarded[MAX_GUARDED];

void interrupt_stop(void) {
    atomic_store(&stopping, true);
    for (unsigned i = 0; i < INTERRUPT_CALLS; i++) mgeo_progress_cancel(&calls[i]);
    if (write(wake_pipe[1], "!", 1) < 0) { /* full: it is readable already */
    }
}

static void on_signal(int number) {
    (void)number;
    int saved = errno;
    if (atomic_fetch_add(&signals_seen, 1) > 0) {
        interrupt_remove_guarded();
        _exit(130);
    }
    interrupt_stop();
    errno = saved;
}

bool interrupt_install(void) {
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_signal;
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0) {
        return false;
    }
    action.sa_handler = SIG_IGN;
    return sigaction(SIGPIPE, &action, NULL) == 0;
}

bool interrupt_received(void) { return atomic_load(&signals_seen) > 0; }

bool interrupt_stopping(void) { return atomic_load(&stopping); }

int interrupt_descriptor(void) { return wake_pipe[0]; }

mgeo_progress *interrupt_progress(unsigned call) {
    mgeo_progress *progress = &calls[call % INTERRUPT_CALLS];
    memset(progress, 0, sizeof *progress);
    if (interrupt_stopping()) mgeo_progress_cancel(progress); /* it came before the zeroing */
    return progress;
}

int interrupt_guard(const char *path) {
    for (int i = 0; i < MAX_GUARDED; i++) {
        if (atomic_load(&is_guarded[i]) || strlen(path) >= PATH_MAX) continue;
        strcpy(guarded[i], path);
        atomic_store(&is_guarded[i], true);
        return i;
    }
    return -1;
}

void interrupt_unguard(int ticket) {
    if (ticket >= 0) atomic_store(&is_guarded[ticket], false);
}

void interrupt_remove_guarded(void) {
    for (int i = 0; i < MAX_GUARDED; i++) {
        if (atomic_load(&is_guarded[i])) unlink(guarded[i]);
    }
}
