/* SPDX-License-Identifier: Apache-2.0 */
/* Work that must leave the processors to scoring. */
#include "core/background.h"

#include "core/thread.h"

typedef struct closure {
    void (*body)(void *);
    void *argument;
} closure;

static void *closure_main(void *argument) {
    closure *errand = argument;
    mgi_thread_name("mgeo-load");
    mgi_thread_lower_priority();
    errand->body(errand->argument);
    return NULL;
}

/* A thread of its own, because a low priority cannot be raised again without privileges. */
static bool run_at_low_priority(closure *errand) {
    pthread_t thread;
    int failed = mgi_thread_start(&thread, closure_main, errand);
    if (failed == 0) pthread_join(thread, NULL);
    return failed == 0;
}

void mgi_background_run(bool aside, void (*body)(void *), void *argument) {
    closure errand = {.body = body, .argument = argument};
    if (!aside || !run_at_low_priority(&errand)) body(argument);
}
