/* A lone pair on CUDA, at the one shape that has kernels of its own (lib/backend/cuda/lone.h),
 * against the CPU. Skipped without a card; on cards that lack what these kernels need, the pair
 * goes the way of every other batch. */
#include "backend/backend.h"
#include "toy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SKIPPED = 77, LONGEST = 200, LABELS_MOST = 11 };

/* Around whole tiles of 16 rows, and longer than these kernels go. */
static const uint32_t lengths[] = {1,  2,  15, 16, 17, 31,  32,  33,  47,  48,  49, 63,
                                   64, 65, 80, 96, 97, 112, 113, 127, 128, 129, 200};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

typedef struct stage {
    const mgi_backend *backend;
    mgi_encoder *encoder;
    mgi_lane *lane;
} stage;

static toy *make_model(uint32_t layers, uint32_t labels, mgi_activation activation) {
    toy_options options = {.spec = toy_spec(), .seed = 5};
    options.spec.layers = layers;
    options.spec.hidden = 768;
    options.spec.heads = 12;
    options.spec.intermediate = 3072;
    options.spec.positions = LONGEST;
    options.spec.labels = labels;
    options.spec.activation = activation;
    return toy_create(&options);
}

static stage begin(const toy *model, const mgi_backend *backend, const char *device,
                   int32_t precision) {
    mgi_encoder_request request = toy_request(model, device, precision);
    stage s = {.backend = backend};
    mgeo_error error;
    request.batch_tokens = 1024;
    if (backend->open(&request, &s.encoder, &error) ||
        backend->open_lane(s.encoder, &s.lane, &error))
        fail_msg("%s", error.message);
    return s;
}

static void end(stage *s) {
    s->backend->close_lane(s->lane);
    s->backend->close(s->encoder);
}

static void run(const stage *s, const toy_batch *b, float *logits) {
    mgeo_error error;
    if (s->backend->run(s->lane, &b->batch, 1, logits, &error)) fail_msg("%s", error.message);
}

/* How far logits are apart, which are about 1. */
static double apart(const float *got, const float *wanted, uint32_t count) {
    double most = 0;
    for (uint32_t i = 0; i < count; i++) {
        const double difference = fabs((double)got[i] - (double)wanted[i]);
        if (!(difference <= most)) most = difference;
    }
    return most;
}

static void check_length(const toy *model, const stage *cpu, const stage *cuda, uint32_t length,
                         double most) {
    float wanted[LABELS_MOST], got[LABELS_MOST], again[LABELS_MOST];
    const uint32_t labels = model->spec.labels;
    toy_batch *b = toy_batch_create(&model->spec, &length, 1, 40 + length);
    run(cpu, b, wanted);
    run(cuda, b, got);
    run(cuda, b, again);
    if (!(apart(got, wanted, labels) <= most))
        fail_msg("%u tokens: %g apart", length, apart(got, wanted, labels));
    if (memcmp(got, again, labels * sizeof *got) != 0)
        fail_msg("%u tokens: not the same twice", length);
    toy_batch_destroy(b);
}

/* Downwards and upwards: what a longer pair has left behind must not matter. */
static void check_model(toy *model, int32_t precision, double most) {
    stage cpu = begin(model, &mgi_torch_backend, "cpu", MGEO_FP32);
    stage cuda = begin(model, &mgi_cuda_backend, "cuda:0", precision);
    for (unsigned i = LENGTHS; i > 0; i--) check_length(model, &cpu, &cuda, lengths[i - 1], most);
    for (unsigned i = 0; i < LENGTHS; i++) check_length(model, &cpu, &cuda, lengths[i], most);
    end(&cuda);
    end(&cpu);
    toy_destroy(model);
}

static void fp16_of_all_lengths(void **state) {
    (void)state;
    check_model(make_model(2, 3, MGI_GELU), MGEO_FP16, 1e-2);
}

static void bf16_of_all_lengths(void **state) {
    (void)state;
    check_model(make_model(2, 3, MGI_GELU), MGEO_BF16, 5e-2);
}

static void one_layer_and_many_labels(void **state) {
    (void)state;
    check_model(make_model(1, LABELS_MOST, MGI_GELU_TANH), MGEO_FP16, 1e-2);
}

static void other_activations(void **state) {
    (void)state;
    check_model(make_model(1, 1, MGI_RELU), MGEO_FP16, 1e-2);
    check_model(make_model(1, 2, MGI_TANH), MGEO_FP16, 1e-2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fp16_of_all_lengths),
        cmocka_unit_test(bf16_of_all_lengths),
        cmocka_unit_test(one_layer_and_many_labels),
        cmocka_unit_test(other_activations),
    };
    mgeo_error error;
    if (mgi_cuda_backend.usable("cuda", &error) != MGEO_OK) {
        fprintf(stderr, "skipped: %s\n", error.message);
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
