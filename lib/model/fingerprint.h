/* SPDX-License-Identifier: Apache-2.0 */
/* The identity of a model's weights. */
#ifndef MGI_MODEL_FINGERPRINT_H
#define MGI_MODEL_FINGERPRINT_H

#include "model/checkpoint.h"

enum { MGI_FINGERPRINT_SIZE = 33 };

/* XXH3-128, in hex, over name, type, shape and bytes of every used tensor: the same weights have
 * the same fingerprint in every file format and layout of names. Counts bytes in stage HASHING.
 * Mapped tensors stay in memory if `keep`; else their pages are given back as they have been read,
 * so that a large file is never in memory as a whole.
 * Errors: MGEO_E_CANCELLED, MGEO_E_MEMORY. */
mgeo_status mgi_fingerprint(const mgi_checkpoint *checkpoint, bool keep,
                            char hex[MGI_FINGERPRINT_SIZE], mgeo_progress *progress,
                            mgeo_error *error);

#endif
