/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: layouts of names, what is missing or wrong by name, what is not used; identity. */
#include "model/checkpoint.h"

#include "backend/tensor.h"
#include "core/alloc.h"
#include "core/progress.h"
#include "model/fingerprint.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdio.h>
#include <string.h>

enum { LAYERS = 2, HIDDEN = 4, INNER = 8, WORDS = 6, POSITIONS = 5, LABELS = 3, TENSORS = 41 };

static const mgi_encoder_spec shape = {.layers = LAYERS,
                                       .hidden = HIDDEN,
                                       .heads = 2,
                                       .intermediate = INNER,
                                       .vocabulary = WORDS,
                                       .positions = POSITIONS,
                                       .types = 2};

static unsigned char numbers[1024];
static char path[] = "dir/model.safetensors";
static mgi_tensor_index_file file = {.path = path};

/* One tensor of a good checkpoint. */
typedef struct piece {
    char name[160];
    uint32_t rows, columns; /* columns 0: a vector */
    mgi_stored_dtype type;
    bool dense, dropped;
} piece;

typedef struct pieces {
    piece all[TENSORS + 8];
    size_t count;
} pieces;

static void add_piece(pieces *to, const char *prefix, const char *name, uint32_t rows,
                      uint32_t columns) {
    piece *one = &to->all[to->count++];
    *one = (piece){.rows = rows, .columns = columns, .dense = true};
    snprintf(one->name, sizeof one->name, "%s%s", prefix, name);
}

static void add_pair(pieces *to, const char *prefix, const char *module, const char *weight,
                     const char *bias, uint32_t rows, uint32_t columns) {
    char name[96];
    snprintf(name, sizeof name, "%s.%s", module, weight);
    add_piece(to, prefix, name, rows, columns);
    snprintf(name, sizeof name, "%s.%s", module, bias);
    add_piece(to, prefix, name, rows, 0);
}

static void add_layer(pieces *to, const char *prefix, int index, const char *gamma,
                      const char *beta) {
    static const struct {
        const char *module;
        uint32_t rows, columns;
    } modules[] = {
        {"attention.self.query", HIDDEN, HIDDEN},  {"attention.self.key", HIDDEN, HIDDEN},
        {"attention.self.value", HIDDEN, HIDDEN},  {"attention.output.dense", HIDDEN, HIDDEN},
        {"attention.output.LayerNorm", HIDDEN, 0}, {"intermediate.dense", INNER, HIDDEN},
        {"output.dense", HIDDEN, INNER},           {"output.LayerNorm", HIDDEN, 0},
    };
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        char name[64];
        bool norm = modules[i].columns == 0;
        snprintf(name, sizeof name, "encoder.layer.%d.%s", index, modules[i].module);
        add_pair(to, prefix, name, norm ? gamma : "weight", norm ? beta : "bias", modules[i].rows,
                 modules[i].columns);
    }
}

static pieces make(const char *prefix, const char *gamma, const char *beta) {
    pieces made = {.count = 0};
    add_piece(&made, prefix, "embeddings.word_embeddings.weight", WORDS, HIDDEN);
    add_piece(&made, prefix, "embeddings.position_embeddings.weight", POSITIONS, HIDDEN);
    add_piece(&made, prefix, "embeddings.token_type_embeddings.weight", 2, HIDDEN);
    add_pair(&made, prefix, "embeddings.LayerNorm", gamma, beta, HIDDEN, 0);
    for (int i = 0; i < LAYERS; i++) add_layer(&made, prefix, i, gamma, beta);
    add_pair(&made, prefix, "pooler.dense", "weight", "bias", HIDDEN, HIDDEN);
    add_pair(&made, "", "classifier", "weight", "bias", LABELS, HIDDEN);
    assert_int_equal(made.count, TENSORS);
    return made;
}

