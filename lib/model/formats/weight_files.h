/* Finds the weight files of a model directory and reads what tensors they hold. */
#ifndef MGI_MODEL_FORMATS_WEIGHT_FILES_H
#define MGI_MODEL_FORMATS_WEIGHT_FILES_H

#include "model/formats/tensor_index.h"

enum { MGI_SHARD_LIMIT = 256 };

/* Fills the store from the first of model.safetensors, model.safetensors.index.json,
 * pytorch_model.bin and pytorch_model.bin.index.json that is there, and seals it. The caller
 * finishes the store, also on failure. Errors: MGEO_E_IO (none is there), MGEO_E_FORMAT,
 * MGEO_E_UNSUPPORTED, MGEO_E_MEMORY. */
mgeo_status mgi_weights_read(mgi_store *store, const char *directory, mgeo_error *error);

#endif
