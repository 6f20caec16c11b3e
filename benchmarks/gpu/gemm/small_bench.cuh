/* SPDX-License-Identifier: Apache-2.0 */
/* Products of a few rows, as the parts of small_bench share them. */
#ifndef BENCHMARKS_GPU_GEMM_SMALL_BENCH_CUH
#define BENCHMARKS_GPU_GEMM_SMALL_BENCH_CUH

#include "backend/cuda/kernels/gemm_small.h"
#include "gpu/gemm/numbers.cuh"

#include <algorithm>
#include <string>

enum { LAYERS = 12, HIDDEN = 768, WIDE = 3072, FUSED = 2304, MOST = MGK_SMALL_ROWS, GUARD = 8 };
static const float EPSILON = 1e-12f;

extern cudaStream_t stream;
extern bool warpgroups; /* the card has Hopper's warpgroup instructions */
extern int failures;

struct shape {
    uint32_t outputs, inputs;
};
static const shape SHAPES[] = {{FUSED, HIDDEN}, {HIDDEN, HIDDEN}, {WIDE, HIDDEN},
                               {HIDDEN, WIDE},  {64, 128},        {192, 1024}};

/* ---- small_reference.cu ---- */

/* Memory full of NaN; full of evenly spread random numbers. */
void *allocate(size_t bytes);
void *numbers(mgk_cuda_dtype type, size_t n, float centre, float spread);
void fill(mgk_cuda_dtype type, void *p, size_t n, float centre, float spread);

/* Mean and squared differences from it, for each `part` columns of each row. */
void find_moments(mgk_cuda_dtype type, const void *x, uint32_t rows, uint32_t width, uint32_t part,
                  float2 *to);

/* Whole rows' moments, where a norm is wanted. */
struct norms {
    const float2 *input, *residual;
};

struct verdict {
    double difference, size;  /* sums of squares */
    float worst;              /* |difference| / (|expected| + typical size) */
    unsigned broken, touched; /* not finite; written past the end */
};

/* One line of checks: counted, and printed at the end. */
struct group {
    std::string name;
    float tolerance;
    int cases = 0, failed = 0;
    double worst = 0;

    ~group() {
        printf("%s  %-34s %4d cases, worst relative error %.2e (allowed %.1e)%s\n",
               failed || !cases ? "FAIL" : "PASS", name.c_str(), cases, worst, tolerance,
               failed ? ": failures above" : "");
        failures += failed || !cases;
    }

    void note(bool ok, double error, const std::string &what) {
        cases++;
        worst = std::max(worst, error);
        if (!ok && failed++ < 5) printf("      %s: %s\n", name.c_str(), what.c_str());
    }
};

/* Buffers that any case fits in. */
struct case_memory {
    void *input, *weight, *residual, *output, *again;
    float *scale, *bias, *gain, *shift, *sums, *wanted, *moments, *got_moments, *whole, *whole2;
    verdict *found;
};
extern case_memory memory;

void allocate_memory();
mgk_cuda_gemm make_product(mgk_cuda_dtype input, mgk_cuda_dtype output, uint32_t rows,
                           const shape &s);
void fill_product(mgk_cuda_gemm *p);
void poison(void *p, const mgk_cuda_gemm &product);

/* The product by a plain kernel into memory.wanted; compares with it. */
void run_plain(const mgk_cuda_gemm &p, const mgk_small_fusion &f, const norms &n);
void judge(group &g, mgk_cuda_dtype type, const void *got, uint32_t n, uint32_t guard_bytes,
           const std::string &what);

/* ---- the other parts ---- */

bool can_fp8();
void check_all();                       /* small_check.cu */
void run_chains(bool check, bool time); /* small_time.cu */

#endif
