/* SPDX-License-Identifier: Apache-2.0 */
/* Model directories small enough to be written by a test. */
#define _GNU_SOURCE
#include "tiny_model.h"

#include "check.h"
#include "fake_oracle.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TINY_HIDDEN = 8, TINY_INTERMEDIATE = 16, TINY_HEADER_BYTES = 16384, TINY_FLOATS = 8192 };

/* A safetensors file as it grows. */
typedef struct tiny_file {
    char header[TINY_HEADER_BYTES];
    size_t header_bytes;
    float numbers[TINY_FLOATS];
    size_t count;
} tiny_file;

static float *tiny_add(tiny_file *file, const char *name, uint32_t rows, uint32_t columns) {
    size_t count = (size_t)rows * (columns == 0 ? 1 : columns);
    assert_true(file->count + count <= TINY_FLOATS);
    float *numbers = file->numbers + file->count;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = 0.02f * (float)((int)((file->count + i) * 7 % 11) - 5);
    }
    char shape[32];
    snprintf(shape, sizeof shape, columns == 0 ? "[%u]" : "[%u,%u]", rows, columns);
    size_t room = TINY_HEADER_BYTES - file->header_bytes;
    int written = snprintf(file->header + file->header_bytes, room,
                           "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}",
                           file->count == 0 ? "{" : ",", name, shape, file->count * 4,
                           (file->count + count) * 4);
    assert_true(written > 0 && (size_t)written < room);
    file->header_bytes += (size_t)written;
    file->count += count;
    return numbers;
}

static void tiny_add_linear(tiny_file *file, const char *name, uint32_t out, uint32_t in) {
    char full[128];
    snprintf(full, sizeof full, "%s.weight", name);
    tiny_add(file, full, out, in);
    snprintf(full, sizeof full, "%s.bias", name);
    tiny_add(file, full, out, 0);
}

static void tiny_add_norm(tiny_file *file, const char *name) {
    char full[128];
    snprintf(full, sizeof full, "%s.weight", name);
    float *weight = tiny_add(file, full, TINY_HIDDEN, 0);
    for (int i = 0; i < TINY_HIDDEN; i++) weight[i] = 1.0f;
    snprintf(full, sizeof full, "%s.bias", name);
    tiny_add(file, full, TINY_HIDDEN, 0);
}

static uint32_t tiny_vocabulary(void) {
    uint32_t lines = 0;
    for (const char *p = oracle_vocabulary; *p != '\0'; p++) lines += *p == '\n';
    return lines;
}

static void tiny_add_encoder(tiny_file *file) {
    tiny_add(file, "bert.embeddings.word_embeddings.weight", tiny_vocabulary(), TINY_HIDDEN);
    tiny_add(file, "bert.embeddings.position_embeddings.weight", TINY_MAX_LENGTH, TINY_HIDDEN);
    tiny_add(file, "bert.embeddings.token_type_embeddings.weight", 2, TINY_HIDDEN);
    tiny_add_norm(file, "bert.embeddings.LayerNorm");
#define TINY_LAYER "bert.encoder.layer.0."
    tiny_add_linear(file, TINY_LAYER "attention.self.query", TINY_HIDDEN, TINY_HIDDEN);
    tiny_add_linear(file, TINY_LAYER "attention.self.key", TINY_HIDDEN, TINY_HIDDEN);
    tiny_add_linear(file, TINY_LAYER "attention.self.value", TINY_HIDDEN, TINY_HIDDEN);
    tiny_add_linear(file, TINY_LAYER "attention.output.dense", TINY_HIDDEN, TINY_HIDDEN);
    tiny_add_norm(file, TINY_LAYER "attention.output.LayerNorm");
    tiny_add_linear(file, TINY_LAYER "intermediate.dense", TINY_INTERMEDIATE, TINY_HIDDEN);
    tiny_add_linear(file, TINY_LAYER "output.dense", TINY_HIDDEN, TINY_INTERMEDIATE);
    tiny_add_norm(file, TINY_LAYER "output.LayerNorm");
    tiny_add_linear(file, "bert.pooler.dense", TINY_HIDDEN, TINY_HIDDEN);
}

