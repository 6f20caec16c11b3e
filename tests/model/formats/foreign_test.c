/* SPDX-License-Identifier: Apache-2.0 */
/* Directories and files of other programs are named for what they are. */
#define _GNU_SOURCE
#include "model/formats/foreign.h"

#include "backend/fake.h"
#include "model/model.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOUND MGI_SOURCE_ROOT "/tests/golden/models/two_labels"

static char root[MODEL_FILES_PATH];

static int set_up(void **state) {
    (void)state;
    model_files_directory(root);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    model_files_remove(root);
    return 0;
}

static void check_refused_path(const char *path, const char *first, const char *second) {
    const mgi_model_options options = {.device = "fake"};
    mgi_model *model = NULL;
    mgeo_error error = {0};
    mgeo_status status = mgi_model_read(path, &options, &model, &error);
    mgi_model_close(model);
    if (status == MGEO_OK) fail_msg("%s, %s: accepted", first, second);
    check_line(&error, first);
    check_line(&error, second);
}

static void make_folder(const char *name) {
    char path[MODEL_FILES_PATH + 128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void write_in(const char *folder, const char *name, const char *text) {
    char path[MODEL_FILES_PATH + 128];
    snprintf(path, sizeof path, "%.255s/%.100s", root, folder);
    model_files_write_text(path, name, text);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static const struct {
    const char *bytes;
    size_t size;
    const char *name;
} contents[] = {
#define BYTES(text, name)                                                                          \
    { (text), sizeof(text) - 1, (name) }
    BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 409102\n",
          "a Git LFS pointer, and not the file itself: fetch it with git lfs pull"),
    BYTES("<!DOCTYPE html>\n<html><body>404</body></html>", "an HTML page"),
    BYTES("\xEF\xBB\xBF\n <HTML lang=\"en\">", "an HTML page"),
    BYTES("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "an XML document"),
    BYTES("\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03zzzz", "compressed with gzip"),
    BYTES("\x28\xB5\x2F\xFD zzzzzzzzzz", "compressed with zstd"),
    BYTES("\xFD\x37zXZ\x00zzzzzzzz", "compressed with xz"),
    BYTES("7z\xBC\xAF\x27\x1Czzzzzzzz", "a 7z archive"),
    BYTES("Salted__zzzzzzzz", "encrypted by openssl"),
    BYTES("GGUF\x03\x00\x00\x00zzzz", "a GGUF file"),
    BYTES("\x89HDF\r\n\x1A\nzzzz", "an HDF5 file"),
#undef BYTES
};

static void content_is_named_in_every_file(void **state) {
    (void)state;
    static const char *const files[] = {
        "model.safetensors",  "config.json",           "vocab.txt",
        "label_mapping.json", "tokenizer_config.json", "configuration.json",
        "tokenizer.json",     "added_tokens.json",     "special_tokens_map.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        for (size_t j = 0; j < sizeof contents / sizeof *contents; j++) {
            model_files_copy(SOUND, root);
            model_files_write(root, files[i], contents[j].bytes, contents[j].size);
            check_refused_path(root, files[i], contents[j].name);
        }
        char path[MODEL_FILES_PATH + 64];
        snprintf(path, sizeof path, "%s/%s", root, files[i]);
        unlink(path);
    }
}

static void content_is_named_in_other_weights(void **state) {
    (void)state;
    model_files_write_text(root, "config.json", "{}");
    for (size_t j = 0; j < sizeof contents / sizeof *contents; j++) {
        model_files_write(root, "pytorch_model.bin", contents[j].bytes, contents[j].size);
        check_refused_path(root, "pytorch_model.bin", contents[j].name);
    }
    model_files_write(root, "model.safetensors", "PK\x03\x04zzzzzzzzzzzz", 16);
    check_refused_path(root, "model.safetensors", "a zip archive");
    static const char zeros[4096];
    model_files_write(root, "model.safetensors", zeros, sizeof zeros);
    check_refused_path(root, "model.safetensors", "zeros where it begins");
    model_files_write_text(root, "config.json", "{\"error\":\"Repository not found\"}");
    check_refused_path(root, "config.json: error", "what a server answered");
}

/* ---- names ----------------------------------------------------------------------------------- */

static void directories_are_named(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"model.fp16.safetensors", "model.fp16.safetensors is a variant: rename it"},
        {"pytorch_model.fp16.bin", "pytorch_model.fp16.bin is a variant"},
        {"model.fp16.safetensors.index.json", "a variant's index"},
        {"model-00001-of-00002.safetensors", "a shard without model.safetensors.index.json"},
        {"pytorch_model-00001-of-00002.bin", "a shard without pytorch_model.bin.index.json"},
        {"model.onnx", "an ONNX model"},
        {"tf_model.h5", "a TensorFlow checkpoint: load it with transformers (from_tf=True)"},
        {"bert_model.ckpt.index", "a TensorFlow checkpoint"},
        {"flax_model.msgpack", "a Flax checkpoint"},
        {"adapter_config.json", "a PEFT adapter"},
        {"adapter_model.safetensors", "a PEFT adapter"},
        {"model-q4.gguf", "a GGUF model of llama.cpp"},
        {"openvino_model.xml", "an OpenVINO model"},
        {"model_state.pdparams", "a PaddlePaddle checkpoint"},
        {"model.safetensors.incomplete", "a download that is not complete"},
        {"pytorch_model.bin.part", "a download that is not complete"},
        {"zero_to_fp32.py", "a DeepSpeed checkpoint: run that program"},
        {"__0_0.distcp", "an FSDP checkpoint"},
        {"model.zip", "an archive: unpack it"},
        {"model.safetensors.gz", "compressed: unpack it"},
        {"pytorch_model.bin.enc", "encrypted: decrypt it"},
        {"best.safetensors", "best.safetensors is weights of another name"},
        {"weights.pt", "weights.pt is perhaps weights"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[MODEL_FILES_PATH + 64];
        model_files_write_text(root, cases[i][0], "x");
        if (i != 9) check_refused_path(root, "config.json is missing", cases[i][1]);
        model_files_write_text(root, "config.json", "{}");
        check_refused_path(root, i == 9 ? "adapter_config" : "no weights", cases[i][1]);
        snprintf(path, sizeof path, "%s/config.json", root);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s", root, cases[i][0]);
        unlink(path);
    }
    check_refused_path(root, "config.json is missing", root);
}

static void folders_are_named(void **state) {
    (void)state;
    make_folder("._____temp");
    check_refused_path(root, "._____temp is ModelScope's folder of a download", "fetch it again");
    tear_down(NULL), set_up(NULL);
    make_folder("checkpoint-500");
    write_in("checkpoint-500", "config.json", "{}");
    check_refused_path(root, "config.json is missing", "lies in its folder checkpoint-500");
    tear_down(NULL), set_up(NULL);
    make_folder("0_Transformer");
    make_folder("1_Pooling");
    write_in("0_Transformer", "config.json", "{}");
    write_in("1_Pooling", "config.json", "{}");
    model_files_write_text(root, "modules.json", "[]");
    check_refused_path(root, "modules.json is a sentence-transformers model", "CrossEncoder");
    tear_down(NULL), set_up(NULL);
    make_folder("blobs");
    make_folder("refs");
    make_folder("snapshots");
    check_refused_path(root, "a Hugging Face cache", "snapshots/…");
    make_folder("snapshots/0123abcd");
    write_in("snapshots/0123abcd", "config.json", "{}");
    check_refused_path(root, "a Hugging Face cache", "snapshots/0123abcd");
}

static void files_in_place_of_directories_are_named(void **state) {
    (void)state;
    char path[MODEL_FILES_PATH + 64];
    static const char *const cases[][2] = {{"model.zip", "but an archive: unpack it"},
                                           {"model.gguf", "but a GGUF model"},
                                           {"model.safetensors", "give the one that holds"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        model_files_write_text(root, cases[i][0], "x");
        snprintf(path, sizeof path, "%s/%s", root, cases[i][0]);
        check_refused_path(path, "not a directory", cases[i][1]);
    }
}

/* Weights alone answer otherwise than with the adapter that lies beside them. */
static void adapters_beside_weights_are_refused(void **state) {
    (void)state;
    model_files_copy(SOUND, root);
    model_files_write_text(root, "adapter_config.json", "{\"peft_type\":\"LORA\"}");
    check_refused_path(root, "adapter_config.json: a PEFT adapter", "merge_and_unload()");
}

int main(void) {
    mgi_backend_register(&mgi_fake_backend);
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(content_is_named_in_every_file),
        TEST(content_is_named_in_other_weights),
        TEST(directories_are_named),
        TEST(folders_are_named),
        TEST(files_in_place_of_directories_are_named),
        TEST(adapters_beside_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
