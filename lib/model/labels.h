/* SPDX-License-Identifier: Apache-2.0 */
/* From a model's label names to where its similarity lies. */
#ifndef MGI_MODEL_LABELS_H
#define MGI_MODEL_LABELS_H

#include "model/config.h"
#include "model/model.h"

/* Decides the labels of a classifier with `outputs` outputs from their names in the files and the
 * caller's options (positive_label, partial_weight). directory is for error lines.
 * Errors: MGEO_E_ARGUMENT (positive_label is needed, or is no label; a weight out of range),
 * MGEO_E_FORMAT (the files name another number of labels). */
mgeo_status mgi_labels_decide(mgi_labels *labels, const mgi_config *config, uint32_t outputs,
                              const mgi_model_options *options, const char *directory,
                              mgeo_error *error);

#endif
