/* SPDX-License-Identifier: Apache-2.0 */
/* Calls in flight: each has its state here, which is reused and not freed between calls. */
#define _GNU_SOURCE
#include "run/call.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/progress.h"

/* Seconds: how often a waiting caller looks whether it was cancelled. */
static const double cancel_poll = 0.01;

static void call_destroy(mgi_call *call) {
    if (call == NULL) return;
    pthread_cond_destroy(&call->wake);
    mgi_tokenizer_scratch_destroy(call->scratch);
    mgi_free(call);
}

static mgi_call *call_create(const mgi_runner *runner) {
    mgi_call *call = mgi_calloc(1, sizeof *call);
    if (call == NULL) return NULL;
    if (mgi_lock_cond_init(&call->wake) != 0) {
        mgi_free(call);
        return NULL;
    }
    call->scratch = mgi_tokenizer_scratch_create(runner->max_length);
    if (call->scratch == NULL) {
        call_destroy(call);
        return NULL;
    }
    return call;
}

mgi_call *mgi_call_begin(mgi_runner *runner, mgeo_scores *scores) {
    mgi_call *call = runner->idle_calls;
    if (call != NULL) {
        runner->idle_calls = call->next;
    } else {
        mgi_lock_release(&runner->mutex);
        call = call_create(runner);
        mgi_lock_acquire(&runner->mutex);
        if (call == NULL) return NULL;
    }
    runner->calls++;
    call->stripe = runner->next_stripe++;
    call->next = NULL;
    call->scores = scores;
    call->tokens = 0;
    call->failed_rows = 0;
    call->refused_rows = 0;
    call->skipped_rows = 0;
    call->status = MGEO_OK;
    return call;
}

void mgi_call_end(mgi_runner *runner, mgi_call *call) {
    runner->calls--;
    call->scores = NULL;
    call->next = runner->idle_calls;
    runner->idle_calls = call;
}

bool mgi_call_is_over(const mgi_call *call) {
    return call->status != MGEO_OK || mgi_progress_cancelled(call->scores->progress);
}

void mgi_call_wait(mgi_runner *runner, mgi_call *call) {
    if (call->scores->progress == NULL) {
        mgi_lock_wait(&runner->mutex, &call->wake);
        return;
    }
    mgi_lock_wait_until(&runner->mutex, &call->wake, mgi_clock_now() + cancel_poll);
}

void mgi_call_free_idle(mgi_runner *runner) {
    while (runner->idle_calls != NULL) {
        mgi_call *call = runner->idle_calls;
        runner->idle_calls = call->next;
        call_destroy(call);
    }
}
