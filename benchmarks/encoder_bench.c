/* SPDX-License-Identifier: Apache-2.0 */
/* How much of libtorch's matrix-product rate the whole CPU encoder keeps: BERT-base, pairs of
 * about 45 tokens, products and encoder measured in turns in one process, the best of several
 * rounds. */
#define _POSIX_C_SOURCE 200809L /* barriers */
#include "backend/backend.h"
#include "backend/cpu/kernels/dispatch.h"
#include "backend/torch/encoder.h"
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

enum { SHAPES = 4, MAX_THREADS = 64, PAIRS = 768 };

/* Seconds of the clock on the wall, or with --cpu of the thread's own processor time, which tells
 * more where other programs share the machine; it says nothing of lanes of several cores. */
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
    uint64_t tokens;
} pairs;

static void make_pairs(pairs *p, uint32_t budget) {
    uint64_t seed = 2;
    for (int i = 0; i < PAIRS; i++) {
        p->lengths[i] = bench_pair_length(&seed);
        p->tokens += p->lengths[i];
    }
    bench_sort_lengths(p->lengths, PAIRS);
    for (uint32_t first = 0; first < PAIRS;) {
        uint32_t rows = 0, tokens = 0;
        while (first + rows < PAIRS && tokens + p->lengths[first + rows] <= budget) {
            tokens += p->lengths[first + rows++];
        }
        p->batches[p->count++] = bench_pack(p->lengths + first, rows, &seed);
        first += rows;
    }
}

/* Operations of a pair, the last layer's [CLS]-only shape taken into account. */
static double pair_work(double length) {
    double h = bert_base.hidden, m = bert_base.intermediate;
    double token = 2 * h * (4 * h + 2 * m), attention = 4 * length * h;
    double full = (bert_base.layers - 1) * length * (token + attention);
    double last = length * 2 * h * 2 * h + 2 * h * (2 * h + 2 * m) + attention;
    return full + last + 2 * h * h;
}

static double batch_work(const mgi_batch *b) {
    double work = 0;
    for (uint32_t r = 0; r < b->rows; r++) work += pair_work(b->offsets[r + 1] - b->offsets[r]);
    return work;
}

/* ---- Products alone ------------------------------------------------------------------------ */

static const uint32_t shapes[SHAPES][2] = {{2304, 768}, {768, 768}, {3072, 768}, {768, 3072}};

typedef struct products {
    mgk_dtype dtype;
    mgt_weight *weights[12][SHAPES];
    mgk_int8_weight int8[12][SHAPES];
    void *numbers[12][SHAPES];
} products;

static void random_int8(mgk_int8_weight *weight, const uint32_t shape[2], uint64_t *state) {
    *weight = (mgk_int8_weight){.outputs = shape[0], .inputs = shape[1]};
    weight->panels = bench_memory(mgk_int8_bytes(shape[0], shape[1]), 1);
    weight->scale = bench_memory(shape[0], sizeof(float));
    int8_t *row = bench_memory(shape[1], 1);
    for (uint32_t i = 0; i < shape[0]; i++) {
        weight->scale[i] = 0.0003f;
        for (uint32_t j = 0; j < shape[1]; j++) row[j] = (int8_t)(bench_random(state) & 0x7f);
        mgk_int8_put(mgk_dispatch_int8(), weight, i, row);
    }
    mgi_free(row);
}

static void *random_numbers(mgk_dtype dtype, size_t count, uint64_t *state) {
    size_t size = dtype == MGK_FP32 ? 4 : 2;
    unsigned char *data = bench_memory(count, size);
    for (size_t i = 0; i < count; i++) {
        float x = 0.04f * ((float)bench_uniform(state) - 0.5f);
        memcpy(data + size * i, (unsigned char *)&x + 4 - size, size); /* bf16 is its upper half */
    }
    return data;
}

static void make_products(products *p, mgk_dtype dtype) {
    uint64_t seed = 3;
    mgeo_error error;
    p->dtype = dtype;
    for (int l = 0; l < 12; l++) {
        for (int s = 0; s < SHAPES; s++) {
            if (dtype == MGK_INT8) {
                random_int8(&p->int8[l][s], shapes[s], &seed);
                continue;
            }
            p->numbers[l][s] = random_numbers(dtype, (size_t)shapes[s][0] * shapes[s][1], &seed);
            if (mgt_weight_create(dtype == MGK_BF16 ? MGT_BF16 : MGT_F32, p->numbers[l][s],
                                  shapes[s][0], shapes[s][1], &p->weights[l][s],
                                  &error) != MGEO_OK) {
                bench_die(error.message);
            }
        }
    }
}

