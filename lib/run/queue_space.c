/* SPDX-License-Identifier: Apache-2.0 */
/* Callers that wait for space in a full queue are served in the order they came. */
#define _GNU_SOURCE
#include "run/queue_space.h"

#include "run/call.h"

static void enter_line(mgi_runner *runner, mgi_call *call) {
    call->next = NULL;
    *(runner->space_first == NULL ? &runner->space_first : &runner->space_last->next) = call;
    runner->space_last = call;
}

static void leave_line(mgi_runner *runner, mgi_call *call) {
    mgi_call *before = NULL;
    for (mgi_call *at = runner->space_first; at != NULL && at != call; at = at->next) before = at;
    *(before == NULL ? &runner->space_first : &before->next) = call->next;
    if (runner->space_last == call) runner->space_last = before;
}

void mgi_queue_space_signal(mgi_runner *runner) {
    if (runner->space_first != NULL && runner->queue.free_count > 0) {
        pthread_cond_signal(&runner->space_first->wake);
    }
}

mgi_queue_row *mgi_queue_space_claim(mgi_runner *runner, mgi_call *call, uint32_t max_rows) {
    if (runner->space_first != NULL || runner->queue.free_count == 0) {
        enter_line(runner, call);
        while (!mgi_call_is_over(call) &&
               (runner->space_first != call || runner->queue.free_count == 0)) {
            mgi_call_wait(runner, call);
        }
        leave_line(runner, call);
    }
    uint32_t count = 0;
    mgi_queue_row *rows = NULL;
    if (!mgi_call_is_over(call)) rows = mgi_queue_claim(&runner->queue, max_rows, &count);
    mgi_queue_space_signal(runner);
    return rows;
}
