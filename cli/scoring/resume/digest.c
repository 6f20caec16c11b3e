/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3 over a file's bytes, read in blocks: it tells damage and mix-ups, not malice. */
#include "scoring/resume/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "common/interrupt.h"
#include "common/memory.h"

enum { BLOCK_BYTES = 256 * 1024 };

void digest_init(struct digest *digest) {
    digest->length = 0;
    digest->state = XXH3_createState();
    if (digest->state == NULL) memory_zeroed(SIZE_MAX, SIZE_MAX); /* says that memory is out */
    XXH3_128bits_reset(digest->state);
}

void digest_finish(struct digest *digest) {
    if (digest->state != NULL) XXH3_freeState(digest->state);
    memset(digest, 0, sizeof *digest);
}

static bool take_block(struct digest *digest, int descriptor, char *block, size_t most,
                       const char *path, struct error *error) {
    ssize_t got = pread(descriptor, block, most, (off_t)digest->length);
    if (got < 0 && errno == EINTR) return true;
    if (got < 0) return error_set(error, "%s: %s", path, strerror(errno));
    if (got == 0) {
        return error_set(error, "%s: ends after %" PRIu64 " bytes: it was cut", path,
                         digest->length);
    }
    XXH3_128bits_update(digest->state, block, (size_t)got);
    digest->length += (uint64_t)got;
    return true;
}

bool digest_take_file(struct digest *digest, const char *path, uint64_t length, bool gives_way,
                      struct error *error) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return error_set(error, "%s: %s", path, strerror(errno));
    char *block = memory_resize(NULL, BLOCK_BYTES, 1);
    bool done = true;
    while (done && digest->length < length) {
        uint64_t left = length - digest->length;
        size_t most = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
        done = take_block(digest, descriptor, block, most, path, error);
        if (gives_way && interrupt_received()) done = error_set(error, "%s", "");
    }
    free(block);
    close(descriptor);
    return done;
}

static void print(XXH128_hash_t hash, char to[DIGEST_TEXT]) {
    snprintf(to, DIGEST_TEXT, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}

void digest_print(const struct digest *digest, char to[DIGEST_TEXT]) {
    print(XXH3_128bits_digest(digest->state), to);
}

void digest_of_bytes(const char *bytes, uint64_t length, char to[DIGEST_TEXT]) {
    print(XXH3_128bits(bytes, (size_t)length), to);
}
