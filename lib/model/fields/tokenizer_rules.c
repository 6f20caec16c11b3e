/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for the fields of the tokenizer's files. */
#include "model/fields/rules.h"

#define SET(rules)                                                                                 \
    { (rules), sizeof(rules) / sizeof *(rules) }
#define SERVER "what a server answered instead of the file: download it again"
#define PADDING "rows are never padded"
#define LENGTHS "a default of calls, which MGeo's callers set"
#define NAMES "names of files and programs"
#define DECODING "of turning ids back into text"

/* Both files may name them. */
/* clang-format off */
#define SPECIAL_TOKENS \
    {"cls_token", MGI_FIELD_USED, NULL}, \
    {"sep_token", MGI_FIELD_USED, NULL}, \
    {"unk_token", MGI_FIELD_USED, NULL}, \
    {"pad_token", MGI_FIELD_USED, NULL}, \
    {"mask_token", MGI_FIELD_USED, NULL}, \
    {"bos_token", MGI_FIELD_USED, NULL}, \
    {"eos_token", MGI_FIELD_USED, NULL}, \
    {"additional_special_tokens", MGI_FIELD_USED, NULL}, \
    {"extra_special_tokens", MGI_FIELD_USED, NULL}
/* clang-format on */

static const mgi_field_rule config[] = {
    {"tokenizer_class", MGI_FIELD_USED, NULL},
    {"do_lower_case", MGI_FIELD_USED, NULL},
    {"strip_accents", MGI_FIELD_USED, NULL},
    {"tokenize_chinese_chars", MGI_FIELD_USED, NULL},
    {"do_basic_tokenize", MGI_FIELD_USED, NULL},
    {"use_fast", MGI_FIELD_USED, NULL},
    {"truncation_side", MGI_FIELD_USED, NULL},
    {"model_max_length", MGI_FIELD_USED, NULL},
    {"max_len", MGI_FIELD_USED, NULL},
    {"model_input_names", MGI_FIELD_USED, NULL},
    {"split_special_tokens", MGI_FIELD_USED, NULL},
    SPECIAL_TOKENS,
    {"added_tokens_decoder", MGI_FIELD_USED, NULL},
    {"error", MGI_FIELD_REFUSED, SERVER},
    {"never_split", MGI_FIELD_REFUSED, "words that are never split are not supported"},
    {"auto_map", MGI_FIELD_REFUSED, "a tokenizer of the model's own code is not supported"},
    {"init_inputs", MGI_FIELD_REFUSED, "arguments without names are not supported"},
    {"fast_tokenizer_files", MGI_FIELD_REFUSED, "keep the one that is meant, as tokenizer.json"},
    {"add_bos_token", MGI_FIELD_REFUSED, "BERT's pairs begin with [CLS]"},
    {"add_eos_token", MGI_FIELD_REFUSED, "BERT's pairs end with [SEP]"},
    {"padding_side", MGI_FIELD_HARMLESS, PADDING},
    {"padding", MGI_FIELD_HARMLESS, PADDING},
    {"pad_token_type_id", MGI_FIELD_HARMLESS, PADDING},
    {"pad_to_multiple_of", MGI_FIELD_HARMLESS, PADDING},
    {"max_length", MGI_FIELD_HARMLESS, LENGTHS},
    {"stride", MGI_FIELD_HARMLESS, LENGTHS},
    {"truncation_strategy", MGI_FIELD_HARMLESS, LENGTHS},
    {"clean_up_tokenization_spaces", MGI_FIELD_HARMLESS, DECODING},
    {"chat_template", MGI_FIELD_HARMLESS, "of conversations"},
    {"name_or_path", MGI_FIELD_HARMLESS, NAMES},
    {"special_tokens_map_file", MGI_FIELD_HARMLESS, NAMES},
    {"tokenizer_file", MGI_FIELD_HARMLESS, NAMES},
    {"vocab_file", MGI_FIELD_HARMLESS, NAMES},
    {"backend", MGI_FIELD_HARMLESS, NAMES},
    {"is_local", MGI_FIELD_HARMLESS, NAMES},
    {"local_files_only", MGI_FIELD_HARMLESS, NAMES},
    {"processor_class", MGI_FIELD_HARMLESS, NAMES},
    {"transformers_version", MGI_FIELD_HARMLESS, NAMES},
};
const mgi_field_set mgi_rules_tokenizer_config = SET(config);

static const mgi_field_rule special_tokens[] = {
    SPECIAL_TOKENS,
};
const mgi_field_set mgi_rules_special_tokens = SET(special_tokens);

static const mgi_field_rule tokenizer[] = {
    {"version", MGI_FIELD_USED, NULL},        {"truncation", MGI_FIELD_USED, NULL},
    {"padding", MGI_FIELD_HARMLESS, PADDING}, {"added_tokens", MGI_FIELD_USED, NULL},
    {"normalizer", MGI_FIELD_USED, NULL},     {"pre_tokenizer", MGI_FIELD_USED, NULL},
    {"post_processor", MGI_FIELD_USED, NULL}, {"decoder", MGI_FIELD_HARMLESS, DECODING},
    {"model", MGI_FIELD_USED, NULL},
};
const mgi_field_set mgi_rules_tokenizer = SET(tokenizer);

static const mgi_field_rule normalizer[] = {
    {"type", MGI_FIELD_USED, NULL},          {"clean_text", MGI_FIELD_USED, NULL},
    {"lowercase", MGI_FIELD_USED, NULL},     {"handle_chinese_chars", MGI_FIELD_USED, NULL},
    {"strip_accents", MGI_FIELD_USED, NULL},
};
const mgi_field_set mgi_rules_tokenizer_normalizer = SET(normalizer);

static const mgi_field_rule word_piece[] = {
    {"type", MGI_FIELD_USED, NULL},
    {"unk_token", MGI_FIELD_USED, NULL},
    {"continuing_subword_prefix", MGI_FIELD_USED, NULL},
    {"max_input_chars_per_word", MGI_FIELD_USED, NULL},
    {"vocab", MGI_FIELD_USED, NULL},
};
const mgi_field_set mgi_rules_tokenizer_model = SET(word_piece);
