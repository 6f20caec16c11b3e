/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the weight files of a model directory and reads what tensors they hold. */
#include "model/formats/weight_files.h"

#include "core/alloc.h"
#include "core/json/json.h"
#include "core/pathname.h"
#include "core/regular_file.h"
#include "model/fields/rules.h"
#include "model/formats/foreign.h"
#include "model/formats/safetensors.h"
#include "model/formats/torch_archive.h"

#include <string.h>

typedef mgeo_status (*format_reader)(mgi_tensor_index *, const mgi_tensor_index_file *,
                                     mgeo_error *);

static mgeo_status read_file(mgi_tensor_index *index, const char *directory, const char *name,
                             format_reader read, mgeo_error *error) {
    const mgi_tensor_index_file *file;
    mgeo_status status = mgi_tensor_index_open(index, directory, name, &file, error);
    if (status == MGEO_OK) {
        bool archive = read == mgi_torch_archive_read;
        status = mgi_foreign_check_content(&file->input, archive, error);
    }
    return status == MGEO_OK ? read(index, file, error) : status;
}

/* Shards lie in the folder of their index: a name that could lead elsewhere is refused. */
static bool is_plain_name(const char *name) {
    return name[0] != '\0' && name[0] != '.' && strlen(name) <= 255 && strchr(name, '/') == NULL;
}

/* The file of that name among those read so far, or NULL. */
static const mgi_tensor_index_file *find_file(const mgi_tensor_index *index, const char *name) {
    for (size_t i = 0; i < index->file_count; i++) {
        const char *path = index->files[i]->path;
        if (strcmp(strrchr(path, '/') + 1, name) == 0) return index->files[i];
    }
    return NULL;
}

static mgeo_status read_shard(mgi_tensor_index *index, const char *directory,
                              const char *index_path, const mgi_json_value *shard,
                              format_reader read, mgeo_error *error) {
    const char *name = mgi_json_tree_text(shard);
    if (name == NULL || !is_plain_name(name)) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: weight_map.%.200s: the name of a file beside it is expected",
                        mgi_pathname_shown(index_path), shard->key);
    }
    if (find_file(index, name) != NULL) return MGEO_OK;
    if (index->file_count == MGI_WEIGHT_FILES_MAX_SHARDS) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: weight_map: more than %d files",
                        mgi_pathname_shown(index_path), MGI_WEIGHT_FILES_MAX_SHARDS);
    }
    return read_file(index, directory, name, read, error);
}

/* Every tensor must be in the file that the index names. */
static mgeo_status check_index(const mgi_tensor_index *index, const char *index_path,
                               const mgi_json_value *map, mgeo_error *error) {
    for (const mgi_json_value *shard = map->first; shard != NULL; shard = shard->next) {
        const mgi_stored_tensor *tensor = mgi_tensor_index_find(index, shard->key);
        if (tensor == NULL || tensor->file != find_file(index, shard->text)) {
            return mgi_fail(error, MGEO_E_FORMAT, "%s: weight_map.%.200s: not in %.200s",
                            mgi_pathname_shown(index_path), shard->key, shard->text);
        }
    }
    return MGEO_OK;
}

static mgeo_status read_shards(mgi_tensor_index *index, const char *directory,
                               const char *index_path, const mgi_json_value *map,
                               format_reader read, mgeo_error *error) {
    for (const mgi_json_value *shard = map->first; shard != NULL; shard = shard->next) {
        mgeo_status status = read_shard(index, directory, index_path, shard, read, error);
        if (status != MGEO_OK) return status;
    }
    mgeo_status status = mgi_tensor_index_seal(index, error);
    return status == MGEO_OK ? check_index(index, index_path, map, error) : status;
}

static mgeo_status read_index(mgi_tensor_index *index, const char *directory,
                              const char *index_path, format_reader read, mgi_unused_fields *unused,
                              mgeo_error *error) {
    mgi_json_value *root;
    mgeo_status status = mgi_json_load(index_path, &root, error);
    if (status != MGEO_OK) return status;
    const mgi_json_object object = {.json = root, .file = index_path, .within = ""};
    mgi_json_object map;
    status = mgi_json_child(&object, "weight_map", "weight_map.", &map, error);
    if (status == MGEO_OK && map.json == NULL) {
        status = mgi_fail(error, MGEO_E_FORMAT, "%s: weight_map: missing",
                          mgi_pathname_shown(index_path));
    }
    if (status == MGEO_OK) {
        status = mgi_fields_apply(unused, &object, &mgi_rules_weights_index, error);
    }
    if (status == MGEO_OK) {
        status = read_shards(index, directory, index_path, map.json, read, error);
    }
    mgi_json_tree_free(root);
    return status;
}

static mgeo_status read_whole(mgi_tensor_index *index, const char *directory, const char *name,
                              format_reader read, mgeo_error *error) {
    mgeo_status status = read_file(index, directory, name, read, error);
    return status == MGEO_OK ? mgi_tensor_index_seal(index, error) : status;
}

mgeo_status mgi_weight_files_read(mgi_tensor_index *index, const char *directory,
                                  mgi_unused_fields *unused, mgeo_error *error) {
    static const struct {
        const char *name;
        format_reader read;
        bool sharded; /* the file is an index that names others */
    } choices[] = {
        {"model.safetensors", mgi_safetensors_read, false},
        {"model.safetensors.index.json", mgi_safetensors_read, true},
        {"pytorch_model.bin", mgi_torch_archive_read, false},
        {"pytorch_model.bin.index.json", mgi_torch_archive_read, true},
    };
    mgeo_status adapters = mgi_foreign_refuse_adapters(directory, error);
    if (adapters != MGEO_OK) return adapters;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        char *path = mgi_pathname_join(directory, choices[i].name);
        if (path == NULL) return mgi_fail_memory(error, "a path", strlen(directory));
        mgeo_status status = MGEO_E_NO_MODEL;
        if (!mgi_regular_file_is_absent(path)) {
            status = choices[i].sharded
                         ? read_index(index, directory, path, choices[i].read, unused, error)
                         : read_whole(index, directory, choices[i].name, choices[i].read, error);
        }
        mgi_free(path);
        if (status != MGEO_E_NO_MODEL) return status;
    }
    return mgi_foreign_fail_missing(
        directory,
        "no weights: model.safetensors or pytorch_model.bin, or the *.index.json of one, must be "
        "there",
        error);
}
