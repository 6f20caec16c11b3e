/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a model's tensors into the numbers that the encoder takes. */
#include "backend/cpu/convert.h"

#include "backend/tensor.h"
#include "core/alloc.h"

#include <string.h>

static float float_of_f16(uint16_t half) {
    uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13, bits;
    float value;
    memcpy(&value, &magnitude, sizeof value);
    value *= 0x1p112f; /* also right for subnormal numbers */
    memcpy(&bits, &value, sizeof bits);
    if (magnitude >= 0x7c00u << 13) bits = magnitude | 0x7f800000; /* infinity and NaN */
    bits |= (uint32_t)(half & 0x8000) << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t f16_of_float(float x) {
    uint32_t bits, sign;
    memcpy(&bits, &x, sizeof bits);
    sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) return (uint16_t)(sign | 0x7e00);
    if (bits >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* too large: infinity */
    if (bits < 0x38800000) { /* subnormal: adding 0.5 rounds to its step of 2^-24 */
        float magnitude;
        memcpy(&magnitude, &bits, sizeof magnitude);
        magnitude += 0.5f;
        memcpy(&bits, &magnitude, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    bits += 0xfff + (bits >> 13 & 1);
    return (uint16_t)(sign | (bits - 0x38000000) >> 13);
}

static uint16_t bf16_of_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0;
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void mgi_convert_f32(const mgi_tensor *tensor, size_t first, size_t count, float *to) {
    const char *from = (const char *)tensor->data + first * mgi_tensor_dtype_bytes(tensor->dtype);
    if (tensor->dtype == MGI_F32) {
        memcpy(to, from, count * sizeof *to);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, from + 2 * i, sizeof half);
        uint32_t bits = (uint32_t)half << 16;
        if (tensor->dtype == MGI_BF16) {
            memcpy(to + i, &bits, sizeof bits);
        } else {
            to[i] = float_of_f16(half);
        }
    }
}

void mgi_convert_half(const mgi_tensor *tensor, mgi_dtype type, size_t first, size_t count,
                      uint16_t *to) {
    if (tensor->dtype == type) {
        memcpy(to, (const char *)tensor->data + 2 * first, 2 * count);
        return;
    }
    float some[256];
    for (size_t i = 0; i < count; i += 256) {
        size_t n = count - i < 256 ? count - i : 256;
        mgi_convert_f32(tensor, first + i, n, some);
        for (size_t j = 0; j < n; j++) {
            to[i + j] = type == MGI_BF16 ? bf16_of_float(some[j]) : f16_of_float(some[j]);
        }
    }
}

float *mgi_convert_vector(const mgi_tensor *tensor) {
    size_t count = mgi_tensor_numbers(tensor);
    float *to = mgi_alloc_aligned(count, sizeof *to);
    if (to == NULL) return NULL;
    mgi_convert_f32(tensor, 0, count, to);
    mgi_tensor_release(tensor);
    return to;
}

bool mgi_convert_is_identity(const mgi_tensor *tensor, mgi_dtype type) {
    return tensor->dtype == type && (uintptr_t)tensor->data % mgi_tensor_dtype_bytes(type) == 0;
}
