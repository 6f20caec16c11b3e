/* The CUDA encoder without text around it: BERT-base with random weights, pairs of about 45 tokens.
 * Prints how far its logits are from the CPU's, pairs a second by precision, batch and lanes, and
 * the time of one pair. */
#define _POSIX_C_SOURCE 200809L /* barriers */
#include "backend/backend.h"
#include "core/alloc.h"
#include "core/thread.h"
#include "lone_chain.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 32768, SHORTEST = 16, LONGEST = 128, LANES_MOST = 8, LABELS = 3, ALONE = 2000 };

static const mgi_encoder_spec base = {.layers = 12,
                                      .hidden = 768,
                                      .heads = 12,
                                      .intermediate = 3072,
                                      .vocabulary = 21128,
                                      .positions = 512,
                                      .types = 2,
                                      .labels = LABELS,
                                      .norm_eps = 1e-12f,
                                      .activation = MGI_GELU};

static const struct {
    const char *name;
    int32_t number;
} precisions[] = {{"fp32", MGEO_FP32},
                  {"bf16", MGEO_BF16},
                  {"fp16", MGEO_FP16},
                  {"int8", MGEO_INT8},
                  {"fp8", MGEO_FP8}};
enum { PRECISIONS = sizeof precisions / sizeof *precisions };

static void die(const char *what) {
    fprintf(stderr, "encoder_gpu_bench: %s\n", what);
    exit(2);
}

static void *memory_for(size_t count, size_t size) {
    void *memory = mgi_calloc(count, size);
    if (!memory) die("out of memory");
    return memory;
}

static uint64_t random_bits(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double uniform(uint64_t *state) { return (double)(random_bits(state) >> 11) * 0x1p-53; }

static double normal(uint64_t *state) {
    double radius = sqrt(-2 * log(1 - uniform(state)));
    return radius * cos(6.283185307179586 * uniform(state));
}

/* ---- a model of random weights ---- */

static mgi_tensor tensor(uint32_t rows, uint32_t columns, float middle, float spread,
                         uint64_t *state) {
    size_t count = (size_t)rows * (columns ? columns : 1);
    float *data = memory_for(count, sizeof *data);
    for (size_t i = 0; i < count; i++)
        data[i] = middle + spread * 2 * ((float)uniform(state) - 0.5f);
    return (mgi_tensor){.data = data,
                        .bytes = count * sizeof *data,
                        .shape = {rows, columns ? columns : 1},
                        .rank = columns ? 2 : 1,
                        .dtype = MGI_F32};
}

static mgi_linear linear(uint32_t outputs, uint32_t inputs, uint64_t *state) {
    const float spread = 1.5f / sqrtf((float)inputs);
    mgi_linear l = {tensor(outputs, inputs, 0, spread, state), tensor(outputs, 0, 0, 0.1f, state)};
    return l;
}

static mgi_norm norm(uint64_t *state) {
    mgi_norm n = {tensor(base.hidden, 0, 1, 0.2f, state), tensor(base.hidden, 0, 0, 0.1f, state)};
    return n;
}

static void make_weights(mgi_weights *w) {
    uint64_t seed = 1, *state = &seed;
    w->word_embeddings = tensor(base.vocabulary, base.hidden, 0, 0.05f, state);
    w->position_embeddings = tensor(base.positions, base.hidden, 0, 0.02f, state);
    w->type_embeddings = tensor(base.types, base.hidden, 0, 0.02f, state);
    w->embedding_norm = norm(state);
    w->layers = memory_for(base.layers, sizeof *w->layers);
    for (uint32_t i = 0; i < base.layers; i++) {
        mgi_layer_weights *l = &w->layers[i];
        l->query = linear(base.hidden, base.hidden, state);
        l->key = linear(base.hidden, base.hidden, state);
        l->value = linear(base.hidden, base.hidden, state);
        l->attention_output = linear(base.hidden, base.hidden, state);
        l->attention_norm = norm(state);
        l->intermediate = linear(base.intermediate, base.hidden, state);
        l->output = linear(base.hidden, base.intermediate, state);
        l->output_norm = norm(state);
    }
    w->pooler = linear(base.hidden, base.hidden, state);
    w->classifier = linear(base.labels, base.hidden, state);
}

/* ---- pairs ---- */

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static mgi_batch pack(const uint32_t *lengths, uint32_t rows, uint64_t *state) {
    uint32_t *offsets = memory_for(rows + 1, sizeof *offsets);
    for (uint32_t r = 0; r < rows; r++) offsets[r + 1] = offsets[r] + lengths[r];
    uint32_t tokens = offsets[rows];
    int32_t *ids = memory_for(tokens, sizeof *ids);
    uint8_t *types = memory_for(tokens, 1);
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t i = offsets[r]; i < offsets[r + 1]; i++) {
            ids[i] = (int32_t)(random_bits(state) % base.vocabulary);
            types[i] = i - offsets[r] > lengths[r] / 2;
        }
    return (mgi_batch){ids, types, offsets, rows, tokens};
}

