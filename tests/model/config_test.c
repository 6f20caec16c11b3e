/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration: defaults, limits, ModelScope's precedence of labels. */
#include "model/config.h"

#include "support/check.h"
#include "support/model_files.h"

#include <string.h>

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

static void read_good(mgi_config *config) {
    mgeo_error error;
    mgi_unused_fields unused = {0};
    if (mgi_config_read(config, root, &unused, &error) != MGEO_OK) fail_msg("%s", error.message);
    mgi_fields_finish(&unused);
}

static void check_refused(mgeo_status expected, const char *part) {
    mgi_config config;
    mgeo_error error = {0};
    mgi_unused_fields unused = {0};
    mgeo_status status = mgi_config_read(&config, root, &unused, &error);
    mgi_fields_finish(&unused);
    if (status != expected) fail_msg("%s: status %d, \"%s\"", part, status, error.message);
    check_line(&error, part);
}

static void has_the_defaults_of_bert(void **state) {
    (void)state;
    mgi_config config;
    model_files_write_text(root, "config.json", "{}");
    read_good(&config);
    assert_int_equal(config.spec.layers, 12);
    assert_int_equal(config.spec.hidden, 768);
    assert_int_equal(config.spec.heads, 12);
    assert_int_equal(config.spec.intermediate, 3072);
    assert_int_equal(config.spec.vocabulary, 30522);
    assert_int_equal(config.spec.positions, 512);
    assert_int_equal(config.spec.types, 2);
    assert_true(config.spec.norm_eps == 1e-12f);
    assert_int_equal(config.spec.activation, MGI_GELU);
    assert_int_equal(config.labels.count, 0);
}

static void reads_every_field(void **state) {
    (void)state;
    mgi_config config;
    model_files_write_text(
        root, "config.json",
        "{\"model_type\":\"structbert\",\"num_hidden_layers\":6,\"fusion_layer\":4,"
        "\"hidden_size\":32,\"num_attention_heads\":4,\"intermediate_size\":64,"
        "\"vocab_size\":100,\"max_position_embeddings\":40,\"type_vocab_size\":3,"
        "\"layer_norm_eps\":1e-5,\"hidden_act\":\"gelu_new\",\"is_decoder\":false,"
        "\"position_embedding_type\":\"absolute\",\"unknown\":[{}]}");
    read_good(&config);
    assert_int_equal(config.spec.layers, 4);
    assert_int_equal(config.spec.hidden, 32);
    assert_int_equal(config.spec.vocabulary, 100);
    assert_int_equal(config.spec.positions, 40);
    assert_int_equal(config.spec.types, 3);
    assert_int_equal(config.spec.activation, MGI_GELU_TANH);
    assert_true(config.spec.norm_eps == 1e-5f);
}

static void knows_activations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        mgi_activation activation;
    } cases[] = {
        {"{\"hidden_act\":\"gelu\"}", MGI_GELU},
        {"{\"hidden_act\":\"gelu_python\"}", MGI_GELU},
        {"{\"hidden_act\":\"gelu_new\"}", MGI_GELU_TANH},
        {"{\"hidden_act\":\"gelu_pytorch_tanh\"}", MGI_GELU_TANH},
        {"{\"hidden_act\":\"relu\"}", MGI_RELU},
        {"{\"hidden_act\":\"tanh\"}", MGI_TANH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mgi_config config;
        model_files_write_text(root, "config.json", cases[i].text);
        read_good(&config);
        assert_int_equal(config.spec.activation, cases[i].activation);
    }
}

