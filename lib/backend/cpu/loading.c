/* SPDX-License-Identifier: Apache-2.0 */
/* Packs a model's weights, piece by piece, on a few threads that live as long as that takes. */
#include "backend/cpu/loading.h"

#include "backend/cpu/kernels/dispatch.h"
#include "backend/cpu/layout.h"
#include "backend/request.h"
#include "backend/tensor.h"
#include "core/alloc.h"
#include "core/process.h"
#include "core/progress.h"
#include "core/thread.h"

#include <stdatomic.h>
#include <string.h>

/* More threads than this would wait for memory. */
enum { MAX_THREADS = 4 };

/* What the threads share. They take pieces in order; after the first failure no more. */
typedef struct loading {
    mgi_encoder *encoder;
    mgeo_progress *progress;
    const mgk_weights_rows *rows;
    mgi_cpu_piece *pieces;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
    mgeo_error error; /* of the thread that has set `failed` */
} loading;

typedef struct loader {
    loading *loading;
    float *numbers; /* rows of a panel in fp32 */
    void *packed;   /* the same in the product's numbers */
    pthread_t thread;
    bool started;
} loader;

unsigned mgi_cpu_loading_threads(void) {
    unsigned cpus = mgi_process_cpus();
    if (cpus == 0) return 1;
    return cpus < MAX_THREADS ? cpus : MAX_THREADS;
}

/* Rows that are converted at a time: a panel's, of any of the products. */
static size_t rows_at_once(const mgi_encoder *e) {
    uint32_t a = e->gemm->layout.columns, b = e->finish->layout.columns;
    return a > b ? a : b;
}

static size_t widest_input(const mgi_encoder *e) {
    return e->spec.hidden > e->spec.intermediate ? e->spec.hidden : e->spec.intermediate;
}

size_t mgi_cpu_loading_buffer(const mgi_encoder *e) {
    return rows_at_once(e) * widest_input(e) * (sizeof(float) + sizeof(uint16_t));
}

static void fail(loading *l, const mgeo_error *error) {
    if (!atomic_exchange(&l->failed, true)) l->error = *error;
}

static bool is_readable(const mgi_tensor *tensor, mgi_dtype type) {
    return tensor->dtype == type && (uintptr_t)tensor->data % mgi_tensor_dtype_bytes(type) == 0;
}

/* Numbers of a tensor from the `first` on, in fp32: where they lie if that can be. */
static const float *read_f32(const loader *t, const mgi_tensor *tensor, size_t first,
                             size_t count) {
    const char *from = (const char *)tensor->data + first * mgi_tensor_dtype_bytes(tensor->dtype);
    if (is_readable(tensor, MGI_F32)) return (const float *)(const void *)from;
    t->loading->rows->widen(tensor->dtype, from, count, t->numbers);
    return t->numbers;
}

/* Rows of a matrix as the product wants them; `output`: the first of them in the weight. */
static const void *convert(const loader *t, const mgi_cpu_piece *piece, const mgi_tensor *tensor,
                           size_t row, size_t rows, size_t output) {
    const mgk_weights_rows *k = t->loading->rows;
    size_t width = tensor->shape[1];
    if (piece->gemm->kind == MGK_BF16 && is_readable(tensor, MGI_BF16)) {
        return (const uint16_t *)tensor->data + row * width;
    }
    const float *numbers = read_f32(t, tensor, row * width, rows * width);
    if (piece->gemm->kind == MGK_FP32) return numbers;
    if (piece->gemm->kind == MGK_BF16) {
        k->narrow(MGI_BF16, numbers, rows * width, t->packed);
        return t->packed;
    }
    for (size_t r = 0; r < rows; r++) {
        int8_t *steps = (int8_t *)t->packed + r * width;
        piece->scale[output + r] = k->quantise(numbers + r * width, width, steps);
    }
    return t->packed;
}

static void pack_matrix(const loader *t, const mgi_cpu_piece *piece, const mgi_tensor *tensor,
                        size_t first) {
    size_t step = piece->gemm->layout.columns;
    for (size_t row = 0; row < tensor->shape[0]; row += step) {
        size_t rows = tensor->shape[0] - row < step ? tensor->shape[0] - row : step;
        const void *packed = convert(t, piece, tensor, row, rows, first + row);
        mgk_gemm_pack(piece->gemm, piece->weight, first + row, rows, packed, tensor->shape[1]);
    }
}

/* Fresh memory is zero, so that only padding of other values has to be written. */
static void clear_padding(const mgi_cpu_piece *piece) {
    const mgk_gemm *gemm = piece->gemm;
    if (gemm->layout.flip == 0) return;
    mgk_gemm_clear_panels(gemm, piece->weight, 0, mgk_gemm_panels(gemm, piece->weight->outputs));
}

static void copy_numbers(const loader *t, const mgi_cpu_piece *piece, const mgi_tensor *tensor) {
    const mgk_weights_rows *k = t->loading->rows;
    size_t count = mgi_tensor_numbers(tensor), at_once = rows_at_once(t->loading->encoder);
    if (piece->type == tensor->dtype) {
        memcpy(piece->to, tensor->data, count * mgi_tensor_dtype_bytes(piece->type));
    } else if (piece->type == MGI_F32) {
        k->widen(tensor->dtype, tensor->data, count, piece->to);
    } else {
        for (size_t i = 0; i < count; i += at_once) {
            size_t some = count - i < at_once ? count - i : at_once;
            k->narrow(piece->type, read_f32(t, tensor, i, some), some, (uint16_t *)piece->to + i);
        }
    }
}

