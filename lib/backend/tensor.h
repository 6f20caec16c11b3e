/* SPDX-License-Identifier: Apache-2.0 */
/* A model's tensors as backends take them in: how many there are, their numbers, their pages. */
#ifndef MGI_BACKEND_TENSOR_H
#define MGI_BACKEND_TENSOR_H

#include "backend/backend.h"

/* Tensors of a whole model: what progress counts in stage PLACING. */
uint64_t mgi_tensor_count(const mgi_encoder_spec *spec);

/* Numbers in a tensor, and bytes of one number. */
size_t mgi_tensor_numbers(const mgi_tensor *tensor);
size_t mgi_tensor_dtype_bytes(mgi_dtype dtype);

/* Brings a tensor's bytes in: before this, tensor->data of a tensor with a source must not be read.
 * Any thread; tensors may be acquired in any order, and are cheapest to acquire in the order of
 * mgi_weights. Each acquire needs one release. Errors: MGEO_E_IO (the file cannot be read, or has
 * changed since the load began), MGEO_E_MEMORY, MGEO_E_CANCELLED. */
mgeo_status mgi_tensor_acquire(const mgi_tensor *tensor, mgeo_error *error);

/* After a tensor has been copied, or is no longer read: gives its memory back. Not after an acquire
 * that failed. Any thread. */
void mgi_tensor_release(const mgi_tensor *tensor);

#endif
