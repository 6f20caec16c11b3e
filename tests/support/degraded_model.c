/* SPDX-License-Identifier: Apache-2.0 */
/* Model directories that are worse than the one they are made from. */
#define _GNU_SOURCE
#include "degraded_model.h"

#include "check.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    DEGRADED_NAME_BYTES = 128,
    DEGRADED_HEADER_BYTES = 1 << 20,
    DEGRADED_WIDTH_TIMES = 5 /* of the intermediate layer: work grows by 11/3 */
};

/* Of the noise: its root mean square over that of the tensor. */
static const float degraded_noise = 1.0f;

/* ---- files ----------------------------------------------------------------------------------- */

/* The whole file and a NUL behind it; free() it. */
static char *degraded_read(const char *directory, const char *name, size_t *bytes) {
    char path[TINY_PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *in = fopen(path, "rb");
    if (in == NULL) fail_msg("%s cannot be read", path);
    struct stat about;
    assert_int_equal(fstat(fileno(in), &about), 0);
    *bytes = (size_t)about.st_size;
    char *text = malloc(*bytes + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, *bytes, in), *bytes);
    text[*bytes] = '\0';
    fclose(in);
    return text;
}

/* ---- one tensor ------------------------------------------------------------------------------ */

/* A tensor of the base, and how many numbers it has in the copy: rows and columns may be added. */
typedef struct degraded_tensor {
    char name[DEGRADED_NAME_BYTES];
    char dtype[8];
    size_t rows, columns; /* of a vector: rows, 1 */
    size_t rank;
    size_t from; /* into the base's body, in bytes */
    size_t rows_now, columns_now;
} degraded_tensor;

static bool degraded_ends_in(const degraded_tensor *tensor, const char *end) {
    size_t length = strlen(tensor->name), end_length = strlen(end);
    return length >= end_length && strcmp(tensor->name + length - end_length, end) == 0;
}

static float degraded_widen_half(uint16_t half) {
    int exponent = half >> 10 & 31;
    float mantissa = (float)(half & 1023) / 1024;
    float size = exponent == 0 ? ldexpf(mantissa, -14) : ldexpf(1 + mantissa, exponent - 15);
    assert_int_not_equal(exponent, 31); /* the base has finite weights */
    return (half & 0x8000) != 0 ? -size : size;
}

