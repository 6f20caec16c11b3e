/* The loops of the int8 products, compiled once per instruction set. */
#include "backend/torch/int8.h"
#include "backend/torch/int8_layout.h"

#include <string.h>

#if defined(MGK_VNNI)
#include <immintrin.h>
#define MGK_INT8_TABLE mgk_int8_vnni
#define MGK_INT8_NAME "AVX-512 VNNI"
#elif defined(MGK_AVX2)
#include <immintrin.h>
#define MGK_INT8_TABLE mgk_int8_avx2
#define MGK_INT8_NAME "AVX2"
#else
#define MGK_INT8_TABLE mgk_int8_base
#define MGK_INT8_NAME "portable"
#endif

/* `count` rows from `row` on, and where one panel's results for them go. */
typedef struct block {
    const mgk_input *input;
    const uint8_t *panel;
    size_t groups; /* of four inputs */
    size_t row;
    int32_t sums[ROWS_AT_ONCE][PANEL];
} block;

static inline const int8_t *row_of(const block *b, size_t r) {
    return (const int8_t *)b->input->data + (b->row + r) * b->input->stride;
}

#if defined(MGK_VNNI) || defined(MGK_AVX2)

/* The rows of a block are written out one by one: a compiler keeps sums in registers that have
 * names, but not those of an array. EACH_3(X) is X(0) X(1) X(2). */
#define EACH_1(X) X(0)
#define EACH_2(X) EACH_1(X) X(1)
#define EACH_3(X) EACH_2(X) X(2)
#define EACH_4(X) EACH_3(X) X(3)
#define EACH_5(X) EACH_4(X) X(4)
#define EACH_6(X) EACH_5(X) X(5)
#define EACH_7(X) EACH_6(X) X(6)
#define EACH_8(X) EACH_7(X) X(7)
#define EACH_9(X) EACH_8(X) X(8)
#define EACH_10(X) EACH_9(X) X(9)
#define EACH_11(X) EACH_10(X) X(10)
#define EACH_12(X) EACH_11(X) X(11)

static inline int32_t four_of(const int8_t *at) {
    int32_t four;
    memcpy(&four, at, sizeof four);
    return four;
}

#endif

#if defined(MGK_VNNI)

enum { FLIP = 0x80 };

/* The instruction wants one side unsigned: weights carry 128 too much, which every row's sum of
 * inputs takes away again. */
#define START(r)                                                                                   \
    __m512i low##r = _mm512_set1_epi32(-128 * b->input->sums[b->row + r]), high##r = low##r;       \
    const int8_t *row##r = row_of(b, r);
