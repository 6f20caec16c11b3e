/* SPDX-License-Identifier: Apache-2.0 */
/* A digest of bytes that tells damage and mix-ups, not malice: FNV-1a in 64 bits. */
#ifndef CLI_COMMON_DIGEST_H
#define CLI_COMMON_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_BEGIN UINT64_C(0xCBF29CE484222325)

/* The digest of what came before and these bytes: how they are cut into pieces changes nothing. */
static inline uint64_t digest_add(uint64_t digest, const void *bytes, size_t length) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++) digest = (digest ^ at[i]) * UINT64_C(0x100000001B3);
    return digest;
}

#endif
