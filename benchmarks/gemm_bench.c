/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU's products alone: every compilation that this processor runs, on the shapes of BERT-base
 * and of the bundled model, in the thread's own processor time. */
#define _POSIX_C_SOURCE 200809L /* clocks */
#include "backend/cpu/kernels/dispatch.h"
#include "bert_base.h"
#include "core/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LAYERS = 12, SHAPES = 8, MOST_ROWS = 16, ROUNDS = 5 };

typedef struct shape {
    const char *model, *name;
    size_t inputs, outputs;
    mgk_gemm_epilogue epilogue;
} shape;

static const shape shapes[SHAPES] = {
    {"BERT-base", "query, key, value", 768, 2304, MGK_GEMM_STORE},
    {"BERT-base", "attention's output", 768, 768, MGK_GEMM_ADD},
    {"BERT-base", "intermediate", 768, 3072, MGK_GEMM_ACTIVATE},
    {"BERT-base", "output", 3072, 768, MGK_GEMM_ADD},
    {"bundled", "query, key, value", 256, 768, MGK_GEMM_STORE},
    {"bundled", "attention's output", 256, 256, MGK_GEMM_ADD},
    {"bundled", "intermediate", 256, 1024, MGK_GEMM_ACTIVATE},
    {"bundled", "output", 1024, 256, MGK_GEMM_ADD},
};

static double own_seconds(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) bench_die("no clock of the thread's own");
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Cycles a second, by additions that wait for one another. 0 where their instruction is unknown. */
static double clock_rate(void) {
#if defined(__x86_64__) || defined(__aarch64__)
    enum { ADDITIONS = 2000000 };
    double best = 0;
    for (int round = 0; round < 3; round++) {
        uint64_t sum = 0, one = 1;
        double began = own_seconds();
        for (int i = 0; i < ADDITIONS / 8; i++) {
#if defined(__x86_64__)
#define ADD_ONE "add %1, %0\n"
#else
#define ADD_ONE "add %0, %0, %1\n"
#endif
            __asm__ volatile(ADD_ONE ADD_ONE ADD_ONE ADD_ONE ADD_ONE ADD_ONE ADD_ONE ADD_ONE
                             : "+r"(sum)
                             : "r"(one));
        }
        double rate = ADDITIONS / (own_seconds() - began);
        if (rate > best) best = rate;
    }
    return best;
#else
    return 0;
#endif
}

typedef struct work {
    mgk_gemm_weight weights[LAYERS]; /* in turn, so that they come from where a model's would */
    mgk_input input;
    float *out, *bias, *scale;
    mgk_gemm_job job;
} work;

/* Numbers of about the size that a model has; that they are the same in all rows costs nothing. */
static void fill(void *to, mgk_dtype dtype, size_t count) {
    uint64_t seed = 1;
    for (size_t i = 0; i < count; i++) {
        double x = bench_uniform(&seed) - 0.5;
        float f = (float)x;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        switch (dtype) {
        case MGK_FP32: ((float *)to)[i] = f; break;
        case MGK_BF16: ((uint16_t *)to)[i] = (uint16_t)(bits >> 16); break;
        case MGK_INT8: ((int8_t *)to)[i] = (int8_t)(x * 254); break;
        case MGK_INT8_WIDE: ((int16_t *)to)[i] = (int16_t)(x * 254); break;
        }
    }
}

static void make_work(work *w, const mgk_gemm *gemm, const shape *s, size_t rows) {
    size_t stride = mgk_gemm_input_stride(gemm, s->inputs);
    size_t columns = mgk_gemm_panels(gemm, s->outputs) * gemm->layout.columns;
    *w = (work){.out = bench_memory(rows * s->outputs, sizeof(float)),
                .bias = bench_memory(columns, sizeof(float)),
                .scale = bench_memory(columns, sizeof(float))};
    w->input =
        (mgk_input){.dtype = gemm->dtype,
                    .data = bench_memory(rows * stride, mgk_kernels_dtype_bytes(gemm->dtype)),
                    .stride = stride,
                    .scale = bench_memory(rows, sizeof(float)),
                    .sums = bench_memory(rows, sizeof(int32_t))};
    for (size_t r = 0; r < rows; r++) {
        fill((char *)w->input.data + r * stride * mgk_kernels_dtype_bytes(gemm->dtype), gemm->dtype,
             s->inputs);
        w->input.scale[r] = 1e-2f;
    }
    for (size_t c = 0; c < columns; c++) w->scale[c] = 1e-3f;
    for (int i = 0; i < LAYERS; i++) {
        size_t bytes = mgk_gemm_panel_bytes(gemm, s->outputs, s->inputs);
        w->weights[i] = (mgk_gemm_weight){.panels = aligned_alloc(64, (bytes + 63) / 64 * 64),
                                          .scale = w->scale,
                                          .bias = w->bias,
                                          .outputs = s->outputs,
                                          .inputs = s->inputs};
        if (w->weights[i].panels == NULL) bench_die("out of memory");
        fill(w->weights[i].panels, gemm->kind, bytes / mgk_kernels_dtype_bytes(gemm->kind));
    }
    w->job = (mgk_gemm_job){.input = &w->input,
                            .rows = rows,
                            .epilogue = s->epilogue,
                            .activation = MGI_GELU,
                            .out_type = MGI_F32,
                            .out = w->out,
                            .out_stride = s->outputs};
    if (gemm->dtype == MGK_BF16 && s->epilogue == MGK_GEMM_ACTIVATE) w->job.out_type = MGI_BF16;
}