static const struct {
    const char *text;
    mgeo_status status;
    const char *part;
} bad[] = {
    {"{", MGEO_E_FORMAT, "config.json: line 1: not valid JSON"},
    {"{\"hidden_size\":0}", MGEO_E_FORMAT, "config.json: hidden_size: 0 is not within 1"},
    {"{\"hidden_size\":-768}", MGEO_E_FORMAT, "hidden_size: -768"},
    {"{\"hidden_size\":\"768\"}", MGEO_E_FORMAT, "hidden_size: a whole number"},
    {"{\"hidden_size\":768.0}", MGEO_E_FORMAT, "hidden_size: a whole number"},
    {"{\"hidden_size\":16385}", MGEO_E_FORMAT, "hidden_size: 16385"},
    {"{\"hidden_size\":9223372036854775807}", MGEO_E_FORMAT, "hidden_size"},
    {"{\"num_attention_heads\":7}", MGEO_E_FORMAT, "num_attention_heads: 7 does not divide"},
    {"{\"num_attention_heads\":0}", MGEO_E_FORMAT, "num_attention_heads: 0"},
    {"{\"num_hidden_layers\":0}", MGEO_E_FORMAT, "num_hidden_layers"},
    {"{\"num_hidden_layers\":257}", MGEO_E_FORMAT, "num_hidden_layers"},
    {"{\"intermediate_size\":0}", MGEO_E_FORMAT, "intermediate_size"},
    {"{\"vocab_size\":3}", MGEO_E_FORMAT, "vocab_size"},
    {"{\"vocab_size\":4194305}", MGEO_E_FORMAT, "vocab_size"},
    {"{\"max_position_embeddings\":4}", MGEO_E_FORMAT, "max_position_embeddings: 4"},
    {"{\"type_vocab_size\":0}", MGEO_E_FORMAT, "type_vocab_size"},
    {"{\"fusion_layer\":0}", MGEO_E_FORMAT, "fusion_layer: 0 is not within 1 to 12"},
    {"{\"fusion_layer\":13}", MGEO_E_FORMAT, "fusion_layer: 13 is not within 1 to 12"},
    {"{\"layer_norm_eps\":-1}", MGEO_E_FORMAT, "layer_norm_eps"},
    {"{\"layer_norm_eps\":1}", MGEO_E_FORMAT, "layer_norm_eps"},
    {"{\"layer_norm_eps\":\"x\"}", MGEO_E_FORMAT, "layer_norm_eps: a number"},
    {"{\"hidden_act\":\"silu\"}", MGEO_E_UNSUPPORTED, "hidden_act: silu is not supported"},
    {"{\"hidden_act\":1}", MGEO_E_FORMAT, "hidden_act: a string"},
    {"{\"model_type\":\"roberta\"}", MGEO_E_UNSUPPORTED, "model_type: roberta"},
    {"{\"position_embedding_type\":\"relative_key\"}", MGEO_E_UNSUPPORTED, "relative_key"},
    {"{\"is_decoder\":true}", MGEO_E_UNSUPPORTED, "is_decoder"},
    {"{\"is_decoder\":1}", MGEO_E_FORMAT, "is_decoder: true or false"},
    {"{\"model_type\":\"albert\"}", MGEO_E_UNSUPPORTED, "model_type: albert"},
    {"{\"architectures\":[\"BertForMultipleChoice\"]}", MGEO_E_UNSUPPORTED,
     "architectures: BertForMultipleChoice is not supported; it chooses"},
    {"{\"architectures\":[\"BertForTokenClassification\"]}", MGEO_E_UNSUPPORTED,
     "it labels tokens"},
    {"{\"architectures\":[\"MGeoForTokenClassification\"],\"fusion_layer\":4}", MGEO_E_UNSUPPORTED,
     "it labels tokens"},
    {"{\"architectures\":[\"BertForQuestionAnswering\"]}", MGEO_E_UNSUPPORTED, "it marks a span"},
    {"{\"architectures\":[\"BertForNextSentencePrediction\"]}", MGEO_E_UNSUPPORTED, "Sentence"},
    {"{\"architectures\":[\"RobertaForSequenceClassification\"]}", MGEO_E_UNSUPPORTED,
     "RobertaForSequenceClassification is not supported"},
    {"{\"architectures\":[\"MyModel\"]}", MGEO_E_UNSUPPORTED, "MyModel is not supported"},
    {"{\"architectures\":\"BertModel\"}", MGEO_E_FORMAT, "architectures: an array"},
    {"{\"auto_map\":{\"AutoModel\":\"m.M\"}}", MGEO_E_UNSUPPORTED, "auto_map: a model of its own"},
    {"{\"quantization_config\":{\"bits\":4}}", MGEO_E_UNSUPPORTED,
     "quantization_config: quantised"},
    {"{\"pruned_heads\":{\"0\":[1]}}", MGEO_E_UNSUPPORTED, "pruned_heads: models with"},
    {"{\"is_encoder_decoder\":true}", MGEO_E_UNSUPPORTED, "is_encoder_decoder"},
    {"{\"add_cross_attention\":true}", MGEO_E_UNSUPPORTED, "add_cross_attention: true"},
    {"{\"use_relative_position\":true}", MGEO_E_UNSUPPORTED, "use_relative_position: relative"},
    {"{\"tokenizer_class\":\"BertJapaneseTokenizer\"}", MGEO_E_UNSUPPORTED,
     "tokenizer_class: BertJapaneseTokenizer"},
    {"{\"task_specific_params\":{\"text-classification\":{\"top_k\":1}}}", MGEO_E_UNSUPPORTED,
     "task_specific_params.text-classification"},
    {"{\"problem_type\":\"regression\"}", MGEO_E_UNSUPPORTED, "problem_type: regression"},
    {"{\"problem_type\":\"other\"}", MGEO_E_UNSUPPORTED, "problem_type: other"},
    {"{\"function_to_apply\":\"none\"}", MGEO_E_UNSUPPORTED, "function_to_apply: none"},
    {"{\"sentence_transformers\":{\"activation_fn\":\"torch.nn.modules.activation.Tanh\"}}",
     MGEO_E_UNSUPPORTED, "sentence_transformers.activation_fn: torch.nn.modules.activation.Tanh"},
    {"{\"problem_type\":\"multi_label_classification\",\"function_to_apply\":\"softmax\"}",
     MGEO_E_FORMAT, "function_to_apply: softmax contradicts problem_type"},
    {"{\"num_labels\":0}", MGEO_E_FORMAT, "num_labels: 0"},
    {"{\"label2id\":{\"a\":0,\"b\":1},\"id2label\":{\"0\":\"b\",\"1\":\"a\"}}", MGEO_E_FORMAT,
     "labels contradict each other: number 0 is \"a\" in config.json: label2id, but \"b\" in"},
    {"{\"label2id\":{\"a\":0,\"b\":1},\"id2label\":{\"0\":\"a\"}}", MGEO_E_FORMAT,
     "labels contradict each other: 2 in config.json: label2id, 1 in config.json: id2label"},
    {"{\"label2id\":[]}", MGEO_E_FORMAT, "config.json: label2id: an object"},
    {"{\"label2id\":{}}", MGEO_E_FORMAT, "label2id: 1 to 16 labels"},
    {"{\"label2id\":{\"a\":1}}", MGEO_E_FORMAT, "label2id: indices must run from 0"},
    {"{\"label2id\":{\"a\":0,\"b\":0}}", MGEO_E_FORMAT, "label2id: an index is there twice"},
    {"{\"label2id\":{\"a\":0,\"b\":-1}}", MGEO_E_FORMAT, "label2id: indices"},
    {"{\"label2id\":{\"a\":\"x\"}}", MGEO_E_FORMAT, "label2id: indices"},
    {"{\"label2id\":{\"\":0}}", MGEO_E_FORMAT, "label2id: a name must have"},
    {"{\"id2label\":{\"0\":\"a\",\"1\":\"a\"}}", MGEO_E_FORMAT, "id2label: a name is there twice"},
    {"{\"id2label\":{\"0\":1}}", MGEO_E_FORMAT, "id2label: a name is no string"},
    {"{\"id2label\":{\"00000000000000000000\":\"a\"}}", MGEO_E_FORMAT, "id2label: indices"},
    {"{\"id2label\":{\"0\":\"0123456789012345678901234567890123456789012345678901234567890123\"}}",
     MGEO_E_FORMAT, "id2label: a name must have 1 to 63 bytes"},
    {"{\"label2id\":{\"a\tb\":0}}", MGEO_E_FORMAT, "not valid JSON"},
    {"{\"label2id\":{\"a\\tb\":0}}", MGEO_E_FORMAT, "label2id: a name holds a control"},
    {"{\"label2id\":{\"a\\nb\":0}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"id2label\":{\"0\":\"\\u001b[31m\"}}", MGEO_E_FORMAT, "id2label: a name holds a control"},
    {"{\"id2label\":{\"0\":\"\\u009b\"}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"id2label\":{\"0\":\"a\\u202eb\"}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"id2label\":{\"0\":\"a\\u2066b\"}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"id2label\":{\"0\":\"a\\u200bb\"}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"id2label\":{\"0\":\"a\\u2028b\"}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"id2label\":{\"0\":\"a\\ufeffb\"}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"id2label\":{\"0\":\"\\ud800\"}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"id2label\":{\"0\":\"\\u0000\"}}", MGEO_E_FORMAT, "a name holds a control"},
    {"{\"label2id\":{\"a\":0,\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5,\"g\":6,\"h\":7,\"i\":8,"
     "\"j\":9,\"k\":10,\"l\":11,\"m\":12,\"n\":13,\"o\":14,\"p\":15,\"q\":16}}",
     MGEO_E_FORMAT, "1 to 16 labels"},
};

