/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for the fields of config.json. */
#include "model/fields/rules.h"

#define SET(rules)                                                                                 \
    { (rules), sizeof(rules) / sizeof *(rules) }
#define TRAINING "used in training only"
#define GENERATION "used where text is generated"
#define RETURNS "of what a call returns beside the logits"
#define NAMES "names of files and programs"
#define OTHER_HEADS "of heads that a classifier of pairs has not"
#define PADDING "rows are never padded"
#define SPEED "the same numbers, computed otherwise"
#define SERVER "what a server answered instead of the file: download it again"
#define MAPS "of MGeo's map branch, which text alone does not pass"

static const mgi_field_rule config[] = {
    /* the encoder */
    {"architectures", MGI_FIELD_USED, NULL},
    {"model_type", MGI_FIELD_USED, NULL},
    {"hidden_size", MGI_FIELD_USED, NULL},
    {"num_hidden_layers", MGI_FIELD_USED, NULL},
    {"fusion_layer", MGI_FIELD_USED, NULL},
    {"num_attention_heads", MGI_FIELD_USED, NULL},
    {"intermediate_size", MGI_FIELD_USED, NULL},
    {"vocab_size", MGI_FIELD_USED, NULL},
    {"max_position_embeddings", MGI_FIELD_USED, NULL},
    {"type_vocab_size", MGI_FIELD_USED, NULL},
    {"layer_norm_eps", MGI_FIELD_USED, NULL},
    {"hidden_act", MGI_FIELD_USED, NULL},
    {"position_embedding_type", MGI_FIELD_USED, NULL},
    {"is_decoder", MGI_FIELD_USED, NULL},
    {"add_cross_attention", MGI_FIELD_USED, NULL},
    {"tokenizer_class", MGI_FIELD_USED, NULL},
    /* labels, and from logits to probabilities */
    {"id2label", MGI_FIELD_USED, NULL},
    {"label2id", MGI_FIELD_USED, NULL},
    {"num_labels", MGI_FIELD_USED, NULL},
    {"problem_type", MGI_FIELD_USED, NULL},
    {"function_to_apply", MGI_FIELD_USED, NULL},
    {"sentence_transformers", MGI_FIELD_USED, NULL},
    {"sbert_ce_default_activation_function", MGI_FIELD_USED, NULL},
    /* what would have to be done, and is not */
    {"error", MGI_FIELD_REFUSED, SERVER},
    {"auto_map", MGI_FIELD_REFUSED, "a model of its own code is not supported; nothing was run"},
    {"custom_pipelines", MGI_FIELD_REFUSED,
     "a pipeline of its own code is not supported; nothing was run"},
    {"is_encoder_decoder", MGI_FIELD_REFUSED, "true is not supported; encoders are"},
    {"pruned_heads", MGI_FIELD_REFUSED, "models with pruned heads are not supported"},
    {"quantization_config", MGI_FIELD_REFUSED,
     "quantised weights are not supported; save the model as it was before, or dequantised"},
    {"compression_config", MGI_FIELD_REFUSED,
     "compressed weights are not supported; save the model as it was before"},
    {"use_relative_position", MGI_FIELD_REFUSED, "relative positions are not supported"},
    {"use_task_id", MGI_FIELD_REFUSED, "ERNIE's task embeddings are not supported"},
    {"task_specific_params", MGI_FIELD_USED, NULL},
    /* training */
    {"hidden_dropout_prob", MGI_FIELD_HARMLESS, TRAINING},
    {"attention_probs_dropout_prob", MGI_FIELD_HARMLESS, TRAINING},
    {"classifier_dropout", MGI_FIELD_HARMLESS, TRAINING},
    {"classifier_dropout_prob", MGI_FIELD_HARMLESS, TRAINING},
    {"initializer_range", MGI_FIELD_HARMLESS, TRAINING},
    {"initializer_factor", MGI_FIELD_HARMLESS, TRAINING},
    {"gradient_checkpointing", MGI_FIELD_HARMLESS, TRAINING},
    {"finetuning_task", MGI_FIELD_HARMLESS, TRAINING},
    {"tf_legacy_loss", MGI_FIELD_HARMLESS, TRAINING},
    /* speed, memory, number formats */
    {"chunk_size_feed_forward", MGI_FIELD_HARMLESS, SPEED},
    {"use_cache", MGI_FIELD_HARMLESS, SPEED},
    {"torchscript", MGI_FIELD_HARMLESS, SPEED},
    {"_attn_implementation", MGI_FIELD_HARMLESS, SPEED},
    {"_attn_implementation_autoset", MGI_FIELD_HARMLESS, SPEED},
    {"_attn_implementation_internal", MGI_FIELD_HARMLESS, SPEED},
    {"attn_implementation", MGI_FIELD_HARMLESS, SPEED},
    {"torch_dtype", MGI_FIELD_HARMLESS, "the precision is the load's own option"},
    {"dtype", MGI_FIELD_HARMLESS, "the precision is the load's own option"},
    {"use_bfloat16", MGI_FIELD_HARMLESS, "the precision is the load's own option"},
    /* what a call returns */
    {"output_attentions", MGI_FIELD_HARMLESS, RETURNS},
    {"output_hidden_states", MGI_FIELD_HARMLESS, RETURNS},
    {"output_past", MGI_FIELD_HARMLESS, RETURNS},
    {"return_dict", MGI_FIELD_HARMLESS, RETURNS},
    {"use_return_dict", MGI_FIELD_HARMLESS, RETURNS},
    /* names */
    {"_name_or_path", MGI_FIELD_HARMLESS, NAMES},
    {"name_or_path", MGI_FIELD_HARMLESS, NAMES},
    {"_commit_hash", MGI_FIELD_HARMLESS, NAMES},
    {"transformers_version", MGI_FIELD_HARMLESS, NAMES},
    {"language", MGI_FIELD_HARMLESS, NAMES},
    {"directionality", MGI_FIELD_HARMLESS, NAMES},
    {"transformers.js_config", MGI_FIELD_HARMLESS, NAMES},
    /* tokens */
    {"pad_token_id", MGI_FIELD_HARMLESS, PADDING},
    {"bos_token_id", MGI_FIELD_HARMLESS, GENERATION},
    {"eos_token_id", MGI_FIELD_HARMLESS, GENERATION},
    {"sep_token_id", MGI_FIELD_HARMLESS, GENERATION},
    {"cls_token_id", MGI_FIELD_HARMLESS, "the tokenizer's files tell"},
    {"unk_token_id", MGI_FIELD_HARMLESS, "the tokenizer's files tell"},
    {"mask_token_id", MGI_FIELD_HARMLESS, "the tokenizer's files tell"},
    {"decoder_start_token_id", MGI_FIELD_HARMLESS, GENERATION},
    /* heads and modules that are not here */
    {"_num_labels", MGI_FIELD_HARMLESS, "the classifier's rows tell"},
    {"pooler_fc_size", MGI_FIELD_HARMLESS, "no BERT code reads it"},
    {"pooler_num_attention_heads", MGI_FIELD_HARMLESS, "no BERT code reads it"},
    {"pooler_num_fc_layers", MGI_FIELD_HARMLESS, "no BERT code reads it"},
    {"pooler_size_per_head", MGI_FIELD_HARMLESS, "no BERT code reads it"},
    {"pooler_type", MGI_FIELD_HARMLESS, "no BERT code reads it"},
    {"task_type_vocab_size", MGI_FIELD_HARMLESS, "counts only with use_task_id"},
    {"embedding_size", MGI_FIELD_HARMLESS, "the tensors' shapes tell"},
    {"tie_word_embeddings", MGI_FIELD_HARMLESS, OTHER_HEADS},
    {"tie_encoder_decoder", MGI_FIELD_HARMLESS, OTHER_HEADS},
    {"cross_attention_hidden_size", MGI_FIELD_HARMLESS, OTHER_HEADS},
    {"summary_type", MGI_FIELD_HARMLESS, OTHER_HEADS},
    {"summary_use_proj", MGI_FIELD_HARMLESS, OTHER_HEADS},
    {"summary_activation", MGI_FIELD_HARMLESS, OTHER_HEADS},
    {"summary_last_dropout", MGI_FIELD_HARMLESS, OTHER_HEADS},
    {"summary_first_dropout", MGI_FIELD_HARMLESS, OTHER_HEADS},
    {"encoder_width", MGI_FIELD_HARMLESS, MAPS},
    /* generation, which old versions of transformers wrote for every model */
    {"max_length", MGI_FIELD_HARMLESS, GENERATION},
    {"min_length", MGI_FIELD_HARMLESS, GENERATION},
    {"do_sample", MGI_FIELD_HARMLESS, GENERATION},
    {"early_stopping", MGI_FIELD_HARMLESS, GENERATION},
    {"num_beams", MGI_FIELD_HARMLESS, GENERATION},
    {"num_beam_groups", MGI_FIELD_HARMLESS, GENERATION},
    {"diversity_penalty", MGI_FIELD_HARMLESS, GENERATION},
    {"temperature", MGI_FIELD_HARMLESS, GENERATION},
    {"top_k", MGI_FIELD_HARMLESS, GENERATION},
    {"top_p", MGI_FIELD_HARMLESS, GENERATION},
    {"typical_p", MGI_FIELD_HARMLESS, GENERATION},
    {"repetition_penalty", MGI_FIELD_HARMLESS, GENERATION},
    {"length_penalty", MGI_FIELD_HARMLESS, GENERATION},
    {"no_repeat_ngram_size", MGI_FIELD_HARMLESS, GENERATION},
    {"encoder_no_repeat_ngram_size", MGI_FIELD_HARMLESS, GENERATION},
    {"bad_words_ids", MGI_FIELD_HARMLESS, GENERATION},
    {"num_return_sequences", MGI_FIELD_HARMLESS, GENERATION},
    {"output_scores", MGI_FIELD_HARMLESS, GENERATION},
    {"return_dict_in_generate", MGI_FIELD_HARMLESS, GENERATION},
    {"forced_bos_token_id", MGI_FIELD_HARMLESS, GENERATION},
    {"forced_eos_token_id", MGI_FIELD_HARMLESS, GENERATION},
    {"remove_invalid_values", MGI_FIELD_HARMLESS, GENERATION},
    {"exponential_decay_length_penalty", MGI_FIELD_HARMLESS, GENERATION},
    {"suppress_tokens", MGI_FIELD_HARMLESS, GENERATION},
    {"begin_suppress_tokens", MGI_FIELD_HARMLESS, GENERATION},
    {"prefix", MGI_FIELD_HARMLESS, GENERATION},
};
const mgi_field_set mgi_rules_config = SET(config);

static const mgi_field_rule cross_encoder[] = {
    {"activation_fn", MGI_FIELD_USED, NULL},
    {"version", MGI_FIELD_HARMLESS, NAMES},
};
const mgi_field_set mgi_rules_cross_encoder = SET(cross_encoder);
