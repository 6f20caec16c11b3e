/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of a build share. */
#ifndef MGI_MATCH_INDEX_BUILD_STATE_H
#define MGI_MATCH_INDEX_BUILD_STATE_H

#include "match/index/build/build.h"
#include "match/index/build/vocabulary.h"
#include "match/index/sort.h"
#include "match/index/terms.h"

enum { MGI_BUILD_CHUNK = 1024 }; /* documents that a worker takes at a time */

/* Documents that one worker has read: their terms, as that worker numbers them. */
typedef struct mgi_build_chunk {
    uint32_t *numbers;
    size_t count;
    uint32_t worker;
} mgi_build_chunk;

typedef struct mgi_build_worker {
    mgi_normal_form form;
    mgi_terms terms;
    mgi_vocabulary vocabulary;
    uint32_t *numbers; /* of the chunk that it is at */
    size_t capacity;
    uint32_t *final; /* [final_count]: the segment's number of each of its terms */
    uint32_t final_count;
} mgi_build_worker;

typedef struct mgi_build {
    const mgi_build_request *request;
    mgi_segment *segment;
    size_t count;         /* documents of the segment */
    const uint32_t *rows; /* [count]: a document's record, or its number in its part; NULL: same */
    size_t *part_ends;    /* [part_count]: the document after a part's last */
    uint32_t threads;
    mgi_build_worker *workers; /* [threads] */
    mgi_build_chunk *chunks;
    size_t chunk_count;
    float *weights;              /* [segment->terms] */
    uint32_t *order;             /* [count]: documents by level, the highest first */
    atomic_size_t next;          /* what the next worker takes */
    atomic_uint_fast64_t memory; /* taken so far */
    atomic_uint_fast64_t beyond; /* what it would have been where the limit forbade it; or 0 */
    atomic_int failed;           /* an mgeo_status */
    atomic_size_t failed_at;     /* the first record that is not UTF-8 */
} mgi_build;

/* Memory under the request's limit, zeroed: NULL is out of it, and noted as the build's failure. */
void *mgi_build_alloc(mgi_build *build, size_t count, size_t size);
/* Gives it back. */
void mgi_build_free(mgi_build *build, void *memory, size_t count, size_t size);
/* Counts memory that others take. false: over the limit, and noted. */
bool mgi_build_take(mgi_build *build, uint64_t bytes);
void mgi_build_give(mgi_build *build, uint64_t bytes);
/* A section of the segment. false: out of memory, and noted. */
bool mgi_build_section(mgi_build *build, mgi_section section, uint64_t count, size_t size);

/* Notes the first failure. */
void mgi_build_fail(mgi_build *build, mgeo_status status);
/* Is there none, and nobody has cancelled? */
bool mgi_build_goes_on(mgi_build *build);

/* ---- source.c: what the documents are made of ---- */

/* Which records count, and the section of ids. */
void mgi_build_choose(mgi_build *build);
/* The id and text of a row of the segment. */
void mgi_build_record(const mgi_build *build, size_t row, mgi_segment_text *id,
                      mgi_segment_text *text);
/* Makes the terms of a row, and all that its entry says of its form. */
mgi_normal_result mgi_build_read(mgi_build *build, mgi_build_worker *worker, size_t row);

/* ---- read.c: documents to terms ---- */
void mgi_build_read_all(mgi_build *build);
/* ---- arrange.c: documents where their locality puts them; until then they lie by row ---- */
void mgi_build_arrange(mgi_build *build);
/* ---- number.c: terms numbered, weighed; the forward index ---- */
void mgi_build_number_terms(mgi_build *build);
void mgi_build_write_forward(mgi_build *build);
/* ---- postings.c: the other way round ---- */
void mgi_build_write_postings(mgi_build *build);
/* ---- tables.c: what finds documents by other things than terms ---- */
/* A section of what is sorted by a key, one for each document, and its buckets. */
void mgi_build_write_table(mgi_build *build, mgi_section buckets, mgi_section section,
                           const mgi_sort_pair *pairs);
void mgi_build_write_forms(mgi_build *build);
void mgi_build_write_records(mgi_build *build);

#endif
