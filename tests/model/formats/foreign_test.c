/* SPDX-License-Identifier: Apache-2.0 */
/* Directories and files of other programs are named for what they are. */
#define _GNU_SOURCE
#include "model/formats/foreign.h"

#include "backend/fake.h"
#include "core/bytes/foreign_bytes.h"
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
    BYTES("/annex/objects/MD5E-s1000--abc.safetensors\n", "a git-annex pointer, and not the file"),
    BYTES("../../.git/annex/objects/W3/k7/SHA256E-s9--a/SHA256E-s9--a", "a git-annex pointer"),
    BYTES("outs:\n- md5: 0cc1\n  size: 12\n", "a DVC pointer"),
    BYTES("../../blobs/4d7a21", "a link of a Hugging Face cache"),
    BYTES("Invalid username or password.", "what a server answered"),
    BYTES("Entry not found", "plain text, what a server answered instead of the file"),
    BYTES("Not Found\n", "what a server answered"),
    BYTES("404: Not Found", "what a server answered"),
    BYTES("403 Forbidden", "what a server answered"),
    BYTES("error: Access denied", "what a server answered"),
    BYTES("Repository not found", "what a server answered"),
    BYTES("Access to model a/b is restricted and you are not in the authorized list. Visit it to "
          "ask for access, and log in before you do.",
          "what a server answered"),
    BYTES("\xFF\xFE{\0\"\0a\0\"\0:\0001\0}\0", "UTF-16"),
    BYTES("\xFE\xFF\0[\0P\0A\0D\0]\0\n", "UTF-16"),
    BYTES("{\0\n\0 \0\"\0a\0\"\0:\0001\0}\0", "UTF-16, as Windows writes text: save it as UTF-8"),
    BYTES("\xFF\xFE\x2D\x4E\n\0\xFD\x56\n\0", "UTF-16"),
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
    static const char *const texts[][2] = {
        {"{\"Code\":10010205001}\n", "is text, not safetensors: it begins with \"{"},
        {"\r\n 你好,\n世界", "it begins with \"你好,\""},
        {"x", "it begins with \"x\""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        model_files_write_text(root, "model.safetensors", texts[i][0]);
        check_refused_path(root, "model.safetensors: is text", texts[i][1]);
    }
    model_files_write_text(root, "config.json", "{\"error\":\"Repository not found\"}");
    check_refused_path(root, "config.json: error", "what a server answered");
}

/* Lengths of headers whose first bytes look like a byte order mark or a letter, and vocabularies
 * that begin with words of answers. */
static void what_only_looks_foreign_is_taken(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } sound[] = {
#define BYTES(text) {(text), sizeof(text) - 1}
        BYTES("\xFF\xFE\0\0\0\0\0\0{\"a\":{"), BYTES("\xFE\xFF\0\0\0\0\0\0{\"a\":{"),
        BYTES("{\0\0\0\0\0\0\0{\"a\":{"),      BYTES("\0{\0\0\0\0\0\0{\"a\":{"),
        BYTES("forbidden\n[PAD]\n[UNK]\n"),    BYTES("404\n403\n[PAD]\n[UNK]\n[CLS]\n"),
        BYTES("error\nnot\nfound\n"),          BYTES("not\nfound\n"),
        BYTES("[PAD]\n[unused1]\n"),           BYTES("a\nb\n"),
#undef BYTES
    };
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
        const char *name = mgi_foreign_bytes_name(sound[i].bytes, sound[i].size, false);
        if (name != NULL) fail_msg("case %zu: %s", i, name);
    }
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
        TEST(what_only_looks_foreign_is_taken),
        TEST(directories_are_named),
        TEST(folders_are_named),
        TEST(files_in_place_of_directories_are_named),
        TEST(adapters_beside_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
