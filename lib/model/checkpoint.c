/* SPDX-License-Identifier: Apache-2.0 */
/* From the names in a checkpoint to the tensors of a BERT classifier. */
#include "model/checkpoint.h"

#include "core/alloc.h"
#include "core/pathname.h"
#include "model/other_models.h"

#include <stdio.h>
#include <string.h>

enum { TENSORS_OUTSIDE = 9, TENSORS_PER_LAYER = 16, PREFIX_BYTES = 64 };

typedef struct binding {
    mgi_checkpoint *checkpoint;
    const mgi_tensor_index *index;
    const char *directory;      /* as shown */
    char wrapper[PREFIX_BYTES]; /* what training programs put before every name: "module." */
    char prefix[PREFIX_BYTES];  /* before the encoder's names; the wrapper comes first */
    bool decided;
    mgi_encoder_spec *spec;
    bool *used; /* for each tensor of the index */
    mgeo_error *error;
} binding;

/* ---- one tensor ------------------------------------------------------------------------------ */

static const mgi_stored_tensor *look_up(const binding *binder, const char *prefix,
                                        const char *module, const char *part) {
    char name[MGI_TENSOR_INDEX_MAX_NAME + 1];
    snprintf(name, sizeof name, "%s%s.%s", prefix, module, part);
    return mgi_tensor_index_find(binder->index, name);
}

/* Checkpoints from TensorFlow's time call a norm's weight and bias gamma and beta. */
static const mgi_stored_tensor *look_up_norm(const binding *binder, const char *prefix,
                                             const char *module, const char *part) {
    const mgi_stored_tensor *stored = look_up(binder, prefix, module, part);
    if (stored != NULL || strstr(module, "LayerNorm") == NULL) return stored;
    return look_up(binder, prefix, module, part[0] == 'w' ? "gamma" : "beta");
}

static mgeo_status wrong_shape(const binding *binder, const mgi_stored_tensor *stored,
                               uint32_t rows, uint32_t columns) {
    char found[160], wanted[40];
    size_t used = 0;
    found[0] = '\0';
    for (uint32_t i = 0; i < stored->rank; i++) {
        int more = snprintf(found + used, sizeof found - used, "%s%llu", i == 0 ? "" : ", ",
                            (unsigned long long)stored->shape[i]);
        if (more > 0 && used + (size_t)more < sizeof found) used += (size_t)more;
    }
    snprintf(wanted, sizeof wanted, columns == 0 ? "%u" : "%u, %u", rows, columns);
    return mgi_fail(binder->error, MGEO_E_FORMAT,
                    "%s: tensor %.150s: shape [%s], but config.json implies [%s]",
                    mgi_pathname_shown(stored->file->path), stored->name, found, wanted);
}

/* columns 0: a vector. */
static mgeo_status take_tensor(const binding *binder, const mgi_stored_tensor *stored,
                               uint32_t rows, uint32_t columns, mgi_tensor *tensor) {
    uint32_t rank = columns == 0 ? 1 : 2;
    if (stored->rank != rank || stored->shape[0] != rows ||
        (rank == 2 && stored->shape[1] != columns)) {
        return wrong_shape(binder, stored, rows, columns);
    }
    if (stored->type > MGI_STORED_BF16) {
        return mgi_fail(binder->error, MGEO_E_UNSUPPORTED,
                        "%s: tensor %.150s: dtype %s; only F32, F16 and BF16 are read",
                        mgi_pathname_shown(stored->file->path), stored->name,
                        mgi_stored_dtype_name(stored->type));
    }
    if (!stored->dense) {
        return mgi_fail(binder->error, MGEO_E_UNSUPPORTED,
                        "%s: tensor %.150s: stride: not contiguous; save it with .contiguous()",
                        mgi_pathname_shown(stored->file->path), stored->name);
    }
    static const mgi_dtype types[] = {
        [MGI_STORED_F32] = MGI_F32, [MGI_STORED_F16] = MGI_F16, [MGI_STORED_BF16] = MGI_BF16};
    *tensor = (mgi_tensor){.bytes = stored->bytes,
                           .shape = {rows, columns == 0 ? 1 : columns},
                           .rank = rank,
                           .dtype = types[stored->type],
                           .mapped = true};
    return MGEO_OK;
}

