/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer's files: directories of the real libraries give their ids; what cannot be honoured
 * is refused. */
#define _GNU_SOURCE
#include "model/tokenizer_files.h"

#include "support/check.h"
#include "support/model_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
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

static mgeo_status read_files(const char *directory, mgi_tokenizer **tokenizer,
                              mgi_tokenizer_facts *facts, mgeo_error *error) {
    const mgi_tokenizer_hints hints = {0};
    mgi_unused_fields unused = {0};
    mgeo_status status =
        mgi_tokenizer_files_read(directory, &hints, &unused, tokenizer, facts, error);
    mgi_fields_finish(&unused);
    return status;
}

/* ---- directories of the real libraries ------------------------------------------------------- */

static void check_row(const char *where, const mgi_tokenizer *tokenizer, char *line) {
    char *fields[5];
    for (int i = 0; i < 5; i++) fields[i] = strsep(&line, "\t");
    assert_non_null(fields[4]);
    for (int i = 1; i <= 2; i++) {
        for (char *tab = strstr(fields[i], "\\t"); tab != NULL; tab = strstr(tab, "\\t")) {
            *tab = '\t';
            memmove(tab + 1, tab + 2, strlen(tab + 1));
        }
    }
    int32_t ids[128];
    uint8_t types[128];
    uint32_t length, ones = 0;
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create((uint32_t)atoi(fields[0]));
    const mgeo_pair pair = {fields[1], strlen(fields[1]), fields[2], strlen(fields[2])};
    mgi_tokenizer_encode(tokenizer, &pair, scratch, ids, types, &length);
    mgi_tokenizer_scratch_destroy(scratch);
    char shown[1024] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < length; i++) {
        used += (size_t)snprintf(shown + used, sizeof shown - used, i == 0 ? "%d" : " %d", ids[i]);
        ones += types[i];
    }
    if (strcmp(shown, fields[3]) != 0 || (int)ones != atoi(fields[4])) {
        fail_msg("%s: \"%s\" \"%s\": ids %s, not %s", where, fields[1], fields[2], shown,
                 fields[3]);
    }
}

