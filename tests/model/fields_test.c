/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for fields: each has its reason and stands in the docs; what they note and refuse. */
#define _GNU_SOURCE
#include "model/fields/rules.h"

#include "support/check.h"
#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *file;
    const mgi_field_set *set;
} sets[] = {
    {"| `config.json` |", &mgi_rules_config},
    {"| `config.json`: `sentence_transformers` |", &mgi_rules_cross_encoder},
    {"| `configuration.json` |", &mgi_rules_modelscope},
    {"| `configuration.json`: `model` |", &mgi_rules_modelscope_model},
    {"| `configuration.json`: `preprocessor` |", &mgi_rules_modelscope_preprocessor},
    {"| `*.index.json` |", &mgi_rules_weights_index},
    {"| `tokenizer_config.json` |", &mgi_rules_tokenizer_config},
    {"| `special_tokens_map.json` |", &mgi_rules_special_tokens},
    {"| `tokenizer.json` |", &mgi_rules_tokenizer},
    {"| `tokenizer.json`: `normalizer` |", &mgi_rules_tokenizer_normalizer},
    {"| `tokenizer.json`: `model` |", &mgi_rules_tokenizer_model},
};

/* The docs' lines on one file, from its own on to the next one's. */
static char *lines_of(const char *docs, const char *file) {
    const char *table = strstr(docs, "\n## Every field\n");
    assert_non_null(table);
    const char *from = strstr(table, file);
    if (from == NULL) fail_msg("%s is not in the docs", file);
    const char *to = strstr(from, "\n| `");
    const char *end = strstr(from, "\n\n");
    if (to == NULL || to > end) to = end;
    char *lines = strndup(from, (size_t)(to - from));
    assert_non_null(lines);
    return lines;
}

static char *read_docs(void) {
    FILE *file = fopen(MGI_SOURCE_ROOT "/docs/model-directories.md", "r");
    char *text = calloc(1, 1 << 17);
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 17) - 1, file) > 0);
    fclose(file);
    return text;
}

static void every_rule_stands_in_the_docs(void **state) {
    (void)state;
    char *docs = read_docs();
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char *lines = lines_of(docs, sets[i].file);
        for (size_t j = 0; j < sets[i].set->count; j++) {
            const mgi_field_rule *rule = &sets[i].set->rules[j];
            char quoted[80];
            snprintf(quoted, sizeof quoted, "`%s`", rule->name);
            if (strstr(lines, quoted) == NULL) fail_msg("%s: %s", sets[i].file, rule->name);
            if ((rule->reason == NULL) != (rule->use == MGI_FIELD_USED)) fail_msg("%s", rule->name);
            if (rule->reason != NULL && strstr(lines, rule->reason) == NULL) {
                fail_msg("%s: \"%s\" is not in the docs", rule->name, rule->reason);
            }
        }
        free(lines);
    }
    free(docs);
}

static void no_rule_is_there_twice(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        for (size_t j = 1; j < sets[i].set->count; j++) {
            for (size_t k = 0; k < j; k++) {
                assert_string_not_equal(sets[i].set->rules[j].name, sets[i].set->rules[k].name);
            }
        }
    }
}

static mgeo_status apply(const char *text, mgi_unused_fields *unused, mgeo_error *error) {
    mgi_json_value *root;
    if (mgi_json_parse(text, strlen(text), "a/config.json", &root, error) != MGEO_OK) {
        fail_msg("%s", error->message);
    }
    const mgi_json_object object = {.json = root, .file = "a/config.json", .within = ""};
    mgeo_status status = mgi_fields_apply(unused, &object, &mgi_rules_config, error);
    mgi_json_tree_free(root);
    return status;
}

static void fields_are_noted_in_their_order(void **state) {
    (void)state;
    mgi_unused_fields unused = {0};
    mgeo_error error;
    assert_int_equal(apply("{\"hidden_size\":8,\"use_cache\":true,\"a\\nb\":0,\"pruned_heads\":{},"
                           "\"quantization_config\":null}",
                           &unused, &error),
                     MGEO_OK);
    assert_int_equal(unused.count, 2);
    assert_int_equal(unused.doubtful, 1);
    assert_string_equal(unused.fields[0].file, "config.json");
    assert_string_equal(unused.fields[0].name, "use_cache");
    assert_true(unused.fields[0].harmless && unused.fields[0].reason[0] != '\0');
    assert_string_equal(unused.fields[1].name, "a\\x0Ab");
    assert_false(unused.fields[1].harmless || unused.fields[1].reason[0] != '\0');
    mgi_fields_finish(&unused);
}

static void many_fields_are_all_noted(void **state) {
    (void)state;
    enum { MANY = 5000 };
    char *text = malloc(MANY * 16 + 2), *end = text;
    mgi_unused_fields unused = {0};
    mgeo_error error;
    assert_non_null(text);
    for (int i = 0; i < MANY; i++) end += sprintf(end, "%s\"f%d\":[]", i == 0 ? "{" : ",", i);
    memcpy(end, "}", 2);
    assert_int_equal(apply(text, &unused, &error), MGEO_OK);
    assert_int_equal(unused.count, MANY);
    assert_int_equal(unused.doubtful, MANY);
    assert_string_equal(unused.fields[MANY - 1].name, "f4999");
    mgi_fields_finish(&unused);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_stands_in_the_docs),
        cmocka_unit_test(no_rule_is_there_twice),
        cmocka_unit_test(fields_are_noted_in_their_order),
        cmocka_unit_test(many_fields_are_all_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