static mgeo_status use(const binding *binder, const char *module, const char *part,
                       const mgi_stored_tensor *stored, mgi_tensor *tensor) {
    mgi_checkpoint *checkpoint = binder->checkpoint;
    char name[64];
    snprintf(name, sizeof name, "%s.%s", module, part);
    binder->used[stored - binder->index->tensors] = true;
    checkpoint->used_count++;
    checkpoint->parameters += (uint64_t)tensor->shape[0] * tensor->shape[1];
    checkpoint->bytes += tensor->bytes;
    return mgi_weight_reader_add(checkpoint->reader, name, stored, tensor, binder->error);
}

static mgeo_status bind_tensor(binding *binder, const char *prefix, const char *module,
                               const char *part, uint32_t rows, uint32_t columns,
                               mgi_tensor *tensor) {
    const mgi_stored_tensor *stored = look_up_norm(binder, prefix, module, part);
    if (stored == NULL) {
        bool pooler = strncmp(module, "pooler", strlen("pooler")) == 0;
        return mgi_fail(binder->error, MGEO_E_FORMAT, "%s: tensor %s%s.%s: missing%s",
                        binder->directory, prefix, module, part,
                        pooler ? "; models that label tokens have none, and cannot score" : "");
    }
    mgeo_status status = take_tensor(binder, stored, rows, columns, tensor);
    return status == MGEO_OK ? use(binder, module, part, stored, tensor) : status;
}

/* ---- modules --------------------------------------------------------------------------------- */

static mgeo_status bind_linear(binding *binder, const char *prefix, const char *module,
                               uint32_t outputs, uint32_t inputs, mgi_linear *linear) {
    mgeo_status status =
        bind_tensor(binder, prefix, module, "weight", outputs, inputs, &linear->weight);
    if (status != MGEO_OK) return status;
    return bind_tensor(binder, prefix, module, "bias", outputs, 0, &linear->bias);
}

static mgeo_status bind_norm(binding *binder, const char *module, mgi_norm *norm) {
    uint32_t hidden = binder->spec->hidden;
    mgeo_status status =
        bind_tensor(binder, binder->prefix, module, "weight", hidden, 0, &norm->weight);
    if (status != MGEO_OK) return status;
    return bind_tensor(binder, binder->prefix, module, "bias", hidden, 0, &norm->bias);
}

static mgeo_status bind_embeddings(binding *binder, mgi_weights *weights) {
    const mgi_encoder_spec *spec = binder->spec;
    const struct {
        const char *module;
        uint32_t rows;
        mgi_tensor *tensor;
    } tables[] = {
        {"embeddings.word_embeddings", spec->vocabulary, &weights->word_embeddings},
        {"embeddings.position_embeddings", spec->positions, &weights->position_embeddings},
        {"embeddings.token_type_embeddings", spec->types, &weights->type_embeddings},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        mgeo_status status = bind_tensor(binder, binder->prefix, tables[i].module, "weight",
                                         tables[i].rows, spec->hidden, tables[i].tensor);
        if (status != MGEO_OK) return status;
    }
    return bind_norm(binder, "embeddings.LayerNorm", &weights->embedding_norm);
}

static mgeo_status bind_layer(binding *binder, uint32_t index, mgi_layer_weights *layer) {
    const uint32_t hidden = binder->spec->hidden;
    const uint32_t inner = binder->spec->intermediate;
    const struct {
        const char *module;
        uint32_t outputs, inputs;
        mgi_linear *linear;
        mgi_norm *norm;
    } parts[] = {
        {"attention.self.query", hidden, hidden, &layer->query, NULL},
        {"attention.self.key", hidden, hidden, &layer->key, NULL},
        {"attention.self.value", hidden, hidden, &layer->value, NULL},
        {"attention.output.dense", hidden, hidden, &layer->attention_output, NULL},
        {"attention.output.LayerNorm", 0, 0, NULL, &layer->attention_norm},
        {"intermediate.dense", inner, hidden, &layer->intermediate, NULL},
        {"output.dense", hidden, inner, &layer->output, NULL},
        {"output.LayerNorm", 0, 0, NULL, &layer->output_norm},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char module[56];
        snprintf(module, sizeof module, "encoder.layer.%u.%s", index, parts[i].module);
        mgeo_status status = parts[i].norm != NULL
                                 ? bind_norm(binder, module, parts[i].norm)
                                 : bind_linear(binder, binder->prefix, module, parts[i].outputs,
                                               parts[i].inputs, parts[i].linear);
        if (status != MGEO_OK) return status;
    }
    return MGEO_OK;
}

