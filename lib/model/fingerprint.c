/* SPDX-License-Identifier: Apache-2.0 */
/* The identity of a model's weights. */
#include "model/fingerprint.h"

#include "core/alloc.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct mgi_fingerprint {
    XXH3_state_t whole;
    XXH3_state_t tensor;
};

mgi_fingerprint *mgi_fingerprint_create(void) {
    mgi_fingerprint *made = mgi_alloc_aligned(1, sizeof *made);
    if (made == NULL) return NULL;
    XXH3_128bits_reset(&made->whole);
    XXH3_64bits_reset(&made->tensor);
    return made;
}

void mgi_fingerprint_destroy(mgi_fingerprint *fingerprint) { mgi_free(fingerprint); }

void mgi_fingerprint_begin(mgi_fingerprint *fingerprint, const char *name, const char *type,
                           const mgi_tensor *tensor) {
    char header[128];
    int bytes = snprintf(header, sizeof header, "%s %s %u %u %u\n", name, type, tensor->rank,
                         tensor->shape[0], tensor->shape[1]);
    XXH3_128bits_update(&fingerprint->whole, header, (size_t)bytes);
    XXH3_64bits_reset(&fingerprint->tensor);
}

void mgi_fingerprint_add(mgi_fingerprint *fingerprint, const void *bytes, size_t size) {
    XXH3_128bits_update(&fingerprint->whole, bytes, size);
    XXH3_64bits_update(&fingerprint->tensor, bytes, size);
}

uint64_t mgi_fingerprint_end(mgi_fingerprint *fingerprint) {
    return XXH3_64bits_digest(&fingerprint->tensor);
}

void mgi_fingerprint_begin_again(mgi_fingerprint *fingerprint) {
    XXH3_64bits_reset(&fingerprint->tensor);
}

void mgi_fingerprint_add_again(mgi_fingerprint *fingerprint, const void *bytes, size_t size) {
    XXH3_64bits_update(&fingerprint->tensor, bytes, size);
}

void mgi_fingerprint_write(const mgi_fingerprint *fingerprint, char hex[MGI_FINGERPRINT_SIZE]) {
    XXH128_hash_t hash = XXH3_128bits_digest(&fingerprint->whole);
    snprintf(hex, MGI_FINGERPRINT_SIZE, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}
