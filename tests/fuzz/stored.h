/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every file of weights that was read. */
#ifndef TESTS_FUZZ_STORED_H
#define TESTS_FUZZ_STORED_H

#include "library.h"
#include "model/formats/tensor_index.h"

typedef mgeo_status fuzz_weights_reader(mgi_tensor_index *, const mgi_tensor_index_file *,
                                        mgeo_error *);

/* Whatever is taken lies within the file and has the bytes that its shape implies. */
static inline void fuzz_check_stored(const mgi_stored_tensor *tensor, size_t file_bytes) {
    uint64_t numbers;
    size_t bytes;
    FUZZ_REQUIRE(tensor->offset <= file_bytes, "a tensor outside its file");
    FUZZ_REQUIRE(tensor->bytes <= file_bytes - tensor->offset, "a tensor past its file's end");
    if (!tensor->dense) return;
    FUZZ_REQUIRE(
        mgi_stored_dtype_shape_size(tensor->shape, tensor->rank, tensor->type, &numbers, &bytes) &&
            bytes == tensor->bytes,
        "a tensor of another size than its shape");
}

static inline void fuzz_read_weights(const uint8_t *data, size_t size, fuzz_weights_reader *read) {
    static char path[] = "model";
    const mgi_tensor_index_file stored = {
        .input = {.path = path, .memory = data, .size = size, .descriptor = -1}, .path = path};
    mgi_tensor_index index;
    mgeo_error error = {0};
    mgi_tensor_index_init(&index);
    mgeo_status status = read(&index, &stored, &error);
    if (status == MGEO_OK) status = mgi_tensor_index_seal(&index, &error);
    fuzz_check_error(status, &error);
    for (size_t i = 0; i < index.count; i++) fuzz_check_stored(&index.tensors[i], size);
    mgi_tensor_index_finish(&index);
}

#endif
