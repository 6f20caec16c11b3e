/* Work that must leave the processors to scoring. */
#include "core/background.h"

#include "core/thread.h"

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
    pthread_t thread;
    int failed = mgi_thread_start(&thread, mgi_errand_main, errand);
    if (failed == 0) pthread_join(thread, NULL);
    return failed == 0;
}

void mgi_run_aside(bool aside, void (*body)(void *), void *argument) {
    mgi_errand errand = {.body = body, .argument = argument};
    if (!aside || !mgi_run_in_nice_thread(&errand)) body(argument);
}