static void refuses_bad_fields(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        model_files_write_text(root, "config.json", bad[i].text);
        check_refused(bad[i].status, bad[i].part);
    }
}

static void refuses_bad_other_files(void **state) {
    (void)state;
    check_refused(MGEO_E_IO, "config.json is missing");
    model_files_write_text(root, "config.json", "{}");
    model_files_write_text(root, "configuration.json", "{\"task\":1}");
    check_refused(MGEO_E_FORMAT, "configuration.json: task: a string");
    model_files_write_text(root, "configuration.json", "{\"model\":\"mgeo\"}");
    check_refused(MGEO_E_FORMAT, "configuration.json: model: an object");
    model_files_write_text(root, "configuration.json", "{\"preprocessor\":{\"label2id\":3}}");
    check_refused(MGEO_E_FORMAT, "configuration.json: preprocessor.label2id: an object");
    static const struct {
        const char *text, *part;
    } others[] = {
        {"{\"task\":\"token-classification\"}", "task: token-classification"},
        {"{\"task\":\"named_entity_recognition\"}", "task: named_entity_recognition"},
        {"{\"framework\":\"tensorflow\"}", "framework: tensorflow is not supported; pytorch is"},
        {"{\"model\":{\"type\":\"xlm-roberta\"}}", "model.type: xlm-roberta"},
        {"{\"model\":{\"type\":\"transformer-crf\"}}", "model.type: transformer-crf"},
        {"{\"plugins\":[\"adaseq\"]}", "plugins: a model of a plugin's code"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        model_files_write_text(root, "configuration.json", others[i].text);
        check_refused(MGEO_E_UNSUPPORTED, others[i].part);
    }
    model_files_write_text(root, "configuration.json", "{}");
    model_files_write_text(root, "label_mapping.json", "{}");
    check_refused(MGEO_E_FORMAT, "label_mapping.json: labels: 1 to 16");
}

/* Each source is removed in turn, from the first of the order to the last. */
static void finds_labels_in_modelscopes_order(void **state) {
    (void)state;
    static const struct {
        const char *configuration, *config, *first, *second;
    } steps[] = {
        {"{\"model\":{\"label2id\":{\"b\":0,\"a\":1},\"id2label\":{\"0\":\"b\",\"1\":\"a\"}},"
         "\"preprocessor\":{\"label2id\":{\"x\":0}}}",
         "{\"label2id\":{\"x\":0}}", "b", "a"},
        {"{\"model\":{\"id2label\":{\"0\":\"c\",\"1\":\"a\"}},"
         "\"preprocessor\":{\"label2id\":{\"x\":0}}}",
         "{\"label2id\":{\"x\":0}}", "c", "a"},
        {"{\"model\":{},\"preprocessor\":{\"label2id\":{\"d\":\"0\",\"a\":\"1\"},"
         "\"id2label\":{\"0\":\"LABEL_0\"}}}",
         "{\"label2id\":{\"x\":0}}", "d", "a"},
        {"{\"preprocessor\":{\"id2label\":{\"1\":\"a\",\"0\":\"e\"}}}", "{\"label2id\":{\"x\":0}}",
         "e", "a"},
        {"{}", "{\"label2id\":{\"f\":0,\"a\":1},\"id2label\":{\"0\":\"f\",\"1\":\"a\"}}", "f", "a"},
        {"{}",
         "{\"label2id\":{\"LABEL_0\":0,\"LABEL_1\":1},\"id2label\":{\"0\":\"h\",\"1\":\"a\"}}", "h",
         "a"},
        {"{}", "{\"id2label\":{\"0\":\"g\",\"1\":\"a\"}}", "g", "a"},
    };
    mgi_config config;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        model_files_write_text(root, "configuration.json", steps[i].configuration);
        model_files_write_text(root, "config.json", steps[i].config);
        read_good(&config);
        assert_int_equal(config.labels.count, 2);
        assert_string_equal(config.labels.names[0], steps[i].first);
        assert_string_equal(config.labels.names[1], steps[i].second);
    }
    model_files_write_text(root, "configuration.json", steps[0].configuration);
    model_files_write_text(root, "label_mapping.json", "{\"m\":1,\"n\":0}");
    read_good(&config);
    assert_string_equal(config.labels.names[0], "n");
    model_files_write_text(root, "label_mapping.json", "{\"1\":\"o\",\"0\":\"p\"}");
    read_good(&config);
    assert_string_equal(config.labels.names[0], "p");
    model_files_write_text(root, "label_mapping.json", "{\"1\":1,\"0\":0}");
    read_good(&config);
    assert_string_equal(config.labels.names[0], "0");
}

