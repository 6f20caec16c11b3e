/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of every compilation that this processor can run, against sums written out. */
#include "kernel_sets.h"

enum {
    HEADS = 3,
    BEFORE = 2,
    AFTER = 3
}; /* rows of other sequences around the one that is asked for */

typedef struct fixture {
    const mgk_kernels *set;
    uint32_t length, width;
    size_t rows, stride, context_bytes, floats;
    float *qkv; /* [rows, stride]: queries, keys and values side by side, and a gap */
    float *scratch;
    mgk_heads heads;
    mgk_sequence sequence;
} fixture;

static void fixture_init(fixture *f, const mgk_kernels *set, uint32_t length, uint32_t width) {
    *f = (fixture){.set = set, .length = length, .width = width, .rows = BEFORE + length + AFTER};
    size_t hidden = (size_t)HEADS * width;
    f->stride = 3 * hidden + 5;
    f->qkv = watched_alloc(f->rows * f->stride * sizeof(float));
    kernel_fill(f->qkv, f->rows * f->stride, 2, length * 1000 + width);
    f->floats = mgk_kernels_attention_scratch(length, width);
    f->scratch = watched_alloc(f->floats * sizeof(float));
    f->context_bytes = f->rows * (hidden + 1) * sizeof(float);
    f->heads = (mgk_heads){.query = f->qkv,
                           .query_stride = f->stride,
                           .key = f->qkv + hidden,
                           .value = f->qkv + 2 * hidden,
                           .key_value_stride = f->stride,
                           .head_width = width,
                           .context = watched_alloc(f->context_bytes),
                           .context_stride = hidden + 1};
    f->sequence = (mgk_sequence){BEFORE, length, BEFORE, length};
}

static void fixture_finish(fixture *f) {
    watched_free(f->qkv, f->rows * f->stride * sizeof(float));
    watched_free(f->scratch, f->floats * sizeof(float));
    watched_free(f->heads.context, f->context_bytes);
}

static void attend(fixture *f) {
    for (size_t i = 0; i < f->floats; i++) f->scratch[i] = NAN; /* nothing stale is used */
    f->set->attend_heads(&f->heads, &f->sequence, 0, HEADS, f->scratch);
}

static float *context_row(const fixture *f, size_t row) {
    return (float *)f->heads.context + row * f->heads.context_stride;
}

/* What one query takes from the values, in double. */
static void expect(const fixture *f, size_t query, size_t head, double *context) {
    double top = -INFINITY, total = 0;
    double *weight = calloc(f->length, sizeof *weight);
    assert_non_null(weight);
    for (size_t j = 0; j < f->length; j++) {
        const float *q = f->heads.query + query * f->stride + head * f->width;
        const float *k = f->heads.key + (BEFORE + j) * f->stride + head * f->width;
        for (size_t d = 0; d < f->width; d++) weight[j] += (double)q[d] * (double)k[d];
        weight[j] /= sqrt(f->width);
        top = fmax(top, weight[j]);
    }
    memset(context, 0, f->width * sizeof *context);
    for (size_t j = 0; j < f->length; j++) {
        weight[j] = exp(weight[j] - top);
        total += weight[j];
    }
    for (size_t j = 0; j < f->length; j++) {
        const float *v = f->heads.value + (BEFORE + j) * f->stride + head * f->width;
        for (size_t d = 0; d < f->width; d++) context[d] += weight[j] / total * (double)v[d];
    }
    free(weight);
}

static void check(const fixture *f, size_t queries) {
    double context[128];
    for (size_t r = 0; r < queries; r++) {
        const float *at = context_row(f, BEFORE + r);
        for (size_t head = 0; head < HEADS; head++) {
            expect(f, BEFORE + r, head, context);
            for (size_t d = 0; d < f->width; d++) {
                close_to(at[head * f->width + d], context[d], 1e-5, "attention", f->set->name);
            }
        }
    }
    for (size_t r = 0; r < f->rows; r++) { /* nothing around it */
        bool asked = r >= BEFORE && r < BEFORE + queries;
        size_t written = asked ? (size_t)HEADS * f->width : 0;
        assert_true(is_untouched(context_row(f, r) + written,
                                 (f->heads.context_stride - written) * sizeof(float)));
    }
}

static void attention_at(const mgk_kernels *set, uint32_t length, uint32_t width) {
    fixture f;
    fixture_init(&f, set, length, width);
    attend(&f);
    check(&f, length);
    memset(f.heads.context, UNTOUCHED, f.context_bytes);
    f.sequence.queries = 1;
    attend(&f);
    check(&f, 1);
    fixture_finish(&f);
}

static void for_each_set(void (*work)(const mgk_kernels *set)) {
    const mgk_kernels *sets[KERNEL_SETS];
    size_t count = kernel_sets(sets);
    for (size_t s = 0; s < count; s++) work(sets[s]);
}

static void all_shapes(const mgk_kernels *set) {
    static const uint32_t widths[] = {1, 7, 20, 32, 64, 80, 100};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        for (uint32_t length = 1; length <= 36; length++) attention_at(set, length, widths[w]);
        for (uint32_t length = 45; length <= 140; length += 19) {
            attention_at(set, length, widths[w]);
        }
    }
    attention_at(set, 512, 64);
    attention_at(set, 700, 7);
}