static void tiny_add_classifier(tiny_file *file, const tiny_model *model) {
    tiny_add(file, "classifier.weight", model->labels, TINY_HIDDEN);
    float *bias = tiny_add(file, "classifier.bias", model->labels, 0);
    for (uint32_t i = 0; i < model->labels; i++) bias[i] = oracle_bias(model->variant, i);
    for (uint32_t i = 0; i < model->unused; i++) {
        char name[32];
        snprintf(name, sizeof name, "spare.%u", i);
        tiny_add(file, name, 2, 0);
    }
}

static void tiny_write_bytes(const char *path, const char *file, const void *start,
                             size_t start_bytes, const void *rest, size_t rest_bytes) {
    char full[TINY_PATH_BYTES + 64];
    snprintf(full, sizeof full, "%s/%s", path, file);
    FILE *out = fopen(full, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(start, 1, start_bytes, out), start_bytes);
    assert_int_equal(fwrite(rest, 1, rest_bytes, out), rest_bytes);
    assert_int_equal(fclose(out), 0);
}

static void tiny_write_weights(const char *path, const tiny_model *model) {
    tiny_file *file = calloc(1, sizeof *file);
    assert_non_null(file);
    file->header_bytes = 8; /* of the header's length */
    tiny_add_encoder(file);
    tiny_add_classifier(file, model);
    file->header[file->header_bytes++] = '}';
    while (file->header_bytes % 8 != 0) file->header[file->header_bytes++] = ' ';
    uint64_t json_bytes = file->header_bytes - 8;
    for (int i = 0; i < 8; i++) file->header[i] = (char)(json_bytes >> (8 * i));
    tiny_write_bytes(path, "model.safetensors", file->header, file->header_bytes, file->numbers,
                     file->count * sizeof(float));
    free(file);
}

static void tiny_write_config(const char *path, const tiny_model *model) {
    char config[1024];
    snprintf(config, sizeof config,
             "{\"model_type\": \"bert\", \"vocab_size\": %u, \"hidden_size\": %d,"
             " \"num_hidden_layers\": 1, \"num_attention_heads\": 2, \"intermediate_size\": %d,"
             " \"max_position_embeddings\": %d, \"type_vocab_size\": 2, \"hidden_act\": \"gelu\","
             " \"layer_norm_eps\": 1e-12%s}",
             tiny_vocabulary(), TINY_HIDDEN, TINY_INTERMEDIATE, TINY_MAX_LENGTH,
             model->labels == 3 ? ", \"id2label\": {\"0\": \"not_match\", \"1\": \"partial_match\","
                                  " \"2\": \"exact_match\"}"
                                : "");
    tiny_model_spoil(path, "config.json", config);
}

void tiny_models_begin(char root[TINY_PATH_BYTES]) {
    const char *temporary = getenv("TMPDIR");
    snprintf(root, TINY_PATH_BYTES, "%s/mgeo-test-XXXXXX",
             temporary != NULL ? temporary : P_tmpdir);
    assert_non_null(mkdtemp(root));
}

void tiny_model_spoil(const char *path, const char *file, const char *contents) {
    tiny_write_bytes(path, file, contents, strlen(contents), "", 0);
}

void tiny_model_write(const char *root, const char *name, const tiny_model *model,
                      char path[TINY_PATH_BYTES]) {
    int length = snprintf(path, TINY_PATH_BYTES, "%s/%s", root, name);
    assert_true(length > 0 && length < TINY_PATH_BYTES);
    assert_int_equal(mkdir(path, 0700), 0);
    tiny_write_config(path, model);
    tiny_model_spoil(path, "vocab.txt", oracle_vocabulary);
    tiny_write_weights(path, model);
}

void tiny_model_set_bias(const char *path, const float *bias, uint32_t labels) {
    char full[TINY_PATH_BYTES + 64];
    snprintf(full, sizeof full, "%s/model.safetensors", path);
    FILE *file = fopen(full, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, -(long)(labels * sizeof *bias), SEEK_END), 0); /* they come last */
    assert_int_equal(fwrite(bias, sizeof *bias, labels, file), labels);
    assert_int_equal(fclose(file), 0);
}

void tiny_models_end(const char *root) {
    DIR *directory = opendir(root);
    if (directory == NULL) return;
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char path[TINY_PATH_BYTES + 300];
        snprintf(path, sizeof path, "%s/%s", root, entry->d_name);
        if (unlink(path) != 0) tiny_models_end(path);
    }
    closedir(directory);
    rmdir(root);
}
