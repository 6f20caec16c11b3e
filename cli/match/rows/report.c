/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the rank at which a known match stands among the candidates. */
#include "match/rows/report.h"

#include <inttypes.h>

#include "common/message.h"
#include "common/string_buffer.h"
#include "match/reference/records.h"
#include "table/reader.h"

/* The rank of the first candidate that is known to match, from 1; 0: none is. */
static size_t rank_of(const struct run *run, const struct batch *batch, size_t query,
                      const char *id, size_t length) {
    size_t count;
    const mgeo_candidate *candidate = mgeo_candidates_of(batch->found, query, &count);
    for (size_t j = 0; j < count; j++, candidate++) {
        if (known_pairs_hold(run->known, id, length, candidate->id, candidate->id_len)) {
            return j + 1;
        }
    }
    return 0;
}

static void add_decision(struct run *run, const struct match_decision *decision, const char *id,
                         size_t length) {
    const mgeo_candidate *best = decision->best.candidate;
    if (decision->state != MATCH_FOUND) return;
    run->totals.count[TOTALS_KNOWN_MATCHED]++;
    run->totals.count[TOTALS_KNOWN_RIGHT] +=
        known_pairs_hold(run->known, id, length, best->id, best->id_len);
}

void report_add_batch(struct run *run, const struct batch *batch,
                      const struct match_decision *decisions) {
    uint64_t *count = run->totals.count;
    const struct table *table = reader_table(run->reader);
    for (size_t i = 0; run->known != NULL && i < batch->count; i++) {
        const struct row *row = &batch->rows.rows[i];
        char number[24];
        size_t length, first;
        if (row->reason != ROW_GOOD) continue;
        const char *id =
            records_row_id(table, &batch->rows, row, batch->rows_before + i + 1, number, &length);
        if (known_pairs_of(run->known, id, length, &first) == 0) continue;
        size_t rank = rank_of(run, batch, i, id, length);
        count[TOTALS_KNOWN]++;
        count[TOTALS_KNOWN_AT_1] += rank == 1;
        count[TOTALS_KNOWN_AT_5] += rank >= 1 && rank <= 5;
        count[TOTALS_KNOWN_AT_20] += rank >= 1 && rank <= 20;
        count[TOTALS_KNOWN_FOUND] += rank >= 1;
        if (decisions != NULL) add_decision(run, &decisions[i], id, length);
    }
}

/* ---- telling --------------------------------------------------------------------------------- */

static double share(uint64_t part, uint64_t whole) {
    return whole > 0 ? (double)part / (double)whole : 0;
}

static void put_known(const struct run *run, struct string_buffer *text) {
    const uint64_t *count = run->totals.count;
    uint64_t known = count[TOTALS_KNOWN], top = run->options->top;
    string_buffer_format(text, "rows with a known match: %" PRIu64 "%s\n", known,
                         known > 0 ? ""
                                   : ", so that there is nothing to compare: are the ids "
                                     "those of --id?");
    if (known == 0) return;
    string_buffer_format(text, "recall of the candidates at 1: %.4f",
                         share(count[TOTALS_KNOWN_AT_1], known));
    if (top > 5) {
        string_buffer_format(text, ", at 5: %.4f", share(count[TOTALS_KNOWN_AT_5], known));
    }
    if (top > 20) {
        string_buffer_format(text, ", at 20: %.4f", share(count[TOTALS_KNOWN_AT_20], known));
    }
    if (top > 1) {
        string_buffer_format(text, ", at %" PRIu64 ": %.4f", top,
                             share(count[TOTALS_KNOWN_FOUND], known));
    }
    string_buffer_put(text, "\n");
    if (run->options->candidates) return;
    double precision = share(count[TOTALS_KNOWN_RIGHT], count[TOTALS_KNOWN_MATCHED]);
    double recall = share(count[TOTALS_KNOWN_RIGHT], known);
    double f1 = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
    uint64_t matched = count[TOTALS_SAME_TEXT] + count[TOTALS_SAME_FORM] + count[TOTALS_BY_MODEL];
    string_buffer_format(text, "matches: recall %.4f, precision %.4f, F1 %.4f\n", recall, precision,
                         f1);
    string_buffer_format(text, "matched rows of which the file tells nothing: %" PRIu64 "\n",
                         matched - count[TOTALS_KNOWN_MATCHED]);
}

static void say_counts(const struct run *run) {
    const uint64_t *count = run->totals.count;
    if (count[TOTALS_ROWS] == 0) {
        message_print("there are no rows");
        return;
    }
    if (run->options->candidates) {
        message_print("rows: %" PRIu64 ", candidates: %" PRIu64 ", rows without one: %" PRIu64,
                      count[TOTALS_ROWS], count[TOTALS_CANDIDATES], count[TOTALS_NOTHING]);
        return;
    }
    message_print(
        "rows: %" PRIu64 ", matched: %" PRIu64 " (same text %" PRIu64 ", same form %" PRIu64
        ", by the model %" PRIu64 "), unmatched: %" PRIu64 " (below the threshold %" PRIu64
        ", without a candidate %" PRIu64 ", taken by others %" PRIu64 "), bad: %" PRIu64,
        count[TOTALS_ROWS],
        count[TOTALS_SAME_TEXT] + count[TOTALS_SAME_FORM] + count[TOTALS_BY_MODEL],
        count[TOTALS_SAME_TEXT], count[TOTALS_SAME_FORM], count[TOTALS_BY_MODEL],
        count[TOTALS_BELOW] + count[TOTALS_NOTHING] + count[TOTALS_TAKEN], count[TOTALS_BELOW],
        count[TOTALS_NOTHING], count[TOTALS_TAKEN], run->row_errors.total);
    totals_say_pairs(&run->totals, run_cascade(run) != NULL);
}

bool report_match(const struct run *run) {
    row_errors_print_total(&run->row_errors);
    if (!run->options->quiet) say_counts(run);
    if (run->known == NULL) return true;
    struct string_buffer text = {0};
    put_known(run, &text);
    bool done = message_text(text.bytes);
    string_buffer_finish(&text);
    return done;
}
