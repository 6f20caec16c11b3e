/* SPDX-License-Identifier: Apache-2.0 */
/* Products of a few rows: how each is cut up, and launched. The kernel: gemm_small_kernel.cuh. */
#include "backend/cuda/kernels/gemm_small_kernel.cuh"

#include <pthread.h>

namespace {

/* ---- folding a norm into a product ---- */

struct source_row {
    mgk_cuda_dtype type;
    const void *numbers;
    size_t first;

    __device__ __forceinline__ float operator[](uint32_t i) const {
        if (type == MGK_CUDA_F32) return ((const float *)numbers)[first + i];
        if (type == MGK_CUDA_F16) return __half2float(((const __half *)numbers)[first + i]);
        return __bfloat162float(((const __nv_bfloat16 *)numbers)[first + i]);
    }
};

__device__ __forceinline__ float store_rounded(mgk_cuda_dtype type, void *to, size_t i, float x) {
    if (type == MGK_CUDA_F16) {
        __half rounded = __float2half_rn(x);
        ((__half *)to)[i] = rounded;
        return __half2float(rounded);
    }
    __nv_bfloat16 rounded = __float2bfloat16_rn(x);
    ((__nv_bfloat16 *)to)[i] = rounded;
    return __bfloat162float(rounded);
}

__device__ __forceinline__ float sum_of_warp(float x) {
    for (uint32_t other = 16; other > 0; other /= 2) x += __shfl_xor_sync(0xffffffff, x, other);
    return x;
}

/* One warp a row. */
__global__ void fold_norm(const mgk_small_fold f) {
    uint32_t row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
    if (row >= f.outputs) return;
    source_row source = {f.source_type, f.source, (size_t)row * f.inputs};
    float sum = 0, bias = 0;
    for (uint32_t i = lane; i < f.inputs; i += 32) {
        float w = source[i];
        sum += store_rounded(f.weight_type, f.weight, source.first + i, w * f.gain[i]);
        bias += w * f.shift[i];
    }
    sum = sum_of_warp(sum);
    bias = sum_of_warp(bias);
    if (lane) return;
    f.weight_sums[row] = sum;
    f.bias[row] = bias + (f.source_bias ? f.source_bias[row] : 0);
}

/* ---- the device ---- */

enum { DEVICES = 64, TYPES = 3, CLUSTERS = 90, STATIC_SHARED = sizeof(tile_edges) };

struct device {
    int ready; /* atomic */
    int processors;
    int shared;  /* bytes that a block may have */
    int dynamic; /* bytes of them left for the launch to give */
    int level;   /* what the kernels were compiled for, 10 * major + minor; not what the card is */
    bool usable[TYPES][2];
};

device devices[DEVICES];
pthread_mutex_t devices_mutex = PTHREAD_MUTEX_INITIALIZER;

typedef void (*kernel)(task);

const kernel kernels[TYPES][2] = {
    {small_product<MGK_CUDA_F16, false>, small_product<MGK_CUDA_F16, true>},
    {small_product<MGK_CUDA_BF16, false>, small_product<MGK_CUDA_BF16, true>},
    {small_product<MGK_CUDA_E4M3, false>, small_product<MGK_CUDA_E4M3, true>}};

int index_of(mgk_cuda_dtype type) {
    return type == MGK_CUDA_F16 ? 0 : type == MGK_CUDA_BF16 ? 1 : type == MGK_CUDA_E4M3 ? 2 : -1;
}

/* Loads a kernel and lifts its limits. One whose body is empty has no static shared memory, but
 * for what the system may take. */
bool prepare(kernel k, device *d) {
    cudaFuncAttributes a;
    if (cudaFuncGetAttributes(&a, (const void *)k) || a.sharedSizeBytes < STATIC_SHARED) {
        return false;
    }
    d->level = a.ptxVersion;
    d->dynamic = d->shared - (int)a.sharedSizeBytes;
    if (cudaFuncSetAttribute((const void *)k, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             d->dynamic)) {
        return false;
    }
    /* One carve-out for all, or kernels could not share a multiprocessor. */
    if (cudaFuncSetAttribute((const void *)k, cudaFuncAttributePreferredSharedMemoryCarveout,
                             cudaSharedmemCarveoutMaxShared)) {
        return false;
    }
    return d->level < CLUSTERS ||
           !cudaFuncSetAttribute((const void *)k, cudaFuncAttributeNonPortableClusterSizeAllowed,
                                 1);
}

void read_device(int number, device *d) {
    cudaDeviceGetAttribute(&d->processors, cudaDevAttrMultiProcessorCount, number);
    cudaDeviceGetAttribute(&d->shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, number);
    for (int type = 0; type < TYPES; type++) {
        for (int warpgroup = 0; warpgroup < 2; warpgroup++) {
            d->usable[type][warpgroup] = prepare(kernels[type][warpgroup], d);
        }
    }
    (void)cudaGetLastError(); /* a card that a kernel was not built for is no error */
}

const device *current_device() {
    int number = 0;
    if (cudaGetDevice(&number) || number >= DEVICES) return NULL;
    device *d = &devices[number];
    if (__atomic_load_n(&d->ready, __ATOMIC_ACQUIRE)) return d;
    pthread_mutex_lock(&devices_mutex);
    if (!d->ready) {
        read_device(number, d);
        __atomic_store_n(&d->ready, 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&devices_mutex);
    return d;
}

/* ---- plans ---- */

uint32_t divide_up(uint32_t n, uint32_t by) { return (n + by - 1) / by; }

uint32_t row_bytes(const mgk_cuda_gemm *p) {
    return p->inputs * (p->input_type == MGK_CUDA_E4M3 ? 1 : 2);
}

uint32_t blocks_of(const mgk_cuda_gemm *p) { return row_bytes(p) / BLOCK; }

uint32_t share_of(const mgk_cuda_gemm *p, const mgk_small_plan *plan) {
    uint32_t rows = p->rows < plan->tile_rows ? p->rows : plan->tile_rows;
    return divide_up(rows, plan->split);
}

uint32_t ring_bytes(const mgk_cuda_gemm *p, const mgk_small_plan *plan) {
    uint32_t most = divide_up(blocks_of(p), plan->split);
    return (most <= AHEAD ? most : (uint32_t)RING) * (plan->tile_rows * BLOCK + WEIGHT_BLOCK);
}

/* Dynamic shared memory: the ring, behind it the partial sums; a single block's overlap. */
uint32_t shared_bytes(const mgk_cuda_gemm *p, const mgk_small_plan *plan) {
    uint32_t ring = ring_bytes(p, plan);
    uint32_t partials = plan->split * share_of(p, plan) * PARTIAL * (uint32_t)sizeof(float);
    uint32_t slack = plan->warpgroup ? SWIZZLE_ALIGNMENT : PLAIN_ALIGNMENT;
    if (plan->split > 1) return slack + ring + partials;
    return slack + (ring > partials ? ring : partials);
}

uint32_t tiles_of(const mgk_cuda_gemm *p, const mgk_small_plan *plan) {
    return p->outputs / COLUMNS * divide_up(p->rows, plan->tile_rows);
}

/* As many blocks as were fastest in a chain of products, measured on an H100 with benchmarks/gpu's
 * small_bench (its table by split): more of them share the copying, but meet for their sums. Each
 * keeps four blocks of a row at least. */
uint32_t choose_split(const device *d, const mgk_cuda_gemm *p, const mgk_small_plan *plan) {
    const uint32_t blocks = blocks_of(p), tiles = tiles_of(p, plan);
    const bool is_long = blocks >= 24;
    const uint32_t in_all = p->rows <= MOST_ROWS ? 72 : is_long ? 96 : 48;
    uint32_t split = in_all / tiles;
    if (d->level < CLUSTERS || split < 2) return 1;
    if (split > MGK_SMALL_PORTABLE_SPLIT) split = MGK_SMALL_PORTABLE_SPLIT;
    if (split > blocks / 4) split = blocks / 4;
    return split > 1 ? split : 1;
}

bool plan_fits(const device *d, const mgk_cuda_gemm *p, const mgk_small_plan *plan) {
    return shared_bytes(p, plan) <= (uint32_t)d->dynamic;
}

mgk_small_plan choose(const device *d, const mgk_cuda_gemm *p) {
    uint32_t rows = divide_up(p->rows, divide_up(p->rows, MOST_ROWS));
    const int type = index_of(p->input_type);
    mgk_small_plan plan = {1, divide_up(rows, 16) * 16, type >= 0 && d->usable[type][1]};
    plan.split = choose_split(d, p, &plan);
    while (plan.tile_rows > 16 && !plan_fits(d, p, &plan)) plan.tile_rows -= 16;
    return plan;
}

/* ---- launching ---- */

task make_task(const mgk_cuda_gemm *p, const mgk_small_plan *plan) {
    task t = {};
    t.input = (const unsigned char *)p->input;
    t.weight = (const unsigned char *)p->weight;
    t.output = (unsigned char *)p->output;
    t.scale = p->scale;
    t.bias = p->bias;
    t.output_scale = p->output_scale;
    t.rows = p->rows;
    t.outputs = p->outputs;
    t.inputs = p->inputs;
    t.row_bytes = row_bytes(p);
    t.blocks = blocks_of(p);
    t.tile_rows = plan->tile_rows;
    t.share = share_of(p, plan);
    t.partials_at = plan->split > 1 ? ring_bytes(p, plan) : 0;
    t.activation = p->activation;
    t.output_type = p->output_type;
    return t;
}

void fuse(task *t, const mgk_small_fusion *f) {
    t->residual = (const unsigned char *)f->residual;
    t->sums = f->weight_sums;
    t->gain = f->residual_gain;
    t->shift = f->residual_shift;
    t->input_moments = (const float2 *)f->input_moments;
    t->residual_moments = (const float2 *)f->residual_moments;
    t->output_moments = (float2 *)f->output_moments;
    t->epsilon = f->epsilon;
}

/* Attributes go to `a`, which has room for two. */
cudaLaunchConfig_t configure(const device *d, const mgk_cuda_gemm *p, const mgk_small_plan *plan,
                             cudaLaunchAttribute *a) {
    cudaLaunchConfig_t c = {};
    c.gridDim = dim3(plan->split, p->outputs / COLUMNS, divide_up(p->rows, plan->tile_rows));
    c.blockDim = dim3(THREADS);
    c.dynamicSmemBytes = shared_bytes(p, plan);
    c.attrs = a;
    if (plan->split > 1) {
        a[c.numAttrs].id = cudaLaunchAttributeClusterDimension;
        a[c.numAttrs].val.clusterDim.x = plan->split;
        a[c.numAttrs].val.clusterDim.y = a[c.numAttrs].val.clusterDim.z = 1;
        c.numAttrs++;
    }
    /* Kernels compiled for less do not wait. */
    if (p->dependent && d->level >= CLUSTERS) {
        a[c.numAttrs].id = cudaLaunchAttributeProgrammaticStreamSerialization;
        a[c.numAttrs].val.programmaticStreamSerializationAllowed = 1;
        c.numAttrs++;
    }
    return c;
}

int launch(const device *d, const mgk_cuda_gemm *p, const mgk_small_fusion *fusion,
           const mgk_small_plan *plan, mgk_cuda_stream stream) {
    task t = make_task(p, plan);
    if (fusion) fuse(&t, fusion);
    cudaLaunchAttribute attributes[2] = {};
    cudaLaunchConfig_t c = configure(d, p, plan, attributes);
    c.stream = stream;
    void *arguments[] = {&t};
    kernel k = kernels[index_of(p->input_type)][plan->warpgroup];
    return (int)cudaLaunchKernelExC(&c, (const void *)k, arguments);
}

bool device_supports(const device *d, const mgk_cuda_gemm *p) {
    int type = index_of(p->input_type);
    return d && type >= 0 && index_of(p->output_type) >= 0 && d->usable[type][0] && p->rows > 0 &&
           p->rows <= MGK_SMALL_ROWS && p->outputs > 0 && p->outputs % COLUMNS == 0 &&
           p->inputs > 0 && row_bytes(p) % BLOCK == 0;
}

} // namespace

bool mgk_gemm_small_supports(const mgk_cuda_gemm *product) {
    return device_supports(current_device(), product);
}

int mgk_gemm_small_fused(const mgk_cuda_gemm *product, const mgk_small_fusion *fusion,
                         mgk_cuda_stream stream) {
    const device *d = current_device();
    if (!device_supports(d, product)) return cudaErrorNotSupported;
    mgk_small_plan plan = choose(d, product);
    return launch(d, product, fusion, &plan, stream);
}

int mgk_gemm_small(const mgk_cuda_gemm *product, mgk_cuda_stream stream) {
    return mgk_gemm_small_fused(product, NULL, stream);
}

int mgk_gemm_small_fold(const mgk_small_fold *fold, mgk_cuda_stream stream) {
    fold_norm<<<divide_up(fold->outputs, 8), 256, 0, stream>>>(*fold);
    return (int)cudaGetLastError();
}

mgk_small_plan mgk_gemm_small_choose(const mgk_cuda_gemm *product) {
    return choose(current_device(), product);
}

bool mgk_gemm_small_can(const mgk_cuda_gemm *product, const mgk_small_plan *plan) {
    const device *d = current_device();
    if (!device_supports(d, product) ||
        !d->usable[index_of(product->input_type)][plan->warpgroup]) {
        return false;
    }
    bool whole = plan->tile_rows >= 16 && plan->tile_rows <= MOST_ROWS && plan->tile_rows % 16 == 0;
    uint32_t most = d->level < CLUSTERS ? 1 : (uint32_t)MGK_SMALL_SPLIT;
    return whole && plan->split >= 1 && plan->split <= most && plan->split <= blocks_of(product) &&
           plan_fits(d, product, plan);
}

int mgk_gemm_small_planned(const mgk_cuda_gemm *product, const mgk_small_fusion *fusion,
                           const mgk_small_plan *plan, mgk_cuda_stream stream) {
    return launch(current_device(), product, fusion, plan, stream);
}
