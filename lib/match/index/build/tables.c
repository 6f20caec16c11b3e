/* SPDX-License-Identifier: Apache-2.0 */
/* What finds documents by other things than terms: their forms, their ids; and the records. */
#include "match/index/build/state.h"

#include <string.h>

void mgi_build_write_table(mgi_build *build, mgi_section buckets, mgi_section section,
                           const mgi_sort_pair *pairs) {
    const uint64_t count = build->segment->documents;
    const unsigned bits = mgi_segment_bucket_bits(count);
    if (!mgi_build_section(build, section, count, sizeof(uint32_t)) ||
        !mgi_build_section(build, buckets, (UINT64_C(1) << bits) + 1, sizeof(uint32_t))) {
        return;
    }
    uint32_t *documents = build->segment->sections[section];
    uint32_t *starts = build->segment->sections[buckets];
    uint64_t at = 0;
    for (uint64_t i = 0; i < count; i++) documents[i] = (uint32_t)pairs[i].value;
    for (uint64_t bucket = 0; bucket <= UINT64_C(1) << bits; bucket++) {
        while (at < count && mgi_segment_bucket(pairs[at].key, bits) < bucket) at++;
        starts[bucket] = (uint32_t)at;
    }
}

void mgi_build_write_forms(mgi_build *build) {
    const mgi_segment_document *documents = mgi_segment_documents(build->segment);
    mgi_sort_pair *pairs = mgi_build_alloc(build, build->count, sizeof *pairs);
    mgi_sort_pair *spare = mgi_build_alloc(build, build->count, sizeof *spare);
    if (mgi_build_goes_on(build)) {
        for (size_t row = 0; row < build->count; row++) {
            const uint32_t document = mgi_segment_at_row(build->segment, row);
            pairs[row] = (mgi_sort_pair){documents[document].digest, document};
        }
        mgi_sort_pairs(pairs, spare, build->count);
        mgi_build_write_table(build, MGI_SECTION_FORM_BUCKETS, MGI_SECTION_FORMS, pairs);
    }
    mgi_build_free(build, pairs, build->count, sizeof *pairs);
    mgi_build_free(build, spare, build->count, sizeof *spare);
}

static uint64_t place_records(mgi_build *build) {
    mgi_segment_document *documents = build->segment->sections[MGI_SECTION_DOCUMENTS];
    const uint32_t *rows = mgi_segment_words(build->segment, MGI_SECTION_ROWS);
    uint64_t at = 0;
    for (size_t i = 0; i < build->count; i++) {
        mgi_segment_text id, text;
        mgi_build_record(build, rows[i], &id, &text);
        documents[i].record = at;
        at += sizeof(uint32_t) + id.count + 1 + text.count + 1;
    }
    documents[build->count].record = at;
    return at;
}

void mgi_build_write_records(mgi_build *build) {
    const uint64_t bytes = place_records(build);
    if (!mgi_build_section(build, MGI_SECTION_RECORDS, bytes, 1)) return;
    const mgi_segment_document *documents = mgi_segment_documents(build->segment);
    const uint32_t *rows = mgi_segment_words(build->segment, MGI_SECTION_ROWS);
    for (size_t i = 0; i < build->count; i++) {
        char *at = (char *)build->segment->sections[MGI_SECTION_RECORDS] + documents[i].record;
        mgi_segment_text id, text;
        mgi_build_record(build, rows[i], &id, &text);
        const uint32_t length = (uint32_t)id.count;
        memcpy(at, &length, sizeof length); /* the NULs are there: a section begins as zeros */
        memcpy(at + sizeof length, id.bytes, id.count);
        memcpy(at + sizeof length + id.count + 1, text.bytes, text.count);
    }
}
