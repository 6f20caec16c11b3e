/* SPDX-License-Identifier: Apache-2.0 */
/* Tells by the names of a checkpoint's tensors which other kind of model it is. */
#include "model/other_models.h"

#include "core/pathname.h"

#include <stdio.h>
#include <string.h>

typedef struct name_mark {
    const char *part, *meaning;
} name_mark;

/* The first that is found decides: heads before families, since they tell more. */
static const name_mark kinds[] = {
    {"qa_outputs.", "a question answering model"},
    {"crf.", "a tagging model with a CRF"},
    {"cls.seq_relationship.", "a model as pre-trained, with its next sentence head"},
    {"cls.predictions.", "a masked language model"},
    {"lm_head.", "a language model"},
    {"generator_predictions.", "an ELECTRA generator"},
    {"discriminator_predictions.", "an ELECTRA discriminator"},
    {"lora_", "an adapter (LoRA) without its base model"},
    {"classifier.out_proj.", "a RoBERTa classifier"},
    {"pre_classifier.", "a DistilBERT classifier"},
    {"albert_layer_groups.", "an ALBERT model"},
    {"roberta.", "a RoBERTa model"},
    {"distilbert.", "a DistilBERT model"},
    {"electra.", "an ELECTRA model"},
    {"deberta.", "a DeBERTa model"},
    {"ernie.", "an ERNIE model"},
    {"nezha.", "a NEZHA model"},
    {"roformer.", "a RoFormer model"},
    {"mobilebert.", "a MobileBERT model"},
    {"xlnet", "an XLNet model"},
    {"transformer.h.", "a GPT model"},
    {"model.layers.", "a decoder, as large language models are"},
    {"decoder.block.", "a T5 model"},
    {"auto_model.", "a sentence-transformers encoder"},
};

static const name_mark changes[] = {
    {"lora_", "an adapter (LoRA) that was not merged; merge it with merge_and_unload() and save"},
    {"adapters.", "adapters that were not merged, which are not supported"},
    {"adapter.", "an adapter that was not merged, which is not supported"},
    {"adapter_", "an adapter that was not merged, which is not supported"},
    {"modules_to_save.",
     "an adapter (PEFT) that was not merged; merge it with merge_and_unload() and save"},
    {"original_module.",
     "an adapter (PEFT) that was not merged; merge it with merge_and_unload() and save"},
    {"base_layer.",
     "an adapter (PEFT) that was not merged; merge it with merge_and_unload() and save"},
    {"ia3_", "an adapter (IA3) that was not merged; merge it with merge_and_unload() and save"},
    {"vera_", "an adapter (VeRA) that was not merged; merge it with merge_and_unload() and save"},
    {"hada_", "an adapter (LoHa) that was not merged; merge it with merge_and_unload() and save"},
    {"lokr_", "an adapter (LoKr) that was not merged; merge it with merge_and_unload() and save"},
    {"oft_", "an adapter (OFT) that was not merged; merge it with merge_and_unload() and save"},
    {"prompt_embeddings", "prompt tuning, which is not supported"},
    {"q_norm.", "norms of queries and keys, which BERT has not"},
    {"k_norm.", "norms of queries and keys, which BERT has not"},
    {"rotary_emb", "rotary positions, which are not supported"},
    {"embeddings_project.", "a projection of embeddings, which BERT has not"},
    {"classifier_norm.", "a norm before the classifier, which BERT has not"},
    {"temperature", "a temperature that divides the logits; put it into the classifier's weights"},
    {"parametrizations.", "a parametrised weight; save it after remove_parametrizations()"},
    {"prefix_encoder.", "prefix tuning, which is not supported"},
    {"prompt_encoder.", "prompt tuning, which is not supported"},
    {"distance_embedding.", "relative positions, which are not supported"},
    {"task_type_embeddings.", "ERNIE's task embeddings, which are not supported"},
    {"crf.transitions", "a CRF: a model that tags tokens, and does not judge a pair"},
    {"qa_outputs.", "a question answering model, which does not judge a pair"},
    {".quant_state.", "quantised weights, which are not supported; save them dequantised"},
    {"weight.absmax", "quantised weights, which are not supported; save them dequantised"},
    {".SCB", "quantised weights, which are not supported; save them dequantised"},
    {".weight_scale", "quantised weights, which are not supported; save them dequantised"},
    {".weight_mask", "a pruning mask that was not applied; apply it with prune.remove() and save"},
};