static void drop_work(work *w) {
    for (int i = 0; i < LAYERS; i++) free(w->weights[i].panels);
    mgi_free(w->input.data);
    mgi_free(w->input.scale);
    mgi_free(w->input.sums);
    mgi_free(w->scale);
    mgi_free(w->bias);
    mgi_free(w->out);
}

/* Products a second, the best of several rounds. */
static double measure(work *w, const mgk_gemm *gemm, const shape *s, size_t rows) {
    double products = (double)rows * (double)s->inputs * (double)s->outputs, best = 0;
    int times = 1 + (int)(2e8 / products / LAYERS);
    for (int round = 0; round < ROUNDS; round++) {
        memset(w->out, 0, rows * s->outputs * sizeof *w->out);
        double began = own_seconds();
        if (gemm->enter != NULL) gemm->enter();
        for (int i = 0; i < times * LAYERS; i++) {
            w->job.weight = &w->weights[i % LAYERS];
            gemm->multiply(&w->job, 0, mgk_gemm_panels(gemm, s->outputs));
        }
        if (gemm->leave != NULL) gemm->leave();
        double rate = products * times * LAYERS / (own_seconds() - began);
        if (rate > best) best = rate;
    }
    return best;
}

static void run(const mgk_gemm *gemm, const char *kind, const shape *s, const size_t *rows,
                size_t count) {
    printf("%-4s  %-18s  %-9s  %-18s  %4zu -> %4zu", kind, gemm->name, s->model, s->name, s->inputs,
           s->outputs);
    for (size_t i = 0; i < count; i++) {
        work w;
        make_work(&w, gemm, s, rows[i]);
        double rate = measure(&w, gemm, s, rows[i]), clock = clock_rate();
        printf("  %4zu: %6.1f %5.1f", rows[i], rate * 1e-9, clock > 0 ? rate / clock : 0.0);
        fflush(stdout);
        drop_work(&w);
    }
    printf("\n");
}

static void usage(void) {
    fprintf(stderr, "usage: gemm_bench [fp32|bf16|int8|all [best|usable [ROWS…]]]\n");
    exit(2);
}

int main(int argc, char **argv) {
    static const char *const kinds[] = {"fp32", "bf16", "int8"};
    size_t rows[MOST_ROWS] = {1, 16, 45, 192, 384}, count = 5, run_of = 0;
    bool all = argc < 2 || strcmp(argv[1], "all") == 0;
    bool best = argc > 2 && strcmp(argv[2], "best") == 0;
    if (argc > 2 && !best && strcmp(argv[2], "usable") != 0) usage();
    if (argc > 3) count = 0;
    for (int i = 3; i < argc && count < MOST_ROWS; i++) {
        rows[count++] = strtoul(argv[i], NULL, 10);
        if (rows[count - 1] == 0 || rows[count - 1] > 100000) usage();
    }
    printf("After ROWS: billions of products (multiply and add) a second, and a cycle. %.2f GHz.\n",
           clock_rate() * 1e-9);
    for (size_t kind = 0; kind < 3; kind++) {
        if (!all && strcmp(argv[1], kinds[kind]) != 0) continue;
        const mgk_gemm *list[MGK_DISPATCH_MOST];
        size_t usable = mgk_dispatch_usable_gemm((mgk_dtype)kind, list);
        if (best) list[0] = mgk_dispatch_gemm((mgk_dtype)kind), usable = 1;
        for (size_t v = 0; v < usable; v++) {
            for (size_t s = 0; s < SHAPES; s++) run(list[v], kinds[kind], &shapes[s], rows, count);
        }
        run_of++;
    }
    if (run_of == 0) usage();
    return 0;
}
