/* SPDX-License-Identifier: Apache-2.0 */
/* A whole pytorch_model.bin: the archive, its pickle, and where the tensors lie. */
#include "model/formats/torch_archive.h"
#include "stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_read_weights(data, size, mgi_torch_archive_read);
    return 0;
}
