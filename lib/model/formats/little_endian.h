/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian numbers out of bytes of any alignment. */
#ifndef MGI_MODEL_FORMATS_LITTLE_ENDIAN_H
#define MGI_MODEL_FORMATS_LITTLE_ENDIAN_H

#include <stdint.h>

static inline uint32_t mgi_little_endian_u16(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t mgi_little_endian_u32(const unsigned char *p) {
    return mgi_little_endian_u16(p) | mgi_little_endian_u16(p + 2) << 16;
}

static inline uint64_t mgi_little_endian_u64(const unsigned char *p) {
    return mgi_little_endian_u32(p) | (uint64_t)mgi_little_endian_u32(p + 4) << 32;
}

#endif
