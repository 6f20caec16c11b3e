/* SPDX-License-Identifier: Apache-2.0 */
/* Tells by the names of a checkpoint's tensors which other kind of model it is. */
#ifndef MGI_MODEL_OTHER_MODELS_H
#define MGI_MODEL_OTHER_MODELS_H

#include "model/formats/tensor_index.h"

/* What a checkpoint is that has no encoder or no classifier where BERT's are: "a question answering
 * model"; NULL: nothing tells. */
const char *mgi_other_models_name(const mgi_tensor_index *index);

/* Refuses tensors that change what the encoder computes and that BERT has not: left unused, the
 * answer would be another one. Those of MGeo's map branch are none of them.
 * Errors: MGEO_E_UNSUPPORTED (names the tensor). */
mgeo_status mgi_other_models_refuse(const mgi_tensor_index *index, mgeo_error *error);

#endif
