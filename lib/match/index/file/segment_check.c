/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a segment that comes from a file is one: every offset, count, number and order. */
#include "match/index/file/segment_check.h"

#include "core/utf8.h"
#include "match/index/file/segment_file.h"
#include "match/index/rank.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What the checks share. */
typedef struct checking {
    const mgi_segment *segment;
    const char *path;
    mgeo_error *error;
} checking;

static mgeo_status fail(const checking *at, mgi_section section, uint64_t item, const char *what) {
    return mgi_fail(at->error, MGEO_E_FORMAT, "%s: its %s, number %" PRIu64 ": %s", at->path,
                    mgi_segment_file_section_name(section), item, what);
}

static uint64_t items(const mgi_segment *segment, mgi_section section) {
    return segment->bytes[section] / mgi_segment_file_item(section);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static mgeo_status check_count(const checking *at, mgi_section section, uint64_t expected) {
    const uint64_t found = items(at->segment, section);
    if (found == expected) return MGEO_OK;
    return mgi_fail(at->error, MGEO_E_FORMAT, "%s: %" PRIu64 " %s instead of %" PRIu64, at->path,
                    found, mgi_segment_file_section_name(section), expected);
}

static uint64_t bucket_words(uint64_t count) {
    return (UINT64_C(1) << mgi_segment_bucket_bits(count)) + 1;
}

static mgeo_status check_counts(const checking *at) {
    const mgi_segment *segment = at->segment;
    const uint64_t documents = segment->documents, terms = segment->terms;
    if (documents > UINT32_C(1) << 31 || terms >= UINT32_MAX) {
        return mgi_fail(at->error, MGEO_E_FORMAT,
                        "%s: %" PRIu64 " records and %" PRIu64 " terms: more than can be", at->path,
                        documents, terms);
    }
    const struct {
        mgi_section section;
        uint64_t count;
    } expected[] = {
        {MGI_SECTION_TERMS, terms + 1},
        {MGI_SECTION_TERM_BUCKETS, bucket_words(terms)},
        {MGI_SECTION_DOCUMENTS, documents + 1},
        {MGI_SECTION_FORM_BUCKETS, bucket_words(documents)},
        {MGI_SECTION_FORMS, documents},
        {MGI_SECTION_ID_BUCKETS, bucket_words(documents)},
        {MGI_SECTION_IDS, documents},
        {MGI_SECTION_ROWS, documents},
        {MGI_SECTION_ROW_ORDER, documents},
        {MGI_SECTION_POSTINGS, items(segment, MGI_SECTION_FORWARD)},
    };
    mgeo_status status = MGEO_OK;
    for (size_t i = 0; i < sizeof expected / sizeof *expected && status == MGEO_OK; i++) {
        status = check_count(at, expected[i].section, expected[i].count);
    }
    return status;
}

/* ---- terms ----------------------------------------------------------------------------------- */

/* mgi_rank_weight makes none below 0.006; of far smaller ones no shares of 16 bits could be made.
 */
static bool is_weight(float weight) { return weight > 1e-3f && weight < 1e6f; }

static mgeo_status check_terms(const checking *at) {
    const mgi_segment_term *terms = mgi_segment_terms(at->segment);
    const uint64_t count = at->segment->terms;
    const uint64_t postings = items(at->segment, MGI_SECTION_POSTINGS);
    const uint64_t groups = items(at->segment, MGI_SECTION_GROUPS);
    if (terms[0].postings != 0 || terms[0].groups != 0 || terms[count].postings != postings ||
        terms[count].groups != groups) {
        return fail(at, MGI_SECTION_TERMS, count, "the postings and groups are not all theirs");
    }
    for (uint64_t i = 0; i < count; i++) {
        const mgi_segment_term *term = &terms[i];
        if (i > 0 && term->key <= term[-1].key) {
            return fail(at, MGI_SECTION_TERMS, i, "its key does not ascend");
        }
        if (term[1].postings <= term->postings || term[1].postings > postings ||
            term[1].groups <= term->groups || term[1].groups > groups) {
            return fail(at, MGI_SECTION_TERMS, i, "its postings or groups end before they begin");
        }
        if (!is_weight(term->weight)) {
            return fail(at, MGI_SECTION_TERMS, i, "its weight is none");
        }
    }
    return MGEO_OK;
}

/* ---- postings -------------------------------------------------------------------------------- */

static mgeo_status check_group(const checking *at, const mgi_segment_term *term, uint64_t group,
                               uint64_t *next) {
    const uint32_t *groups = mgi_segment_words(at->segment, MGI_SECTION_GROUPS);
    const uint32_t *postings = mgi_segment_words(at->segment, MGI_SECTION_POSTINGS);
    const mgi_segment_document *documents = mgi_segment_documents(at->segment);
    const uint32_t level = groups[group] >> MGI_GROUP_COUNT_BITS;
    const uint32_t count = groups[group] & MGI_GROUP_MOST;
    if (count == 0 || count > term[1].postings - *next) {
        return fail(at, MGI_SECTION_GROUPS, group, "it has no or too many postings");
    }
    const uint32_t before =
        group > term->groups ? groups[group - 1] >> MGI_GROUP_COUNT_BITS : MGI_RANK_LEVELS;
    if (level > before) {
        return fail(at, MGI_SECTION_GROUPS, group, "its level is above the one before");
    }
    /* No document twice: sums of 16 bits hold each term's share once. */
    const uint64_t first = level == before ? *next : *next + 1;
    for (const uint64_t end = *next + count; *next < end; ++*next) {
        const uint32_t document = postings[*next];
        if (document >= at->segment->documents || documents[document].level != level) {
            return fail(at, MGI_SECTION_POSTINGS, *next, "no document of this level");
        }
        if (*next >= first && document <= postings[*next - 1]) {
            return fail(at, MGI_SECTION_POSTINGS, *next, "it does not ascend");
        }
    }
    return MGEO_OK;
}

static mgeo_status check_postings(const checking *at) {
    const mgi_segment_term *terms = mgi_segment_terms(at->segment);
    mgeo_status status = MGEO_OK;
    for (uint64_t i = 0; i < at->segment->terms && status == MGEO_OK; i++) {
        uint64_t next = terms[i].postings;
        for (uint64_t g = terms[i].groups; g < terms[i + 1].groups && status == MGEO_OK; g++) {
            status = check_group(at, &terms[i], g, &next);
        }
        if (status == MGEO_OK && next != terms[i + 1].postings) {
            return fail(at, MGI_SECTION_TERMS, i, "its groups do not have all its postings");
        }
    }
    return status;
}

/* ---- documents ------------------------------------------------------------------------------- */

static mgeo_status check_record(const checking *at, uint64_t number) {
    const mgi_segment_document *document = mgi_segment_documents(at->segment) + number;
    const char *records = at->segment->sections[MGI_SECTION_RECORDS];
    const uint64_t bytes = document[1].record - document->record;
    uint32_t length;
    if (bytes < sizeof length + 3) return fail(at, MGI_SECTION_DOCUMENTS, number, "no record");
    memcpy(&length, records + document->record, sizeof length);
    if (length == 0 || length > bytes - sizeof length - 2) {
        return fail(at, MGI_SECTION_RECORDS, number, "its id is as long as nothing can be");
    }
    if (records[document->record + sizeof length + length] != '\0' ||
        records[document[1].record - 1] != '\0') {
        return fail(at, MGI_SECTION_RECORDS, number, "its id or text does not end");
    }
    return MGEO_OK;
}

static bool is_utf8(mgi_segment_text text) {
    const unsigned char *at = (const unsigned char *)text.bytes, *end = at + text.count;
    size_t step = 1;
    int32_t code_point;
    while (at < end && (step = mgi_utf8_decode(at, end, &code_point)) > 0) at += step;
    return step > 0;
}

static mgeo_status check_texts(const checking *at, uint64_t number) {
    mgi_segment_text id, text;
    mgi_segment_record(at->segment, number, &id, &text);
    if (is_utf8(id) && is_utf8(text)) return MGEO_OK;
    return fail(at, MGI_SECTION_RECORDS, number, "its id or text is not UTF-8");
}

static mgeo_status check_forward(const checking *at, uint64_t number) {
    const mgi_segment_document *document = mgi_segment_documents(at->segment) + number;
    const uint32_t *forward = mgi_segment_words(at->segment, MGI_SECTION_FORWARD);
    /* A search for it has a share of 16 bits for each. */
    if (document[1].forward - document->forward > 2 * MGI_TERMS_CHARACTERS) {
        return fail(at, MGI_SECTION_DOCUMENTS, number, "more terms than a text can have");
    }
    for (uint64_t i = document->forward; i < document[1].forward; i++) {
        if (forward[i] >= at->segment->terms ||
            (i > document->forward && forward[i] <= forward[i - 1])) {
            return fail(at, MGI_SECTION_FORWARD, i, "no term, or it does not ascend");
        }
    }
    return MGEO_OK;
}

static mgeo_status check_document(const checking *at, uint64_t number) {
    const mgi_segment_document *document = mgi_segment_documents(at->segment) + number;
    if (document[1].forward < document->forward || document[1].record < document->record ||
        document[1].forward > items(at->segment, MGI_SECTION_FORWARD) ||
        document[1].record > at->segment->bytes[MGI_SECTION_RECORDS]) {
        return fail(at, MGI_SECTION_DOCUMENTS, number, "its terms or record end before they begin");
    }
    if (!(document->total >= 0.0f) || document->total > 1e15f ||
        document->level >= MGI_RANK_LEVELS) {
        return fail(at, MGI_SECTION_DOCUMENTS, number, "its total or level is none");
    }
    mgeo_status status = check_record(at, number);
    if (status == MGEO_OK) status = check_texts(at, number);
    return status == MGEO_OK ? check_forward(at, number) : status;
}

static mgeo_status check_documents(const checking *at) {
    const mgi_segment *segment = at->segment;
    const mgi_segment_document *documents = mgi_segment_documents(segment);
    const mgi_segment_document *end = documents + segment->documents;
    if (documents->forward != 0 || documents->record != 0 ||
        end->forward != items(segment, MGI_SECTION_FORWARD) ||
        end->record != segment->bytes[MGI_SECTION_RECORDS]) {
        return fail(at, MGI_SECTION_DOCUMENTS, segment->documents,
                    "the forward index and records are not all theirs");
    }
    mgeo_status status = MGEO_OK;
    for (uint64_t i = 0; i < segment->documents && status == MGEO_OK; i++) {
        status = check_document(at, i);
    }
    return status;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* What a table is sorted by. */
typedef uint64_t key_of(const mgi_segment *segment, uint32_t item);

static uint64_t key_of_term(const mgi_segment *segment, uint32_t item) {
    return mgi_segment_terms(segment)[item].key;
}

static uint64_t key_of_form(const mgi_segment *segment, uint32_t item) {
    return mgi_segment_documents(segment)[mgi_segment_words(segment, MGI_SECTION_FORMS)[item]]
        .digest;
}

static uint64_t key_of_id(const mgi_segment *segment, uint32_t item) {
    mgi_segment_text id, text;
    mgi_segment_record(segment, mgi_segment_words(segment, MGI_SECTION_IDS)[item], &id, &text);
    return mgi_segment_hash_id(id.bytes, id.count);
}

/* Each bucket begins with the first whose key belongs to it or to a later one. */
static mgeo_status check_buckets(const checking *at, mgi_section section, uint64_t count,
                                 key_of *key) {
    const uint32_t *buckets = mgi_segment_words(at->segment, section);
    const unsigned bits = mgi_segment_bucket_bits(count);
    uint64_t bucket = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t own = mgi_segment_bucket(key(at->segment, (uint32_t)i), bits);
        for (; bucket <= own; bucket++) {
            if (buckets[bucket] != i) return fail(at, section, bucket, "it begins elsewhere");
        }
    }
    for (; bucket <= UINT64_C(1) << bits; bucket++) {
        if (buckets[bucket] != count) return fail(at, section, bucket, "it begins elsewhere");
    }
    return MGEO_OK;
}

static mgeo_status check_numbers(const checking *at, mgi_section section) {
    const uint32_t *numbers = mgi_segment_words(at->segment, section);
    for (uint64_t i = 0; i < at->segment->documents; i++) {
        if (numbers[i] >= at->segment->documents) return fail(at, section, i, "no document");
    }
    return MGEO_OK;
}

/* Each is the other one turned round, so that both have every number once. */
static mgeo_status check_rows(const checking *at) {
    const uint32_t *rows = mgi_segment_words(at->segment, MGI_SECTION_ROWS);
    const uint32_t *order = mgi_segment_words(at->segment, MGI_SECTION_ROW_ORDER);
    for (uint64_t i = 0; i < at->segment->documents; i++) {
        if (order[i] >= at->segment->documents || rows[order[i]] != i) {
            return fail(at, MGI_SECTION_ROW_ORDER, i, "no document of this row");
        }
    }
    return MGEO_OK;
}

static mgeo_status check_forms(const checking *at) {
    const uint32_t *forms = mgi_segment_words(at->segment, MGI_SECTION_FORMS);
    const uint32_t *rows = mgi_segment_words(at->segment, MGI_SECTION_ROWS);
    mgeo_status status = check_numbers(at, MGI_SECTION_FORMS);
    for (uint64_t i = 1; i < at->segment->documents && status == MGEO_OK; i++) {
        const uint64_t before = key_of_form(at->segment, (uint32_t)i - 1);
        const uint64_t own = key_of_form(at->segment, (uint32_t)i);
        if (own < before || (own == before && rows[forms[i]] <= rows[forms[i - 1]])) {
            return fail(at, MGI_SECTION_FORMS, i, "it does not ascend");
        }
    }
    if (status != MGEO_OK) return status;
    return check_buckets(at, MGI_SECTION_FORM_BUCKETS, at->segment->documents, key_of_form);
}

static int compare_texts(mgi_segment_text a, mgi_segment_text b) {
    const int order = memcmp(a.bytes, b.bytes, a.count < b.count ? a.count : b.count);
    if (order != 0) return order;
    return a.count < b.count ? -1 : a.count > b.count;
}

/* No id comes twice. */
static mgeo_status check_ids(const checking *at) {
    const uint32_t *ids = mgi_segment_words(at->segment, MGI_SECTION_IDS);
    mgeo_status status = check_numbers(at, MGI_SECTION_IDS);
    for (uint64_t i = 1; i < at->segment->documents && status == MGEO_OK; i++) {
        const uint64_t before = key_of_id(at->segment, (uint32_t)i - 1);
        const uint64_t own = key_of_id(at->segment, (uint32_t)i);
        mgi_segment_text a, b, text;
        mgi_segment_record(at->segment, ids[i - 1], &a, &text);
        mgi_segment_record(at->segment, ids[i], &b, &text);
        if (own < before || (own == before && compare_texts(a, b) >= 0)) {
            return fail(at, MGI_SECTION_IDS, i, "it does not ascend");
        }
    }
    if (status != MGEO_OK) return status;
    return check_buckets(at, MGI_SECTION_ID_BUCKETS, at->segment->documents, key_of_id);
}

mgeo_status mgi_segment_check(const mgi_segment *segment, const char *path, mgeo_error *error) {
    const checking at = {segment, path, error};
    mgeo_status status = check_counts(&at);
    if (status == MGEO_OK) status = check_terms(&at);
    if (status == MGEO_OK) status = check_documents(&at);
    if (status == MGEO_OK) status = check_postings(&at);
    if (status == MGEO_OK) {
        status = check_buckets(&at, MGI_SECTION_TERM_BUCKETS, segment->terms, key_of_term);
    }
    if (status == MGEO_OK) status = check_rows(&at);
    if (status == MGEO_OK) status = check_forms(&at);
    return status == MGEO_OK ? check_ids(&at) : status;
}
