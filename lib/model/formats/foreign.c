/* SPDX-License-Identifier: Apache-2.0 */
/* Names model directories, and files given in their place, that were made for other
 * programs. */
#define _GNU_SOURCE
#include "model/formats/foreign.h"

#include "core/alloc.h"
#include "core/bytes/foreign_bytes.h"
#include "core/fixed_text.h"
#include "core/pathname.h"
#include "core/utf8.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define AGAIN "a download that is not complete: fetch it again"
#define SOURCE "take the PyTorch checkpoint that it was made from"
#define TENSORFLOW                                                                                 \
    "a TensorFlow checkpoint: load it with transformers (from_tf=True) and save it with "          \
    "save_pretrained()"

/* Begins and ends of names; the first rule that any entry fits decides, so the order of rules is
 * that of how much they tell. */
static const struct {
    const char *begin, *end, *kind;
} names[] = {
    {"adapter_config", ".json",
     "a PEFT adapter: merge it into its base model with merge_and_unload(), and save that"},
    {"adapter_model", "",
     "a PEFT adapter: merge it into its base model with merge_and_unload(), and save that"},
    {"", ".incomplete", AGAIN},
    {"", ".part", AGAIN},
    {"", ".crdownload", AGAIN},
    {"", ".aria2", AGAIN},
    {"._____temp", "", "ModelScope's folder of " AGAIN},
    {"model-0", ".safetensors", "a shard without model.safetensors.index.json: fetch that too"},
    {"pytorch_model-0", ".bin", "a shard without pytorch_model.bin.index.json: fetch that too"},
    {"model.", ".safetensors", "a variant: rename it, or link it, to model.safetensors"},
    {"model.", ".safetensors.index.json",
     "a variant's index: rename it to model.safetensors.index.json"},
    {"pytorch_model.", ".bin", "a variant: rename it, or link it, to pytorch_model.bin"},
    {"pytorch_model.bin.index.", ".json",
     "a variant's index: rename it to pytorch_model.bin.index.json"},
    {"openvino_", "", "an OpenVINO model: " SOURCE},
    {"", ".onnx", "an ONNX model: " SOURCE},
    {"onnx", "", "ONNX models: " SOURCE},
    {"", ".gguf", "a GGUF model of llama.cpp: " SOURCE},
    {"", ".ggml", "a GGML model of llama.cpp: " SOURCE},
    {"tf_model", ".h5", TENSORFLOW},
    {"", ".h5", TENSORFLOW},
    {"saved_model", ".pb", TENSORFLOW},
    {"", ".ckpt.index", TENSORFLOW},
    {"", ".ckpt.meta", TENSORFLOW},
    {"", ".ckpt.data-00000-of-00001", TENSORFLOW},
    {"", ".tflite", "a TensorFlow Lite model: " SOURCE},
    {"flax_model", "",
     "a Flax checkpoint: load it with transformers (from_flax=True) and save it with "
     "save_pretrained()"},
    {"", ".msgpack",
     "a Flax checkpoint: load it with transformers (from_flax=True) and save it with "
     "save_pretrained()"},
    {"", ".pdparams", "a PaddlePaddle checkpoint: " SOURCE},
    {"", ".ot", "a rust-bert model: " SOURCE},
    {"", ".mlpackage", "a Core ML model: " SOURCE},
    {"", ".mlmodel", "a Core ML model: " SOURCE},
    {"", ".engine", "a TensorRT engine: " SOURCE},
    {"", ".plan", "a TensorRT engine: " SOURCE},
    {"zero_to_fp32", ".py", "a DeepSpeed checkpoint: run that program, which writes the weights"},
    {"global_step", "", "a DeepSpeed checkpoint: write the weights with zero_to_fp32.py"},
    {"zero_pp_rank_", "", "a DeepSpeed checkpoint: write the weights with zero_to_fp32.py"},
    {"mp_rank_", "", "a DeepSpeed checkpoint: write the weights with zero_to_fp32.py"},
    {"pytorch_model_fsdp", "", "an FSDP checkpoint: join it with accelerate merge-weights"},
    {"", ".distcp", "an FSDP checkpoint: join it with accelerate merge-weights"},
    {"modules", ".json",
     "a sentence-transformers model: an encoder of single sentences; a classifier of pairs (a "
     "CrossEncoder) is needed"},
    {"0_Transformer", "",
     "a sentence-transformers model: an encoder of single sentences; a classifier of pairs (a "
     "CrossEncoder) is needed"},
    {"checkpoint-", "", "a Trainer's checkpoint: give that folder"},
    {"models--", "", "a Hugging Face cache: give the folder in its snapshots/"},
    {"", ".zip", "an archive: unpack it"},
    {"", ".tar", "an archive: unpack it"},
    {"", ".tgz", "an archive: unpack it"},
    {"", ".tar.gz", "an archive: unpack it"},
    {"", ".7z", "an archive: unpack it"},
    {"", ".rar", "an archive: unpack it"},
    {"", ".gz", "compressed: unpack it"},
    {"", ".zst", "compressed: unpack it"},
    {"", ".xz", "compressed: unpack it"},
    {"", ".enc", "encrypted: decrypt it"},
    {"", ".gpg", "encrypted: decrypt it"},
    {"", ".age", "encrypted: decrypt it"},
    {"", ".safetensors",
     "weights of another name: rename them, or link them, to model.safetensors"},
    {"", ".bin", "perhaps weights: torch.save's are expected as pytorch_model.bin"},
    {"", ".pt", "perhaps weights: torch.save's are expected as pytorch_model.bin"},
    {"", ".pth", "perhaps weights: torch.save's are expected as pytorch_model.bin"},
    {"", ".ckpt", "perhaps weights: torch.save's are expected as pytorch_model.bin"},
};

