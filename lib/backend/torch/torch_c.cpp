/* SPDX-License-Identifier: Apache-2.0 */
// The C interface of torch_c.h over libtorch. All that differs between versions of libtorch is
// here.
#include "backend/torch/torch_c.h"

extern "C" {
#include "core/status.h"
}

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <vector>

struct mgt_tensor {
    at::Tensor tensor;
};

struct mgt_weight {
    mgt_form form;
    at::Tensor numbers; // of int8: steps [outputs, inputs]
    at::Tensor scale;   // of int8: [outputs]
};

struct mgt_scope {
    std::deque<mgt_tensor> temporaries; // a deque: its elements stay where they are
    size_t used = 0;
    mgeo_error error{};
    int threads_before = 1;
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

mgt_tensor *keep(mgt_scope *scope, at::Tensor tensor) {
    if (scope->used == scope->temporaries.size()) scope->temporaries.emplace_back();
    mgt_tensor *kept = &scope->temporaries[scope->used];
    kept->tensor = std::move(tensor);
    scope->used++;
    return kept;
}

// Runs an operation unless the scope has failed; an exception becomes the scope's error.
template <typename Operation>
mgt_tensor *guarded(mgt_scope *scope, const char *what, const Operation &operation) {
    if (scope->error.status != MGEO_OK) return nullptr;
    try {
        c10::InferenceMode inference; // worker threads are fresh: nothing must record gradients
        return keep(scope, operation());
    } catch (...) {
        describe_exception(&scope->error, what);
        return nullptr;
    }
}

void release_all(mgt_scope *scope) {
    for (size_t i = 0; i < scope->used; i++) scope->temporaries[i].tensor.reset();
    scope->used = 0;
}

at::ScalarType type_of(mgi_dtype dtype) {
    switch (dtype) {
    case MGI_F16: return at::kHalf;
    case MGI_BF16: return at::kBFloat16;
    case MGI_F32: break;
    }
    return at::kFloat;
}

// ---- int8: a row in whole steps of its own scale, from -127 to 127 ----

struct steps {
    at::Tensor numbers; // whole, in fp32
    at::Tensor scale;   // [rows, 1]; NaN where the row holds what is not finite
};

// What has no size at all becomes steps of 0, of the scale `of_nothing`.
steps quantise(const at::Tensor &x, float of_nothing) {
    at::Tensor top = x.abs().amax({1}, true);
    at::Tensor nothing = top.le(1e-30f), finite = top.le(3.0e38f);
    at::Tensor inverse =
        at::where(nothing, at::zeros_like(top), at::full_like(top, 127.0f).div(top));
    at::Tensor scaled = x.mul(inverse);
    at::Tensor numbers = scaled.add_(at::full_like(scaled, 0.5f).copysign_(scaled)).trunc_();
    at::Tensor scale = at::where(nothing, at::full_like(top, of_nothing), top.div(127.0f));
    scale = at::where(finite, scale, at::full_like(top, NAN));
    return {at::where(finite, numbers, at::zeros_like(numbers)), scale};
}

// As many products of two steps as fp32 can add up without rounding: 1024 · 127² < 2^24.
constexpr int64_t EXACT = 1024;

at::Tensor multiply_steps(const at::Tensor &x, const at::Tensor &weight) {
    at::Tensor sum = at::zeros({x.size(0), weight.size(0)}, at::kDouble);
    for (int64_t first = 0; first < x.size(1); first += EXACT) {
        int64_t width = std::min(EXACT, x.size(1) - first);
        sum.add_(
            at::mm(x.narrow(1, first, width), weight.narrow(1, first, width).to(at::kFloat).t()));
    }
    return sum.to(at::kFloat);
}

at::Tensor multiply(const at::Tensor &x, const mgt_weight &weight) {
    switch (weight.form) {
    case MGT_BF16:
        return at::mm(x.to(at::kBFloat16).to(at::kFloat), weight.numbers.to(at::kFloat).t());
    case MGT_INT8: {
        steps s = quantise(x, 0.0f);
        return multiply_steps(s.numbers, weight.numbers).mul_(s.scale).mul_(weight.scale);
    }
    case MGT_AS_IS:
    case MGT_FP32: break;
    }
    return at::mm(x, weight.numbers.t());
}

// ---- attention ----

// [rows · length, hidden] to [rows, heads, length, width].
at::Tensor by_heads(const at::Tensor &x, int64_t rows, int64_t heads) {
    return x.view({rows, x.size(0) / rows, heads, x.size(1) / heads}).transpose(1, 2);
}

at::Tensor attend(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                  int64_t rows, int64_t heads) {
    const double width = static_cast<double>(query.size(1)) / static_cast<double>(heads);
    at::Tensor keys = by_heads(key, rows, heads).transpose(2, 3);
    at::Tensor weights = at::matmul(by_heads(query, rows, heads), keys).div_(std::sqrt(width));
    weights = at::softmax(weights, -1);
    at::Tensor context = at::matmul(weights, by_heads(value, rows, heads));
    return context.transpose(1, 2).reshape(query.sizes());
}

// One past the last row that is as long as the first.
size_t end_of_group(const uint32_t *offsets, size_t first, size_t rows) {
    size_t end = first + 1;
    while (end < rows && offsets[end + 1] - offsets[end] == offsets[first + 1] - offsets[first]) {
        end++;
    }
    return end;
}

at::Tensor pick(const at::Tensor &table, const std::vector<int64_t> &indices) {
    at::Tensor which = at::from_blob(const_cast<int64_t *>(indices.data()),
                                     {static_cast<int64_t>(indices.size())}, at::kLong);
    return table.index_select(0, which).to(at::kFloat);
}

} // namespace