/* Where two files differ, ModelScope's order decides and it is told; a label_mapping.json that has
 * the others' names in another order is refused. */
static void tells_labels_that_differ_between_files(void **state) {
    (void)state;
    mgi_config config;
    model_files_write_text(root, "config.json", "{\"label2id\":{\"no\":0,\"yes\":1}}");
    model_files_write_text(root, "configuration.json",
                           "{\"model\":{\"label2id\":{\"yes\":0,\"no\":1}}}");
    read_good(&config);
    assert_string_equal(config.labels.names[0], "yes");
    assert_string_equal(config.labels.other, "config.json: label2id");
    assert_string_equal(config.labels.reason, "labels are taken from configuration.json: "
                                              "model.label2id, which has another order");
    model_files_write_text(root, "configuration.json",
                           "{\"model\":{\"label2id\":{\"x\":0,\"y\":1}}}");
    read_good(&config);
    assert_non_null(strstr(config.labels.reason, "model.label2id, which has others"));
    model_files_write_text(root, "configuration.json", "{}");
    read_good(&config);
    assert_string_equal(config.labels.other, "");
    model_files_write_text(root, "label_mapping.json", "{\"yes\":0,\"no\":1}");
    check_refused(MGEO_E_FORMAT,
                  "label_mapping.json: labels contradict each other: number 0 is "
                  "\"yes\" in label_mapping.json: labels, but \"no\" in config.json");
    model_files_write_text(root, "label_mapping.json", "{\"no\":0,\"yes\":1}");
    read_good(&config);
    assert_string_equal(config.labels.other, "");
}

