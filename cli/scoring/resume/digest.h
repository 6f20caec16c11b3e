/* SPDX-License-Identifier: Apache-2.0 */
/* A digest of files, by which a later run sees that they are what they were. */
#ifndef CLI_SCORING_RESUME_DIGEST_H
#define CLI_SCORING_RESUME_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum { DIGEST_TEXT = 33 }; /* XXH3-128 in hex, with its NUL */

/* Of the first `length` bytes of a file; it may go on growing. */
struct digest {
    uint64_t length;
    void *state; /* owned */
};

void digest_init(struct digest *digest);
void digest_finish(struct digest *digest);

/* Takes what the file has from digest->length up to `length`. False if it has less or cannot be
 * read; or, if it may give way, when a signal came: then the error's line is empty. */
bool digest_take_file(struct digest *digest, const char *path, uint64_t length, bool gives_way,
                      struct error *error);

/* Of everything taken so far. */
void digest_print(const struct digest *digest, char to[DIGEST_TEXT]);

/* Of bytes in memory. */
void digest_of_bytes(const char *bytes, uint64_t length, char to[DIGEST_TEXT]);

#endif
