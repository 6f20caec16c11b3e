/* SPDX-License-Identifier: Apache-2.0 */
/* From the names in a checkpoint to the tensors of a BERT classifier. */
#ifndef MGI_MODEL_CHECKPOINT_H
#define MGI_MODEL_CHECKPOINT_H

#include "backend/backend.h"
#include "model/weight_reader.h"

typedef struct mgi_checkpoint {
    mgi_weights weights;       /* layers are owned here */
    mgi_weight_reader *reader; /* of the tensors that scoring uses, in a fixed order: embeddings,
                                  layers, pooler, classifier */
    size_t used_count;
    char **unused; /* names, in the files' order */
    size_t unused_count;
    uint64_t parameters; /* numbers in the used tensors */
    uint64_t bytes;      /* of the used tensors */
} mgi_checkpoint;

/* Binds the index's tensors. The prefix of their names (MGeo's "bert.text_encoder.", "bert." or
 * none) is decided once. spec->labels is set from the classifier, which must have 1 to
 * MGEO_MAX_LABELS outputs; all other sizes must be the spec's. A tensor that is missing or has
 * another shape, type or layout is refused by name. On failure the checkpoint is empty.
 * Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED (type or strides of a tensor), MGEO_E_MEMORY. */
mgeo_status mgi_checkpoint_bind(mgi_checkpoint *checkpoint, const mgi_tensor_index *index,
                                const char *directory, mgi_encoder_spec *spec, mgeo_error *error);
void mgi_checkpoint_finish(mgi_checkpoint *checkpoint);

#endif
