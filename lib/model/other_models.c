/* SPDX-License-Identifier: Apache-2.0 */
/* Tells by the names of a checkpoint's tensors which other kind of model it is. */
#include "model/other_models.h"

#include "core/pathname.h"

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
    {".adapters.", "adapters that were not merged, which are not supported"},
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
