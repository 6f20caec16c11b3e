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
    WORSE_NAME_BYTES = 128,
    WORSE_HEADER_BYTES = 1 << 20,
    WORSE_WIDTH_TIMES = 5 /* of the intermediate layer: work grows by 11/3 */
};

/* Of the noise: its root mean square over that of the tensor. */
static const float worse_noise = 1.0f;

/* ---- files ----------------------------------------------------------------------------------- */

/* The whole file and a NUL behind it; free() it. */
static char *worse_read(const char *directory, const char *name, size_t *bytes) {
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
typedef struct worse_tensor {
    char name[WORSE_NAME_BYTES];
    char dtype[8];
    size_t rows, columns; /* of a vector: rows, 1 */
    size_t rank;
    size_t from; /* into the base's body, in bytes */
    size_t rows_now, columns_now;
} worse_tensor;

static bool worse_ends_in(const worse_tensor *tensor, const char *end) {
    size_t length = strlen(tensor->name), end_length = strlen(end);
    return length >= end_length && strcmp(tensor->name + length - end_length, end) == 0;
}

static float worse_widen_half(uint16_t half) {
    int exponent = half >> 10 & 31;
    float mantissa = (float)(half & 1023) / 1024;
    float size = exponent == 0 ? ldexpf(mantissa, -14) : ldexpf(1 + mantissa, exponent - 15);
    assert_int_not_equal(exponent, 31); /* the base has finite weights */
    return (half & 0x8000) != 0 ? -size : size;
}

static float worse_number(const worse_tensor *tensor, const char *body, size_t index) {
    float number;
    uint16_t half;
    const char *data = body + tensor->from;
    if (strcmp(tensor->dtype, "F32") == 0) {
        memcpy(&number, data + 4 * index, sizeof number);
        return number;
    }
    memcpy(&half, data + 2 * index, sizeof half);
    if (strcmp(tensor->dtype, "F16") == 0) return worse_widen_half(half);
    assert_string_equal(tensor->dtype, "BF16");
    uint32_t bits = (uint32_t)half << 16;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* [rows_now * columns_now], what was added being 0; free() it. */
static float *worse_numbers(const worse_tensor *tensor, const char *body) {
    float *numbers = calloc(tensor->rows_now * tensor->columns_now, sizeof *numbers);
    assert_non_null(numbers);
    for (size_t row = 0; row < tensor->rows; row++) {
        for (size_t column = 0; column < tensor->columns; column++) {
            numbers[row * tensor->columns_now + column] =
                worse_number(tensor, body, row * tensor->columns + column);
        }
    }
    return numbers;
}

/* ---- what is done to it ---------------------------------------------------------------------- */

/* Zeros more in the middle of a layer change no answer: gelu(0) is 0. */
static void worse_widen(worse_tensor *tensor) {
    bool attention = strstr(tensor->name, "attention") != NULL;
    if (worse_ends_in(tensor, "intermediate.dense.weight") ||
        worse_ends_in(tensor, "intermediate.dense.bias")) {
        tensor->rows_now *= WORSE_WIDTH_TIMES;
    } else if (!attention && worse_ends_in(tensor, "output.dense.weight")) {
        tensor->columns_now *= WORSE_WIDTH_TIMES;
    }
}

static void worse_add_noise(float *numbers, size_t count) {
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (double)numbers[i] * (double)numbers[i];
    float size = worse_noise * (float)sqrt(squares / (double)count);
    uint32_t random = 1;
    for (size_t i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;
        numbers[i] += size * 1.7320508f * ((float)(random >> 8) / 8388608.0f - 1); /* uniform */
    }
}

static void worse_spoil(const worse_tensor *tensor, worse_kind kind, float *numbers) {
    if (kind == WORSE_NAN && worse_ends_in(tensor, "classifier.bias")) numbers[0] = NAN;
    if (kind == WORSE_SUBTLE && worse_ends_in(tensor, "word_embeddings.weight")) {
        worse_add_noise(numbers, tensor->rows * tensor->columns);
    }
}

/* ---- the weights ----------------------------------------------------------------------------- */

typedef struct worse_weights {
    char *file;
    const char *header, *body;
    size_t header_bytes;
    worse_tensor *tensors;
    size_t count;
} worse_weights;

/* One entry as the safetensors library writes it; returns what follows it. */
static const char *worse_read_entry(const char *at, worse_tensor *tensor) {
    size_t to = 0;
    int used = 0;
    *tensor = (worse_tensor){.columns = 1, .rank = 2};
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

static void worse_read_weights(worse_weights *weights, const char *base) {
    size_t bytes;
    weights->file = worse_read(base, "model.safetensors", &bytes);
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
        at = worse_read_entry(at, &weights->tensors[weights->count++]);
        if (*at != ',') break;
    }
}

/* The header of the copy, padded; returns its length. */
static size_t worse_make_header(const worse_weights *weights, char *header) {
    size_t length = 0, offset = 0;
    for (size_t i = 0; i < weights->count; i++) {
        const worse_tensor *tensor = &weights->tensors[i];
        size_t bytes = 4 * tensor->rows_now * tensor->columns_now;
        char shape[64];
        snprintf(shape, sizeof shape, tensor->rank == 2 ? "%zu,%zu" : "%zu", tensor->rows_now,
                 tensor->columns_now);
        length += (size_t)snprintf(header + length, WORSE_HEADER_BYTES - length,
                                   "%c\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],"
                                   "\"data_offsets\":[%zu,%zu]}",
                                   i == 0 ? '{' : ',', tensor->name, shape, offset, offset + bytes);
        assert_true(length + 16 < WORSE_HEADER_BYTES);
        offset += bytes;
    }
    header[length++] = '}';
    while (length % 8 != 0) header[length++] = ' ';
    return length;
}

static void worse_write_weights(const worse_weights *weights, worse_kind kind, const char *path) {
    char full[TINY_PATH_BYTES + 64];
    snprintf(full, sizeof full, "%s/model.safetensors", path);
    FILE *out = fopen(full, "wb");
    char *header = malloc(WORSE_HEADER_BYTES);
    assert_true(out != NULL && header != NULL);
    uint64_t header_bytes = worse_make_header(weights, header);
    assert_int_equal(fwrite(&header_bytes, sizeof header_bytes, 1, out), 1);
    assert_int_equal(fwrite(header, 1, header_bytes, out), header_bytes);
    free(header);
    for (size_t i = 0; i < weights->count; i++) {
        const worse_tensor *tensor = &weights->tensors[i];
        size_t count = tensor->rows_now * tensor->columns_now;
        float *numbers = worse_numbers(tensor, weights->body);
        worse_spoil(tensor, kind, numbers);
        assert_int_equal(fwrite(numbers, sizeof *numbers, count, out), count);
        free(numbers);
    }
    assert_int_equal(fclose(out), 0);
}

/* ---- the other files ------------------------------------------------------------------------- */

/* Copies text, each label's name replaced by the next one's. */
static void worse_rotate_labels(const char *text, char *to) {
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

static void worse_widen_config(const char *text, char *to) {
    static const char key[] = "\"intermediate_size\":";
    const char *at = strstr(text, key);
    assert_non_null(at);
    char *rest;
    unsigned long width = strtoul(at + sizeof key - 1, &rest, 10);
    sprintf(to, "%.*s%s %lu%s", (int)(at - text), text, key, width * WORSE_WIDTH_TIMES, rest);
}

static void worse_write_config(const char *base, worse_kind kind, const char *path) {
    size_t bytes;
    char *text = worse_read(base, "config.json", &bytes);
    char *changed = calloc(2, bytes + 64);
    assert_non_null(changed);
    if (kind == WORSE_LABELS) {
        worse_rotate_labels(text, changed);
        assert_string_not_equal(text, changed);
    } else if (kind == WORSE_SLOW) {
        worse_widen_config(text, changed);
    } else {
        strcpy(changed, text);
    }
    tiny_model_spoil(path, "config.json", changed);
    free(changed);
    free(text);
}

void worse_model_write(const char *base, const char *root, worse_kind kind,
                       char path[TINY_PATH_BYTES]) {
    static const char *const names[] = {"copy", "nan", "labels", "slow", "subtle"};
    int length = snprintf(path, TINY_PATH_BYTES, "%s/%s", root, names[kind]);
    assert_true(length > 0 && length < TINY_PATH_BYTES);
    assert_int_equal(mkdir(path, 0700), 0);
    worse_write_config(base, kind, path);
    size_t bytes;
    char *vocabulary = worse_read(base, "vocab.txt", &bytes);
    tiny_model_spoil(path, "vocab.txt", vocabulary);
    free(vocabulary);
    worse_weights weights = {0};
    worse_read_weights(&weights, base);
    for (size_t i = 0; i < weights.count && kind == WORSE_SLOW; i++) {
        worse_widen(&weights.tensors[i]);
    }
    worse_write_weights(&weights, kind, path);
    free(weights.tensors);
    free(weights.file);
}