#define STEP(r)                                                                                    \
    {                                                                                              \
        __m512i x = _mm512_set1_epi32(four_of(row##r + g * GROUP));                                \
        low##r = _mm512_dpbusd_epi32(low##r, w0, x);                                               \
        high##r = _mm512_dpbusd_epi32(high##r, w1, x);                                             \
    }
#define STORE(r)                                                                                   \
    _mm512_storeu_si512(b->sums[r], low##r);                                                       \
    _mm512_storeu_si512(b->sums[r] + 16, high##r);
#define CASE(n)                                                                                    \
    case n: {                                                                                      \
        EACH_##n(START) for (size_t g = 0; g < b->groups; g++) {                                   \
            __m512i w0 = _mm512_loadu_si512(b->panel + g * GROUP * PANEL);                         \
            __m512i w1 = _mm512_loadu_si512(b->panel + g * GROUP * PANEL + 64);                    \
            EACH_##n(STEP)                                                                         \
        }                                                                                          \
        EACH_##n(STORE) break;                                                                     \
    }

static void multiply_block(block *b, size_t count) {
    switch (count) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
    default: break;
    }
}

#elif defined(MGK_AVX2)

enum { FLIP = 0 };

/* Eight outputs at a time, in 16 bits so that nothing saturates; each sum lies in two halves, which
 * come together as outputs 0 1 4 5 2 3 6 7. */
#define START(r)                                                                                   \
    __m256i low##r = _mm256_setzero_si256(), high##r = low##r;                                     \
    const int8_t *row##r = row_of(b, r);
#define STEP(r)                                                                                    \
    {                                                                                              \
        __m128i four = _mm_cvtsi32_si128(four_of(row##r + g * GROUP));                             \
        __m256i x = _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(four));                              \
        low##r = _mm256_add_epi32(low##r, _mm256_madd_epi16(w0, x));                               \
        high##r = _mm256_add_epi32(high##r, _mm256_madd_epi16(w1, x));                             \
    }
#define STORE(r)                                                                                   \
    _mm256_storeu_si256((__m256i *)(void *)(b->sums[r] + column),                                  \
                        _mm256_permute4x64_epi64(_mm256_hadd_epi32(low##r, high##r), 0xd8));
#define CASE(n)                                                                                    \
    case n: {                                                                                      \
        EACH_##n(START) for (size_t g = 0; g < b->groups; g++) {                                   \
            const uint8_t *at = b->panel + (g * PANEL + column) * GROUP;                           \
            __m256i w0 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)at)); \
            at += 4 * GROUP;                                                                       \
            __m256i w1 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)at)); \
            EACH_##n(STEP)                                                                         \
        }                                                                                          \
        EACH_##n(STORE) break;                                                                     \
    }

static void multiply_block(block *b, size_t count) {
    for (size_t column = 0; column < PANEL; column += 8) switch (count) {
            CASE(1)
            CASE(2)
            CASE(3)
            CASE(4)
        default: break;
        }
}

#else

enum { FLIP = 0 };

static void multiply_row(block *b, size_t r) {
    const int8_t *x = row_of(b, r);
    int32_t *sums = b->sums[r];
    memset(sums, 0, sizeof b->sums[r]);
    for (size_t g = 0; g < b->groups; g++) {
        const int8_t *w = (const int8_t *)b->panel + g * GROUP * PANEL;
        for (size_t c = 0; c < PANEL; c++)
            for (size_t i = 0; i < GROUP; i++) sums[c] += w[c * GROUP + i] * x[g * GROUP + i];
    }
}

static void multiply_block(block *b, size_t count) {
    for (size_t r = 0; r < count; r++) multiply_row(b, r);
}

#endif

static void store_block(const block *b, size_t count, const float *scale, size_t columns,
                        float *out, size_t stride) {
    for (size_t r = 0; r < count; r++) {
        float row_scale = b->input->scale[b->row + r];
        float *to = out + (b->row + r) * stride;
        if (columns == PANEL)
            for (size_t c = 0; c < PANEL; c++)
                to[c] = (float)b->sums[r][c] * (scale[c] * row_scale);
        else
            for (size_t c = 0; c < columns; c++)
                to[c] = (float)b->sums[r][c] * (scale[c] * row_scale);
    }
}

static void multiply(const mgk_int8_weight *weight, const mgk_input *input, size_t rows,
                     size_t from, size_t to, float *out, size_t out_stride) {
    block b = {.input = input, .groups = (weight->inputs + GROUP - 1) / GROUP};
    for (size_t panel = from; panel < to; panel++) {
        size_t first = panel * PANEL;
        size_t columns = weight->outputs - first < PANEL ? weight->outputs - first : PANEL;
        b.panel = weight->panels + first * b.groups * GROUP;
        for (b.row = 0; b.row < rows; b.row += ROWS_AT_ONCE) {
            size_t count = rows - b.row < ROWS_AT_ONCE ? rows - b.row : ROWS_AT_ONCE;
            multiply_block(&b, count);
            store_block(&b, count, weight->scale + first, columns, out + first, out_stride);
        }
    }
}

const mgk_int8 MGK_INT8_TABLE = {.name = MGK_INT8_NAME, .flip = FLIP, .multiply = multiply};
