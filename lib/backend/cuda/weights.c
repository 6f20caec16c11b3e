/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads weights from the model's files into a card's arena, in the numbers that products take. */
#include "backend/cuda/weights.h"

#include "backend/cuda/arena.h"
#include "backend/cuda/kernels/weights.h"
#include "backend/tensor.h"
#include "core/alloc.h"
#include "core/progress.h"

#include <math.h>
#include <string.h>

/* The first failure sticks in `error`; what comes after it does nothing. */
typedef struct uploading {
    mgi_encoder *encoder;
    mgi_cuda_replica *replica;
    const mgi_encoder_request *request;
    char *staging;
    float *found; /* behind the staging: what a kernel looked for */
    cudaStream_t stream;
    mgeo_error error;
} uploading;

static const float e4m3_most = 448.0f;

static bool going(uploading *p) {
    if (p->error.status != MGEO_OK) return false;
    return mgi_progress_check(p->request->progress, &p->error) == MGEO_OK;
}

static void check(uploading *p, int code, const char *what) {
    if (code != 0 && p->error.status == MGEO_OK) {
        mgi_cuda_device_fail(&p->error, &p->replica->card, code, what);
    }
}

static mgk_cuda_dtype dtype_of(mgi_dtype type) {
    switch (type) {
    case MGI_F16: return MGK_CUDA_F16;
    case MGI_BF16: return MGK_CUDA_BF16;
    default: return MGK_CUDA_F32;
    }
}

/* Bytes of a tensor into the staging, `at` bytes from its start. What is copied out of pageable
 * memory has been read when the call returns; kernels on the stream come after it. */
static void bring(uploading *p, const void *from, size_t bytes, size_t at) {
    if (p->error.status != MGEO_OK) return;
    check(p, (int)cudaMemcpyAsync(p->staging + at, from, bytes, cudaMemcpyHostToDevice, p->stream),
          "copying weights");
}

/* A tensor's bytes are there from now on until done_with; false: they are not. */
static bool begin_with(uploading *p, const mgi_tensor *tensor) {
    return going(p) && mgi_tensor_acquire(tensor, &p->error) == MGEO_OK;
}

static void done_with(uploading *p, const mgi_tensor *tensor) {
    mgi_tensor_release(tensor);
    mgi_progress_add(p->request->progress, 1);
}

/* Any count of numbers, as many at a time as the staging holds. */
static void convert(uploading *p, const mgi_tensor *from, mgk_cuda_dtype to_type, void *to) {
    const size_t count = mgi_tensor_numbers(from), size = from->bytes / count;
    const size_t most = MGI_CUDA_STAGING_BYTES / sizeof(float);
    if (!begin_with(p, from)) return;
    for (size_t first = 0; first < count && going(p); first += most) {
        const size_t some = count - first < most ? count - first : most;
        bring(p, (const char *)from->data + first * size, some * size, 0);
        check(p,
              mgk_cuda_weights_convert(dtype_of(from->dtype), p->staging, to_type,
                                       (char *)to + first * mgk_cuda_dtype_bytes(to_type), 1, some,
                                       p->stream),
              "converting weights");
    }
    done_with(p, from);
}

static void vector(uploading *p, const mgi_tensor *from, float *to) {
    convert(p, from, MGK_CUDA_F32, to);
}

/* ---- bounds of activations, for E4M3: static scales that no input exceeds ---- */

static void clear_found(uploading *p) {
    check(p, (int)cudaMemsetAsync(p->found, 0, sizeof *p->found, p->stream), "clearing memory");
}

static float read_found(uploading *p) {
    float found = 0;
    if (p->error.status != MGEO_OK) return 1;
    check(p,
          (int)cudaMemcpyAsync(&found, p->found, sizeof found, cudaMemcpyDeviceToHost, p->stream),
          "reading memory");
    check(p, (int)cudaStreamSynchronize(p->stream), "placing weights");
    return found > 0 && isfinite(found) ? found : 1;
}

/* LayerNorm's output: no number of it is larger than √hidden |weight| + |bias|. */
static float norm_bound(uploading *p, const mgi_cuda_norm_weights *norm) {
    const uint32_t hidden = p->encoder->spec.hidden;
    float *both = mgi_calloc(2 * (size_t)hidden, sizeof *both), bound = 0;
    if (both == NULL) {
        mgi_fail_memory(&p->error, "a LayerNorm", 2 * (size_t)hidden * sizeof *both);
        return 1;
    }
    const size_t bytes = hidden * sizeof *both;
    check(p, (int)cudaMemcpyAsync(both, norm->weight, bytes, cudaMemcpyDeviceToHost, p->stream),
          "reading memory");
    check(p,
          (int)cudaMemcpyAsync(both + hidden, norm->bias, bytes, cudaMemcpyDeviceToHost, p->stream),
          "reading memory");
    check(p, (int)cudaStreamSynchronize(p->stream), "placing weights");
    for (uint32_t i = 0; i < hidden; i++) {
        bound = fmaxf(bound, sqrtf((float)hidden) * fabsf(both[i]) + fabsf(both[hidden + i]));
    }
    mgi_free(both);
    return bound > 0 && isfinite(bound) ? bound : 1;
}