enum { RULES = sizeof names / sizeof *names, NAME_BYTES = 256 };

/* Files that stand in sound directories too, and tell nothing. */
static bool is_usual(const char *name) {
    static const char *const usual[] = {"training_args.bin", "optimizer.pt",     "optimizer.bin",
                                        "scheduler.pt",      "scaler.pt",        "rng_state.pth",
                                        "model.safetensors", "pytorch_model.bin"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (strcmp(name, usual[i]) == 0) return true;
    }
    return false;
}

static bool fits(const char *name, const char *begin, const char *end) {
    size_t length = strlen(name), first = strlen(begin), last = strlen(end);
    return length >= first + last && strncasecmp(name, begin, first) == 0 &&
           strcasecmp(name + length - last, end) == 0;
}

/* From this rule on, a folder with a config.json tells more than the rules do. */
static size_t first_weak_rule(void) {
    size_t rule = 0;
    while (strcmp(names[rule].begin, "checkpoint-") != 0) rule++;
    return rule;
}

static size_t find_rule(const char *name) {
    size_t rule = 0;
    if (is_usual(name)) return RULES;
    while (rule < RULES && !fits(name, names[rule].begin, names[rule].end)) rule++;
    return rule;
}

const char *mgi_foreign_file_kind(const char *name) {
    const char *base = strrchr(name, '/');
    size_t rule = find_rule(base == NULL ? name : base + 1);
    return rule < RULES ? names[rule].kind : NULL;
}

static bool is_there(const char *directory, const char *name) {
    struct stat found;
    char *path = mgi_pathname_join(directory, name);
    bool there = path != NULL && stat(path, &found) == 0;
    mgi_free(path);
    return there;
}

/* What a look at a directory has found. */
typedef struct sight {
    size_t rule;            /* RULES: none fits */
    char name[NAME_BYTES];  /* the entry that fits it */
    char model[NAME_BYTES]; /* a folder in it that has a config.json */
} sight;

static void look_at(sight *seen, const char *directory, const char *name) {
    char config[NAME_BYTES + 16];
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return;
    size_t rule = find_rule(name);
    /* Of two entries that fit one rule the one that comes first in the alphabet, whatever the order
     * of the directory. */
    if (rule < seen->rule || (rule < RULES && rule == seen->rule && strcmp(name, seen->name) < 0)) {
        seen->rule = rule;
        mgi_fixed_text_copy(seen->name, sizeof seen->name, name);
    }
    snprintf(config, sizeof config, "%.255s/config.json", name);
    if (!is_there(directory, config)) return;
    if (seen->model[0] == '\0' || strcmp(name, seen->model) < 0) {
        mgi_fixed_text_copy(seen->model, sizeof seen->model, name);
    }
}

static void look(sight *seen, const char *directory) {
    *seen = (sight){.rule = RULES};
    DIR *listing = opendir(directory);
    if (listing == NULL) return;
    const struct dirent *entry;
    while ((entry = readdir(listing)) != NULL) look_at(seen, directory, entry->d_name);
    closedir(listing);
}

