/* SPDX-License-Identifier: Apache-2.0 */
/* How much of its own matrix-product rate the whole CPU encoder keeps: BERT-base or the bundled
 * model's shape, pairs of about 45 tokens, products and encoder measured in turns in one process,
 * the best of several rounds. */
#define _POSIX_C_SOURCE 200809L /* barriers */
#include "backend/backend.h"
#include "backend/cpu/kernels/dispatch.h"
#include "backend/team.h"
#include "bert_base.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/process.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SHAPES = 4, MAX_LAYERS = 12, MAX_THREADS = 64, PAIRS = 768, MOST_ROWS = 1024 };

static const mgi_encoder_spec *model = &bert_base;

/* Seconds of the clock on the wall, or with --cpu of the thread's own processor time, which tells
 * more where other programs share the machine. */
static bool own_time;

static double seconds_now(void) {
    struct timespec t;
    if (!own_time || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)) return mgi_clock_now();
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Pairs, sorted and packed -------------------------------------------------------------- */

typedef struct pairs {
    uint32_t lengths[PAIRS];
    mgi_batch batches[PAIRS];
    unsigned count;
} pairs;

static void make_pairs(pairs *p, uint32_t budget) {
    uint64_t seed = 2;
    for (int i = 0; i < PAIRS; i++) p->lengths[i] = bench_pair_length(&seed);
    bench_sort_lengths(p->lengths, PAIRS);
    for (uint32_t first = 0; first < PAIRS;) {
        uint32_t rows = 0, tokens = 0;
        while (first + rows < PAIRS && tokens + p->lengths[first + rows] <= budget) {
            tokens += p->lengths[first + rows++];
        }
        p->batches[p->count++] = bench_pack(model, p->lengths + first, rows, &seed);
        first += rows;
    }
}

/* Operations of a pair, the last layer's [CLS]-only shape taken into account. */
static double pair_work(double length) {
    double h = model->hidden, m = model->intermediate;
    double token = 2 * h * (4 * h + 2 * m), attention = 4 * length * h;
    double full = (model->layers - 1) * length * (token + attention);
    double last = length * 2 * h * 2 * h + 2 * h * (2 * h + 2 * m) + attention;
    return full + last + 2 * h * h;
}

static double batch_work(const mgi_batch *b) {
    double work = 0;
    for (uint32_t r = 0; r < b->rows; r++) work += pair_work(b->offsets[r + 1] - b->offsets[r]);
    return work;
}

/* ---- Products alone ------------------------------------------------------------------------ */

typedef struct products {
    const mgk_gemm *gemm;
    mgk_gemm_weight weights[MAX_LAYERS][SHAPES];
} products;

/* Outputs and inputs of a layer's products. */
static void shape_of(int product, size_t *outputs, size_t *inputs) {
    size_t hidden = model->hidden, wide = model->intermediate;
    const size_t shapes[SHAPES][2] = {
        {3 * hidden, hidden}, {hidden, hidden}, {wide, hidden}, {hidden, wide}};
    *outputs = shapes[product][0];
    *inputs = shapes[product][1];
}

/* Small numbers in any of the kernels' types. */
static void random_numbers(mgk_dtype dtype, void *to, size_t count, uint64_t *state) {
    size_t size = mgk_kernels_dtype_bytes(dtype);
    for (size_t i = 0; i < count; i++) {
        float x = 0.04f * ((float)bench_uniform(state) - 0.5f);
        int16_t steps = (int16_t)(bench_random(state) % 255) - 127;
        if (mgk_kernels_is_quantised(dtype)) {
            memcpy((char *)to + size * i, &steps, size); /* one byte is its lower half */
        } else {
            memcpy((char *)to + size * i, (char *)&x + 4 - size, size); /* bf16 the upper half */
        }
    }
}