static float degraded_number(const degraded_tensor *tensor, const char *body, size_t index) {
    float number;
    uint16_t half;
    const char *data = body + tensor->from;
    if (strcmp(tensor->dtype, "F32") == 0) {
        memcpy(&number, data + 4 * index, sizeof number);
        return number;
    }
    memcpy(&half, data + 2 * index, sizeof half);
    if (strcmp(tensor->dtype, "F16") == 0) return degraded_widen_half(half);
    assert_string_equal(tensor->dtype, "BF16");
    uint32_t bits = (uint32_t)half << 16;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* [rows_now * columns_now], what was added being 0; free() it. */
static float *degraded_numbers(const degraded_tensor *tensor, const char *body) {
    float *numbers = calloc(tensor->rows_now * tensor->columns_now, sizeof *numbers);
    assert_non_null(numbers);
    for (size_t row = 0; row < tensor->rows; row++) {
        for (size_t column = 0; column < tensor->columns; column++) {
            numbers[row * tensor->columns_now + column] =
                degraded_number(tensor, body, row * tensor->columns + column);
        }
    }
    return numbers;
}

/* ---- what is done to it ---------------------------------------------------------------------- */

/* Zeros more in the middle of a layer change no answer: gelu(0) is 0. */
static void degraded_widen(degraded_tensor *tensor) {
    bool attention = strstr(tensor->name, "attention") != NULL;
    if (degraded_ends_in(tensor, "intermediate.dense.weight") ||
        degraded_ends_in(tensor, "intermediate.dense.bias")) {
        tensor->rows_now *= DEGRADED_WIDTH_TIMES;
    } else if (!attention && degraded_ends_in(tensor, "output.dense.weight")) {
        tensor->columns_now *= DEGRADED_WIDTH_TIMES;
    }
}

static void degraded_add_noise(float *numbers, size_t count) {
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (double)numbers[i] * (double)numbers[i];
    float size = degraded_noise * (float)sqrt(squares / (double)count);
    uint32_t random = 1;
    for (size_t i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;
        numbers[i] += size * 1.7320508f * ((float)(random >> 8) / 8388608.0f - 1); /* uniform */
    }
}

static void degraded_spoil(const degraded_tensor *tensor, degraded_kind kind, float *numbers) {
    if (kind == DEGRADED_NAN && degraded_ends_in(tensor, "classifier.bias")) numbers[0] = NAN;
    if (kind == DEGRADED_SUBTLE && degraded_ends_in(tensor, "word_embeddings.weight")) {
        degraded_add_noise(numbers, tensor->rows * tensor->columns);
    }
}

/* ---- the weights ----------------------------------------------------------------------------- */

typedef struct degraded_weights {
    char *file;
    const char *header, *body;
    size_t header_bytes;
    degraded_tensor *tensors;
    size_t count;
} degraded_weights;

/* One entry as the safetensors library writes it; returns what follows it. */
static const char *degraded_read_entry(const char *at, degraded_tensor *tensor) {
    size_t to = 0;
    int used = 0;
    *tensor = (degraded_tensor){.columns = 1, .rank = 2};
    int found = sscanf(at,
                       "\"%127[^\"]\":{\"dtype\":\"%7[^\"]\",\"shape\":[%zu,%zu],"
                       "\"data_offsets\":[%zu,%zu]}%n",
                       tensor->name, tensor->dtype, &tensor->rows, &tensor->columns, &tensor->from,
                       &to, &used);
    if (found != 6) {
        tensor->rank = 1;
        tensor->columns = 1;
        found = sscanf(at,
                       "\"%127[^\"]\":{\"dtype\":\"%7[^\"]\",\"shape\":[%zu],"
                       "\"data_offsets\":[%zu,%zu]}%n",
                       tensor->name, tensor->dtype, &tensor->rows, &tensor->from, &to, &used);
        assert_int_equal(found, 5);
    }
    assert_true(used > 0);
    tensor->rows_now = tensor->rows;
    tensor->columns_now = tensor->columns;
    return at + used;
}

static void degraded_read_weights(degraded_weights *weights, const char *base) {
    size_t bytes;
    weights->file = degraded_read(base, "model.safetensors", &bytes);
    uint64_t header_bytes = 0;
    memcpy(&header_bytes, weights->file, sizeof header_bytes);
    assert_true(header_bytes + 8 < bytes);
    weights->body = weights->file + 8 + header_bytes;
    weights->file[7 + header_bytes] = '\0'; /* on the last brace or a space behind it */
    const char *at = strchr(weights->file + 8, '{') + 1;
    if (strncmp(at, "\"__metadata__\"", 14) == 0) at = strchr(at, '}') + 2;
    size_t most = header_bytes / 32;
    weights->tensors = calloc(most, sizeof *weights->tensors);
    assert_non_null(weights->tensors);
    for (;; at++) { /* over the comma */
        at = degraded_read_entry(at, &weights->tensors[weights->count++]);
        if (*at != ',') break;
    }
}

/* The header of the copy, padded; returns its length. */
static size_t degraded_make_header(const degraded_weights *weights, char *header) {
    size_t length = 0, offset = 0;
    for (size_t i = 0; i < weights->count; i++) {
        const degraded_tensor *tensor = &weights->tensors[i];
        size_t bytes = 4 * tensor->rows_now * tensor->columns_now;
        char shape[64];
        snprintf(shape, sizeof shape, tensor->rank == 2 ? "%zu,%zu" : "%zu", tensor->rows_now,
                 tensor->columns_now);
        length += (size_t)snprintf(header + length, DEGRADED_HEADER_BYTES - length,
                                   "%c\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],"
                                   "\"data_offsets\":[%zu,%zu]}",
                                   i == 0 ? '{' : ',', tensor->name, shape, offset, offset + bytes);
        assert_true(length + 16 < DEGRADED_HEADER_BYTES);
        offset += bytes;
    }
    header[length++] = '}';
    while (length % 8 != 0) header[length++] = ' ';
    return length;
}

static void degraded_write_weights(const degraded_weights *weights, degraded_kind kind,
                                   const char *path) {
    char full[TINY_PATH_BYTES + 64];
    snprintf(full, sizeof full, "%s/model.safetensors", path);
    FILE *out = fopen(full, "wb");
    char *header = malloc(DEGRADED_HEADER_BYTES);
    assert_true(out != NULL && header != NULL);
    uint64_t header_bytes = degraded_make_header(weights, header);
    assert_int_equal(fwrite(&header_bytes, sizeof header_bytes, 1, out), 1);
    assert_int_equal(fwrite(header, 1, header_bytes, out), header_bytes);
    free(header);
    for (size_t i = 0; i < weights->count; i++) {
        const degraded_tensor *tensor = &weights->tensors[i];
        size_t count = tensor->rows_now * tensor->columns_now;
        float *numbers = degraded_numbers(tensor, weights->body);
        degraded_spoil(tensor, kind, numbers);
        assert_int_equal(fwrite(numbers, sizeof *numbers, count, out), count);
        free(numbers);
    }
    assert_int_equal(fclose(out), 0);
}

/* ---- the other files ------------------------------------------------------------------------- */

/* Copies text, each label's name replaced by the next one's. */
static void degraded_rotate_labels(const char *text, char *to) {
    static const char *const names[] = {"\"not_match\"", "\"partial_match\"", "\"exact_match\""};
    while (*text != '\0') {
        size_t i = 0;
        while (i < 3 && strncmp(text, names[i], strlen(names[i])) != 0) i++;
        if (i == 3) {
            *to++ = *text++;
            continue;
        }
        text += strlen(names[i]);
        to = stpcpy(to, names[(i + 1) % 3]);
    }
    *to = '\0';
}

static void degraded_widen_config(const char *text, char *to) {
    static const char key[] = "\"intermediate_size\":";
    const char *at = strstr(text, key);
    assert_non_null(at);
    char *rest;
    unsigned long width = strtoul(at + sizeof key - 1, &rest, 10);
    sprintf(to, "%.*s%s %lu%s", (int)(at - text), text, key, width * DEGRADED_WIDTH_TIMES, rest);
}

static void degraded_write_config(const char *base, degraded_kind kind, const char *path) {
    size_t bytes;
    char *text = degraded_read(base, "config.json", &bytes);
    char *changed = calloc(2, bytes + 64);
    assert_non_null(changed);
    if (kind == DEGRADED_LABELS) {
        degraded_rotate_labels(text, changed);
        assert_string_not_equal(text, changed);
    } else if (kind == DEGRADED_SLOW) {
        degraded_widen_config(text, changed);
    } else {
        strcpy(changed, text);
    }
    tiny_model_spoil(path, "config.json", changed);
    free(changed);
    free(text);
}

void degraded_model_write(const char *base, const char *root, degraded_kind kind,
                          char path[TINY_PATH_BYTES]) {
    static const char *const names[] = {"copy", "nan", "labels", "slow", "subtle"};
    int length = snprintf(path, TINY_PATH_BYTES, "%s/%s", root, names[kind]);
    assert_true(length > 0 && length < TINY_PATH_BYTES);
    assert_int_equal(mkdir(path, 0700), 0);
    degraded_write_config(base, kind, path);
    size_t bytes;
    char *vocabulary = degraded_read(base, "vocab.txt", &bytes);
    tiny_model_spoil(path, "vocab.txt", vocabulary);
    free(vocabulary);
    degraded_weights weights = {0};
    degraded_read_weights(&weights, base);
    for (size_t i = 0; i < weights.count && kind == DEGRADED_SLOW; i++) {
        degraded_widen(&weights.tensors[i]);
    }
    degraded_write_weights(&weights, kind, path);
    free(weights.tensors);
    free(weights.file);
}
