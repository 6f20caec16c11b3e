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

/* After a tensor has been copied: gives the pages of a mapped file back. */
void mgi_tensor_release(const mgi_tensor *tensor);

#endif
