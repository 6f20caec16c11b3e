/* SPDX-License-Identifier: Apache-2.0 */
/* The identity of a model's weights. */
#define _GNU_SOURCE
#include "model/fingerprint.h"

#include "core/alloc.h"
#include "core/mapfile.h"
#include "core/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HASH_PIECE = 8 << 20 };

/* One call brings the pages in; faults one by one would take longer than the hashing itself. */
static void read_ahead(const unsigned char *from, size_t bytes) {
#ifdef MADV_POPULATE_READ
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (uintptr_t)from / page * page;
    madvise((void *)start, (uintptr_t)from + bytes - start, MADV_POPULATE_READ);
#else
    (void)from;
    (void)bytes;
#endif
}

static mgeo_status hash_bytes(XXH3_state_t *state, const mgi_tensor *tensor, bool keep,
                              mgeo_progress *progress, mgeo_error *error) {
    const unsigned char *data = tensor->data;
    for (size_t at = 0; at < tensor->bytes;) {
        size_t piece = tensor->bytes - at < HASH_PIECE ? tensor->bytes - at : HASH_PIECE;
        mgeo_status status = mgi_progress_check(progress, error);
        if (status != MGEO_OK) return status;
        if (tensor->mapped) read_ahead(data + at, piece);
        XXH3_128bits_update(state, data + at, piece);
        if (tensor->mapped && !keep) mgi_mapfile_release(data + at, piece);
        mgi_progress_add(progress, piece);
        at += piece;
    }
    return MGEO_OK;
}

static void hash_header(XXH3_state_t *state, const mgi_checkpoint_tensor *used) {
    char header[128];
    int bytes = snprintf(header, sizeof header, "%s %s %u %u %u\n", used->name,
                         mgi_stored_dtype_name(used->stored->type), used->tensor.rank,
                         used->tensor.shape[0], used->tensor.shape[1]);
    XXH3_128bits_update(state, header, (size_t)bytes);
}

mgeo_status mgi_fingerprint(const mgi_checkpoint *checkpoint, bool keep,
                            char hex[MGI_FINGERPRINT_SIZE], mgeo_progress *progress,
                            mgeo_error *error) {
    XXH3_state_t *state = mgi_alloc_aligned(1, sizeof *state);
    if (state == NULL) return mgi_fail_memory(error, "a hash", sizeof *state);
    mgi_progress_stage(progress, MGEO_STAGE_HASHING, checkpoint->bytes);
    XXH3_128bits_reset(state);
    mgeo_status status = MGEO_OK;
    for (size_t i = 0; status == MGEO_OK && i < checkpoint->used_count; i++) {
        hash_header(state, &checkpoint->used[i]);
        status = hash_bytes(state, &checkpoint->used[i].tensor, keep, progress, error);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    snprintf(hex, MGI_FINGERPRINT_SIZE, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    mgi_free(state);
    return status;
}