static mgeo_status place(const loader *t, const mgi_cpu_piece *piece, mgeo_error *error) {
    if (piece->gemm != NULL) clear_padding(piece);
    for (size_t i = 0, first = 0; i < piece->count; first += piece->from[i++]->shape[0]) {
        const mgi_tensor *tensor = piece->from[i];
        mgeo_status status = mgi_progress_check(t->loading->progress, error);
        if (status == MGEO_OK) status = mgi_tensor_acquire(tensor, error);
        if (status != MGEO_OK) return status;
        if (piece->gemm != NULL) {
            pack_matrix(t, piece, tensor, first);
        } else {
            copy_numbers(t, piece, tensor);
        }
        mgi_tensor_release(tensor);
        mgi_progress_add(t->loading->progress, 1);
    }
    return MGEO_OK;
}

static void *load_pieces(void *argument) {
    const loader *t = argument;
    loading *l = t->loading;
    mgeo_error error = {0};
    while (!atomic_load(&l->failed)) {
        size_t next = atomic_fetch_add(&l->next, 1);
        if (next >= l->count) break;
        if (place(t, &l->pieces[next], &error) != MGEO_OK) fail(l, &error);
    }
    return NULL;
}

static void *load_beside(void *argument) {
    mgi_thread_name("mgeo-load");
    return load_pieces(argument);
}

static bool open_loader(loader *t, loading *l) {
    size_t numbers = rows_at_once(l->encoder) * widest_input(l->encoder);
    *t = (loader){.loading = l};
    t->numbers = mgi_alloc_aligned(numbers, sizeof *t->numbers);
    t->packed = mgi_alloc_aligned(numbers, sizeof(uint16_t));
    return t->numbers != NULL && t->packed != NULL;
}

/* Threads that do not start are not missed: the caller's takes what is left. */
static void load_all(loading *l) {
    loader loaders[MAX_THREADS];
    unsigned threads = mgi_cpu_loading_threads(), opened = 0;
    while (opened < threads && open_loader(&loaders[opened], l)) opened++;
    if (opened == threads) {
        for (unsigned i = 1; i < threads; i++) {
            loader *t = &loaders[i];
            t->started = mgi_thread_start(&t->thread, load_beside, t) == 0;
        }
        load_pieces(&loaders[0]);
        for (unsigned i = 1; i < threads; i++) {
            if (loaders[i].started) pthread_join(loaders[i].thread, NULL);
        }
    } else {
        mgi_fail_memory(&l->error, "the model's weights", mgi_cpu_loading_buffer(l->encoder));
        opened++; /* the last one may have half of its memory */
    }
    for (unsigned i = 0; i < opened; i++) {
        mgi_free(loaders[i].numbers);
        mgi_free(loaders[i].packed);
    }
}

static void note(void *context, const mgi_cpu_piece *piece) {
    loading *l = context;
    l->pieces[l->count++] = *piece;
}

/* Memory for all that the walk will place. */
static mgeo_status open_memory(mgi_encoder *e, const mgi_weights *weights, mgeo_error *error) {
    mgi_cpu_cursor needed = {NULL, 0, false};
    mgi_cpu_layout_walk(e, weights, &needed, NULL, NULL);
    if (needed.overflow) return mgi_request_fail_shape(&e->spec, error);
    e->bytes = needed.used;
    e->layers = mgi_calloc(e->spec.layers, sizeof *e->layers);
    if (e->layers == NULL || !mgi_cpu_arena_open(&e->arena, needed.used)) {
        return mgi_fail_memory(error, "the model's weights", needed.used);
    }
    return MGEO_OK;
}

mgeo_status mgi_cpu_loading_run(mgi_encoder *e, const mgi_encoder_request *request,
                                mgeo_error *error) {
    loading l = {.encoder = e, .progress = request->progress, .rows = mgk_dispatch_weights_rows()};
    mgi_progress_stage(request->progress, MGEO_STAGE_PLACING, mgi_tensor_count(&e->spec));
    mgeo_status status = open_memory(e, request->weights, error);
    if (status != MGEO_OK) return status;
    size_t pieces = mgi_cpu_layout_pieces(&e->spec);
    l.pieces = mgi_calloc(pieces, sizeof *l.pieces);
    if (l.pieces == NULL) return mgi_fail_memory(error, "the model's weights", pieces);
    mgi_cpu_cursor cursor = {e->arena.memory, 0, false};
    mgi_cpu_layout_walk(e, request->weights, &cursor, note, &l);
    load_all(&l);
    mgi_free(l.pieces);
    if (l.error.status != MGEO_OK && error != NULL) *error = l.error;
    return (mgeo_status)l.error.status;
}

void mgi_cpu_loading_free(mgi_encoder *e) {
    mgi_cpu_arena_close(&e->arena);
    mgi_free(e->layers);
    e->layers = NULL;
}
