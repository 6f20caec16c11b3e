/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the header of a .safetensors file. */
#ifndef MGI_MODEL_FORMATS_SAFETENSORS_H
#define MGI_MODEL_FORMATS_SAFETENSORS_H

#include "model/formats/tensor_index.h"

enum { MGI_SAFETENSORS_MAX_HEADER = 16 << 20 };

/* Adds the tensors of a file to the index, in the order of their bytes. Types, shapes and
 * offsets agree with each other and cover the file without hole or overlap, or it is refused.
 * Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED (a type of numbers), MGEO_E_MEMORY. */
mgeo_status mgi_safetensors_read(mgi_tensor_index *index, const mgi_tensor_index_file *file,
                                 mgeo_error *error);

#endif
