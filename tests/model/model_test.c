/* SPDX-License-Identifier: Apache-2.0 */
/* Whole model directories: what is found, refused, described, cancelled, let go. */
#include "model/model.h"

#include "backend/fake.h"
#include "backend/tensor.h"
#include "core/alloc.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdio.h>
#include <string.h>

#define MODELS MGI_SOURCE_ROOT "/tests/golden/models/"

/* ---- a backend that keeps the request's weights until it is closed --------------------------- */

static mgi_weights kept;
static unsigned long kept_sum;

static bool keeper_serves(const char *device) { return strcmp(device, "keeper") == 0; }

static mgeo_status keeper_open(const mgi_encoder_request *request, mgi_encoder **encoder,
                               mgeo_error *error) {
    kept = *request->weights;
    const mgi_tensor *tensors[] = {&kept.word_embeddings, &kept.layers[0].output.weight,
                                   &kept.classifier.bias};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        assert_int_equal(mgi_tensor_acquire(tensors[i], error), MGEO_OK);
    }
    return mgi_fake_backend.open(request, encoder, error);
}

static void keeper_describe(const mgi_encoder *encoder, mgi_encoder_info *info) {
    mgi_fake_backend.describe(encoder, info);
    info->keeps_weights = true;
}

static unsigned long sum_of(const mgi_tensor *tensor) {
    const unsigned char *data = tensor->data;
    unsigned long sum = 0;
    for (size_t i = 0; i < tensor->bytes; i++) sum += data[i];
    return sum;
}

static unsigned long sum_of_kept(void) {
    return sum_of(&kept.word_embeddings) + sum_of(&kept.layers[0].output.weight) +
           sum_of(&kept.classifier.bias);
}

static void keeper_close(mgi_encoder *encoder) {
    kept_sum = sum_of_kept();
    mgi_fake_backend.close(encoder);
}

static mgi_backend keeper;

/* ---- opening --------------------------------------------------------------------------------- */

static const mgi_model_options on_fake = {.device = "fake"};