void mgt_version(char *text, size_t capacity) {
    snprintf(text, capacity, "libtorch %s", MGI_TORCH_VERSION);
}

bool mgt_has_mkl(void) { return at::hasMKL(); }

const void *mgt_address(void) { return reinterpret_cast<const void *>(&at::get_num_threads); }

// ---- weights ----

mgeo_status mgt_weight_create(const mgi_tensor *from, mgt_form form, mgt_weight **weight,
                              mgeo_error *error) {
    *weight = nullptr;
    try {
        c10::InferenceMode inference;
        auto made = std::make_unique<mgt_weight>();
        std::vector<int64_t> shape(from->shape, from->shape + from->rank);
        made->form = form;
        made->numbers = at::empty(shape, type_of(from->dtype));
        std::memcpy(made->numbers.data_ptr(), from->data, from->bytes);
        if (form == MGT_INT8) {
            steps s = quantise(made->numbers.to(at::kFloat), 1.0f);
            made->numbers = s.numbers.to(at::kChar);
            made->scale = s.scale.view({-1});
        } else if (form != MGT_AS_IS) {
            made->numbers = made->numbers.to(form == MGT_BF16 ? at::kBFloat16 : at::kFloat);
        }
        *weight = made.release();
        return MGEO_OK;
    } catch (...) {
        return describe_exception(error, "placing weights");
    }
}

void mgt_weight_destroy(mgt_weight *weight) { delete weight; }

// ---- scopes ----

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
    try {
        scope->threads_before = at::get_num_threads();
        int threads = static_cast<int>(std::min(cores, 1024u));
        if (threads != scope->threads_before) at::set_num_threads(threads);
    } catch (...) {
        describe_exception(&scope->error, "setting its threads");
    }
}

mgeo_status mgt_scope_leave(mgt_scope *scope, mgeo_error *error) {
    try {
        if (at::get_num_threads() != scope->threads_before) {
            at::set_num_threads(scope->threads_before);
        }
    } catch (...) {
        if (scope->error.status == MGEO_OK) {
            describe_exception(&scope->error, "resetting its threads");
        }
    }
    release_all(scope);
    if (error) *error = scope->error;
    return static_cast<mgeo_status>(scope->error.status);
}