static mgeo_status fill(mgi_tensor_index *index, const pieces *from, mgeo_error *error) {
    mgi_tensor_index_init(index);
    for (size_t i = 0; i < from->count; i++) {
        const piece *one = &from->all[i];
        mgi_stored_tensor stored = {.file = &file, .offset = i, .type = one->type};
        uint64_t unused;
        if (one->dropped) continue;
        stored.rank = one->columns == 0 ? 1 : 2;
        stored.shape[0] = one->rows;
        stored.shape[1] = one->columns;
        stored.dense = one->dense;
        assert_true(mgi_stored_dtype_shape_size(stored.shape, stored.rank, stored.type, &unused,
                                                &stored.bytes));
        mgeo_status status =
            mgi_tensor_index_add(index, &stored, one->name, strlen(one->name), error);
        if (status != MGEO_OK) return status;
    }
    return mgi_tensor_index_seal(index, error);
}

static mgeo_status bind(const pieces *from, mgi_tensor_index *index, mgi_checkpoint *checkpoint,
                        mgeo_error *error) {
    mgi_encoder_spec spec = shape;
    *checkpoint = (mgi_checkpoint){0};
    mgeo_status status = fill(index, from, error);
    if (status != MGEO_OK) return status;
    status = mgi_checkpoint_bind(checkpoint, index, "dir", &spec, error);
    if (status == MGEO_OK) assert_int_equal(spec.labels, LABELS);
    return status;
}

static void check_refused(const pieces *from, mgeo_status expected, const char *part) {
    mgi_tensor_index index;
    mgi_checkpoint checkpoint;
    mgeo_error error = {0};
    mgeo_status status = bind(from, &index, &checkpoint, &error);
    if (status != expected) fail_msg("%s: status %d, \"%s\"", part, status, error.message);
    check_line(&error, part);
    check_line(&error, "dir");
    assert_null(checkpoint.reader);
    mgi_tensor_index_finish(&index);
}

static void fingerprint_of(const pieces *from, char hex[MGI_FINGERPRINT_SIZE]) {
    mgi_tensor_index index;
    mgi_checkpoint checkpoint;
    mgeo_error error;
    if (bind(from, &index, &checkpoint, &error) != MGEO_OK) fail_msg("%s", error.message);
    mgi_weight_reader_begin(checkpoint.reader, NULL);
    assert_int_equal(mgi_weight_reader_finish(checkpoint.reader, hex, &error), MGEO_OK);
    mgi_checkpoint_finish(&checkpoint);
    mgi_tensor_index_finish(&index);
}

