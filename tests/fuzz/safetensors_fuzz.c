/* SPDX-License-Identifier: Apache-2.0 */
/* A whole .safetensors file: its header, and where the tensors lie. */
#include "model/formats/safetensors.h"
#include "stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_read_weights(data, size, mgi_safetensors_read);
    return 0;
}
