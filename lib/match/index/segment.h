/* SPDX-License-Identifier: Apache-2.0 */
/* A segment: records that never change, with all that finds them. In memory it is what its file is:
 * sections that docs/index-file.md describes. */
#ifndef MGI_MATCH_INDEX_SEGMENT_H
#define MGI_MATCH_INDEX_SEGMENT_H

#include "match/index/terms.h"

#include <stdatomic.h>

typedef enum mgi_section {
    MGI_SECTION_TERMS,        /* mgi_segment_term, ascending by key, and one more that ends them */
    MGI_SECTION_TERM_BUCKETS, /* uint32_t: by the keys' first bits, where they begin */
    MGI_SECTION_GROUPS,       /* uint32_t: level and number of postings */
    MGI_SECTION_POSTINGS,     /* uint32_t: documents of a term, by group, in each ascending */
    MGI_SECTION_DOCUMENTS,    /* mgi_segment_document, and one more that ends them */
    MGI_SECTION_FORWARD,      /* uint32_t: numbers of a document's terms, ascending */
    MGI_SECTION_FORM_BUCKETS, /* uint32_t: by the digests' first bits, where they begin */
    MGI_SECTION_FORMS,        /* uint32_t: documents, ascending by digest, then by row */
    MGI_SECTION_ID_BUCKETS,   /* uint32_t: by the first bits of the ids' hashes */
    MGI_SECTION_IDS,          /* uint32_t: documents, ascending by their ids' hash, then by id */
    MGI_SECTION_ROWS,      /* uint32_t: a document's row: documents lie by locality, rows as put */
    MGI_SECTION_ROW_ORDER, /* uint32_t: the other way round, a row's document */
    MGI_SECTION_RECORDS,   /* for each document its id's length (uint32_t), id, NUL, text, NUL */
    MGI_SECTIONS
} mgi_section;

typedef struct mgi_segment_term {
    uint64_t key;
    uint64_t postings; /* where its postings begin; they end where the next one's begin */
    uint32_t groups;   /* the same for its groups */
    float weight;
} mgi_segment_term;

typedef struct mgi_segment_document {
    uint64_t forward;  /* where its term numbers begin; they end where the next one's begin */
    uint64_t record;   /* the same for its id and text, in bytes */
    uint64_t digest;   /* of its normal form; 0: empty */
    uint64_t facts;    /* for rank.c */
    uint64_t locality; /* documents ascend by it, and those that share one by row */
    float total;       /* of its terms' shares */
    uint32_t level;
} mgi_segment_document;

/* A group is a word: its level above, the number of its postings below. One level may have several,
 * where it has more postings than a word can say. */
enum { MGI_GROUP_COUNT_BITS = 28, MGI_GROUP_MOST = (1 << MGI_GROUP_COUNT_BITS) - 1 };

typedef struct mgi_segment {
    atomic_uint_fast64_t references;
    uint64_t terms, documents;
    void *sections[MGI_SECTIONS]; /* in memory of its own, or in the mapping */
    uint64_t bytes[MGI_SECTIONS];
    void *mapping; /* of a file; NULL: in memory */
    uint64_t mapped;
    bool borrowed; /* the sections are not this segment's to free */
} mgi_segment;

/* Where a row lies. */
static inline uint32_t mgi_segment_at_row(const mgi_segment *segment, uint64_t row) {
    return ((const uint32_t *)segment->sections[MGI_SECTION_ROW_ORDER])[row];
}

/* An id or a text of a record. */
typedef struct mgi_segment_text {
    const char *bytes; /* NUL-terminated as well */
    size_t count;
} mgi_segment_text;

/* With one reference. NULL: out of memory. */
mgi_segment *mgi_segment_create(void);
mgi_segment *mgi_segment_retain(mgi_segment *segment);
/* Frees it with the last reference. NULL is ignored. */
void mgi_segment_release(mgi_segment *segment);

static inline const mgi_segment_term *mgi_segment_terms(const mgi_segment *segment) {
    return segment->sections[MGI_SECTION_TERMS];
}

static inline const mgi_segment_document *mgi_segment_documents(const mgi_segment *segment) {
    return segment->sections[MGI_SECTION_DOCUMENTS];
}

static inline const uint32_t *mgi_segment_words(const mgi_segment *segment, mgi_section section) {
    return segment->sections[section];
}

/* The first bits that choose a bucket where `count` things are to be found, and the bucket. */
unsigned mgi_segment_bucket_bits(uint64_t count);
static inline uint64_t mgi_segment_bucket(uint64_t key, unsigned bits) {
    return key >> (64 - bits);
}

/* The number of the term with this key. false: there is none. */
bool mgi_segment_find_term(const mgi_segment *segment, uint64_t key, uint32_t *number);

/* The documents whose normal form has this digest: `count` in FORMS from `first` on. */
void mgi_segment_find_form(const mgi_segment *segment, uint64_t digest, uint64_t *first,
                           uint64_t *count);

/* The document of this id. false: there is none. */
bool mgi_segment_find_id(const mgi_segment *segment, const char *id, size_t bytes,
                         uint32_t *document);

uint64_t mgi_segment_hash_id(const char *id, size_t bytes);

void mgi_segment_record(const mgi_segment *segment, uint64_t document, mgi_segment_text *id,
                        mgi_segment_text *text);

/* The terms of a document, as mgi_terms_make made them. false: out of memory. */
bool mgi_segment_copy_terms(const mgi_segment *segment, uint64_t document, mgi_terms *terms);

/* Bytes of all sections. */
uint64_t mgi_segment_bytes(const mgi_segment *segment);

#endif