/* blobs/, refs/ and snapshots/ are what huggingface_hub keeps of one repository. */
static bool fail_cache(const char *directory, const char *missing, mgeo_error *error) {
    sight seen;
    if (!is_there(directory, "snapshots") || !is_there(directory, "blobs")) return false;
    char *snapshots = mgi_pathname_join(directory, "snapshots");
    if (snapshots == NULL) return false;
    look(&seen, snapshots);
    mgi_free(snapshots);
    mgi_fail(error, MGEO_E_IO,
             "%s: %s: a Hugging Face cache of a model: give the folder in it that holds the files, "
             "snapshots/%s",
             mgi_pathname_shown(directory), missing,
             seen.model[0] == '\0' ? "…, which must be complete" : seen.model);
    return true;
}

mgeo_status mgi_foreign_fail_missing(const char *directory, const char *missing,
                                     mgeo_error *error) {
    sight seen;
    const char *shown = mgi_pathname_shown(directory);
    if (fail_cache(directory, missing, error)) return MGEO_E_IO;
    look(&seen, directory);
    if (seen.model[0] != '\0' && seen.rule >= first_weak_rule()) {
        return mgi_fail(error, MGEO_E_IO, "%s: %s; a model lies in its folder %s: give that one",
                        shown, missing, seen.model);
    }
    if (seen.rule < RULES) {
        return mgi_fail(error, MGEO_E_IO, "%s: %s; %s is %s", shown, missing, seen.name,
                        names[seen.rule].kind);
    }
    return mgi_fail(error, MGEO_E_IO, "%s: %s", shown, missing);
}

mgeo_status mgi_foreign_refuse_adapters(const char *directory, mgeo_error *error) {
    char *path = mgi_pathname_join(directory, "adapter_config.json");
    if (path == NULL) return mgi_fail_memory(error, "a path", strlen(directory));
    bool absent = mgi_regular_file_is_absent(path);
    mgeo_status status = MGEO_OK;
    if (!absent) {
        status =
            mgi_fail(error, MGEO_E_UNSUPPORTED,
                     "%s: a PEFT adapter, without which the weights answer otherwise: merge it "
                     "into its base model with merge_and_unload(), and save that",
                     mgi_pathname_shown(path));
    }
    mgi_free(path);
    return status;
}

/* Is it text to its end, which may cut a character? Weights have bytes that no text has within the
 * first eight: a length of at most 16 MiB, or a zip archive's or a pickle's mark. */
static bool is_text(const char *bytes, size_t size) {
    const unsigned char *at = (const unsigned char *)bytes, *end = at + size;
    while (at < end) {
        int32_t code = 0;
        size_t step = mgi_utf8_decode(at, end, &code);
        if (step == 0) return at > (const unsigned char *)bytes && end - at < 4 && at[0] >= 0xC2;
        bool control = (code < ' ' && strchr("\t\r\n", code) == NULL) || code == 0x7F;
        if (control || code == 0) return false;
        at += step;
    }
    return size > 0;
}

static mgeo_status fail_text(const char *path, const char *text, bool archive, mgeo_error *error) {
    char line[48];
    mgi_fixed_text_copy(line, sizeof line, text + strspn(text, "\r\n\t "));
    line[strcspn(line, "\r\n")] = '\0';
    return mgi_fail(error, MGEO_E_FORMAT, "%s: is text, not %s: it begins with \"%s\"",
                    mgi_pathname_shown(path), archive ? "an archive of torch.save" : "safetensors",
                    line);
}

mgeo_status mgi_foreign_check_content(const mgi_regular_file *file, bool archive,
                                      mgeo_error *error) {
    char bytes[MGI_FOREIGN_BYTES_LOOK + 1];
    size_t size = file->size < MGI_FOREIGN_BYTES_LOOK ? file->size : MGI_FOREIGN_BYTES_LOOK;
    mgeo_status status = mgi_regular_file_read(file, 0, size, bytes, error);
    if (status != MGEO_OK) return status;
    bytes[size] = '\0';
    const char *name = mgi_foreign_bytes_name(bytes, size, archive);
    if (name != NULL) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: %s", mgi_pathname_shown(file->path), name);
    }
    return is_text(bytes, size) ? fail_text(file->path, bytes, archive, error) : MGEO_OK;
}