/* What every version of transformers, sentence-transformers and ModelScope writes. */
static void takes_what_the_libraries_write(void **state) {
    (void)state;
    static const char *const sound[] = {
        "{\"architectures\":[\"BertForMaskedLM\"],\"fusion_layer\":6,\"add_cross_attention\":true}",
        "{\"architectures\":[\"BertModel\"],\"pruned_heads\":{},\"is_encoder_decoder\":false}",
        "{\"architectures\":null,\"problem_type\":null,\"quantization_config\":null}",
        "{\"architectures\":[\"SbertForSequenceClassification\",\"SbertModel\"]}",
        "{\"architectures\":[\"SbertModel\"],\"tokenizer_class\":null}",
        "{\"problem_type\":\"single_label_classification\",\"task_specific_params\":null}",
        "{\"tokenizer_class\":\"BertTokenizerFast\",\"function_to_apply\":\"default\"}",
        "{\"task_specific_params\":{\"translation\":{\"prefix\":\"x\"}},\"num_labels\":3}",
        "{\"sentence_transformers\":{\"activation_fn\":\"linear.Identity\",\"version\":\"5.1.0\"}}",
    };
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
        mgi_config config;
        model_files_write_text(root, "config.json", sound[i]);
        read_good(&config);
    }
}

static void check_head(const char *text, uint32_t outputs, mgeo_status expected, const char *part) {
    mgi_config config;
    mgeo_error error = {0};
    model_files_write_text(root, "config.json", text);
    read_good(&config);
    mgeo_status status = mgi_head_check(&config.head, outputs, root, &error);
    if (status != expected) fail_msg("%s: %u: \"%s\"", text, outputs, error.message);
    if (status != MGEO_OK) check_line(&error, part);
}

