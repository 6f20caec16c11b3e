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

/* The same of tensors that no list knows: those that `used` (one for each of the index) does not
 * have although they lie in a layer, a norm or a head that is computed. wrapper and prefix are what
 * stands before the classifier's and the encoder's names. Layers from number `layers` on are cut
 * off by config.json and not refused. */
mgeo_status mgi_other_models_refuse_unused(const mgi_tensor_index *index, const bool *used,
                                           const char *wrapper, const char *prefix, uint32_t layers,
                                           mgeo_error *error);

#endif
