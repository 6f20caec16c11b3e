/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the weight files of a model directory and reads what tensors they hold. */
#ifndef MGI_MODEL_FORMATS_WEIGHT_FILES_H
#define MGI_MODEL_FORMATS_WEIGHT_FILES_H

#include "model/fields/fields.h"
#include "model/formats/tensor_index.h"

enum { MGI_WEIGHT_FILES_MAX_SHARDS = 256 };

/* Fills the index from the first of model.safetensors, model.safetensors.index.json,
 * pytorch_model.bin and pytorch_model.bin.index.json that is there, seals it, and notes the
 * fields of an index file that are not used. The caller finishes the index, also on failure.
 * Errors: MGEO_E_IO (none is there), MGEO_E_FORMAT, MGEO_E_UNSUPPORTED, MGEO_E_MEMORY. */
mgeo_status mgi_weight_files_read(mgi_tensor_index *index, const char *directory,
                                  mgi_unused_fields *unused, mgeo_error *error);

#endif