static void free_products(products *p) {
    for (int l = 0; l < 12; l++) {
        for (int s = 0; s < SHAPES; s++) {
            mgt_weight_destroy(p->weights[l][s]);
            mgi_free(p->numbers[l][s]);
            mgi_free(p->int8[l][s].panels);
            mgi_free(p->int8[l][s].scale);
        }
    }
    memset(p, 0, sizeof *p);
}

typedef struct int8_parts {
    const mgk_int8_weight *weight;
    mgk_input input;
    uint32_t rows;
    unsigned parts;
    float *out;
} int8_parts;

static void int8_part(void *context, unsigned part) {
    const int8_parts *w = context;
    size_t panels = mgk_int8_panels(w->weight->outputs);
    mgk_dispatch_int8()->multiply(w->weight, &w->input, w->rows, panels * part / w->parts,
                                  panels * (part + 1) / w->parts, w->out, w->weight->outputs);
}

/* One layer after another, as an encoder's products would come, over `rows` tokens. */
static void multiply_all(const products *p, mgt_scope *scope, unsigned cores, uint32_t rows,
                         void *input, void *output, float *scale) {
    mgeo_error error;
    mgt_dtype stored = p->dtype == MGK_BF16 ? MGT_BF16 : MGT_F32;
    mgt_scope_enter(scope, cores);
    for (int layer = 0; layer < 12; layer++) {
        for (int s = 0; s < SHAPES; s++) {
            if (p->dtype == MGK_INT8) {
                mgk_input in = {mgk_dispatch_int8()->dtype, input, mgk_int8_stride(shapes[s][1]),
                                scale, (int32_t *)output};
                int8_parts w = {&p->int8[layer][s], in, rows, cores, (float *)output + 1024};
                mgt_parallel(scope, cores, int8_part, &w);
                continue;
            }
            mgt_tensor *in = mgt_view(scope, stored, input, rows, shapes[s][1], shapes[s][1]);
            mgt_tensor *out = mgt_view(scope, stored, output, rows, shapes[s][0], shapes[s][0]);
            mgt_gemm(scope, in, p->weights[layer][s], out);
        }
    }
    if (mgt_scope_leave(scope, &error) != MGEO_OK) bench_die(error.message);
}

static double products_work(uint32_t rows) {
    double work = 0;
    for (int s = 0; s < SHAPES; s++) work += 2.0 * rows * shapes[s][0] * shapes[s][1];
    return 12 * work;
}

/* ---- Rounds -------------------------------------------------------------------------------- */

static const uint32_t product_rows[] = {128, 192, 256, 384, 512, 1024};
enum { ROW_CHOICES = sizeof product_rows / sizeof *product_rows, BATCHES_A_ROUND = 6 };

typedef struct bench {
    mgi_encoder *encoder;
    const products *products;
    const pairs *pairs;
    unsigned threads, cores, rounds;
    pthread_barrier_t barrier;
    double seconds[MAX_THREADS], work[MAX_THREADS];
    double products_rate, encoder_rate, pairs_rate;
    uint32_t best_rows;
} bench;

typedef struct worker {
    bench *bench;
    unsigned index;
    mgi_lane *lane;
    mgt_scope *scope;
    void *input, *output;
    float *scale;
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
    multiply_all(b->products, w->scope, b->cores, rows, w->input, w->output, w->scale);
    b->seconds[w->index] = seconds_now() - start;
    b->work[w->index] = products_work(rows);
    pthread_barrier_wait(&b->barrier);
    if (w->index == 0 && rate_of(b) > b->products_rate) {
        b->products_rate = rate_of(b);
        b->best_rows = rows;
    }
}

