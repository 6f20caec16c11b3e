/* SPDX-License-Identifier: Apache-2.0 */
// The C interface of torch_c.h over libtorch. All that differs between versions of libtorch is
// here.
#include "backend/torch/torch_c.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/native/TensorIterator.h>
#include <c10/core/InferenceMode.h>

#include <cstdio>
#include <cstring>
#include <deque>
#include <new>
#include <vector>

struct mgt_tensor {
    at::Tensor tensor;
};

struct mgt_weight {
    at::Tensor transposed; // [inputs, outputs], a view
};

struct mgt_scope {
    std::deque<mgt_tensor> temporaries; // a deque: its elements stay where they are
    size_t used = 0;
    mgeo_error error{};
    int threads_before = 1;
    std::vector<uint8_t> parts; // what mgt_parallel iterates over
};

namespace {

mgeo_status describe_exception(mgeo_error *error, const char *what) {
    try {
        throw;
    } catch (const std::bad_alloc &) {
        return mgi_fail(error, MGEO_E_MEMORY, "out of memory in libtorch during %s", what);
    } catch (const c10::Error &problem) {
        const char *text = problem.what_without_backtrace();
        size_t length = std::strcspn(text, "\n");
        bool memory = std::strstr(text, "can't allocate memory") != nullptr;
        return mgi_fail(error, memory ? MGEO_E_MEMORY : MGEO_E_DEVICE,
                        "libtorch failed in %s: %.*s", what,
                        static_cast<int>(length < 300 ? length : 300), text);
    } catch (const std::exception &problem) {
        return mgi_fail(error, MGEO_E_DEVICE, "libtorch failed in %s: %.*s", what,
                        static_cast<int>(std::min<size_t>(std::strcspn(problem.what(), "\n"), 300)),
                        problem.what());
    } catch (...) {
        return mgi_fail(error, MGEO_E_DEVICE, "libtorch failed in %s", what);
    }
}

// Runs an operation unless the scope has failed; an exception becomes the scope's error.
template <typename Operation>
void guarded(mgt_scope *scope, const char *what, const Operation &operation) {
    if (scope->error.status != MGEO_OK) return;
    try {
        c10::InferenceMode inference; // worker threads are fresh: nothing must record gradients
        operation();
    } catch (...) {
        describe_exception(&scope->error, what);
    }
}

mgt_tensor *keep(mgt_scope *scope, at::Tensor tensor) {
    if (scope->used == scope->temporaries.size()) scope->temporaries.emplace_back();
    mgt_tensor *kept = &scope->temporaries[scope->used];
    kept->tensor = std::move(tensor);
    scope->used++;
    return kept;
}

at::ScalarType type_of(mgt_dtype dtype) { return dtype == MGT_BF16 ? at::kBFloat16 : at::kFloat; }

at::Tensor view_of(mgt_dtype dtype, const void *data, size_t rows, size_t columns, size_t stride) {
    return at::from_blob(
        const_cast<void *>(data), {static_cast<int64_t>(rows), static_cast<int64_t>(columns)},
        {static_cast<int64_t>(stride), 1}, at::TensorOptions().dtype(type_of(dtype)));
}

} // namespace

void mgt_version(char *text, size_t capacity) {
    snprintf(text, capacity, "libtorch %s", MGI_TORCH_VERSION);
}

// libtorch 1.13.1 has oneDNN 2, 2.11 has oneDNN 3, whose programs are ten times as large. On x86
// libtorch gives bf16 products to oneDNN only where there is AVX-512.
size_t mgt_program_bytes(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512dq")) {
        return 0;
    }
#endif
    return (std::strncmp(MGI_TORCH_VERSION, "1.", 2) == 0 ? 80 : 800) * size_t{1000};
}

bool mgt_has_mkl(void) { return at::hasMKL(); }

const void *mgt_address(void) { return reinterpret_cast<const void *>(&at::get_num_threads); }

mgeo_status mgt_weight_create(mgt_dtype dtype, const void *data, size_t outputs, size_t inputs,
                              mgt_weight **weight, mgeo_error *error) {
    *weight = nullptr;
    try {
        c10::InferenceMode inference;
        auto made = std::make_unique<mgt_weight>();
        made->transposed = view_of(dtype, data, outputs, inputs, inputs).t();
        *weight = made.release();
        return MGEO_OK;
    } catch (...) {
        return describe_exception(error, "placing weights");
    }
}

void mgt_weight_destroy(mgt_weight *weight) { delete weight; }

mgt_scope *mgt_scope_create(void) {
    try {
        return new mgt_scope();
    } catch (...) {
        return nullptr;
    }
}

void mgt_scope_destroy(mgt_scope *scope) { delete scope; }

void mgt_scope_enter(mgt_scope *scope, unsigned cores) {
    scope->error = mgeo_error{};
    scope->used = 0;
    guarded(scope, "setting its threads", [&] {
        scope->threads_before = at::get_num_threads();
        int threads = static_cast<int>(std::min(cores, 1024u));
        if (threads != scope->threads_before) at::set_num_threads(threads);
    });
}

mgeo_status mgt_scope_leave(mgt_scope *scope, mgeo_error *error) {
    try {
        if (at::get_num_threads() != scope->threads_before) {
            at::set_num_threads(scope->threads_before);
        }
        for (size_t i = 0; i < scope->used; i++) scope->temporaries[i].tensor.reset();
    } catch (...) {
        if (scope->error.status == MGEO_OK) {
            describe_exception(&scope->error, "resetting its threads");
        }
    }
    scope->used = 0;
    if (error) *error = scope->error;
    return static_cast<mgeo_status>(scope->error.status);
}

bool mgt_scope_ok(const mgt_scope *scope) { return scope->error.status == MGEO_OK; }

mgt_tensor *mgt_view(mgt_scope *scope, mgt_dtype dtype, void *data, size_t rows, size_t columns,
                     size_t stride) {
    mgt_tensor *view = nullptr;
    guarded(scope, "making a view",
            [&] { view = keep(scope, view_of(dtype, data, rows, columns, stride)); });
    return view;
}

void mgt_gemm(mgt_scope *scope, const mgt_tensor *input, const mgt_weight *weight,
              mgt_tensor *out) {
    guarded(scope, "a matrix product",
            [&] { at::mm_out(out->tensor, input->tensor, weight->transposed); });
}

// libtorch's own loop over a tensor of one byte per part runs the parts on libtorch's own threads.
// at::parallel_for would do so only if this file used the same OpenMP library as libtorch does.
void mgt_parallel(mgt_scope *scope, unsigned parts, void (*work)(void *context, unsigned part),
                  void *context) {
    if (scope->error.status != MGEO_OK) return;
    if (parts == 1) {
        work(context, 0);
        return;
    }
    guarded(scope, "sharing out work", [&] {
        if (scope->parts.size() < parts) scope->parts.resize(parts);
        uint8_t *base = scope->parts.data();
        at::Tensor bytes = at::from_blob(base, {static_cast<int64_t>(parts)}, at::kByte);
        auto iterator = at::TensorIterator::borrowing_nullary_op(bytes);
        iterator.for_each(
            [&](char **data, const int64_t *strides, int64_t size0, int64_t size1) {
                for (int64_t j = 0; j < size1; j++) {
                    for (int64_t i = 0; i < size0; i++) {
                        char *at = data[0] + j * strides[1] + i * strides[0];
                        work(context, static_cast<unsigned>(at - reinterpret_cast<char *>(base)));
                    }
                }
            },
            1);
    });
}