static mgi_model *open_good(const char *path, const mgi_model_options *options) {
    mgi_model *model = NULL;
    mgeo_error error;
    if (mgi_model_open(path, options, &model, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(error.status, MGEO_OK);
    return model;
}

static void check_refused(const char *path, const mgi_model_options *options, mgeo_status expected,
                          const char *part) {
    mgi_model *model = (mgi_model *)&kept;
    mgeo_error error = {0};
    mgeo_status status = mgi_model_open(path, options, &model, &error);
    if (status != expected) fail_msg("%s: status %d, \"%s\"", part, status, error.message);
    assert_null(model);
    assert_int_equal(error.status, expected);
    check_line(&error, part);
}

static void describes_itself(void **state) {
    (void)state;
    const mgi_model_options options = {.device = "fake", .max_length = 64, .batch_tokens = 256};
    mgi_model *model = open_good(MODELS "two_labels/", &options);
    mgeo_model_info info;
    memset(&info, 0xAB, sizeof info);
    mgi_model_describe(model, &info);
    assert_string_equal(info.version, "two_labels");
    assert_string_equal(info.path, MODELS "two_labels/");
    assert_string_equal(info.device, "fake");
    assert_string_equal(info.library, "fake");
    assert_string_equal(info.warning, "");
    assert_string_equal(info.labels[1], "LABEL_1");
    assert_string_equal(info.labels[2], "");
    assert_int_equal(info.label_count, 2);
    assert_int_equal(info.positive_label, 1);
    assert_int_equal(info.layers, 3);
    assert_int_equal(info.max_length, 64);
    assert_int_equal(info.batch_tokens, 256);
    assert_int_equal(info.precision, MGEO_FP32);
    assert_int_equal(info.vocabulary, 1285);
    assert_int_equal(info.parameters,
                     1285 * 32 + 128 * 32 + 2 * 32 + 64 +
                         3 * (4 * (32 * 32 + 32) + 2 * 64 * 32 + 64 + 32 + 4 * 32) + 32 * 32 + 32 +
                         2 * 32 + 2);
    assert_int_equal(mgi_tokenizer_vocabulary(mgi_model_tokenizer(model)), 1285);
    assert_ptr_equal(mgi_model_backend(model), &mgi_fake_backend);
    assert_non_null(mgi_model_encoder(model));
    assert_int_equal(mgi_model_labels(model)->count, 2);
    assert_false(mgi_model_encoder_info(model)->keeps_weights);
    mgi_model_close(model);
    mgi_model_close(NULL);
}

static void takes_its_options(void **state) {
    (void)state;
    mgi_model_options options = {.device = "fake", .version = "v 1", .positive_label = "LABEL_0"};
    mgi_model *model = open_good(MODELS "two_labels", &options);
    mgeo_model_info info;
    mgi_model_describe(model, &info);
    assert_string_equal(info.version, "v 1");
    assert_int_equal(info.positive_label, 0);
    assert_int_equal(info.max_length, 128);
    mgi_model_close(model);
}

static void refuses_bad_options(void **state) {
    (void)state;
    static const char long_version[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    const struct {
        mgi_model_options options;
        mgeo_status status;
        const char *part;
    } cases[] = {
        {{.device = "abacus"}, MGEO_E_ARGUMENT, "abacus"},
        {{.device = "fake", .max_length = 4}, MGEO_E_ARGUMENT, "max_length: 4"},
        {{.device = "fake", .max_length = 129},
         MGEO_E_ARGUMENT,
         "max_length: 129 is not within 5 "
         "to 128"},
        {{.device = "fake", .batch_tokens = 127}, MGEO_E_ARGUMENT, "batch_tokens: 127"},
        {{.device = "fake", .version = long_version}, MGEO_E_ARGUMENT, "version: longer"},
        {{.device = "fake", .positive_label = "x"}, MGEO_E_ARGUMENT, "positive_label"},
        {{.device = "fake", .partial_weight = 2}, MGEO_E_ARGUMENT, "partial_weight"},
        {{.device = "fake", .precision = MGEO_FP8}, MGEO_E_UNSUPPORTED, "fp32 only"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_refused(MODELS "two_labels", &cases[i].options, cases[i].status, cases[i].part);
    }
}

static void refuses_other_paths(void **state) {
    (void)state;
    char root[MODEL_FILES_PATH];
    check_refused("/nowhere/at all", &on_fake, MGEO_E_IO, "/nowhere/at all: model directory: No");
    check_refused(MODELS "two_labels/config.json", &on_fake, MGEO_E_IO, "not a directory");
    check_refused("", &on_fake, MGEO_E_IO, "model directory");
    model_files_directory(root);
    check_refused(root, &on_fake, MGEO_E_IO, "config.json is missing");
    model_files_write_text(root, "config.json", "{}");
    check_refused(root, &on_fake, MGEO_E_IO, "no weights: model.safetensors or");
    model_files_remove(root);
}

static void refuses_spoiled_directories(void **state) {
    (void)state;
    static const struct {
        const char *file, *text;
        mgeo_status status;
        const char *part;
    } cases[] = {
        {"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n", MGEO_E_FORMAT, "vocab.txt"},
        {"config.json", "{}", MGEO_E_FORMAT,
         "word_embeddings.weight: shape [1285, 32], but "
         "config.json implies [30522, 768]"},
        {"label_mapping.json", "{\"a\":0,\"b\":1,\"c\":2}", MGEO_E_FORMAT,
         "label_mapping.json: labels: names 3 labels"},
        {"model.safetensors", "", MGEO_E_FORMAT, "model.safetensors: header length"},
        {"tokenizer_config.json", "[", MGEO_E_FORMAT, "tokenizer_config.json: line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char root[MODEL_FILES_PATH];
        model_files_directory(root);
        model_files_copy(MODELS "two_labels", root);
        model_files_write_text(root, cases[i].file, cases[i].text);
        check_refused(root, &on_fake, cases[i].status, cases[i].part);
        model_files_remove(root);
    }
}

static void refuses_tokens_without_embeddings(void **state) {
    (void)state;
    char root[MODEL_FILES_PATH], path[MODEL_FILES_PATH + 16];
    model_files_directory(root);
    model_files_copy(MODELS "two_labels", root);
    snprintf(path, sizeof path, "%s/vocab.txt", root);
    bytes vocabulary = bytes_of_file(path);
    bytes_put_text(&vocabulary, "onemore\n");
    model_files_write(root, "vocab.txt", vocabulary.data, vocabulary.size);
    check_refused(root, &on_fake, MGEO_E_FORMAT,
                  "the tokenizer has 1286 tokens, but config.json's");
    bytes_free(&vocabulary);
    model_files_remove(root);
}

/* A line must name file and reason however long the way to it is. */
static void shortens_long_paths(void **state) {
    (void)state;
    char path[2000] = "/";
    for (int i = 0; i < 60; i++) strcat(path, "a-long-part-of-a-path/../");
    strcat(path, "last");
    check_refused(path, &on_fake, MGEO_E_IO, "last: model directory: ");
}

static void prefers_safetensors(void **state) {
    (void)state;
    char root[MODEL_FILES_PATH];
    model_files_directory(root);
    model_files_copy(MODELS "two_labels", root);
    model_files_write_text(root, "pytorch_model.bin", "not a zip");
    mgi_model_close(open_good(root, &on_fake));
    model_files_remove(root);
}

static void refuses_bad_indices(void **state) {
    (void)state;
    static const char first[] = "model-00001-of-00003.safetensors";
    static const struct {
        const char *index, *part;
    } cases[] = {
        {"{}", "index.json: weight_map: missing"},
        {"{\"weight_map\":[]}", "weight_map: an object"},
        {"{\"weight_map\":{\"a\":1}}", "weight_map.a: the name of a file"},
        {"{\"weight_map\":{\"a\":\"\"}}", "weight_map.a: the name of a file"},
        {"{\"weight_map\":{\"a\":\"../a.safetensors\"}}", "weight_map.a: the name of a file"},
        {"{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "weight_map.a: the name of a file"},
        {"{\"weight_map\":{\"a\":\"..\"}}", "weight_map.a: the name of a file"},
        {"{\"weight_map\":{\"a\":\"model-00001-of-00003.safetensors\"}}",
         "weight_map.a: not in model-00001"},
        {"{\"weight_map\":{\"bert.embeddings.word_embeddings.weight\":"
         "\"model-00001-of-00003.safetensors\",\"classifier.bias\":"
         "\"model-00001-of-00003.safetensors\"}}",
         "weight_map.classifier.bias: not in"},
        {"{\"weight_map\":{\"bert.embeddings.word_embeddings.weight\":"
         "\"model-00001-of-00003.safetensors\",\"b\":\"copy.safetensors\"}}",
         "there twice"},
        {"{\"weight_map\":{}}", "not a BERT checkpoint"},
    };
    char root[MODEL_FILES_PATH], path[MODEL_FILES_PATH + 64];
    model_files_directory(root);
    model_files_copy(MODELS "shards_safetensors", root);
    snprintf(path, sizeof path, "%s/%s", root, first);
    bytes shard = bytes_of_file(path);
    model_files_write(root, "copy.safetensors", shard.data, shard.size);
    bytes_free(&shard);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        model_files_write_text(root, "model.safetensors.index.json", cases[i].index);
        check_refused(root, &on_fake, MGEO_E_FORMAT, cases[i].part);
    }
    model_files_write_text(root, "model.safetensors.index.json",
                           "{\"weight_map\":{\"a\":\"absent\"}}");
    check_refused(root, &on_fake, MGEO_E_IO, "absent: cannot be opened");
    model_files_remove(root);
}

static void keeps_weights_as_long_as_the_backend(void **state) {
    (void)state;
    const mgi_model_options options = {.device = "keeper"};
    mgi_model *model = open_good(MODELS "mgeo", &options);
    unsigned long before = sum_of_kept();
    assert_int_not_equal(before, 0);
    kept_sum = 0;
    mgi_model_close(model);
    assert_int_equal(kept_sum, before);
}

static void lets_files_go_when_copied(void **state) {
    (void)state;
    mgi_model *model = open_good(MODELS "mgeo", &on_fake);
    char line[1024];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        assert_null(strstr(line, "pytorch_model.bin"));
    }
    fclose(maps);
    assert_string_equal(mgi_model_unused_tensor(model, 0),
                        "bert.text_encoder.embeddings.position_ids");
    mgi_model_close(model);
}

static void stops_when_cancelled(void **state) {
    (void)state;
    mgeo_progress progress = {0};
    const mgi_model_options options = {.device = "fake", .progress = &progress};
    int32_t stage;
    uint64_t done, total;
    mgi_model_close(open_good(MODELS "two_labels", &options));
    mgeo_progress_read(&progress, &stage, &done, &total);
    assert_int_equal(stage, MGEO_STAGE_PLACING);
    assert_int_equal(done, total);
    memset(&progress, 0, sizeof progress);
    mgeo_progress_cancel(&progress);
    check_refused(MODELS "two_labels", &options, MGEO_E_CANCELLED, "cancelled");
}

static void finds_the_bundled_model(void **state) {
    (void)state;
    mgi_model *model = open_good(NULL, &on_fake);
    mgeo_model_info info;
    mgi_model_describe(model, &info);
    assert_string_equal(info.path, MGI_SOURCE_ROOT "/models/mini");
    assert_string_equal(info.version, "mini");
    assert_int_equal(info.label_count, 3);
    mgi_model_close(model);
}

/* Every allocation of a load fails once; json_test.c does the same to the JSON library's. */
static void survives_failing_memory(void **state) {
    (void)state;
    static const char *const models[] = {MODELS "mgeo", MODELS "shards_safetensors",
                                         MODELS "two_labels", NULL};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        mgi_alloc_fail_at(0);
        mgi_model_close(open_good(models[i], &on_fake));
        long count = mgi_alloc_count();
        assert_true(count > 50);
        for (long nth = 1; nth <= count; nth++) {
            mgi_alloc_fail_at(nth);
            check_refused(models[i], &on_fake, MGEO_E_MEMORY, "out of memory");
        }
        mgi_alloc_fail_at(0);
    }
}

int main(void) {
    keeper = mgi_fake_backend;
    keeper.name = "keeper";
    keeper.serves = keeper_serves;
    keeper.open = keeper_open;
    keeper.describe = keeper_describe;
    keeper.close = keeper_close;
    mgi_backend_register(&mgi_fake_backend);
    mgi_backend_register(&keeper);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_itself),
        cmocka_unit_test(takes_its_options),
        cmocka_unit_test(refuses_bad_options),
        cmocka_unit_test(refuses_other_paths),
        cmocka_unit_test(refuses_spoiled_directories),
        cmocka_unit_test(refuses_tokens_without_embeddings),
        cmocka_unit_test(shortens_long_paths),
        cmocka_unit_test(prefers_safetensors),
        cmocka_unit_test(refuses_bad_indices),
        cmocka_unit_test(keeps_weights_as_long_as_the_backend),
        cmocka_unit_test(lets_files_go_when_copied),
        cmocka_unit_test(stops_when_cancelled),
        cmocka_unit_test(finds_the_bundled_model),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
