/* SPDX-License-Identifier: Apache-2.0 */
/* Long work at low priority, so that the processors are left to scoring. */
#include "core/background.h"

#include "core/thread.h"

typedef struct closure {
    void (*body)(void *);
    void *argument;
} closure;

static void *closure_main(void *argument) {
    closure *work = argument;
    mgi_thread_name("mgeo-load");
    mgi_thread_lower_priority();
    work->body(work->argument);
    return NULL;
}

/* A thread of its own, because a low priority cannot be raised again without privileges. */
static bool run_at_low_priority(closure *work) {
    pthread_t thread;
    int failed = mgi_thread_start(&thread, closure_main, work);
    if (failed == 0) pthread_join(thread, NULL);
    return failed == 0;
}

void mgi_background_run(bool background, void (*body)(void *), void *argument) {
    closure work = {.body = body, .argument = argument};
    if (!background || !run_at_low_priority(&work)) body(argument);
}