static void drop(mgi_batch *batch) {
    mgi_free((void *)(uintptr_t)batch->ids);
    mgi_free((void *)(uintptr_t)batch->types);
    mgi_free((void *)(uintptr_t)batch->offsets);
}

static uint32_t lengths[PAIRS];
static mgi_batch batches[PAIRS];
static uint32_t batch_count;

/* As a queue of some thousand rows would give them: sorted within each group, and cut. */
static void make_batches(uint32_t budget) {
    enum { GROUP = 4096 };
    uint64_t seed = 2;
    for (uint32_t i = 0; i < batch_count; i++) drop(&batches[i]);
    batch_count = 0;
    for (int i = 0; i < PAIRS; i++)
        lengths[i] = (uint32_t)fmin(fmax(round(45 + 12 * normal(&seed)), SHORTEST), LONGEST);
    for (int first = 0; first < PAIRS; first += GROUP)
        qsort(lengths + first, GROUP, sizeof *lengths, by_number);
    for (uint32_t first = 0; first < PAIRS;) {
        uint32_t rows = 0, tokens = 0, end = (first / GROUP + 1) * GROUP;
        while (first + rows < end && tokens + lengths[first + rows] <= budget)
            tokens += lengths[first + rows++];
        batches[batch_count++] = pack(lengths + first, rows, &seed);
        first += rows;
    }
}

/* ---- agreement ---- */

/* How far a lane's logits are from those expected. */
static double farthest(mgi_lane *lane, const mgi_batch *batch, const float *expected) {
    mgeo_error error;
    float *logits = memory_for((size_t)batch->rows * LABELS, sizeof *logits);
    if (mgi_cuda_backend.run(lane, batch, 1, logits, &error)) die(error.message);
    double most = 0;
    for (uint32_t i = 0; i < batch->rows * LABELS; i++) {
        double apart = fabs((double)logits[i] - (double)expected[i]);
        if (!(apart <= most)) most = apart;
    }
    mgi_free(logits);
    return most;
}

static float *expect(const mgi_weights *weights, const mgi_batch *batch) {
    mgi_encoder_request request = {.device = "cpu",
                                   .precision = MGEO_FP32,
                                   .max_length = LONGEST,
                                   .batch_tokens = 8192,
                                   .spec = &base,
                                   .weights = weights};
    mgi_encoder *encoder;
    mgi_lane *lane;
    mgeo_error error;
    float *logits = memory_for((size_t)batch->rows * LABELS, sizeof *logits);
    if (mgi_torch_backend.open(&request, &encoder, &error) ||
        mgi_torch_backend.open_lane(encoder, &lane, &error) ||
        mgi_torch_backend.run(lane, batch, mgi_processors(), logits, &error))
        die(error.message);
    mgi_torch_backend.close_lane(lane);
    mgi_torch_backend.close(encoder);
    return logits;
}

/* Each size takes another way: lone pairs by their length, a few, many. */
enum { LONE_PAIRS = 9, COMPARED = LONE_PAIRS + 3 };

static void pack_compared(mgi_batch *compared) {
    static const uint32_t lone[LONE_PAIRS] = {2, 16, 17, 45, 49, 64, 65, 100, 128};
    static const uint32_t rows[COMPARED - LONE_PAIRS] = {3, 12, 128};
    uint64_t seed = 7;
    for (int i = 0; i < COMPARED; i++)
        compared[i] = i < LONE_PAIRS ? pack(&lone[i], 1, &seed)
                                     : pack(lengths + 1900, rows[i - LONE_PAIRS], &seed);
}