static void make_weight(const mgk_gemm *gemm, mgk_gemm_weight *weight, uint64_t *state) {
    size_t panels = mgk_gemm_panels(gemm, weight->outputs);
    size_t padded = panels * gemm->layout.columns;
    float *scale = bench_memory(padded, sizeof *scale);
    void *rows =
        bench_memory(weight->outputs * weight->inputs, mgk_kernels_dtype_bytes(gemm->kind));
    for (size_t i = 0; i < padded; i++) scale[i] = 0.0003f;
    random_numbers(gemm->kind, rows, weight->outputs * weight->inputs, state);
    weight->panels = bench_memory(mgk_gemm_panel_bytes(gemm, weight->outputs, weight->inputs), 1);
    weight->scale = gemm->kind == MGK_INT8 ? scale : NULL;
    weight->bias = scale;
    mgk_gemm_clear_panels(gemm, weight, 0, panels);
    mgk_gemm_pack(gemm, weight, 0, weight->outputs, rows, weight->inputs);
    mgi_free(rows);
}

static void make_products(products *p, const mgk_gemm *gemm) {
    uint64_t seed = 3;
    p->gemm = gemm;
    for (uint32_t l = 0; l < model->layers; l++) {
        for (int s = 0; s < SHAPES; s++) {
            shape_of(s, &p->weights[l][s].outputs, &p->weights[l][s].inputs);
            make_weight(gemm, &p->weights[l][s], &seed);
        }
    }
}

static void free_products(products *p) {
    for (uint32_t l = 0; l < model->layers; l++) {
        for (int s = 0; s < SHAPES; s++) {
            mgi_free(p->weights[l][s].panels);
            mgi_free((void *)(uintptr_t)p->weights[l][s].bias);
        }
    }
    memset(p, 0, sizeof *p);
}

/* Inputs of both widths, and room for what comes out. */
typedef struct numbers {
    mgk_input narrow, wide;
    float *output;
} numbers;

static mgk_input make_input(const mgk_gemm *gemm, size_t width) {
    uint64_t seed = 4;
    mgk_input input = {.dtype = gemm->dtype, .stride = mgk_gemm_input_stride(gemm, width)};
    input.data = bench_memory(MOST_ROWS * input.stride, mgk_kernels_dtype_bytes(gemm->dtype));
    input.scale = bench_memory(MOST_ROWS, sizeof *input.scale);
    input.sums = bench_memory(MOST_ROWS, sizeof *input.sums);
    random_numbers(gemm->dtype, input.data, MOST_ROWS * input.stride, &seed);
    return input;
}

static void free_input(mgk_input *input) {
    mgi_free(input->data);
    mgi_free(input->scale);
    mgi_free(input->sums);
}

/* One layer after another, as an encoder's products would come, over `rows` tokens. */
static void multiply_all(const products *p, const numbers *n, uint32_t rows) {
    const mgk_gemm *gemm = p->gemm;
    if (gemm->enter != NULL) gemm->enter();
    for (uint32_t layer = 0; layer < model->layers; layer++) {
        for (int s = 0; s < SHAPES; s++) {
            const mgk_gemm_weight *weight = &p->weights[layer][s];
            const mgk_gemm_job job = {.weight = weight,
                                      .input =
                                          weight->inputs == model->hidden ? &n->narrow : &n->wide,
                                      .rows = rows,
                                      .epilogue = MGK_GEMM_STORE,
                                      .out = n->output,
                                      .out_stride = weight->outputs};
            gemm->multiply(&job, 0, mgk_gemm_panels(gemm, weight->outputs));
        }
    }
    if (gemm->leave != NULL) gemm->leave();
}

static double products_work(uint32_t rows) {
    double work = 0;
    for (int s = 0; s < SHAPES; s++) {
        size_t outputs, inputs;
        shape_of(s, &outputs, &inputs);
        work += 2.0 * rows * (double)outputs * (double)inputs;
    }
    return model->layers * work;
}

/* ---- Rounds -------------------------------------------------------------------------------- */

