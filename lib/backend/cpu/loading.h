/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a model's weights from its files into the encoder's memory. */
#ifndef MGI_BACKEND_CPU_LOADING_H
#define MGI_BACKEND_CPU_LOADING_H

#include "backend/cpu/encoder.h"

/* Fills the encoder's arena and layers from a request whose sizes hold; on several threads, each
 * of the caller's priority. On failure what there is is still to be freed.
 * Errors: MGEO_E_MEMORY, MGEO_E_CANCELLED, MGEO_E_ARGUMENT, those of mgi_tensor_acquire. */
mgeo_status mgi_cpu_loading_run(mgi_encoder *encoder, const mgi_encoder_request *request,
                                mgeo_error *error);

/* Frees what it has made. */
void mgi_cpu_loading_free(mgi_encoder *encoder);

/* Threads that load at a time, and bytes that each needs for itself. */
unsigned mgi_cpu_loading_threads(void);
size_t mgi_cpu_loading_buffer(const mgi_encoder *encoder);

#endif