/* The tensor's bytes are those from `at` on. */
static void check_bytes(const mgi_tensor *tensor, size_t at) {
    mgeo_error error = {0};
    if (mgi_tensor_acquire(tensor, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_memory_equal(tensor->data, numbers + at, tensor->bytes);
    mgi_tensor_release(tensor);
}

static void binds_every_tensor(void **state) {
    (void)state;
    const pieces made = make("bert.", "weight", "bias");
    mgi_tensor_index index;
    mgi_checkpoint checkpoint;
    mgeo_error error;
    if (bind(&made, &index, &checkpoint, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(checkpoint.used_count, TENSORS);
    assert_int_equal(checkpoint.unused_count, 0);
    const mgi_weights *weights = &checkpoint.weights;
    check_bytes(&weights->word_embeddings, 0);
    assert_int_equal(weights->word_embeddings.shape[0], WORDS);
    assert_int_equal(weights->word_embeddings.rank, 2);
    assert_true(weights->word_embeddings.mapped);
    check_bytes(&weights->embedding_norm.bias, 4);
    assert_int_equal(weights->embedding_norm.bias.shape[1], 1);
    check_bytes(&weights->layers[1].output_norm.bias, 36);
    assert_int_equal(weights->layers[1].output.weight.shape[1], INNER);
    check_bytes(&weights->classifier.bias, 40);
    uint64_t total = 0;
    for (size_t i = 0; i < made.count; i++) {
        total += (uint64_t)made.all[i].rows * (made.all[i].columns == 0 ? 1 : made.all[i].columns);
    }
    assert_int_equal(checkpoint.parameters, total);
    assert_int_equal(checkpoint.bytes, total * 4);
    mgi_checkpoint_finish(&checkpoint);
    mgi_tensor_index_finish(&index);
}

static void knows_every_layout(void **state) {
    (void)state;
    static const char *const prefixes[] = {"bert.text_encoder.", "bert.", ""};
    char first[MGI_FINGERPRINT_SIZE], other[MGI_FINGERPRINT_SIZE];
    const pieces plain = make("bert.", "weight", "bias");
    fingerprint_of(&plain, first);
    for (size_t i = 0; i < 6; i++) {
        const pieces made =
            make(prefixes[i / 2], i % 2 == 0 ? "weight" : "gamma", i % 2 == 0 ? "bias" : "beta");
        fingerprint_of(&made, other);
        assert_string_equal(first, other);
    }
}

/* What DataParallel, torch.compile and a trainer's class put before every name. */
static void knows_wrappers(void **state) {
    (void)state;
    static const char *const wrappers[] = {"module.",           "model.",
                                           "_orig_mod.",        "module._orig_mod.",
                                           "_orig_mod.module.", "model.module._orig_mod."};
    static const char *const layouts[] = {"bert.text_encoder.", "bert.", ""};
    char plain[MGI_FINGERPRINT_SIZE], hex[MGI_FINGERPRINT_SIZE];
    for (size_t i = 0; i < 3; i++) {
        pieces made = make(layouts[i], "weight", "bias");
        fingerprint_of(&made, plain);
        for (size_t k = 0; k < sizeof wrappers / sizeof *wrappers; k++) {
            pieces wrapped = make(layouts[i], "weight", "bias");
            for (size_t n = 0; n < wrapped.count; n++) {
                snprintf(wrapped.all[n].name, sizeof wrapped.all[n].name, "%s%s", wrappers[k],
                         made.all[n].name);
            }
            fingerprint_of(&wrapped, hex);
            assert_string_equal(hex, plain);
            wrapped.all[wrapped.count++] = made.all[0];
            check_refused(&wrapped, MGEO_E_FORMAT, "two encoders in one checkpoint");
            wrapped.count--;
            wrapped.all[TENSORS - 2] = made.all[TENSORS - 2];
            check_refused(&wrapped, MGEO_E_FORMAT, "classifier.weight: missing");
        }
    }
}

static void names_each_missing_tensor(void **state) {
    (void)state;
    for (size_t i = 0; i < TENSORS; i++) {
        pieces made = make("bert.text_encoder.", "weight", "bias");
        char part[128];
        made.all[i].dropped = true;
        snprintf(part, sizeof part, "tensor %s: missing", made.all[i].name);
        check_refused(&made, MGEO_E_FORMAT, i == 0 ? "word_embeddings.weight: missing" : part);
    }
}

static void names_each_wrong_shape(void **state) {
    (void)state;
    for (size_t i = 0; i < TENSORS; i++) {
        for (int way = 0; way < 3; way++) {
            pieces made = make("bert.", "weight", "bias");
            piece *one = &made.all[i];
            char part[128];
            bool labels = strcmp(one->name, "classifier.weight") == 0;
            if (labels && way == 0) continue; /* decides the number of labels itself */
            if (way == 0) one->rows++;
            if (way == 1) one->columns = one->columns == 0 ? 1 : one->columns + 1;
            if (way == 2) one->columns = one->columns == 0 ? one->rows : 0;
            snprintf(part, sizeof part, "tensor %s: shape", one->name);
            check_refused(&made, MGEO_E_FORMAT, part);
        }
    }
}

static void names_each_wrong_type_and_layout(void **state) {
    (void)state;
    for (size_t i = 0; i < TENSORS; i++) {
        pieces made = make("", "gamma", "beta");
        char part[128];
        made.all[i].type = (mgi_stored_dtype)(MGI_STORED_F64 + i % (MGI_STORED_DTYPES - 3));
        snprintf(part, sizeof part, "tensor %s: dtype %s", made.all[i].name,
                 mgi_stored_dtype_name(made.all[i].type));
        check_refused(&made, MGEO_E_UNSUPPORTED, part);
        made.all[i].type = MGI_STORED_BF16;
        made.all[i].dense = false;
        snprintf(part, sizeof part, "tensor %s: stride: not contiguous", made.all[i].name);
        check_refused(&made, MGEO_E_UNSUPPORTED, part);
    }
}

static void refuses_foreign_checkpoints(void **state) {
    (void)state;
    const pieces none = {.count = 0};
    check_refused(&none, MGEO_E_FORMAT, "not a BERT checkpoint");
    const pieces roberta = make("roberta.", "weight", "bias");
    check_refused(&roberta, MGEO_E_FORMAT, "not a BERT checkpoint");
    pieces two = make("bert.", "weight", "bias");
    add_piece(&two, "bert.text_encoder.", "embeddings.word_embeddings.weight", WORDS, HIDDEN);
    check_refused(&two, MGEO_E_FORMAT, "two encoders");
    pieces many = make("bert.", "weight", "bias");
    many.all[TENSORS - 2].rows = MGEO_MAX_LABELS + 1;
    check_refused(&many, MGEO_E_FORMAT, "classifier.weight: shape: 1 to 16 rows");
    many.all[TENSORS - 2].rows = 0;
    check_refused(&many, MGEO_E_FORMAT, "classifier.weight: shape: 1 to 16 rows");
}

/* A checkpoint without a classifier is named for what it is by its other tensors. */
static void names_other_heads(void **state) {
    (void)state;
    static const char *const others[][2] = {
        {"qa_outputs.weight", "a question answering model"},
        {"cls.predictions.bias", "missing: a masked language model cannot"},
        {"cls.seq_relationship.weight", "with its next sentence head"},
        {"crf.transitions", "a model that tags tokens"},
        {"classifier.out_proj.weight", "a RoBERTa classifier"},
        {"dense.weight", "missing: an encoder alone cannot score"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        pieces made = make("bert.", "weight", "bias");
        made.all[TENSORS - 2].dropped = made.all[TENSORS - 1].dropped = true;
        add_piece(&made, "", others[i][0], 2, HIDDEN);
        mgi_tensor_index index;
        mgi_checkpoint checkpoint;
        mgeo_error error = {0};
        assert_int_not_equal(bind(&made, &index, &checkpoint, &error), MGEO_OK);
        mgi_tensor_index_finish(&index);
        check_line(&error, others[i][1]);
    }
    pieces pooler = make("bert.", "weight", "bias");
    pooler.all[TENSORS - 4].dropped = true;
    check_refused(&pooler, MGEO_E_FORMAT, "models that label tokens have none");
}

static void names_other_families(void **state) {
    (void)state;
    static const char *const families[][2] = {
        {"roberta.", "not a BERT checkpoint, but a RoBERTa model: its first tensor is roberta.emb"},
        {"distilbert.", "a DistilBERT model"},
        {"electra.", "an ELECTRA model"},
        {"auto_model.", "a sentence-transformers encoder"},
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const pieces made = make(families[i][0], "weight", "bias");
        check_refused(&made, MGEO_E_FORMAT, families[i][1]);
    }
}

/* Left unused, these would change the answer; those of MGeo's map branch do not. */
static void refuses_tensors_that_compute(void **state) {
    (void)state;
    static const char *const others[][2] = {
        {"bert.encoder.layer.0.attention.self.query.lora_A.weight", "an adapter (LoRA)"},
        {"bert.encoder.layer.1.output.adapters.a.down.weight", "adapters that were not merged"},
        {"bert.encoder.layer.0.attention.self.distance_embedding.weight", "relative positions"},
        {"bert.prefix_encoder.embedding.weight", "prefix tuning"},
        {"bert.embeddings.task_type_embeddings.weight", "ERNIE"},
        {"crf.transitions", "a CRF"},
        {"qa_outputs.weight", "a question answering model, which does not"},
        {"bert.encoder.layer.0.output.dense.weight.absmax", "quantised weights"},
        {"bert.encoder.layer.0.output.dense.weight_mask", "a pruning mask"},
        {"classifier.modules_to_save.default.weight", "an adapter (PEFT) that was not merged"},
        {"classifier.original_module.weight", "an adapter (PEFT) that was not merged"},
        {"bert.encoder.layer.0.adapter.down.weight", "an adapter that was not merged"},
        {"bert.encoder.layer.1.attention.self.q_norm.weight", "norms of queries and keys"},
        {"bert.encoder.layer.1.attention.self.k_norm.weight", "norms of queries and keys"},
        {"bert.embeddings_project.weight", "a projection of embeddings"},
        {"classifier_norm.weight", "a norm before the classifier"},
        {"temperature", "a temperature"},
        {"bert.embeddings.LayerNorm.gamma", "a norm that is there twice"},
        {"bert.encoder.layer.1.output.LayerNorm.beta", "a norm that is there twice"},
        {"bert.encoder.layer.0.output.gate.weight", "part of a layer that BERT has not"},
        {"bert.embeddings.position_embeddings_2.weight", "part of a layer that BERT has not"},
        {"bert.pooler.second.weight", "part of a layer that BERT has not"},
        {"classifier.scale", "part of a layer that BERT has not"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        pieces made = make("bert.", "weight", "bias");
        add_piece(&made, "", others[i][0], 2, HIDDEN);
        check_refused(&made, MGEO_E_UNSUPPORTED, others[i][0]);
        check_refused(&made, MGEO_E_UNSUPPORTED, others[i][1]);
    }
    pieces mgeo = make("bert.text_encoder.", "weight", "bias");
    add_piece(&mgeo, "bert.",
              "gis_encoder.encoder.layer.0.attention.self.distance_embedding.weight", 2, HIDDEN);
    mgi_tensor_index index;
    mgi_checkpoint checkpoint;
    mgeo_error error;
    if (bind(&mgeo, &index, &checkpoint, &error) != MGEO_OK) fail_msg("%s", error.message);
    mgi_checkpoint_finish(&checkpoint);
    mgi_tensor_index_finish(&index);
}

/* What was learnt elsewhere, or is no weight. */
static void takes_tensors_that_compute_nothing(void **state) {
    (void)state;
    static const char *const others[] = {
        "bert.embeddings.position_ids",
        "bert.embeddings.token_type_ids",
        "bert.encoder.layer.0.crossattention.self.query.weight",
        "bert.encoder.layer.2.output.gate.weight", /* config.json has two layers */
        "cls.predictions.bias",
        "dense.weight",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        pieces made = make("bert.", "weight", "bias");
        add_piece(&made, "", others[i], 2, HIDDEN);
        mgi_tensor_index index;
        mgi_checkpoint checkpoint;
        mgeo_error error;
        if (bind(&made, &index, &checkpoint, &error) != MGEO_OK) fail_msg("%s", error.message);
        assert_int_equal(checkpoint.unused_count, 1);
        mgi_checkpoint_finish(&checkpoint);
        mgi_tensor_index_finish(&index);
    }
}

static void an_unknown_prefix_is_told(void **state) {
    (void)state;
    static const char *const prefixes[] = {"base_model.model.bert.", "_fsdp_wrapped_module.bert.",
                                           "net.", "student.bert."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        char part[160];
        const pieces made = make(prefixes[i], "weight", "bias");
        snprintf(part, sizeof part,
                 "the file has %sembeddings.word_embeddings.weight: rename its "
                 "tensors, whose prefix %s is not known",
                 prefixes[i], prefixes[i]);
        check_refused(&made, MGEO_E_FORMAT, part);
    }
    pieces none = {.count = 0};
    add_piece(&none, "", "conv1.weight", 2, 2);
    check_refused(&none, MGEO_E_FORMAT, "its first tensor is conv1.weight");
}

static void lists_unused_tensors(void **state) {
    (void)state;
    pieces made = make("bert.text_encoder.", "weight", "bias");
    add_piece(&made, "bert.", "gis2text.weight", 3, 3);
    add_piece(&made, "bert.text_encoder.", "encoder.layer.2.output.dense.weight", 1, 1);
    made.all[TENSORS].type = MGI_STORED_I64;
    made.all[TENSORS].dense = false;
    mgi_tensor_index index;
    mgi_checkpoint checkpoint;
    mgeo_error error;
    if (bind(&made, &index, &checkpoint, &error) != MGEO_OK) fail_msg("%s", error.message);
    mgi_tensor_index_finish(&index); /* the names outlive it */
    assert_int_equal(checkpoint.unused_count, 2);
    assert_string_equal(checkpoint.unused[0], "bert.gis2text.weight");
    assert_string_equal(checkpoint.unused[1],
                        "bert.text_encoder.encoder.layer.2.output.dense.weight");
    mgi_checkpoint_finish(&checkpoint);
}

static void identity_changes_with_what_is_used(void **state) {
    (void)state;
    char first[MGI_FINGERPRINT_SIZE], other[MGI_FINGERPRINT_SIZE];
    pieces made = make("bert.", "weight", "bias");
    fingerprint_of(&made, first);
    assert_int_equal(strspn(first, "0123456789abcdef"), 32);
    add_piece(&made, "", "unused", 1, 1);
    fingerprint_of(&made, other);
    assert_string_equal(first, other);
    numbers[40 + LABELS * 4 - 1] ^= 1; /* last byte of the last used tensor */
    fingerprint_of(&made, other);
    numbers[40 + LABELS * 4 - 1] ^= 1;
    assert_string_not_equal(first, other);
    for (size_t i = 0; i < TENSORS; i += 7) {
        made.all[i].type = MGI_STORED_F16;
        fingerprint_of(&made, other);
        made.all[i].type = MGI_STORED_F32;
        assert_string_not_equal(first, other);
    }
}

static void identity_stops_when_cancelled(void **state) {
    (void)state;
    const pieces made = make("bert.", "weight", "bias");
    mgi_tensor_index index;
    mgi_checkpoint checkpoint;
    mgeo_error error;
    mgeo_progress progress = {0};
    char hex[MGI_FINGERPRINT_SIZE];
    int32_t stage;
    uint64_t done, total;
    assert_int_equal(bind(&made, &index, &checkpoint, &error), MGEO_OK);
    mgi_weight_reader_begin(checkpoint.reader, &progress);
    assert_int_equal(mgi_weight_reader_finish(checkpoint.reader, hex, &error), MGEO_OK);
    mgeo_progress_read(&progress, &stage, &done, &total);
    assert_int_equal(stage, MGEO_STAGE_HASHING);
    assert_int_equal(done, checkpoint.bytes);
    assert_int_equal(total, checkpoint.bytes);
    mgi_checkpoint_finish(&checkpoint);
    mgi_tensor_index_finish(&index);
    assert_int_equal(bind(&made, &index, &checkpoint, &error), MGEO_OK);
    mgi_weight_reader_begin(checkpoint.reader, &progress);
    mgeo_progress_cancel(&progress);
    const mgi_tensor *bias = &checkpoint.weights.classifier.bias;
    assert_int_equal(mgi_tensor_acquire(bias, &error), MGEO_E_CANCELLED);
    assert_int_equal(mgi_weight_reader_finish(checkpoint.reader, hex, &error), MGEO_E_CANCELLED);
    mgi_checkpoint_finish(&checkpoint);
    mgi_tensor_index_finish(&index);
}

static void survives_failing_memory(void **state) {
    (void)state;
    pieces made = make("bert.", "weight", "bias");
    add_piece(&made, "", "unused", 1, 1);
    mgeo_status status = MGEO_E_MEMORY;
    for (long nth = 1; status != MGEO_OK; nth++) {
        mgi_tensor_index index;
        mgi_checkpoint checkpoint;
        mgeo_error error;
        mgi_alloc_fail_at(nth);
        status = bind(&made, &index, &checkpoint, &error);
        if (status != MGEO_OK) assert_int_equal(status, MGEO_E_MEMORY);
        mgi_checkpoint_finish(&checkpoint);
        mgi_tensor_index_finish(&index);
        assert_true(nth < 200);
    }
    mgi_alloc_fail_at(0);
}

int main(void) {
    for (size_t i = 0; i < sizeof numbers; i++) numbers[i] = (unsigned char)(i * 31);
    file.input = (mgi_regular_file){
        .path = path, .memory = numbers, .size = sizeof numbers, .descriptor = -1};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binds_every_tensor),
        cmocka_unit_test(knows_every_layout),
        cmocka_unit_test(knows_wrappers),
        cmocka_unit_test(names_each_missing_tensor),
        cmocka_unit_test(names_each_wrong_shape),
        cmocka_unit_test(names_each_wrong_type_and_layout),
        cmocka_unit_test(refuses_foreign_checkpoints),
        cmocka_unit_test(names_other_heads),
        cmocka_unit_test(names_other_families),
        cmocka_unit_test(refuses_tensors_that_compute),
        cmocka_unit_test(takes_tensors_that_compute_nothing),
        cmocka_unit_test(an_unknown_prefix_is_told),
        cmocka_unit_test(lists_unused_tensors),
        cmocka_unit_test(identity_changes_with_what_is_used),
        cmocka_unit_test(identity_stops_when_cancelled),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
