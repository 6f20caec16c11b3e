/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a model's tensors from their files into memory, each when the backend takes it in.
 *
 * Files are read, not mapped, so that a file which is changed or cut short meanwhile ends the load
 * with a status. Every tensor is read once in most cases, and what goes to the backend is what the
 * fingerprint was made of: the bytes are hashed as they come, in the checkpoint's order. A tensor
 * that is taken in ahead of its turn makes those before it be hashed first; one that is taken in
 * again is held to the hash of the first time, as are all in the end where a file's times cannot
 * tell whether it was changed.
 *
 * Each tensor has an address of its own from the beginning, in address space without memory; it has
 * memory there from its first acquire to its last release. */
#ifndef MGI_MODEL_WEIGHT_READER_H
#define MGI_MODEL_WEIGHT_READER_H

#include "backend/backend.h"
#include "model/fingerprint.h"
#include "model/formats/tensor_index.h"

typedef struct mgi_weight_reader mgi_weight_reader;

/* For at most `most` tensors out of the index, which must outlive the reader's reading.
 * Errors: MGEO_E_MEMORY. */
mgeo_status mgi_weight_reader_create(const mgi_tensor_index *index, size_t most,
                                     mgi_weight_reader **reader, mgeo_error *error);
/* All tensors' bytes go with it. */
void mgi_weight_reader_destroy(mgi_weight_reader *reader);

/* The next tensor in the checkpoint's order, under the name that does not depend on the layout:
 * gives *tensor its address and its source. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_weight_reader_add(mgi_weight_reader *reader, const char *name,
                                  const mgi_stored_tensor *stored, mgi_tensor *tensor,
                                  mgeo_error *error);

/* Before the backend opens: `progress` is asked for cancellation while bytes are read. */
void mgi_weight_reader_begin(mgi_weight_reader *reader, mgeo_progress *progress);

/* After the backend has opened: reads what it has left out, so that all tensors are hashed, and
 * checks that no file was changed meanwhile. No tensor can be acquired from then on; those that are
 * held stay. Counts in stage HASHING what it reads itself. Errors: those of mgi_tensor_acquire. */
mgeo_status mgi_weight_reader_finish(mgi_weight_reader *reader, char hex[MGI_FINGERPRINT_SIZE],
                                     mgeo_error *error);

#endif