/* The number of labels comes from the classifier alone. */
static mgeo_status count_labels(binding *binder) {
    const mgi_stored_tensor *stored = look_up(binder, binder->wrapper, "classifier", "weight");
    if (stored == NULL) {
        const char *kind = mgi_other_models_name(binder->index);
        return mgi_fail(binder->error, MGEO_E_FORMAT,
                        "%s: tensor %sclassifier.weight: missing: %s cannot score; use a "
                        "checkpoint that was trained on pairs",
                        binder->directory, binder->wrapper,
                        kind == NULL ? "an encoder alone" : kind);
    }
    uint64_t rows = stored->rank == 2 ? stored->shape[0] : 0;
    if (rows < 1 || rows > MGEO_MAX_LABELS) {
        return mgi_fail(binder->error, MGEO_E_FORMAT,
                        "%s: tensor classifier.weight: shape: 1 to %d rows are expected",
                        mgi_pathname_shown(stored->file->path), MGEO_MAX_LABELS);
    }
    binder->spec->labels = (uint32_t)rows;
    return MGEO_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Two sets of encoder weights in one checkpoint: taking either one would be a guess. */
static mgeo_status try_prefix(binding *binder, const char *wrapper, const char *layout) {
    char prefix[PREFIX_BYTES];
    snprintf(prefix, sizeof prefix, "%s%s", wrapper, layout);
    if (look_up(binder, prefix, "embeddings.word_embeddings", "weight") == NULL) return MGEO_OK;
    if (binder->decided) {
        return mgi_fail(binder->error, MGEO_E_FORMAT,
                        "%s: tensors %sembeddings.* and %sembeddings.*: two encoders in one "
                        "checkpoint",
                        binder->directory, binder->prefix, prefix);
    }
    snprintf(binder->wrapper, sizeof binder->wrapper, "%s", wrapper);
    snprintf(binder->prefix, sizeof binder->prefix, "%s", prefix);
    binder->decided = true;
    return MGEO_OK;
}

/* DataParallel writes "module.", torch.compile "_orig_mod.", and a trainer's own class "model.", of
 * which up to WRAPPERS_DEEP stand one before the other. */
static mgeo_status try_wrappers(binding *binder, const char *wrapper, unsigned deep) {
    static const char *const layouts[] = {"bert.text_encoder.", "bert.", ""};
    static const char *const wrappers[] = {"module.", "model.", "_orig_mod."};
    enum { WRAPPERS_DEEP = 3 };
    mgeo_status status = MGEO_OK;
    for (size_t i = 0; status == MGEO_OK && i < sizeof layouts / sizeof *layouts; i++) {
        status = try_prefix(binder, wrapper, layouts[i]);
    }
    for (size_t i = 0; deep < WRAPPERS_DEEP && i < sizeof wrappers / sizeof *wrappers; i++) {
        char longer[PREFIX_BYTES];
        snprintf(longer, sizeof longer, "%s%s", wrapper, wrappers[i]);
        if (status == MGEO_OK) status = try_wrappers(binder, longer, deep + 1);
    }
    return status;
}

/* The file's own name for the word embeddings, or its first tensor: what to look for there. */
static mgeo_status fail_prefix(const binding *binder) {
    static const char embeddings[] = "embeddings.word_embeddings.weight";
    const mgi_tensor_index *index = binder->index;
    char there[320] = "";
    for (size_t i = 0; there[0] == '\0' && i < index->count; i++) {
        const char *name = index->tensors[i].name;
        size_t length = strlen(name), end = sizeof embeddings - 1;
        if (length <= end || strcmp(name + length - end, embeddings) != 0) continue;
        snprintf(there, sizeof there,
                 "the file has %.150s: rename its tensors, whose prefix %.*s "
                 "is not known",
                 name, (int)(length - end < 100 ? length - end : 100), name);
    }
    if (there[0] == '\0' && index->count > 0) {
        snprintf(there, sizeof there, "not a BERT checkpoint: its first tensor is %.150s",
                 index->tensors[0].name);
    }
    return mgi_fail(binder->error, MGEO_E_FORMAT,
                    "%s: tensor bert.embeddings.word_embeddings.weight: missing, also with "
                    "bert.text_encoder., module., model., _orig_mod. or nothing before it: %s",
                    binder->directory, there[0] == '\0' ? "not a BERT checkpoint" : there);
}

static mgeo_status decide_prefix(binding *binder) {
    mgeo_status status = try_wrappers(binder, "", 0);
    if (status != MGEO_OK || binder->decided) return status;
    const char *kind = mgi_other_models_name(binder->index);
    if (kind != NULL) {
        return mgi_fail(binder->error, MGEO_E_FORMAT,
                        "%s: not a BERT checkpoint, but %s: its first tensor is %.100s; a BERT "
                        "classifier of pairs is needed",
                        binder->directory, kind, binder->index->tensors[0].name);
    }
    return fail_prefix(binder);
}

static mgeo_status bind_all(binding *binder) {
    mgi_weights *weights = &binder->checkpoint->weights;
    const mgi_encoder_spec *spec = binder->spec;
    mgeo_status status = decide_prefix(binder);
    if (status == MGEO_OK) status = mgi_other_models_refuse(binder->index, binder->error);
    if (status == MGEO_OK) status = count_labels(binder);
    if (status == MGEO_OK) status = bind_embeddings(binder, weights);
    for (uint32_t i = 0; status == MGEO_OK && i < spec->layers; i++) {
        status = bind_layer(binder, i, &weights->layers[i]);
    }
    if (status == MGEO_OK) {
        status = bind_linear(binder, binder->prefix, "pooler.dense", spec->hidden, spec->hidden,
                             &weights->pooler);
    }
    if (status == MGEO_OK) {
        status = bind_linear(binder, binder->wrapper, "classifier", spec->labels, spec->hidden,
                             &weights->classifier);
    }
    if (status != MGEO_OK) return status;
    return mgi_other_models_refuse_unused(binder->index, binder->used, binder->wrapper,
                                          binder->prefix, spec->layers, binder->error);
}

/* Copies of the names, because they outlive the index. */
static mgeo_status list_unused(const binding *binder) {
    mgi_checkpoint *checkpoint = binder->checkpoint;
    const mgi_tensor_index *index = binder->index;
    checkpoint->unused = mgi_calloc(index->count, sizeof *checkpoint->unused);
    if (checkpoint->unused == NULL) {
        return mgi_fail_memory(binder->error, "unused tensors", index->count * sizeof(char *));
    }
    for (size_t i = 0; i < index->count; i++) {
        if (binder->used[i]) continue;
        char *name = mgi_strdup(index->tensors[i].name);
        if (name == NULL) {
            return mgi_fail_memory(binder->error, "a tensor's name", MGI_TENSOR_INDEX_MAX_NAME);
        }
        checkpoint->unused[checkpoint->unused_count++] = name;
    }
    return MGEO_OK;
}

static mgeo_status bind_into(binding *binder) {
    mgi_checkpoint *checkpoint = binder->checkpoint;
    const uint32_t layers = binder->spec->layers;
    size_t tensors = TENSORS_OUTSIDE + (size_t)layers * TENSORS_PER_LAYER;
    checkpoint->weights.layers = mgi_calloc(layers, sizeof *checkpoint->weights.layers);
    binder->used = mgi_calloc(binder->index->count, sizeof *binder->used);
    if (checkpoint->weights.layers == NULL || binder->used == NULL) {
        return mgi_fail_memory(binder->error, "a checkpoint", layers * sizeof(mgi_layer_weights));
    }
    mgeo_status status =
        mgi_weight_reader_create(binder->index, tensors, &checkpoint->reader, binder->error);
    if (status == MGEO_OK) status = bind_all(binder);
    return status == MGEO_OK ? list_unused(binder) : status;
}

mgeo_status mgi_checkpoint_bind(mgi_checkpoint *checkpoint, const mgi_tensor_index *index,
                                const char *directory, mgi_encoder_spec *spec, mgeo_error *error) {
    *checkpoint = (mgi_checkpoint){0};
    binding binder = {.checkpoint = checkpoint,
                      .index = index,
                      .directory = mgi_pathname_shown(directory),
                      .spec = spec,
                      .error = error};
    mgeo_status status = bind_into(&binder);
    mgi_free(binder.used);
    if (status != MGEO_OK) mgi_checkpoint_finish(checkpoint);
    return status;
}

void mgi_checkpoint_finish(mgi_checkpoint *checkpoint) {
    for (size_t i = 0; i < checkpoint->unused_count; i++) mgi_free(checkpoint->unused[i]);
    mgi_free(checkpoint->unused);
    mgi_weight_reader_destroy(checkpoint->reader);
    mgi_free(checkpoint->weights.layers);
    *checkpoint = (mgi_checkpoint){0};
}