/* Twice: what the first batch left behind must not matter to the next. */
static void compare_at(int p, const mgi_weights *weights, const mgi_batch *compared,
                       float *const *expected) {
    mgi_encoder_request request = {.device = "cuda:0",
                                   .precision = precisions[p].number,
                                   .max_length = LONGEST,
                                   .batch_tokens = 8192,
                                   .spec = &base,
                                   .weights = weights};
    mgi_encoder *encoder;
    mgi_lane *lane;
    mgeo_error error;
    if (mgi_cuda_backend.open(&request, &encoder, &error) ||
        mgi_cuda_backend.open_lane(encoder, &lane, &error))
        die(error.message);
    for (int round = 0; round < 2; round++) {
        printf("%s:", precisions[p].name);
        for (int i = 0; i < COMPARED; i++)
            printf(" %.2g", farthest(lane, &compared[i], expected[i]));
        printf("\n");
    }
    fflush(stdout);
    mgi_cuda_backend.close_lane(lane);
    mgi_cuda_backend.close(encoder);
}

static void compare(const mgi_weights *weights) {
    mgi_batch compared[COMPARED];
    float *expected[COMPARED];
    pack_compared(compared);
    printf("pairs x tokens, largest logit:");
    for (int i = 0; i < COMPARED; i++) {
        float largest = 0;
        expected[i] = expect(weights, &compared[i]);
        for (uint32_t j = 0; j < compared[i].rows * LABELS; j++)
            largest = fmaxf(largest, fabsf(expected[i][j]));
        printf(" %ux%u %.2f", compared[i].rows, compared[i].tokens, (double)largest);
        fflush(stdout);
    }
    printf("\nfarthest from the CPU's logits, twice\n");
    for (int p = 0; p < PRECISIONS; p++) compare_at(p, weights, compared, expected);
    for (int i = 0; i < COMPARED; i++) {
        mgi_free(expected[i]);
        drop(&compared[i]);
    }
}

/* ---- speed ---- */

typedef struct driver {
    mgi_lane *lane;
    uint32_t first, step;
    uint64_t pairs;
    pthread_barrier_t *barrier;
    double seconds;
} driver;

static void *drive(void *argument) {
    driver *d = argument;
    mgeo_error error;
    float *logits = memory_for((size_t)PAIRS * LABELS, sizeof *logits);
    for (int round = 0; round < 2; round++) { /* the first warms up */
        pthread_barrier_wait(d->barrier);
        double start = mgi_now();
        d->pairs = 0;
        for (uint32_t i = d->first; i < batch_count; i += d->step) {
            if (mgi_cuda_backend.run(d->lane, &batches[i], 1, logits, &error)) die(error.message);
            d->pairs += batches[i].rows;
        }
        pthread_barrier_wait(d->barrier);
        d->seconds = mgi_now() - start;
    }
    mgi_free(logits);
    return NULL;
}

static double rate(mgi_encoder *encoder, uint32_t lanes) {
    pthread_barrier_t barrier;
    driver drivers[LANES_MOST];
    pthread_t threads[LANES_MOST];
    mgeo_error error;
    uint64_t pairs = 0;
    pthread_barrier_init(&barrier, NULL, lanes);
    for (uint32_t i = 0; i < lanes; i++) {
        drivers[i] = (driver){.first = i, .step = lanes, .barrier = &barrier};
        if (mgi_cuda_backend.open_lane(encoder, &drivers[i].lane, &error)) die(error.message);
    }
    for (uint32_t i = 0; i < lanes; i++) pthread_create(&threads[i], NULL, drive, &drivers[i]);
    for (uint32_t i = 0; i < lanes; i++) {
        pthread_join(threads[i], NULL);
        pairs += drivers[i].pairs;
    }
    for (uint32_t i = 0; i < lanes; i++) mgi_cuda_backend.close_lane(drivers[i].lane);
    pthread_barrier_destroy(&barrier);
    return (double)pairs / drivers[0].seconds;
}

static int by_time(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void time_alone(mgi_encoder *encoder) {
    static const uint32_t some[] = {16, 45, 64, 128};
    static double times[ALONE];
    float logits[LABELS];
    uint64_t seed = 9;
    mgi_lane *lane;
    mgeo_error error;
    if (mgi_cuda_backend.open_lane(encoder, &lane, &error)) die(error.message);
    printf("  one pair, median / 99%%, ms:");
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        mgi_batch batch = pack(&some[i], 1, &seed);
        for (int j = 0; j < ALONE; j++) {
            double start = mgi_now();
            if (mgi_cuda_backend.run(lane, &batch, 1, logits, &error)) die(error.message);
            times[j] = mgi_now() - start;
        }
        qsort(times, ALONE, sizeof *times, by_time);
        printf("  %u tokens %.3f / %.3f", some[i], 1e3 * times[ALONE / 2],
               1e3 * times[ALONE * 99 / 100]);
        drop(&batch);
    }
    printf("\n");
    mgi_cuda_backend.close_lane(lane);
}

