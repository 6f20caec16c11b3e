/* SPDX-License-Identifier: Apache-2.0 */
/* Signal handling: a flag, a pipe to wake poll(), cancellation of calls, files to remove. */
#include "common/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"

enum { MAX_GUARDED = 8 };

static atomic_int signals_seen;
static atomic_bool stopping;
static int wake_pipe[2] = {-1, -1};
static bool broken_pipe_ignored;
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

/* What it was read for cannot go on. No call that is not safe in a handler. Several threads may
 * come upon it at once, of which one speaks. */
static void end_by_cut_file(void) {
    static atomic_flag told = ATOMIC_FLAG_INIT;
    static const char line[] = ": an index file was cut short or overwritten while it was in use; "
                               "put another into its place by renaming (mv), not by writing (cp)\n";
    while (atomic_flag_test_and_set(&told)) pause();
    const char *program = message_program();
    if (write(STDERR_FILENO, program, strlen(program)) < 0 ||
        write(STDERR_FILENO, line, sizeof line - 1) < 0) { /* there is no other place to say it */
    }
    _exit(2);
}

/* Without a handler and raised again, the signal does what it does, which may be a core file. It
 * waits until the handler has returned. */
static void on_deadly_signal(int number, siginfo_t *about, void *context) {
    (void)context;
    interrupt_remove_guarded();
    if (number == SIGBUS && about->si_code == BUS_ADRERR) end_by_cut_file();
    signal(number, SIG_DFL);
    raise(number);
}

/* These do not end a program, or cannot be caught. */
static bool is_harmless(int number) {
    static const int harmless[] = {SIGCHLD, SIGCONT, SIGKILL, SIGSTOP,  SIGTSTP,
                                   SIGTTIN, SIGTTOU, SIGURG,  SIGWINCH, 0};
    for (size_t i = 0; harmless[i] != 0; i++) {
        if (number == harmless[i]) return true;
    }
    return false;
}

static bool asks_to_stop(int number) {
    return number == SIGINT || number == SIGTERM || number == SIGHUP;
}

/* A handler that is there already is a sanitizer's. The C library keeps some numbers to itself and
 * refuses them. */
static bool handle(int number) {
    struct sigaction action, before;
    if (sigaction(number, NULL, &before) != 0) return number > SIGSYS;
    if (before.sa_handler != SIG_DFL) return true;
    memset(&action, 0, sizeof action);
    sigfillset(&action.sa_mask);
    if (asks_to_stop(number)) {
        action.sa_handler = on_signal;
    } else {
        action.sa_sigaction = on_deadly_signal;
        action.sa_flags = SA_SIGINFO;
    }
    return sigaction(number, &action, NULL) == 0;
}

static bool ignore(int number, bool *ignored_before) {
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_IGN;
    if (sigaction(number, &action, &before) != 0) return false;
    *ignored_before = before.sa_handler == SIG_IGN;
    return true;
}

bool interrupt_install(void) {
    bool limit_ignored;
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    if (!ignore(SIGPIPE, &broken_pipe_ignored) || !ignore(SIGXFSZ, &limit_ignored)) return false;
    for (int number = 1; number < NSIG; number++) {
        if (!is_harmless(number) && !handle(number)) return false;
    }
    interrupt_let_go(); /* a mask left behind by the caller would make us deaf */
    return true;
}

bool interrupt_broken_pipe_ends(void) { return !broken_pipe_ignored; }

void interrupt_end_by_broken_pipe(void) {
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

void interrupt_leave_to_main(void) { interrupt_hold(); }

/* But for those that a thread raises itself: blocked, they end the program without a handler. */
void interrupt_hold(void) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

void interrupt_let_go(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_UNBLOCK, &all, NULL);
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
