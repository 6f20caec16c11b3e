/* Work that must leave the processors to scoring. */
#define _GNU_SOURCE
#include "core/thread.h"
#include "engine/state.h"

#include <signal.h>

typedef struct mgi_errand {
    void (*body)(void *);
    void *argument;
} mgi_errand;

static void *mgi_errand_main(void *argument) {
    mgi_errand *errand = argument;
    mgi_thread_name("mgeo-load");
    mgi_thread_be_nice();
    errand->body(errand->argument);
    return NULL;
}

/* A thread of its own, because a low priority cannot be raised again without privileges. */
static bool mgi_run_in_nice_thread(mgi_errand *errand) {
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, NULL, mgi_errand_main, errand);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0) pthread_join(thread, NULL);
    return failed == 0;
}

void mgi_run_aside(bool aside, void (*body)(void *), void *argument) {
    mgi_errand errand = {.body = body, .argument = argument};
    if (!aside || !mgi_run_in_nice_thread(&errand)) body(argument);
}
