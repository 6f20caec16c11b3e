/* SPDX-License-Identifier: Apache-2.0 */
/* What a search works in: kept by the index, so that a query allocates nothing large. */
#include "match/index/scratch.h"

#include "core/alloc.h"

#include <string.h>

/* Places and not a lock: a child that is forked while another thread has one loses no more than
 * that one. */
mgi_scratch *mgi_scratch_take(mgi_scratch_store *store) {
    for (int i = 0; i < MGI_SCRATCH_KEPT; i++) {
        if (atomic_load_explicit(&store->kept[i], memory_order_relaxed) == NULL) continue;
        mgi_scratch *scratch = atomic_exchange(&store->kept[i], NULL);
        if (scratch != NULL) return scratch;
    }
    return mgi_calloc(1, sizeof(mgi_scratch));
}

/* Room for a text that is far longer than an address is not kept for the next ones. */
static void forget_long_text(mgi_scratch *scratch) {
    enum { LONG_TEXT = 1 << 16 };
    if (scratch->form.character_capacity > LONG_TEXT) mgi_normal_form_finish(&scratch->form);
}

void mgi_scratch_give(mgi_scratch_store *store, mgi_scratch *scratch) {
    if (scratch != NULL) forget_long_text(scratch);
    for (int i = 0; i < MGI_SCRATCH_KEPT && scratch != NULL; i++) {
        mgi_scratch *none = NULL;
        if (atomic_load_explicit(&store->kept[i], memory_order_relaxed) != NULL) continue;
        if (atomic_compare_exchange_strong(&store->kept[i], &none, scratch)) return;
    }
    mgi_scratch_destroy(scratch);
}

void mgi_scratch_destroy(mgi_scratch *scratch) {
    if (scratch == NULL) return;
    mgi_normal_form_finish(&scratch->form);
    mgi_terms_finish(&scratch->terms);
    mgi_rank_finish(&scratch->rank);
    mgi_free(scratch->shares);
    mgi_free(scratch->numbers);
    mgi_free(scratch->lists);
    mgi_free(scratch->ranks);
    mgi_free(scratch->sums);
    mgi_free(scratch->touched);
    mgi_free(scratch->pool);
    mgi_free(scratch->found);
    mgi_free(scratch);
}

void mgi_scratch_store_finish(mgi_scratch_store *store) {
    for (int i = 0; i < MGI_SCRATCH_KEPT; i++) mgi_scratch_destroy(atomic_load(&store->kept[i]));
}

bool mgi_scratch_fit_documents(mgi_scratch *scratch, size_t documents) {
    if (documents <= scratch->documents) return true;
    uint16_t *sums = mgi_calloc(documents, sizeof *sums);
    uint32_t *touched = mgi_calloc(documents + 1, sizeof *touched);
    if (sums == NULL || touched == NULL) {
        mgi_free(sums);
        mgi_free(touched);
        return false;
    }
    mgi_free(scratch->sums);
    mgi_free(scratch->touched);
    scratch->sums = sums;
    scratch->touched = touched;
    scratch->documents = documents;
    return true;
}

/* Grows an array of `scratch`; false: out of memory, and it is as it was. */
#define GROW(array, count) grow_to((void *)&(array), mgi_realloc(array, count, sizeof *(array)))

static bool grow_to(void *array, void *grown) {
    if (grown != NULL) memcpy(array, &grown, sizeof grown);
    return grown != NULL;
}

bool mgi_scratch_fit_terms(mgi_scratch *scratch, size_t terms, size_t segments) {
    if (terms > scratch->terms_capacity) {
        if (!GROW(scratch->shares, terms) || !GROW(scratch->lists, terms) ||
            !GROW(scratch->ranks, terms)) {
            return false;
        }
        scratch->terms_capacity = terms;
    }
    if (terms * segments <= scratch->numbers_capacity) return true;
    if (!GROW(scratch->numbers, terms * segments)) return false;
    scratch->numbers_capacity = terms * segments;
    return true;
}

bool mgi_scratch_fit_pool(mgi_scratch *scratch, size_t pool) {
    if (pool <= scratch->pool_capacity) return true;
    if (!GROW(scratch->pool, pool)) return false;
    scratch->pool_capacity = pool;
    return true;
}

bool mgi_scratch_fit_found(mgi_scratch *scratch, size_t found) {
    if (found <= scratch->found_capacity) return true;
    if (!GROW(scratch->found, found)) return false;
    scratch->found_capacity = found;
    return true;
}