static void norm(uploading *p, const mgi_norm *from, mgi_cuda_norm_weights *to) {
    vector(p, &from->weight, to->weight);
    vector(p, &from->bias, to->bias);
    if (p->encoder->dtypes.gemm == MGK_CUDA_E4M3 && going(p)) {
        to->scale = e4m3_most / norm_bound(p, to);
    }
}

/* ---- products ---- */

/* One weight out of the matrices of `count` Linear layers over the same input. */
typedef struct stack {
    const mgi_linear *const *parts;
    unsigned count;
    const mgi_cuda_norm_weights *norm; /* E4M3: whose output goes in; NULL: input_scale holds */
    float input_scale;
    unsigned bound_part; /* E4M3: the first part whose outputs' bound is wanted */
    float bound;         /* result */
    mgi_cuda_linear *to;
} stack;

static void fill(uploading *p, float *to, float value, uint32_t count) {
    float *values = mgi_calloc(count, sizeof *values);
    if (values == NULL) {
        mgi_fail_memory(&p->error, "a row of scales", count * sizeof *values);
        return;
    }
    for (uint32_t i = 0; i < count; i++) values[i] = value;
    check(
        p,
        (int)cudaMemcpyAsync(to, values, count * sizeof *values, cudaMemcpyHostToDevice, p->stream),
        "copying scales");
    check(p, (int)cudaStreamSynchronize(p->stream), "placing weights");
    mgi_free(values);
}

/* All parts lie in the staging, one behind the other; they are of one type. */
static void stack_e4m3(uploading *p, stack *s) {
    const mgk_cuda_dtype from = dtype_of(s->parts[0]->weight.dtype);
    const uint32_t outputs = s->parts[0]->weight.shape[0], inputs = s->to->inputs;
    const size_t part = (size_t)outputs * inputs;
    clear_found(p);
    check(p, mgk_cuda_weights_largest(from, p->staging, part * s->count, p->found, p->stream),
          "looking at weights");
    const float scale = read_found(p) / e4m3_most;
    check(p,
          mgk_cuda_weights_convert(from, p->staging, MGK_CUDA_E4M3, s->to->weight, 1 / scale,
                                   part * s->count, p->stream),
          "converting weights");
    const float input_scale = s->norm != NULL ? s->norm->scale : s->input_scale;
    s->to->common_scale = scale / input_scale;
    fill(p, s->to->scale, s->to->common_scale, s->to->outputs);
    if (s->norm == NULL) return;
    clear_found(p);
    const size_t skipped = s->bound_part * part * mgk_cuda_dtype_bytes(from);
    check(p,
          mgk_cuda_weights_bound(from, p->staging + skipped, s->to->bias + s->bound_part * outputs,
                                 s->norm->weight, s->norm->bias,
                                 outputs * (s->count - s->bound_part), inputs, p->found, p->stream),
          "looking at weights");
    s->bound = read_found(p);
}

static void stack_part(uploading *p, const stack *s, unsigned i) {
    const mgi_tensor *from = &s->parts[i]->weight;
    const mgk_cuda_dtype to = p->encoder->dtypes.gemm;
    const uint32_t rows = from->shape[0], width = from->shape[1];
    const size_t first = (size_t)i * rows;
    if (to == MGK_CUDA_S8) {
        if (!begin_with(p, from)) return;
        bring(p, from->data, from->bytes, 0);
        check(p,
              mgk_cuda_weights_quantise_rows(dtype_of(from->dtype), p->staging,
                                             (int8_t *)s->to->weight + first * width,
                                             s->to->scale + first, rows, width, p->stream),
              "quantising weights");
        done_with(p, from);
    } else {
        convert(p, from, to, (char *)s->to->weight + first * width * mgk_cuda_dtype_bytes(to));
    }
}

/* E4M3 looks at the group as a whole. */
static void bring_parts(uploading *p, const stack *s) {
    size_t at = 0;
    for (unsigned i = 0; i < s->count; i++) {
        const mgi_tensor *from = &s->parts[i]->weight;
        if (!begin_with(p, from)) return;
        bring(p, from->data, from->bytes, at);
        done_with(p, from);
        at += from->bytes;
    }
}

static bool of_one_type(const stack *s) {
    for (unsigned i = 1; i < s->count; i++) {
        if (s->parts[i]->weight.dtype != s->parts[0]->weight.dtype) return false;
    }
    return true;
}

