/* Little-endian numbers out of bytes of any alignment. */
#ifndef MGI_MODEL_FORMATS_LITTLE_ENDIAN_H
#define MGI_MODEL_FORMATS_LITTLE_ENDIAN_H

#include <stdint.h>

static inline uint32_t mgi_le16(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t mgi_le32(const unsigned char *p) {
    return mgi_le16(p) | mgi_le16(p + 2) << 16;
}

static inline uint64_t mgi_le64(const unsigned char *p) {
    return mgi_le32(p) | (uint64_t)mgi_le32(p + 4) << 32;
}

#endif
