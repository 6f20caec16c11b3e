/* SPDX-License-Identifier: Apache-2.0 */
/* What a segment's documents are made of: which records count, and the terms of each. */
#include "core/alloc.h"
#include "match/index/build/state.h"

#include <string.h>

/* ---- where a document comes from ------------------------------------------------------------- */

static size_t find_part(const mgi_build *build, size_t document) {
    size_t part = 0;
    while (build->part_ends[part] <= document) part++;
    return part;
}

static mgi_segment_text text_of(const char *bytes, size_t count) {
    if (count == MGEO_NUL_TERMINATED) count = strlen(bytes);
    return (mgi_segment_text){bytes == NULL ? "" : bytes, count};
}

/* Of a record, or of the part's document, that `row` says. */
static void record_at(const mgi_build *build, size_t document, size_t row, mgi_segment_text *id,
                      mgi_segment_text *text) {
    const mgi_build_request *request = build->request;
    if (request->part_count > 0) {
        const mgi_build_part *part = &request->parts[find_part(build, document)];
        mgi_segment_record(part->segment, row, id, text);
        return;
    }
    *id = text_of(request->records[row].id, request->records[row].id_len);
    *text = text_of(request->records[row].text, request->records[row].text_len);
}

static size_t row_of(const mgi_build *build, size_t document) {
    return build->rows == NULL ? document : build->rows[document];
}

void mgi_build_record(const mgi_build *build, size_t document, mgi_segment_text *id,
                      mgi_segment_text *text) {
    record_at(build, document, row_of(build, document), id, text);
}

/* ---- the terms of a document ----------------------------------------------------------------- */

static mgi_segment_document *entry_of(const mgi_build *build, size_t document) {
    return (mgi_segment_document *)build->segment->sections[MGI_SECTION_DOCUMENTS] + document;
}

/* The form counts while it has room; what it had before is given back once it has grown. */
static mgi_normal_result make_form(mgi_build *build, mgi_normal_form *form, mgi_segment_text text) {
    const uint64_t growth = mgi_normal_form_growth(form, text.count);
    const uint64_t before = mgi_normal_form_room(form);
    if (growth > 0 && !mgi_build_take(build, growth)) return MGI_NORMAL_NO_MEMORY;
    const mgi_normal_result result = mgi_normal_form_make(form, text.bytes, text.count);
    if (growth > 0) mgi_build_give(build, before);
    return result;
}

mgi_normal_result mgi_build_read(mgi_build *build, mgi_build_worker *worker, size_t document) {
    mgi_segment_document *entry = entry_of(build, document);
    mgi_segment_text id, text;
    if (build->request->part_count > 0) {
        const mgi_segment *segment = build->request->parts[find_part(build, document)].segment;
        const uint32_t number = build->rows[document];
        if (!mgi_segment_copy_terms(segment, number, &worker->terms)) return MGI_NORMAL_NO_MEMORY;
        entry->digest = mgi_segment_documents(segment)[number].digest;
    } else {
        mgi_build_record(build, document, &id, &text);
        const mgi_normal_result result = make_form(build, &worker->form, text);
        if (result != MGI_NORMAL_OK) return result;
        if (!mgi_terms_make(&worker->terms, &worker->form)) return MGI_NORMAL_NO_MEMORY;
        entry->digest = worker->form.digest;
    }
    entry->facts = worker->terms.facts;
    entry->locality = worker->terms.locality;
    entry->forward = worker->terms.count; /* how many, until all are known */
    return MGI_NORMAL_OK;
}

/* ---- which records count --------------------------------------------------------------------- */

static bool is_removed(const mgi_build_part *part, uint64_t document) {
    return part->removed != NULL && (part->removed[document / 64] >> (document % 64) & 1) != 0;
}

/* The parts' documents, one part after the other. */
static void list_parts(mgi_build *build) {
    const mgi_build_request *request = build->request;
    size_t all = 0;
    for (size_t p = 0; p < request->part_count; p++) all += request->parts[p].segment->documents;
    uint32_t *rows = mgi_build_alloc(build, all, sizeof *rows);
    build->rows = rows;
    build->part_ends = mgi_build_alloc(build, request->part_count, sizeof *build->part_ends);
    if (rows == NULL || build->part_ends == NULL) return;
    for (size_t p = 0; p < request->part_count; p++) {
        const mgi_build_part *part = &request->parts[p];
        for (uint64_t i = 0; i < part->segment->documents; i++) {
            const uint32_t document = mgi_segment_at_row(part->segment, i);
            if (!is_removed(part, document)) rows[build->count++] = document;
        }
        build->part_ends[p] = build->count;
    }
}

