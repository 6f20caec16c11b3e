/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text as files of a model and of a journal hold it, and labels read out of it. */
#include "core/json/json.h"
#include "library.h"
#include "model/label_files.h"

static size_t walk(const mgi_json_value *value, unsigned depth) {
    FUZZ_REQUIRE(depth <= MGI_JSON_MAX_DEPTH, "deeper than the limit");
    size_t count = 1;
    uint32_t members = 0;
    const mgi_json_value *next = mgi_json_tree_first(value);
    for (; next != NULL; next = next->next) {
        FUZZ_REQUIRE((next->key != NULL) == (value->kind == MGI_JSON_OBJECT), "a key out of place");
        count += walk(next, depth + 1);
        members++;
    }
    bool holds = value->kind == MGI_JSON_ARRAY || value->kind == MGI_JSON_OBJECT;
    FUZZ_REQUIRE(!holds || members == value->count, "another count than values");
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mgi_json_value *root;
    mgeo_error error = {0};
    mgeo_status status = mgi_json_parse(data, size, "json", &root, &error);
    fuzz_check_error(status, &error);
    if (status != MGEO_OK) return 0;
    FUZZ_REQUIRE(walk(root, 0) <= size, "more values than bytes");
    const mgi_json_object object = {.json = root, .file = "json", .within = ""};
    const mgi_json_object *const places[] = {&object};
    const mgi_json_object none = {.file = "none", .within = ""};
    mgi_label_names labels;
    status = mgi_label_files_read(&labels, &none, places, 1, false, &error);
    fuzz_check_error(status, &error);
    FUZZ_REQUIRE(labels.count <= MGEO_MAX_LABELS, "too many labels");
    mgi_json_tree_free(root);
    return 0;
}
