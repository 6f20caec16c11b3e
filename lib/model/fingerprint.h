/* SPDX-License-Identifier: Apache-2.0 */
/* The identity of a model's weights. */
#ifndef MGI_MODEL_FINGERPRINT_H
#define MGI_MODEL_FINGERPRINT_H

#include "backend/backend.h"

enum { MGI_FINGERPRINT_SIZE = 33 };

/* XXH3-128, in hex, over name, type, shape and bytes of every used tensor: the same weights have
 * the same fingerprint in every file format and layout of names. The tensors come in the
 * checkpoint's order, each with its bytes in pieces. One thread at a time. */
typedef struct mgi_fingerprint mgi_fingerprint;

/* NULL: out of memory. */
mgi_fingerprint *mgi_fingerprint_create(void);
void mgi_fingerprint_destroy(mgi_fingerprint *fingerprint);

/* Begins a tensor; `type` is its dtype's name in files. */
void mgi_fingerprint_begin(mgi_fingerprint *fingerprint, const char *name, const char *type,
                           const mgi_tensor *tensor);
void mgi_fingerprint_add(mgi_fingerprint *fingerprint, const void *bytes, size_t size);
/* Ends it; returns a hash of its bytes alone. */
uint64_t mgi_fingerprint_end(mgi_fingerprint *fingerprint);

/* The same hash of bytes that are read once more: begin, add in pieces, end. */
void mgi_fingerprint_begin_again(mgi_fingerprint *fingerprint);
void mgi_fingerprint_add_again(mgi_fingerprint *fingerprint, const void *bytes, size_t size);

void mgi_fingerprint_write(const mgi_fingerprint *fingerprint, char hex[MGI_FINGERPRINT_SIZE]);

#endif
