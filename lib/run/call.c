/* SPDX-License-Identifier: Apache-2.0 */
/* One caller's call: a place in the pool, and the caller's arrays. */
#define _GNU_SOURCE
#include "core/alloc.h"
#include "core/thread.h"
#include "run/state.h"

static void call_destroy(mgi_call *call) {
    if (call == NULL) return;
    pthread_cond_destroy(&call->wake);
    mgi_tokenizer_scratch_destroy(call->scratch);
    mgi_free(call);
}

static mgi_call *call_create(mgi_runner *runner) {
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
    mgi_call *call = runner->pool;
    if (call != NULL) {
        runner->pool = call->next;
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
    call->next = runner->pool;
    runner->pool = call;
}

void mgi_call_pool_finish(mgi_runner *runner) {
    while (runner->pool != NULL) {
        mgi_call *call = runner->pool;
        runner->pool = call->next;
        call_destroy(call);
    }
}