static size_t check_directory(const char *directory) {
    char path[2048], line[4096];
    mgi_tokenizer *tokenizer;
    mgi_tokenizer_facts facts;
    mgeo_error error;
    size_t rows = 0;
    if (read_files(directory, &tokenizer, &facts, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_true(facts.max_length == UINT32_MAX);
    snprintf(path, sizeof path, "%s/pairs.tsv", directory);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (; fgets(line, sizeof line, file) != NULL; rows++) {
        line[strcspn(line, "\n")] = '\0';
        check_row(directory, tokenizer, line);
    }
    fclose(file);
    mgi_tokenizer_destroy(tokenizer);
    return rows;
}

static void gives_the_ids_of_the_real_libraries(void **state) {
    (void)state;
    const char *golden = getenv("TOKENIZERS");
    if (golden == NULL) golden = MGI_SOURCE_ROOT "/tests/golden/tokenizers";
    DIR *directory = opendir(golden);
    assert_non_null(directory);
    size_t rows = 0, directories = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[1024];
        if (entry->d_name[0] != 'v') continue;
        snprintf(path, sizeof path, "%s/%s", golden, entry->d_name);
        rows += check_directory(path);
        directories++;
    }
    closedir(directory);
    assert_true(directories >= 24);
    assert_true(rows >= 300);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n";
static const char tokens[] = "\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"[MASK]\":4,\"a\":5";

/* Writes a tokenizer.json with more tokens, added tokens and a normalizer of these. */
static void write_json(const char *more, const char *added, const char *normalizer) {
    char text[4096];
    snprintf(text, sizeof text,
             "{\"version\":\"1.0\",\"added_tokens\":[%s],\"normalizer\":{%s},"
             "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":{\"type\":"
             "\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]},\"model\":{\"type\":"
             "\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"@@\","
             "\"max_input_chars_per_word\":100,\"vocab\":{%s%s}}}",
             added, normalizer, tokens, more);
    model_files_write_text(root, "tokenizer.json", text);
}

static void check_refused(mgeo_status expected, const char *part) {
    mgi_tokenizer *tokenizer = NULL;
    mgi_tokenizer_facts facts;
    mgeo_error error = {0};
    mgeo_status status = read_files(root, &tokenizer, &facts, &error);
    mgi_tokenizer_destroy(tokenizer);
    if (status != expected) fail_msg("%s: status %d, \"%s\"", part, status, error.message);
    check_line(&error, part);
}

static void refuses_settings(void **state) {
    (void)state;
    static const struct {
        const char *config;
        mgeo_status status;
        const char *part;
    } cases[] = {
        {"{\"tokenizer_class\":\"XLMRobertaTokenizer\"}", MGEO_E_UNSUPPORTED,
         "XLMRobertaTokenizer"},
        {"{\"tokenizer_class\":\"TokenizersBackend\"}", MGEO_E_FORMAT, "needs a tokenizer.json"},
        {"{\"do_basic_tokenize\":false}", MGEO_E_UNSUPPORTED, "do_basic_tokenize"},
        {"{\"never_split\":[\"a\"]}", MGEO_E_UNSUPPORTED, "never_split"},
        {"{\"auto_map\":{\"AutoTokenizer\":\"x\"}}", MGEO_E_UNSUPPORTED, "auto_map"},
        {"{\"do_lower_case\":\"yes\"}", MGEO_E_FORMAT, "do_lower_case: true or false"},
        {"{\"truncation_side\":\"middle\"}", MGEO_E_FORMAT, "truncation_side"},
        {"{\"cls_token\":\"<s>\"}", MGEO_E_FORMAT, "holds the token <s>"},
        {"{\"additional_special_tokens\":[\"<e>\"]}", MGEO_E_FORMAT, "not in the vocabulary"},
        {"{\"added_tokens_decoder\":{\"9\":{\"content\":\"x\"}}}", MGEO_E_FORMAT, "place is 7"},
    };
    model_files_write_text(root, "vocab.txt", vocabulary);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        model_files_write_text(root, "tokenizer_config.json", cases[i].config);
        check_refused(cases[i].status, cases[i].part);
    }
}

static void refuses_files_that_contradict(void **state) {
    (void)state;
    const char *bert = "\"type\":\"BertNormalizer\"";
    model_files_write_text(root, "vocab.txt", vocabulary);
    write_json(",\"b\":7", "", bert);
    check_refused(MGEO_E_FORMAT, "\"b\" has the id 7, and 6 in vocab.txt");
    write_json("", "", bert);
    check_refused(MGEO_E_FORMAT, "6 tokens, and 7 in vocab.txt");
    write_json(",\"b\":6,\"c\":7", "", bert);
    check_refused(MGEO_E_FORMAT, "\"c\" is not in vocab.txt");
    write_json(",\"b\":6", "", "\"type\":\"BertNormalizer\",\"lowercase\":false");
    check_refused(MGEO_E_FORMAT, "normalizer.lowercase is false");
    write_json(",\"b\":6", "", "\"type\":\"NFKC\"");
    check_refused(MGEO_E_UNSUPPORTED, "NFKC is not supported");
    write_json(",\"b\":6", "{\"id\":9,\"content\":\"x\"}", bert);
    check_refused(MGEO_E_FORMAT, "place is 7");
    write_json(",\"b\":6", "", bert);
    model_files_write_text(root, "special_tokens_map.json", "{\"cls_token\":\"a\"}");
    check_refused(MGEO_E_FORMAT, "cls_token");
}

static void names_both_files_if_neither_is_there(void **state) {
    (void)state;
    check_refused(MGEO_E_IO, "neither vocab.txt nor tokenizer.json is there");
}

static void reads_another_prefix_and_a_limit(void **state) {
    (void)state;
    mgi_tokenizer *tokenizer;
    mgi_tokenizer_facts facts;
    mgeo_error error = {0};
    write_json(",\"@@b\":9", "", "\"type\":\"BertNormalizer\"");
    model_files_write_text(root, "tokenizer_config.json",
                           "{\"model_max_length\":20,\"model_input_names\":[\"input_ids\"]}");
    if (read_files(root, &tokenizer, &facts, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(facts.max_length, 20);
    assert_true(facts.one_type);
    assert_int_equal(mgi_tokenizer_vocabulary(tokenizer), 10);
    char row[] = "20\tab\tb\t2 5 9 3 1 3\t0";
    check_row(root, tokenizer, row);
    mgi_tokenizer_destroy(tokenizer);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {EACH(gives_the_ids_of_the_real_libraries),
                                       EACH(refuses_settings), EACH(refuses_files_that_contradict),
                                       EACH(names_both_files_if_neither_is_there),
                                       EACH(reads_another_prefix_and_a_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