static void test_attention_follows_its_formula(void **state) {
    (void)state;
    for_each_set(all_shapes);
}

/* bf16 is what fp32 rounds to. */
static void bf16_contexts(const mgk_kernels *set) {
    for (uint32_t width = 7; width <= 64; width += 19) {
        fixture f;
        fixture_init(&f, set, 21, width);
        size_t hidden = (size_t)HEADS * width, stride = f.heads.context_stride;
        uint16_t *rounded = watched_alloc(f.rows * stride * sizeof *rounded);
        mgk_input input = {MGK_BF16, rounded, stride, NULL, NULL};
        attend(&f);
        set->pack(f.heads.context, stride, hidden, &input, BEFORE, BEFORE + f.length);
        memset(f.heads.context, UNTOUCHED, f.context_bytes);
        f.heads.context_type = MGI_BF16;
        attend(&f);
        assert_memory_equal(f.heads.context, rounded, f.rows * stride * sizeof *rounded);
        assert_true(is_untouched((uint16_t *)f.heads.context + f.rows * stride,
                                 f.context_bytes - f.rows * stride * sizeof *rounded));
        watched_free(rounded, f.rows * stride * sizeof *rounded);
        fixture_finish(&f);
    }
}

static void test_context_may_be_bf16(void **state) {
    (void)state;
    for_each_set(bf16_contexts);
}

/* Neighbours, who computes which head, and what else computes a row change no bit. */
static void company(const mgk_kernels *set) {
    static const uint32_t lengths[] = {1, 5, 16, 17, 33, 45, 100};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        fixture f;
        fixture_init(&f, set, lengths[i], 20);
        float *before = watched_alloc(f.context_bytes);
        attend(&f);
        memcpy(before, f.heads.context, f.context_bytes);
        memset(f.heads.context, UNTOUCHED, f.context_bytes);
        for (size_t r = 0; r < f.rows; r++) {
            if (r >= BEFORE && r < BEFORE + f.length) continue;
            for (size_t c = 0; c < f.stride; c++) f.qkv[r * f.stride + c] = NAN;
        }
        memset(f.scratch, 0, f.floats * sizeof(float));
        for (uint32_t head = HEADS; head-- > 0;) {
            set->attend_heads(&f.heads, &f.sequence, head, head + 1, f.scratch);
        }
        assert_memory_equal(f.heads.context, before, f.context_bytes);
        watched_free(before, f.context_bytes);
        fixture_finish(&f);
    }
}

static void test_company_changes_no_bit(void **state) {
    (void)state;
    for_each_set(company);
}

/* A key's NaN is seen in all rows of its head, a query's in its row, and neither in another head.
 */
static void nan_stays(const mgk_kernels *set) {
    for (uint32_t queries = 1; queries <= 19; queries += 18) {
        for (int part = 0; part < 3; part++) { /* of a query, a key, a value */
            fixture f;
            fixture_init(&f, set, 19, 20);
            f.sequence.queries = queries;
            f.qkv[(BEFORE + (part == 0 ? 0 : 18)) * f.stride + part * HEADS * 20 + 20 + 3] = NAN;
            attend(&f);
            for (size_t r = 0; r < queries; r++) {
                const float *at = context_row(&f, BEFORE + r);
                for (size_t c = 0; c < HEADS * 20; c++) {
                    bool spoiled = part == 0   ? r == 0 && c / 20 == 1
                                   : part == 1 ? c / 20 == 1
                                               : c == 20 + 3;
                    assert_int_equal(isnan(at[c]) != 0, spoiled);
                }
            }
            fixture_finish(&f);
        }
    }
}

static void test_nan_stays_where_it_belongs(void **state) {
    (void)state;
    for_each_set(nan_stays);
}

/* Scores far apart, and all far from 0: powers neither overflow nor end in 0 / 0. */
static void large_scores(const mgk_kernels *set) {
    for (uint32_t length = 2; length <= 50; length += 12) {
        fixture f;
        fixture_init(&f, set, length, 64);
        for (size_t r = BEFORE; r < BEFORE + length; r++) {
            for (size_t c = 0; c < (size_t)2 * HEADS * 64;
                 c++) { /* whole numbers: sums are exact */
                f.qkv[r * f.stride + c] = (float)((r * 31 + c * 17) % 41) - 60;
            }
        }
        attend(&f);
        check(&f, length);
        fixture_finish(&f);
    }
}

static void test_large_scores_are_told_apart(void **state) {
    (void)state;
    for_each_set(large_scores);
}

static void test_scratch_of_too_long_a_sequence_is_none(void **state) {
    (void)state;
    assert_true(mgk_kernels_attention_scratch(1, 1) > 0);
    assert_true(mgk_kernels_attention_scratch(UINT32_MAX, 64) == 0);
    assert_true(mgk_kernels_attention_scratch(64, UINT32_MAX) == 0);
    assert_true(mgk_kernels_attention_scratch(1u << 20, 1u << 20) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention_follows_its_formula),
        cmocka_unit_test(test_context_may_be_bf16),
        cmocka_unit_test(test_company_changes_no_bit),
        cmocka_unit_test(test_nan_stays_where_it_belongs),
        cmocka_unit_test(test_large_scores_are_told_apart),
        cmocka_unit_test(test_scratch_of_too_long_a_sequence_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