static const uint32_t product_rows[] = {128, 192, 256, 384, 512, MOST_ROWS};
enum { ROW_CHOICES = sizeof product_rows / sizeof *product_rows, BATCHES_A_ROUND = 6 };

typedef struct bench {
    mgi_encoder *encoder;
    const products *products;
    const pairs *pairs;
    unsigned threads, rounds;
    pthread_barrier_t barrier;
    double seconds[MAX_THREADS], work[MAX_THREADS];
    double products_rate, encoder_rate, pairs_rate;
    uint32_t best_rows;
} bench;

typedef struct worker {
    bench *bench;
    unsigned index;
    mgi_lane *lane;
    numbers numbers;
} worker;

/* The rate of all threads in one go: they start together, and each counts its own work. */
static double rate_of(bench *b) {
    double rate = 0;
    for (unsigned t = 0; t < b->threads; t++) rate += b->work[t] / b->seconds[t];
    return rate * 1e-9;
}

static void measure_products(worker *w, uint32_t rows) {
    bench *b = w->bench;
    pthread_barrier_wait(&b->barrier);
    double start = seconds_now();
    multiply_all(b->products, &w->numbers, rows);
    b->seconds[w->index] = seconds_now() - start;
    b->work[w->index] = products_work(rows);
    pthread_barrier_wait(&b->barrier);
    if (w->index == 0 && rate_of(b) > b->products_rate) {
        b->products_rate = rate_of(b);
        b->best_rows = rows;
    }
}

static void measure_encoder(worker *w, unsigned round) {
    static float logits[MAX_THREADS][PAIRS * BERT_LABELS];
    bench *b = w->bench;
    mgi_team alone = {.cores = 1};
    mgeo_error error;
    double work = 0;
    pthread_barrier_wait(&b->barrier);
    double start = seconds_now();
    for (unsigned i = 0; i < BATCHES_A_ROUND; i++) { /* spread over all lengths */
        unsigned place = (i * b->threads + w->index) * 7919 + round * 13;
        place = (i * b->pairs->count / BATCHES_A_ROUND + place % 5) % b->pairs->count;
        const mgi_batch *batch = &b->pairs->batches[place];
        if (mgi_cpu_backend.run(w->lane, batch, &alone, logits[w->index], &error) != MGEO_OK) {
            bench_die(error.message);
        }
        work += batch_work(batch);
    }
    b->seconds[w->index] = seconds_now() - start;
    b->work[w->index] = work;
    pthread_barrier_wait(&b->barrier);
    if (w->index == 0 && rate_of(b) > b->encoder_rate) {
        b->encoder_rate = rate_of(b);
        b->pairs_rate = b->encoder_rate * 1e9 / pair_work(45);
    }
}

static void *work(void *argument) {
    worker *w = argument;
    for (unsigned round = 0; round <= w->bench->rounds; round++) { /* the first warms up */
        for (int i = 0; i < ROW_CHOICES; i++) measure_products(w, product_rows[i]);
        measure_encoder(w, round);
        measure_encoder(w, round + 1);
    }
    return NULL;
}

static void open_worker(worker *w, bench *b, unsigned index) {
    const mgk_gemm *gemm = b->products->gemm;
    mgeo_error error;
    *w = (worker){.bench = b, .index = index};
    w->numbers.narrow = make_input(gemm, model->hidden);
    w->numbers.wide = make_input(gemm, model->intermediate);
    w->numbers.output = bench_memory((size_t)MOST_ROWS * 4 * model->hidden, sizeof(float));
    if (mgi_cpu_backend.open_lane(b->encoder, &w->lane, &error) != MGEO_OK) {
        bench_die(error.message);
    }
}

static void close_worker(worker *w) {
    mgi_cpu_backend.close_lane(w->lane);
    free_input(&w->numbers.narrow);
    free_input(&w->numbers.wide);
    mgi_free(w->numbers.output);
}