/* By hash, as sorted; those with one hash by id, and those with one id as they came. */
static int compare_ids(const mgi_build *build, const mgi_sort_pair *a, const mgi_sort_pair *b) {
    mgi_segment_text x, y, text;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    mgi_build_record(build, a->value, &x, &text);
    mgi_build_record(build, b->value, &y, &text);
    const size_t least = x.count < y.count ? x.count : y.count;
    const int order = memcmp(x.bytes, y.bytes, least);
    if (order != 0) return order;
    return x.count < y.count ? -1 : x.count > y.count;
}

/* Pairs are sorted by hash already, so that next to nothing moves. */
static void sort_equal_hashes(const mgi_build *build, mgi_sort_pair *pairs, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const mgi_sort_pair pair = pairs[i];
        size_t at = i;
        for (; at > 0 && pairs[at - 1].key == pair.key &&
               compare_ids(build, &pairs[at - 1], &pair) > 0;
             at--) {
            pairs[at] = pairs[at - 1];
        }
        pairs[at] = pair;
    }
}

/* Leaves of those with one id the last; marks the others in `dropped`. */
static size_t drop_repeats(const mgi_build *build, mgi_sort_pair *pairs, uint64_t *dropped) {
    size_t kept = 0;
    for (size_t i = 0; i < build->count; i++) {
        if (i + 1 < build->count && compare_ids(build, &pairs[i], &pairs[i + 1]) == 0) {
            dropped[pairs[i].value / 64] |= UINT64_C(1) << (pairs[i].value % 64);
        } else {
            pairs[kept++] = pairs[i];
        }
    }
    return kept;
}

/* Documents are numbered without those dropped: `numbers` has the new number of each. */
static void renumber(mgi_build *build, const uint64_t *dropped, uint32_t *numbers, uint32_t *rows) {
    size_t kept = 0;
    for (size_t i = 0; i < build->count; i++) {
        if ((dropped[i / 64] >> (i % 64) & 1) != 0) continue;
        numbers[i] = (uint32_t)kept;
        rows[kept++] = (uint32_t)i;
    }
    build->rows = rows;
    build->count = kept;
}

/* What mgi_build_choose works on. */
typedef struct id_table {
    mgi_sort_pair *pairs, *spare;
    uint64_t *dropped;
    uint32_t *numbers;
} id_table;

static void sort_ids(mgi_build *build, id_table *table) {
    mgi_segment_text id, text;
    for (size_t i = 0; i < build->count; i++) {
        mgi_build_record(build, i, &id, &text);
        table->pairs[i] = (mgi_sort_pair){mgi_segment_hash_id(id.bytes, id.count), i};
    }
    mgi_sort_pairs(table->pairs, table->spare, build->count);
    sort_equal_hashes(build, table->pairs, build->count);
}

static void write_ids(mgi_build *build, id_table *table) {
    const size_t all = build->count;
    const size_t kept = drop_repeats(build, table->pairs, table->dropped);
    if (kept < all) {
        uint32_t *numbers = table->numbers;
        uint32_t *rows = mgi_build_alloc(build, kept, sizeof *rows);
        if (rows == NULL) return;
        renumber(build, table->dropped, numbers, rows);
        for (size_t i = 0; i < kept; i++) table->pairs[i].value = numbers[table->pairs[i].value];
    }
    build->segment->documents = kept;
    mgi_build_write_table(build, MGI_SECTION_ID_BUCKETS, MGI_SECTION_IDS, table->pairs);
}

void mgi_build_choose(mgi_build *build) {
    id_table table = {0};
    if (build->request->part_count > 0) {
        list_parts(build);
    } else {
        build->count = build->request->record_count;
    }
    const size_t all = build->count;
    if (all > UINT32_C(1) << 31) mgi_build_fail(build, MGEO_E_UNSUPPORTED);
    if (!mgi_build_goes_on(build)) return;
    table.pairs = mgi_build_alloc(build, all, sizeof *table.pairs);
    table.spare = mgi_build_alloc(build, all, sizeof *table.spare);
    table.dropped = mgi_build_alloc(build, all / 64 + 1, sizeof *table.dropped);
    table.numbers = mgi_build_alloc(build, all, sizeof *table.numbers);
    if (mgi_build_goes_on(build)) {
        sort_ids(build, &table);
        write_ids(build, &table);
    }
    mgi_build_free(build, table.pairs, all, sizeof *table.pairs);
    mgi_build_free(build, table.spare, all, sizeof *table.spare);
    mgi_build_free(build, table.dropped, all / 64 + 1, sizeof *table.dropped);
    mgi_build_free(build, table.numbers, all, sizeof *table.numbers);
}
