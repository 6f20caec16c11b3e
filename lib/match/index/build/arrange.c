/* SPDX-License-Identifier: Apache-2.0 */
/* A build's documents in order of their locality: what is often found together lies together, so
 * that a search asks little of the memory's latency. */
#include "match/index/build/state.h"

static void write_rows(mgi_build *build, const mgi_sort_pair *pairs) {
    uint32_t *rows = build->segment->sections[MGI_SECTION_ROWS];
    uint32_t *order = build->segment->sections[MGI_SECTION_ROW_ORDER];
    uint32_t *ids = build->segment->sections[MGI_SECTION_IDS];
    for (size_t i = 0; i < build->count; i++) {
        rows[i] = (uint32_t)pairs[i].value;
        order[pairs[i].value] = (uint32_t)i;
    }
    for (size_t i = 0; i < build->count; i++) ids[i] = order[ids[i]];
}

/* The entries move to where they belong: into a second array, which takes the place of the first.
 */
static void move_entries(mgi_build *build) {
    mgi_segment_document *from = build->segment->sections[MGI_SECTION_DOCUMENTS];
    const uint32_t *rows = build->segment->sections[MGI_SECTION_ROWS];
    mgi_segment_document *to = mgi_build_alloc(build, build->count + 1, sizeof *to);
    if (to == NULL) return;
    for (size_t i = 0; i < build->count; i++) to[i] = from[rows[i]];
    mgi_build_free(build, from, build->count + 1, sizeof *from);
    build->segment->sections[MGI_SECTION_DOCUMENTS] = to;
}

void mgi_build_arrange(mgi_build *build) {
    const mgi_segment_document *documents = mgi_segment_documents(build->segment);
    mgi_sort_pair *pairs = mgi_build_alloc(build, build->count, sizeof *pairs);
    mgi_sort_pair *spare = mgi_build_alloc(build, build->count, sizeof *spare);
    if (mgi_build_goes_on(build) &&
        mgi_build_section(build, MGI_SECTION_ROWS, build->count, sizeof(uint32_t)) &&
        mgi_build_section(build, MGI_SECTION_ROW_ORDER, build->count, sizeof(uint32_t))) {
        for (size_t i = 0; i < build->count; i++) {
            pairs[i] = (mgi_sort_pair){documents[i].locality, i};
        }
        mgi_sort_pairs(pairs, spare, build->count);
        write_rows(build, pairs);
        move_entries(build);
    }
    mgi_build_free(build, pairs, build->count, sizeof *pairs);
    mgi_build_free(build, spare, build->count, sizeof *spare);
}
