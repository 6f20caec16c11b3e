/* SPDX-License-Identifier: Apache-2.0 */
/* Times the native backend's row kernels and attention, for every instruction set that this
 * processor can run, in processor time and in cycles.
 *
 * rows_bench [TOKENS HIDDEN HEADS INTERMEDIATE] */
#include "backend/cpu/kernels/dispatch.h"
#include "backend/cpu/kernels/isa_variant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SEQUENCES = 2, ROUNDS = 300 }; /* what a core's own cache holds */

typedef struct shape {
    size_t tokens, hidden, heads, intermediate;
} shape;

typedef struct bench {
    shape shape;
    const mgk_kernels *set;
    float *rows, *wide, *weight, *scratch; /* rows: [tokens, 3 hidden] */
    void *context;
    mgk_input input;
    bool first_only;
    mgi_dtype context_type;
} bench;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* An addition waits for the one before, so each takes a cycle. */
static double cycles_per_ns(void) {
    enum { ADDITIONS = 4000000 };
    double best = 0;
    for (int round = 0; round < 30; round++) {
        unsigned long x = (unsigned long)round;
        double begin = now();
        for (int i = 0; i < ADDITIONS; i++) {
            __asm__ volatile("" : "+r"(x));
            x += 3;
        }
        __asm__ volatile("" : : "r"(x));
        double rate = ADDITIONS / (now() - begin);
        if (rate > best) best = rate;
    }
    return best;
}

static void attend(bench *b) {
    size_t hidden = b->shape.hidden;
    mgk_heads heads = {.query = b->rows,
                       .query_stride = 3 * hidden,
                       .key = b->rows + hidden,
                       .value = b->rows + 2 * hidden,
                       .key_value_stride = 3 * hidden,
                       .head_width = (uint32_t)(hidden / b->shape.heads),
                       .context_type = b->context_type,
                       .context = b->context,
                       .context_stride = hidden};
    for (uint32_t i = 0; i < SEQUENCES; i++) {
        uint32_t length = (uint32_t)b->shape.tokens;
        mgk_sequence sequence = {i * length, length, i * length, b->first_only ? 1 : length};
        b->set->attend_heads(&heads, &sequence, 0, (uint32_t)b->shape.heads, b->scratch);
    }
}

static void norm(bench *b) {
    mgk_norm norm = {b->weight, b->weight, b->shape.hidden, 1e-12f};
    b->input.stride = b->shape.hidden;
    b->set->norm(b->rows, b->shape.hidden, &norm, &b->input, 0, SEQUENCES * b->shape.tokens);
}

static void pack_wide(bench *b) {
    b->input.stride = b->shape.intermediate;
    b->set->pack(b->wide, b->shape.intermediate, b->shape.intermediate, &b->input, 0,
                 SEQUENCES * b->shape.tokens);
}

static void measure(bench *b, const char *what, void (*work)(bench *), double ghz) {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now();
        work(b);
        double took = now() - begin;
        if (round == 0 || took < best) best = took;
    }
    double token = best / (double)(SEQUENCES * b->shape.tokens);
    printf("%-9s %-24s %9.1f ns/token %9.0f cycles/token", b->set->name, what, token, token * ghz);
    if (work == attend) {
        double head = best / (double)(SEQUENCES * b->shape.heads);
        printf(" %9.0f cycles/head", head * ghz);
    }
    printf("\n");
}

static void measure_set(bench *b, double ghz) {
    static const char *const norms[] = {"norm to fp32", "norm to bf16", "norm to int8",
                                        "norm to int8 wide"};
    static const char *const packs[] = {"pack to fp32", "pack to bf16", "pack to int8",
                                        "pack to int8 wide"};
    b->first_only = false;
    b->context_type = MGI_F32;
    measure(b, "attention", attend, ghz);
    b->context_type = MGI_BF16;
    measure(b, "attention to bf16", attend, ghz);
    b->first_only = true;
    measure(b, "attention of [CLS]", attend, ghz);
    void *apart = b->input.data;
    for (int dtype = MGK_FP32; dtype <= MGK_INT8_WIDE; dtype++) {
        b->input.dtype = (mgk_dtype)dtype;
        b->input.data = dtype == MGK_FP32 ? b->rows : apart;
        measure(b, norms[dtype], norm, ghz);
        b->input.data = apart;
        if (dtype != MGK_FP32) measure(b, packs[dtype], pack_wide, ghz);
    }
}

static void *room(size_t count) {
    size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
    float *memory = aligned_alloc(64, bytes);
    if (memory == NULL) exit(1);
    for (size_t i = 0; i < bytes / sizeof *memory; i++) {
        memory[i] = (float)((i * 2654435761u) % 2000) / 1000.0f - 1;
    }
    return memory;
}

static size_t argument(int argc, char **argv, int at, size_t otherwise) {
    return argc > at ? (size_t)strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    shape s = {argument(argc, argv, 1, 45), argument(argc, argv, 2, 768),
               argument(argc, argv, 3, 12), argument(argc, argv, 4, 3072)};
    if (s.tokens == 0 || s.heads == 0 || s.hidden < s.heads || s.intermediate == 0) return 2;
    size_t rows = SEQUENCES * s.tokens,
           widest = s.intermediate > s.hidden ? s.intermediate : s.hidden;
    bench b = {.shape = s,
               .rows = room(rows * 3 * s.hidden),
               .wide = room(rows * s.intermediate),
               .weight = room(s.hidden),
               .context = room(rows * s.hidden),
               .scratch = room(mgk_kernels_attention_scratch((uint32_t)s.tokens,
                                                             (uint32_t)(s.hidden / s.heads))),
               .input = {.data = room(rows * widest), .scale = room(rows), .sums = room(rows)}};
    double ghz = cycles_per_ns();
    printf("%zu tokens, width %zu, %zu heads, %.2f GHz\n", s.tokens, s.hidden, s.heads, ghz);
    b.set = &mgk_kernels_base;
    measure_set(&b, ghz);
#if defined(MGK_HAVE_X86_VARIANTS)
    const mgk_kernels *best = mgk_dispatch_kernels();
    if (best != &mgk_kernels_base) b.set = &mgk_kernels_avx2, measure_set(&b, ghz);
    if (best == &mgk_kernels_avx512) b.set = &mgk_kernels_avx512, measure_set(&b, ghz);
#endif
    free(b.rows);
    free(b.wide);
    free(b.weight);
    free(b.context);
    free(b.scratch);
    free(b.input.data);
    free(b.input.scale);
    free(b.input.sums);
    return 0;
}
