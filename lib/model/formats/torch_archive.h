/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the tensors of a pytorch_model.bin: a zip archive with a pickle in it. */
#ifndef MGI_MODEL_FORMATS_TORCH_ARCHIVE_H
#define MGI_MODEL_FORMATS_TORCH_ARCHIVE_H

#include "model/formats/tensor_index.h"

/* Adds the tensors of an open file to the index, in the order of the state dict, which may also
 * lie under a key that training programs use, such as "model_state_dict". Tensors that are not
 * row-major are marked as such. Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED (files older than
 * torch 1.6, foreign pickles, compression, big-endian), MGEO_E_MEMORY. */
mgeo_status mgi_torch_archive_read(mgi_tensor_index *index, const mgi_tensor_index_file *file,
                                   mgeo_error *error);

#endif