static void measure(const mgi_weights *weights, int p, const uint32_t *budgets, int count,
                    uint32_t lanes) {
    for (int i = 0; i < count; i++) {
        mgi_encoder_request request = {.device = "cuda:0",
                                       .precision = precisions[p].number,
                                       .max_length = LONGEST,
                                       .batch_tokens = budgets[i],
                                       .spec = &base,
                                       .weights = weights};
        mgi_encoder_info info;
        mgi_encoder *encoder;
        mgeo_error error;
        double start = mgi_now();
        if (mgi_cuda_backend.open(&request, &encoder, &error)) die(error.message);
        double placed = mgi_now() - start;
        mgi_cuda_backend.describe(encoder, &info);
        make_batches(info.batch_tokens);
        printf("%s, %u tokens a batch, placed in %.2f s:", precisions[p].name, info.batch_tokens,
               placed);
        for (uint32_t l = 1; l <= lanes; l++) printf("  %u lanes %.0f", l, rate(encoder, l));
        printf(" pairs/s\n");
        if (i == 0) time_alone(encoder);
        fflush(stdout);
        mgi_cuda_backend.close(encoder);
    }
}

/* Where a lone pair's time goes. */
static void take_apart(const mgi_weights *weights, const char *precision) {
    mgi_encoder_request request = {.device = "cuda:0",
                                   .max_length = LONGEST,
                                   .batch_tokens = 1024,
                                   .spec = &base,
                                   .weights = weights};
    mgi_encoder *encoder;
    mgeo_error error;
    for (int p = 0; p < PRECISIONS; p++)
        if (strcmp(precision, precisions[p].name) == 0) request.precision = precisions[p].number;
    if (mgi_cuda_backend.open(&request, &encoder, &error)) die(error.message);
    bench_lone_chain(encoder);
    time_alone(encoder);
    mgi_cuda_backend.close(encoder);
}

/* A few batches and nothing else, for a profiler to look at. */
static void show(const mgi_weights *weights, const char *precision, uint32_t budget) {
    static float logits[PAIRS * LABELS];
    mgi_encoder_request request = {.device = "cuda:0",
                                   .max_length = LONGEST,
                                   .batch_tokens = budget > 1024 ? budget : 1024,
                                   .spec = &base,
                                   .weights = weights};
    mgi_encoder *encoder;
    mgi_lane *lane;
    mgeo_error error;
    for (int p = 0; p < PRECISIONS; p++)
        if (strcmp(precision, precisions[p].name) == 0) request.precision = precisions[p].number;
    make_batches(budget);
    if (mgi_cuda_backend.open(&request, &encoder, &error) ||
        mgi_cuda_backend.open_lane(encoder, &lane, &error))
        die(error.message);
    for (int i = 0; i < 4; i++)
        if (mgi_cuda_backend.run(lane, &batches[batch_count / 2], 1, logits, &error))
            die(error.message);
    printf("%u pairs, %u tokens\n", batches[batch_count / 2].rows, batches[batch_count / 2].tokens);
    mgi_cuda_backend.close_lane(lane);
    mgi_cuda_backend.close(encoder);
}

int main(int argc, char **argv) {
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        printf("usage: encoder_gpu_bench compare | PRECISION LANES [BATCH_TOKENS ...] | chain "
               "PRECISION | profile PRECISION BATCH_TOKENS\n");
        return argc < 2 ? 2 : 0;
    }
    uint32_t budgets[16] = {0};
    int count = 0;
    for (int i = 3; i < argc && count < 16; i++)
        budgets[count++] = (uint32_t)strtoul(argv[i], NULL, 10);
    static mgi_weights weights;
    make_weights(&weights);
    if (strcmp(argv[1], "chain") == 0 && argc == 3) {
        take_apart(&weights, argv[2]);
        return 0;
    }
    if (strcmp(argv[1], "profile") == 0 && argc == 4) {
        show(&weights, argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
        return 0;
    }
    uint32_t lanes = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2;
    if (lanes < 1 || lanes > LANES_MOST) die("LANES must be within 1..8");
    make_batches(22528);
    if (strcmp(argv[1], "compare") == 0) compare(&weights);
    for (int p = 0; p < PRECISIONS; p++)
        if (strcmp(argv[1], precisions[p].name) == 0)
            measure(&weights, p, budgets, count ? count : 1, lanes);
    return 0;
}
