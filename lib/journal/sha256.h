/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), without memory of its own, so that it cannot fail. */
#ifndef MGI_JOURNAL_SHA256_H
#define MGI_JOURNAL_SHA256_H

#include <stddef.h>

enum { MGI_SHA256_BYTES = 32 };

void mgi_sha256(const void *bytes, size_t size, unsigned char digest[MGI_SHA256_BYTES]);

#endif