static void biases(uploading *p, const stack *s) {
    const uint32_t each = s->to->outputs / s->count;
    for (unsigned i = 0; i < s->count && going(p); i++) {
        vector(p, &s->parts[i]->bias, s->to->bias + (size_t)i * each);
    }
    if (s->to->epilogue_bias != NULL && going(p)) {
        check(p,
              mgk_cuda_weights_convert(MGK_CUDA_F32, s->to->bias, p->encoder->dtypes.activation,
                                       s->to->epilogue_bias, 1, s->to->outputs, p->stream),
              "converting weights");
    }
}

static void upload_stack(uploading *p, stack *s) {
    biases(p, s);
    if (!going(p)) return;
    if (p->encoder->dtypes.gemm != MGK_CUDA_E4M3) {
        for (unsigned i = 0; i < s->count && going(p); i++) stack_part(p, s, i);
        return;
    }
    if (!of_one_type(s)) {
        mgi_fail(&p->error, MGEO_E_UNSUPPORTED,
                 "fp8 needs query, key and value weights of one type: load with bf16 or fp16");
        return;
    }
    bring_parts(p, s);
    if (p->error.status == MGEO_OK) stack_e4m3(p, s);
}

static float upload_linear(uploading *p, const mgi_linear *from, const mgi_cuda_norm_weights *norm,
                           float input_scale, mgi_cuda_linear *to) {
    stack s = {.parts = &from, .count = 1, .norm = norm, .input_scale = input_scale, .to = to};
    upload_stack(p, &s);
    return s.bound;
}

static void upload_fp32_linear(uploading *p, const mgi_linear *from, mgi_cuda_linear *to) {
    convert(p, &from->weight, MGK_CUDA_F32, to->weight);
    vector(p, &from->bias, to->bias);
}

static void upload_layer(uploading *p, const mgi_layer_weights *from,
                         const mgi_cuda_norm_weights *before, mgi_cuda_layer *to) {
    const mgi_linear *const parts[] = {&from->query, &from->key, &from->value};
    const bool e4m3 = p->encoder->dtypes.gemm == MGK_CUDA_E4M3;
    stack qkv = {.parts = parts, .count = 3, .norm = before, .bound_part = 2, .to = &to->qkv};
    upload_stack(p, &qkv);
    if (e4m3) to->context_scale = e4m3_most / qkv.bound; /* a mean of values exceeds none */
    upload_linear(p, &from->attention_output, NULL, to->context_scale, &to->attention_output);
    norm(p, &from->attention_norm, &to->attention_norm);
    const float wide = upload_linear(p, &from->intermediate, &to->attention_norm, 1, &to->up);
    /* No activation makes a number larger than it was, but tanh of small ones, which reaches 1. */
    if (e4m3) to->wide_scale = e4m3_most / fmaxf(wide, 1);
    if (e4m3 && going(p)) fill(p, to->wide_scale_device, to->wide_scale, 1);
    upload_linear(p, &from->output, NULL, to->wide_scale, &to->down);
    norm(p, &from->output_norm, &to->output_norm);
}

static void upload_all(uploading *p) {
    const mgi_weights *from = p->request->weights;
    mgi_cuda_replica *to = p->replica;
    convert(p, &from->word_embeddings, p->encoder->dtypes.activation, to->words);
    vector(p, &from->position_embeddings, to->positions);
    vector(p, &from->type_embeddings, to->types);
    norm(p, &from->embedding_norm, &to->embedding_norm);
    const mgi_cuda_norm_weights *before = &to->embedding_norm;
    for (uint32_t i = 0; i < p->encoder->spec.layers && going(p); i++) {
        upload_layer(p, &from->layers[i], before, &to->layers[i]);
        before = &to->layers[i].output_norm;
    }
    upload_fp32_linear(p, &from->pooler, &to->pooler);
    upload_fp32_linear(p, &from->classifier, &to->classifier);
    check(p, (int)cudaStreamSynchronize(p->stream), "placing weights");
}

mgeo_status mgi_cuda_weights_upload(mgi_encoder *encoder, mgi_cuda_replica *replica,
                                    const mgi_encoder_request *request, mgeo_error *error) {
    uploading p = {.encoder = encoder, .replica = replica, .request = request};
    p.staging = replica->memory + encoder->weight_bytes;
    p.found = (float *)(void *)(p.staging + mgi_cuda_arena_staging_bytes(encoder) - sizeof(float));
    check(&p, (int)cudaStreamCreateWithFlags(&p.stream, cudaStreamNonBlocking), "making a stream");
    if (p.error.status == MGEO_OK) upload_all(&p);
    if (p.stream != NULL) {
        cudaStreamSynchronize(p.stream); /* nothing may still read what is given back now */
        cudaStreamDestroy(p.stream);
    }
    if (error != NULL) *error = p.error;
    return (mgeo_status)p.error.status;
}