mgt_tensor *mgt_scope_keep(mgt_scope *scope, mgt_tensor *tensor) {
    return guarded(scope, "letting go", [&] {
        at::Tensor kept = tensor->tensor;
        release_all(scope);
        return kept;
    });
}

void mgt_scope_read(mgt_scope *scope, const mgt_tensor *tensor, float *to) {
    guarded(scope, "reading", [&] {
        at::Tensor dense = tensor->tensor.contiguous();
        std::memcpy(to, dense.data_ptr<float>(), sizeof *to * static_cast<size_t>(dense.numel()));
        return dense;
    });
}

// ---- operations ----

mgt_tensor *mgt_embed_ids(mgt_scope *scope, const mgt_weight *table, const int32_t *ids,
                          size_t count) {
    return guarded(scope, "looking words up",
                   [&] { return pick(table->numbers, std::vector<int64_t>(ids, ids + count)); });
}

mgt_tensor *mgt_embed_types(mgt_scope *scope, const mgt_weight *table, const uint8_t *types,
                            size_t count) {
    return guarded(scope, "looking types up", [&] {
        return pick(table->numbers, std::vector<int64_t>(types, types + count));
    });
}

mgt_tensor *mgt_embed_positions(mgt_scope *scope, const mgt_weight *table, const uint32_t *offsets,
                                size_t rows) {
    return guarded(scope, "looking positions up", [&] {
        std::vector<int64_t> positions;
        for (size_t row = 0; row < rows; row++) {
            for (uint32_t i = offsets[row]; i < offsets[row + 1]; i++) {
                positions.push_back(i - offsets[row]);
            }
        }
        return pick(table->numbers, positions);
    });
}

mgt_tensor *mgt_linear(mgt_scope *scope, const mgt_tensor *x, const mgt_weight *weight,
                       const mgt_weight *bias) {
    return guarded(scope, "a matrix product",
                   [&] { return multiply(x->tensor, *weight).add_(bias->numbers); });
}

mgt_tensor *mgt_layer_norm(mgt_scope *scope, const mgt_tensor *x, const mgt_weight *weight,
                           const mgt_weight *bias, float eps) {
    return guarded(scope, "LayerNorm", [&] {
        return at::layer_norm(x->tensor, {x->tensor.size(1)}, weight->numbers, bias->numbers, eps);
    });
}

mgt_tensor *mgt_add(mgt_scope *scope, const mgt_tensor *a, const mgt_tensor *b) {
    return guarded(scope, "a sum", [&] { return a->tensor.add(b->tensor); });
}

mgt_tensor *mgt_activate(mgt_scope *scope, mgi_activation activation, const mgt_tensor *x) {
    return guarded(scope, "an activation", [&] {
        switch (activation) {
        case MGI_GELU: return at::gelu(x->tensor, "none");
        case MGI_GELU_TANH: return at::gelu(x->tensor, "tanh");
        case MGI_RELU: return at::relu(x->tensor);
        case MGI_TANH: break;
        }
        return at::tanh(x->tensor);
    });
}

mgt_tensor *mgt_attention(mgt_scope *scope, const mgt_tensor *query, const mgt_tensor *key,
                          const mgt_tensor *value, const uint32_t *offsets, size_t rows,
                          size_t heads) {
    return guarded(scope, "attention", [&] {
        std::vector<at::Tensor> contexts;
        for (size_t first = 0, end; first < rows; first = end) {
            end = end_of_group(offsets, first, rows);
            const int64_t from = offsets[first], tokens = offsets[end] - offsets[first];
            auto part = [&](const mgt_tensor *t) { return t->tensor.narrow(0, from, tokens); };
            contexts.push_back(attend(part(query), part(key), part(value),
                                      static_cast<int64_t>(end - first),
                                      static_cast<int64_t>(heads)));
        }
        return at::cat(contexts);
    });
}

mgt_tensor *mgt_rows(mgt_scope *scope, const mgt_tensor *x, const uint32_t *indices, size_t count) {
    return guarded(scope, "taking rows",
                   [&] { return pick(x->tensor, std::vector<int64_t>(indices, indices + count)); });
}