static void measure_encoder(worker *w, unsigned round) {
    static float logits[MAX_THREADS][PAIRS * 3];
    bench *b = w->bench;
    mgeo_error error;
    double work = 0;
    mgi_team team = {.cores = b->cores};
    pthread_barrier_wait(&b->barrier);
    double start = seconds_now();
    for (unsigned i = 0; i < BATCHES_A_ROUND; i++) { /* spread over all lengths */
        unsigned place = (i * b->threads + w->index) * 7919 + round * 13;
        place = (i * b->pairs->count / BATCHES_A_ROUND + place % 5) % b->pairs->count;
        const mgi_batch *batch = &b->pairs->batches[place];
        if (mgi_torch_backend.run(w->lane, batch, &team, logits[w->index], &error) != MGEO_OK) {
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

static void run(bench *b) {
    worker workers[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    mgeo_error error;
    pthread_barrier_init(&b->barrier, NULL, b->threads);
    for (unsigned t = 0; t < b->threads; t++) {
        worker *w = &workers[t];
        *w = (worker){.bench = b, .index = t, .scope = mgt_scope_create()};
        w->input = bench_memory(1024 * 3072, sizeof(float));
        w->output = bench_memory(1024 * 3073, sizeof(float));
        w->scale = bench_memory(1024, sizeof(float));
        if (mgi_torch_backend.open_lane(b->encoder, &w->lane, &error) != MGEO_OK) {
            bench_die(error.message);
        }
        if (pthread_create(&threads[t], NULL, work, w)) bench_die("no thread");
    }
    for (unsigned t = 0; t < b->threads; t++) {
        pthread_join(threads[t], NULL);
        mgi_torch_backend.close_lane(workers[t].lane);
        mgt_scope_destroy(workers[t].scope);
        mgi_free(workers[t].input);
        mgi_free(workers[t].output);
        mgi_free(workers[t].scale);
    }
    pthread_barrier_destroy(&b->barrier);
}

static void one(const mgi_weights *weights, int32_t precision, uint32_t budget, unsigned rounds,
                unsigned threads) {
    static const mgk_dtype forms[] = {
        [MGEO_FP32] = MGK_FP32, [MGEO_BF16] = MGK_BF16, [MGEO_INT8] = MGK_INT8};
    mgi_encoder_request request = {.device = "cpu",
                                   .precision = precision,
                                   .max_length = PAIR_LONGEST,
                                   .batch_tokens = budget,
                                   .spec = &bert_base,
                                   .weights = weights};
    mgi_encoder_info info;
    mgeo_error error;
    static products set;
    static pairs some;
    bench b = {.products = &set, .pairs = &some, .rounds = rounds};
    double start = mgi_clock_now();
    if (mgi_torch_backend.open(&request, &b.encoder, &error) != MGEO_OK) bench_die(error.message);
    double placed = mgi_clock_now() - start;
    mgi_torch_backend.describe(b.encoder, &info);
    if (info.warning[0]) printf("warning: %s\n", info.warning);
    make_products(&set, forms[precision]);
    memset(&some, 0, sizeof some);
    make_pairs(&some, info.batch_tokens);
    printf("%s on %s, %s kernels, %s int8, batches of %u tokens, placed in %.2f s\n",
           mgeo_precision_name(precision), info.library, mgk_dispatch_kernels()->name,
           mgk_dispatch_int8()->name, info.batch_tokens, placed);
    for (unsigned cores = 1; cores <= threads; cores++) {
        for (int together = 0; together < (cores > 1 && !own_time ? 2 : 1); together++) {
            b.threads = together ? 1 : cores;
            b.cores = together ? cores : 1;
            b.products_rate = b.encoder_rate = 0;
            run(&b);
            printf(
                "  %u lane%s of %u core%s: products %6.1f GFLOP/s (at %4u tokens), encoder %6.1f "
                "GFLOP/s = %5.1f%%, %6.1f pairs/s\n",
                b.threads, b.threads > 1 ? "s" : " ", b.cores, b.cores > 1 ? "s" : " ",
                b.products_rate, b.best_rows, b.encoder_rate,
                100 * b.encoder_rate / b.products_rate, b.pairs_rate);
            fflush(stdout);
        }
    }
    mgi_torch_backend.close(b.encoder);
    free_products(&set);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        printf("usage: encoder_bench [--cpu] [fp32|bf16|int8|all [BATCH_TOKENS [ROUNDS "
               "[THREADS]]]]\n");
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--cpu") == 0) {
        own_time = true;
        argc--, argv++;
    }
    const char *which = argc > 1 ? argv[1] : "all";
    uint32_t budget = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 5;
    unsigned threads = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : mgi_process_cpus();
    if (threads < 1 || threads > MAX_THREADS) bench_die("THREADS must be within 1..64");
    mgi_weights weights = {0};
    bench_weights(&weights);
    bool all = strcmp(which, "all") == 0;
    if (all || strcmp(which, "fp32") == 0) one(&weights, MGEO_FP32, budget, rounds, threads);
    if (all || strcmp(which, "bf16") == 0) one(&weights, MGEO_BF16, budget, rounds, threads);
    if (all || strcmp(which, "int8") == 0) one(&weights, MGEO_INT8, budget, rounds, threads);
    return 0;
}
