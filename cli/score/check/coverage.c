/* SPDX-License-Identifier: Apache-2.0 */
/* Asks about each character of GB 2312 beside an empty text: rows without a score are flagged too.
 */
#include "score/check/coverage.h"

#include <iconv.h>
#include <string.h>

/* Rows 16 to 87 of the standard hold its ideographs, the last places of some are free. */
enum { ROW_FIRST = 0xB0, ROW_LAST = 0xF7, CELL_FIRST = 0xA1, CELLS = 94 };

/* One row of the table, each character as a text of its own. */
struct table_row {
    char texts[CELLS][5];
    size_t count;
};

static void read_row(iconv_t decoder, int row, struct table_row *to) {
    to->count = 0;
    for (int cell = CELL_FIRST; cell < CELL_FIRST + CELLS; cell++) {
        char code[2] = {(char)row, (char)cell};
        char *in = code, *out = to->texts[to->count];
        size_t in_left = sizeof code, out_left = sizeof to->texts[0] - 1;
        iconv(decoder, NULL, NULL, NULL, NULL);
        if (iconv(decoder, &in, &in_left, &out, &out_left) == (size_t)-1) continue;
        *out = '\0';
        to->count++;
    }
}

static bool ask(mgeo_engine *engine, const struct table_row *row, uint32_t *flags) {
    mgeo_pair pairs[CELLS];
    float similarity[CELLS];
    for (size_t i = 0; i < row->count; i++) {
        pairs[i] = (mgeo_pair){row->texts[i], MGEO_NUL_TERMINATED, "", 0};
    }
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity, .flags = flags};
    return mgeo_score(engine, pairs, row->count, &scores, NULL) == MGEO_OK;
}

static void note_lacking(struct coverage *coverage, const char text[5]) {
    if (coverage->lacking < COVERAGE_SHOWN) memcpy(coverage->shown[coverage->lacking], text, 5);
    coverage->lacking++;
}

void coverage_measure(mgeo_engine *engine, struct coverage *coverage) {
    memset(coverage, 0, sizeof *coverage);
    iconv_t decoder = iconv_open("UTF-8", "GB2312");
    if (decoder == (iconv_t)-1) return;
    for (int number = ROW_FIRST; number <= ROW_LAST; number++) {
        struct table_row row;
        uint32_t flags[CELLS];
        read_row(decoder, number, &row);
        if (!ask(engine, &row, flags)) break;
        coverage->all += (unsigned)row.count;
        for (size_t i = 0; i < row.count; i++) {
            if ((flags[i] & MGEO_ROW_UNKNOWN_CHARACTERS) != 0) note_lacking(coverage, row.texts[i]);
        }
    }
    iconv_close(decoder);
    coverage->known = true;
}

unsigned coverage_shown(const struct coverage *coverage) {
    return coverage->lacking < COVERAGE_SHOWN ? coverage->lacking : COVERAGE_SHOWN;
}
