/* SPDX-License-Identifier: Apache-2.0 */
/* A config.json, and behind NUL bytes a configuration.json and a label_mapping.json. */
#include "folder.h"
#include "library.h"
#include "model/config.h"

static void check_labels(const mgi_label_names *labels) {
    FUZZ_REQUIRE(labels->count <= MGEO_MAX_LABELS, "too many labels");
    for (uint32_t i = 0; i < labels->count; i++) {
        const char *name = labels->names[i];
        FUZZ_REQUIRE(memchr(name, '\0', sizeof labels->names[i]) != NULL, "a name without an end");
        for (uint32_t j = 0; j < i; j++) {
            FUZZ_REQUIRE(strcmp(name, labels->names[j]) != 0, "two labels of one name");
        }
    }
}

static void check_spec(const mgi_encoder_spec *spec) {
    FUZZ_REQUIRE(spec->layers > 0 && spec->layers <= 256 && spec->hidden > 0 && spec->heads > 0 &&
                     spec->hidden % spec->heads == 0,
                 "layers of no size");
    FUZZ_REQUIRE(spec->intermediate > 0 && spec->vocabulary > 0 && spec->types > 0 &&
                     spec->positions >= MGI_TOKENIZER_MIN_LENGTH,
                 "tensors of no size");
    FUZZ_REQUIRE(spec->norm_eps >= 0 && spec->norm_eps <= 0.1f, "an epsilon that is none");
}

static void check_unused(const mgi_unused_fields *unused) {
    size_t doubtful = 0;
    for (size_t i = 0; i < unused->count; i++) doubtful += !unused->fields[i].harmless;
    FUZZ_REQUIRE(doubtful == unused->doubtful, "fields to look at that are not counted");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"config.json", "configuration.json", "label_mapping.json",
                                        NULL};
    mgi_config config;
    mgi_unused_fields unused = {0};
    mgeo_error error = {0};
    mgeo_status status = mgi_config_read(&config, fuzz_folder(data, size, names), &unused, &error);
    fuzz_check_error(status, &error);
    check_unused(&unused);
    mgi_fields_finish(&unused);
    if (status != MGEO_OK) return 0;
    check_labels(&config.labels);
    check_spec(&config.spec);
    return 0;
}
