/* SPDX-License-Identifier: Apache-2.0 */
/* One list of names serves for both ways. */
#include "match/search/totals.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/message.h"
#include "scoring/cascade/cascade.h"

static const char *const names[] = {
#define TOTALS_NAME(name, text) [name] = text,
    TOTALS_LIST(TOTALS_NAME)
#undef TOTALS_NAME
};

static int step_of(const struct row *row) {
    if (row->repeated) return TOTALS_REPEATED;
    if (row->decided == CASCADE_SAME_FORM) return TOTALS_WRITING;
    return row->decided == CASCADE_FIRST ? TOTALS_FIRST : TOTALS_SCORED;
}

void totals_add_pairs(struct totals *totals, const struct batch *batch) {
    size_t all = 0;
    for (size_t i = 0; i < batch->count; i++) {
        size_t count;
        mgeo_candidates_of(batch->found, i, &count);
        all += count;
    }
    totals->count[TOTALS_WRITING] += all - batch->pairs.count;
    for (size_t i = 0; i < batch->pairs.count; i++) {
        totals->count[step_of(&batch->pairs.rows[i])]++;
    }
}

void totals_say_pairs(const struct totals *totals, bool cascade) {
    const uint64_t *count = totals->count;
    char first[64] = "";
    if (cascade) {
        snprintf(first, sizeof first, ", by the first model: %" PRIu64, count[TOTALS_FIRST]);
    }
    message_print("pairs decided by writing: %" PRIu64 "%s, scored by the model: %" PRIu64
                  ", that came before: %" PRIu64,
                  count[TOTALS_WRITING], first, count[TOTALS_SCORED], count[TOTALS_REPEATED]);
}

void totals_save(const void *opaque, struct notes *to) {
    const struct totals *totals = opaque;
    for (size_t i = 0; i < TOTALS; i++) notes_add(to, names[i], "%" PRIu64, totals->count[i]);
    notes_add(to, "bad", "%" PRIu64, totals->row_errors->total);
}

bool totals_load(void *opaque, const struct notes *from) {
    struct totals *totals = opaque;
    for (size_t i = 0; i < TOTALS; i++) {
        if (notes_find(from, names[i]) == NULL) return false;
        totals->count[i] = notes_whole(from, names[i]);
    }
    totals->row_errors->total = notes_whole(from, "bad");
    return true;
}
