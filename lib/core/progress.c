/* SPDX-License-Identifier: Apache-2.0 */
/* The block by which callers watch and cancel a long call. Every function takes NULL. */
#include "core/progress.h"

enum { CANCEL, STAGE, DONE, TOTAL };

/* The public struct is plain words, so that C++ and FFI can hold it; the builtins give them the
 * atomic access that C11's _Atomic would. */
static void word_set(mgeo_progress *progress, int word, uint64_t value) {
    __atomic_store_n(&progress->reserved[word], value, __ATOMIC_RELAXED);
}

static uint64_t progress_word(const mgeo_progress *progress, int word) {
    return __atomic_load_n(&progress->reserved[word], __ATOMIC_RELAXED);
}

void mgeo_progress_cancel(mgeo_progress *progress) {
    if (progress != NULL) word_set(progress, CANCEL, 1);
}

void mgeo_progress_read(const mgeo_progress *progress, int32_t *stage, uint64_t *done,
                        uint64_t *total) {
    if (stage != NULL) *stage = progress == NULL ? 0 : (int32_t)progress_word(progress, STAGE);
    if (done != NULL) *done = progress == NULL ? 0 : progress_word(progress, DONE);
    if (total != NULL) *total = progress == NULL ? 0 : progress_word(progress, TOTAL);
}

void mgi_progress_stage(mgeo_progress *progress, mgeo_stage stage, uint64_t total) {
    if (progress == NULL) return;
    word_set(progress, DONE, 0);
    word_set(progress, TOTAL, total);
    word_set(progress, STAGE, (uint64_t)stage);
}

void mgi_progress_add(mgeo_progress *progress, uint64_t done) {
    if (progress != NULL) {
        __atomic_fetch_add(&progress->reserved[DONE], done, __ATOMIC_RELAXED);
    }
}

bool mgi_progress_cancelled(const mgeo_progress *progress) {
    return progress != NULL && progress_word(progress, CANCEL) != 0;
}

mgeo_status mgi_progress_check(const mgeo_progress *progress, mgeo_error *error) {
    if (!mgi_progress_cancelled(progress)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_CANCELLED, "cancelled by the caller");
}
