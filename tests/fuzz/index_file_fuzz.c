/* SPDX-License-Identifier: Apache-2.0 */
/* An index's file as it is mapped: refused in one line, or searched without harm.
 *
 * Checksums would stop every damaged copy at the door, so that each input is tried a second time
 * with its checksums and versions made to hold, as whoever forges a file would. */
#include "library.h"
#include "match/index/change.h"
#include "match/index/file/segment_check.h"
#include "match/index/file/segment_file.h"
#include "match/index/search.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* What a change makes of it is a sound index: a record is put in, and all is made one segment. */
static void change(mgi_snapshot *snapshot) {
    const mgeo_record record = {"new", 3, "永昌街77号", MGEO_NUL_TERMINATED};
    const mgeo_index_options options = {.struct_size = sizeof options, .threads = 1};
    mgi_snapshot *next = NULL, *compacted = NULL;
    mgi_segment_text id, text;
    size_t part;
    uint32_t document;
    FUZZ_REQUIRE(mgi_change_put(snapshot, &record, 1, &options, &next, NULL) == MGEO_OK,
                 "a record cannot be put in");
    FUZZ_REQUIRE(mgi_change_compact(next, &options, &compacted, NULL) == MGEO_OK,
                 "it cannot be compacted");
    FUZZ_REQUIRE(compacted->rows == next->rows - next->removed, "records were lost");
    FUZZ_REQUIRE(mgi_snapshot_find_id(compacted, "new", 3, &part, &document), "it was not put in");
    mgi_segment_record(compacted->parts[part].segment, document, &id, &text);
    FUZZ_REQUIRE(strcmp(text.bytes, record.text) == 0, "another text was put in");
    FUZZ_REQUIRE(mgi_segment_check(compacted->parts[0].segment, "index", NULL) == MGEO_OK,
                 "what was compacted would be refused");
    mgi_snapshot_release(next);
    mgi_snapshot_release(compacted);
}

/* All that a program may do with it. */
static void use(mgi_segment *segment) {
    mgi_snapshot *snapshot = mgi_snapshot_create(1);
    mgi_scratch_store store = {{NULL}};
    mgi_scratch *scratch = mgi_scratch_take(&store);
    const mgi_search_limits limits = {.top = 3, .effort = 100};
    const char *text = "上海市浦东新区张江路12号";
    size_t count;
    FUZZ_REQUIRE(snapshot != NULL && scratch != NULL, "out of memory");
    mgi_snapshot_add(snapshot, segment, NULL);
    FUZZ_REQUIRE(mgi_search_text(snapshot, text, strlen(text), &limits, scratch, &count),
                 "a search out of memory");
    for (uint64_t row = 0; row < snapshot->rows && row < 4; row++) {
        mgi_segment_text id, known;
        size_t part;
        uint32_t document;
        FUZZ_REQUIRE(mgi_search_row(snapshot, row, &limits, scratch, &count),
                     "a search out of memory");
        mgi_segment_record(segment, row, &id, &known);
        FUZZ_REQUIRE(mgi_snapshot_find_id(snapshot, id.bytes, id.count, &part, &document) &&
                         document == row,
                     "a record that its id does not find");
    }
    change(snapshot);
    mgi_scratch_give(&store, scratch);
    mgi_scratch_store_finish(&store);
    mgi_snapshot_release(snapshot);
}

static void try_file(const void *file, size_t size) {
    mgi_segment *segment = NULL;
    mgeo_error error = {0};
    const mgeo_status status = mgi_segment_file_read(file, size, "index", &segment, &error);
    fuzz_check_error(status, &error);
    FUZZ_REQUIRE((status == MGEO_OK) == (segment != NULL), "a status that is not true");
    if (segment != NULL) use(segment);
}

static void seal(char *file, size_t size) {
    mgi_segment_file_header *header = (mgi_segment_file_header *)(void *)file;
    if (size < sizeof *header) return;
    header->version = MGI_SEGMENT_FILE_VERSION;
    header->terms_version = MGI_TERMS_VERSION;
    header->file_bytes = size;
    for (int i = 0; i < MGI_SECTIONS; i++) {
        mgi_segment_file_section *section = &header->sections[i];
        if (section->offset > size || section->bytes > size - section->offset) continue;
        section->digest = XXH3_64bits(file + section->offset, section->bytes);
    }
    header->digest = XXH3_64bits(header, offsetof(mgi_segment_file_header, digest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const size_t room = (size + 63) / 64 * 64;
    char *file = aligned_alloc(64, room == 0 ? 64 : room);
    if (file == NULL) exit(2);
    memcpy(file, data, size);
    try_file(file, size);
    seal(file, size);
    try_file(file, size);
    free(file);
    return 0;
}