/* Does the name begin with the part, or hold it behind a dot, or anywhere if it begins with one? */
static bool has_part(const char *name, const char *part) {
    const char *at = strstr(name, part);
    for (; at != NULL; at = strstr(at + 1, part)) {
        if (at == name || part[0] == '.' || at[-1] == '.') return true;
    }
    return false;
}

static const mgi_stored_tensor *find_part(const mgi_tensor_index *index, const char *part) {
    for (size_t i = 0; i < index->count; i++) {
        if (has_part(index->tensors[i].name, part)) return &index->tensors[i];
    }
    return NULL;
}

const char *mgi_other_models_name(const mgi_tensor_index *index) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (find_part(index, kinds[i].part) != NULL) return kinds[i].meaning;
    }
    return NULL;
}

static bool is_map_branch(const char *name) {
    return has_part(name, "gis_encoder.") || has_part(name, "gis2text.") ||
           has_part(name, "crossattention.");
}

/* Is it part of one of the layers that are computed, or of what stands before and behind them? */
static bool is_within(const char *name, const char *wrapper, const char *prefix, uint32_t layers) {
    static const char *const rooms[] = {"embeddings.LayerNorm.", "embeddings.word_embeddings.",
                                        "embeddings.position_embeddings.",
                                        "embeddings.token_type_embeddings.", "pooler."};
    if (strncmp(name, wrapper, strlen(wrapper)) == 0 &&
        strncmp(name + strlen(wrapper), "classifier.", strlen("classifier.")) == 0) {
        return true;
    }
    if (strncmp(name, prefix, strlen(prefix)) != 0) return false;
    const char *rest = name + strlen(prefix);
    /* MGeo's own embeddings may hold more than a text needs. */
    bool mgeo = strstr(prefix, "text_encoder.") != NULL;
    if (!mgeo && strncmp(rest, "embeddings.", strlen("embeddings.")) == 0) return true;
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        if (strncmp(rest, rooms[i], strlen(rooms[i])) == 0) return true;
    }
    unsigned layer = 0;
    return sscanf(rest, "encoder.layer.%5u.", &layer) == 1 && layer < layers;
}

/* Buffers of old programs in which nothing was learnt. */
static bool is_buffer(const char *name) {
    return has_part(name, "position_ids") || has_part(name, "token_type_ids");
}

mgeo_status mgi_other_models_refuse_unused(const mgi_tensor_index *index, const bool *used,
                                           const char *wrapper, const char *prefix, uint32_t layers,
                                           mgeo_error *error) {
    for (size_t i = 0; i < index->count; i++) {
        const mgi_stored_tensor *tensor = &index->tensors[i];
        const char *name = tensor->name;
        if (used[i] || is_map_branch(name) || is_buffer(name)) continue;
        if (!is_within(name, wrapper, prefix, layers)) continue;
        bool twice = strstr(name, "LayerNorm.") != NULL;
        return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: tensor %.150s: %s",
                        mgi_pathname_shown(tensor->file->path), name,
                        twice ? "a norm that is there twice, or in parts that BERT has not"
                              : "part of a layer that BERT has not: it would change the answer");
    }
    return MGEO_OK;
}

mgeo_status mgi_other_models_refuse(const mgi_tensor_index *index, mgeo_error *error) {
    for (size_t i = 0; i < index->count; i++) {
        const mgi_stored_tensor *tensor = &index->tensors[i];
        for (size_t j = 0; j < sizeof changes / sizeof *changes; j++) {
            if (!has_part(tensor->name, changes[j].part) || is_map_branch(tensor->name)) continue;
            return mgi_fail(error, MGEO_E_UNSUPPORTED, "%s: tensor %.150s: belongs to %s",
                            mgi_pathname_shown(tensor->file->path), tensor->name,
                            changes[j].meaning);
        }
    }
    return MGEO_OK;
}
