/* SPDX-License-Identifier: Apache-2.0 */
/* A segment: records that never change, with all that finds them. */
#include "match/index/segment.h"

#include "core/alloc.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

mgi_segment *mgi_segment_create(void) {
    mgi_segment *segment = mgi_calloc(1, sizeof *segment);
    if (segment != NULL) atomic_init(&segment->references, 1);
    return segment;
}

mgi_segment *mgi_segment_retain(mgi_segment *segment) {
    atomic_fetch_add(&segment->references, 1);
    return segment;
}

void mgi_segment_release(mgi_segment *segment) {
    if (segment == NULL || atomic_fetch_sub(&segment->references, 1) > 1) return;
    for (int i = 0; i < MGI_SECTIONS && !segment->borrowed; i++) mgi_free(segment->sections[i]);
    if (segment->mapping != NULL) munmap(segment->mapping, segment->mapped);
    mgi_free(segment);
}

unsigned mgi_segment_bucket_bits(uint64_t count) {
    unsigned bits = 1;
    while (bits < 31 && UINT64_C(2) << bits <= count) bits++;
    return bits;
}

bool mgi_segment_find_term(const mgi_segment *segment, uint64_t key, uint32_t *number) {
    const uint32_t *buckets = mgi_segment_words(segment, MGI_SECTION_TERM_BUCKETS);
    const mgi_segment_term *terms = mgi_segment_terms(segment);
    const uint64_t bucket = mgi_segment_bucket(key, mgi_segment_bucket_bits(segment->terms));
    for (uint32_t i = buckets[bucket]; i < buckets[bucket + 1]; i++) {
        if (terms[i].key < key) continue;
        *number = i;
        return terms[i].key == key;
    }
    return false;
}

/* The first in FORMS from `first` on whose digest is not below `digest`: one form may have many. */
static uint64_t find_digest(const mgi_segment *segment, uint64_t first, uint64_t end,
                            uint64_t digest) {
    const uint32_t *forms = mgi_segment_words(segment, MGI_SECTION_FORMS);
    const mgi_segment_document *documents = mgi_segment_documents(segment);
    while (first < end) {
        const uint64_t middle = first + (end - first) / 2;
        if (documents[forms[middle]].digest < digest) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

void mgi_segment_find_form(const mgi_segment *segment, uint64_t digest, uint64_t *first,
                           uint64_t *count) {
    const uint32_t *buckets = mgi_segment_words(segment, MGI_SECTION_FORM_BUCKETS);
    const uint64_t bucket = mgi_segment_bucket(digest, mgi_segment_bucket_bits(segment->documents));
    const uint64_t end = buckets[bucket + 1];
    *first = find_digest(segment, buckets[bucket], end, digest);
    *count = (digest == UINT64_MAX ? end : find_digest(segment, *first, end, digest + 1)) - *first;
}

uint64_t mgi_segment_hash_id(const char *id, size_t bytes) { return XXH3_64bits(id, bytes); }

bool mgi_segment_find_id(const mgi_segment *segment, const char *id, size_t bytes,
                         uint32_t *document) {
    const uint32_t *buckets = mgi_segment_words(segment, MGI_SECTION_ID_BUCKETS);
    const uint32_t *ids = mgi_segment_words(segment, MGI_SECTION_IDS);
    const uint64_t bucket = mgi_segment_bucket(mgi_segment_hash_id(id, bytes),
                                               mgi_segment_bucket_bits(segment->documents));
    for (uint32_t i = buckets[bucket]; i < buckets[bucket + 1]; i++) {
        mgi_segment_text known, text;
        mgi_segment_record(segment, ids[i], &known, &text);
        if (known.count != bytes || memcmp(known.bytes, id, bytes) != 0) continue;
        *document = ids[i];
        return true;
    }
    return false;
}

void mgi_segment_record(const mgi_segment *segment, uint64_t document, mgi_segment_text *id,
                        mgi_segment_text *text) {
    const mgi_segment_document *at = mgi_segment_documents(segment) + document;
    const char *records = segment->sections[MGI_SECTION_RECORDS];
    uint32_t length;
    memcpy(&length, records + at->record, sizeof length);
    id->bytes = records + at->record + sizeof length;
    id->count = length;
    text->bytes = id->bytes + length + 1;
    text->count = (size_t)(at[1].record - at->record) - sizeof length - length - 2;
}

bool mgi_segment_copy_terms(const mgi_segment *segment, uint64_t document, mgi_terms *terms) {
    const mgi_segment_document *at = mgi_segment_documents(segment) + document;
    const uint32_t *forward = mgi_segment_words(segment, MGI_SECTION_FORWARD) + at->forward;
    const size_t count = (size_t)(at[1].forward - at->forward);
    if (!mgi_terms_reserve(terms, count)) return false;
    for (size_t i = 0; i < count; i++) {
        terms->keys[i] = mgi_segment_terms(segment)[forward[i]].key;
    }
    terms->count = count;
    terms->facts = at->facts;
    terms->locality = at->locality;
    return true;
}

uint64_t mgi_segment_bytes(const mgi_segment *segment) {
    uint64_t bytes = 0;
    for (int i = 0; i < MGI_SECTIONS; i++) bytes += segment->bytes[i];
    return bytes;
}