/* Logits become probabilities by the sigmoid of one output or the softmax of more, or not here. */
static void holds_the_head_to_what_is_said(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
        bool one, many;
    } cases[] = {
        {"{}", NULL, true, true},
        {"{\"problem_type\":\"multi_label_classification\"}", "problem_type: multi_label", true,
         false},
        {"{\"function_to_apply\":\"sigmoid\"}", "function_to_apply: sigmoid", true, false},
        {"{\"function_to_apply\":\"softmax\"}", "function_to_apply: softmax", false, true},
        {"{\"sbert_ce_default_activation_function\":\"torch.nn.modules.linear.Identity\"}",
         "sbert_ce_default_activation_function: Identity", false, true},
        {"{\"sentence_transformers\":{\"activation_fn\":\"torch.nn.modules.activation.Sigmoid\"}}",
         "sentence_transformers.activation_fn: Sigmoid", true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_head(cases[i].text, 1, cases[i].one ? MGEO_OK : MGEO_E_UNSUPPORTED, cases[i].part);
        check_head(cases[i].text, 3, cases[i].many ? MGEO_OK : MGEO_E_UNSUPPORTED, cases[i].part);
    }
    check_head("{\"num_labels\":2}", 2, MGEO_OK, NULL);
    check_head("{\"num_labels\":2}", 3, MGEO_E_FORMAT, "config.json: num_labels is 2, but");
    model_files_write_text(root, "configuration.json", "{\"task\":\"text-ranking\"}");
    check_head("{\"problem_type\":\"regression\",\"num_labels\":2}", 1, MGEO_OK, NULL);
}

static void takes_hints_for_the_tokenizer(void **state) {
    (void)state;
    mgi_config config;
    model_files_write_text(root, "config.json", "{}");
    read_good(&config);
    assert_false(config.tokenizer.generic || config.tokenizer.fast_said);
    model_files_write_text(root, "config.json",
                           "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}");
    model_files_write_text(root, "configuration.json",
                           "{\"preprocessor\":{\"use_fast\":true,\"max_length\":64}}");
    read_good(&config);
    assert_true(config.tokenizer.generic && config.tokenizer.fast_said && config.tokenizer.fast);
    assert_int_equal(config.tokenizer.max_length, 64);
}

static void ranks_with_one_type(void **state) {
    (void)state;
    mgi_config config;
    model_files_write_text(root, "config.json", "{\"type_vocab_size\":1}");
    model_files_write_text(root, "configuration.json", "{\"task\":\"text_ranking\"}");
    read_good(&config);
    assert_true(config.ranks);
    model_files_write_text(root, "configuration.json", "{\"task\":\"text-ranking\"}");
    read_good(&config);
    assert_true(config.ranks);
    model_files_write_text(root, "config.json", "{}");
    model_files_write_text(root, "configuration.json", "{\"task\":\"sentence-similarity\"}");
    read_good(&config);
    assert_false(config.ranks);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH(has_the_defaults_of_bert),
        EACH(reads_every_field),
        EACH(knows_activations),
        EACH(refuses_bad_fields),
        EACH(refuses_bad_other_files),
        EACH(finds_labels_in_modelscopes_order),
        EACH(tells_labels_that_differ_between_files),
        EACH(takes_what_the_libraries_write),
        EACH(holds_the_head_to_what_is_said),
        EACH(takes_hints_for_the_tokenizer),
        EACH(ranks_with_one_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
