/* SPDX-License-Identifier: Apache-2.0 */
/* A zip archive's directory and the entries that it promises. */
#include "library.h"
#include "model/formats/zip.h"

static void check_entries(const mgi_zip *zip, size_t size) {
    for (size_t i = 0; i < zip->count; i++) {
        const mgi_zip_entry *entry = &zip->entries[i];
        FUZZ_REQUIRE(entry->offset <= size && entry->bytes <= size - entry->offset,
                     "an entry past the end of its archive");
        const mgi_zip_entry *found = mgi_zip_find(zip, entry->name, entry->name_bytes);
        FUZZ_REQUIRE(found == entry, "an entry that is not found by its name");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mgi_regular_file file = {.path = "model", .memory = data, .size = size, .descriptor = -1};
    mgi_zip zip;
    mgeo_error error = {0};
    mgeo_status status = mgi_zip_open(&zip, &file, &error);
    fuzz_check_error(status, &error);
    if (status == MGEO_OK) check_entries(&zip, size);
    mgi_zip_close(&zip);
    return 0;
}