static void run(bench *b) {
    worker workers[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    pthread_barrier_init(&b->barrier, NULL, b->threads);
    for (unsigned t = 0; t < b->threads; t++) {
        open_worker(&workers[t], b, t);
        if (pthread_create(&threads[t], NULL, work, &workers[t])) bench_die("no thread");
    }
    for (unsigned t = 0; t < b->threads; t++) {
        pthread_join(threads[t], NULL);
        close_worker(&workers[t]);
    }
    pthread_barrier_destroy(&b->barrier);
}

static mgi_encoder *place(const mgi_weights *weights, int32_t precision, uint32_t budget,
                          mgi_encoder_info *info) {
    mgi_encoder_request request = {.device = "cpu",
                                   .precision = precision,
                                   .max_length = PAIR_LONGEST,
                                   .batch_tokens = budget,
                                   .spec = model,
                                   .weights = weights};
    mgi_encoder *encoder;
    mgeo_error error;
    double start = mgi_clock_now();
    if (mgi_cpu_backend.open(&request, &encoder, &error) != MGEO_OK) bench_die(error.message);
    double placed = mgi_clock_now() - start;
    mgi_cpu_backend.describe(encoder, info);
    if (info->warning[0]) printf("warning: %s\n", info->warning);
    printf("%s, %s kernels, batches of %u tokens, placed in %.3f s\n", info->library,
           mgk_dispatch_kernels()->name, info->batch_tokens, placed);
    return encoder;
}

static void one(const mgi_weights *weights, int32_t precision, uint32_t budget, unsigned rounds,
                unsigned threads) {
    static const mgk_dtype kinds[] = {
        [MGEO_FP32] = MGK_FP32, [MGEO_BF16] = MGK_BF16, [MGEO_INT8] = MGK_INT8};
    static products set;
    static pairs some;
    mgi_encoder_info info;
    bench b = {.products = &set, .pairs = &some, .rounds = rounds};
    b.encoder = place(weights, precision, budget, &info);
    make_products(&set, mgk_dispatch_gemm(kinds[precision]));
    memset(&some, 0, sizeof some);
    make_pairs(&some, info.batch_tokens);
    for (b.threads = 1; b.threads <= threads; b.threads++) {
        b.products_rate = b.encoder_rate = 0;
        run(&b);
        printf("  %u lane%s: products %6.1f GFLOP/s (at %4u tokens), encoder %6.1f GFLOP/s = "
               "%5.1f%%, %6.1f pairs/s\n",
               b.threads, b.threads > 1 ? "s" : " ", b.products_rate, b.best_rows, b.encoder_rate,
               100 * b.encoder_rate / b.products_rate, b.pairs_rate);
        fflush(stdout);
    }
    mgi_cpu_backend.close(b.encoder);
    free_products(&set);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        printf("usage: encoder_bench [--cpu] [--mini] [fp32|bf16|int8|all [BATCH_TOKENS [ROUNDS "
               "[THREADS]]]]\n");
        return 0;
    }
    for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
        if (strcmp(argv[1], "--cpu") == 0) {
            own_time = true;
        } else if (strcmp(argv[1], "--mini") == 0) {
            model = &bert_mini;
        } else {
            bench_die("unknown option: see --help");
        }
    }
    const char *which = argc > 1 ? argv[1] : "all";
    uint32_t budget = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 5;
    unsigned threads = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : mgi_process_cpus();
    if (threads < 1 || threads > MAX_THREADS) bench_die("THREADS must be within 1..64");
    mgi_weights weights = {0};
    bench_weights(model, &weights);
    bool all = strcmp(which, "all") == 0;
    if (all || strcmp(which, "fp32") == 0) one(&weights, MGEO_FP32, budget, rounds, threads);
    if (all || strcmp(which, "bf16") == 0) one(&weights, MGEO_BF16, budget, rounds, threads);
    if (all || strcmp(which, "int8") == 0) one(&weights, MGEO_INT8, budget, rounds, threads);
    return 0;
}
