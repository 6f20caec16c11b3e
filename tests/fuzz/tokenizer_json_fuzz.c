/* SPDX-License-Identifier: Apache-2.0 */
/* A tokenizer.json, and behind NUL bytes the other files of a tokenizer; then a pair of texts
 * through whatever tokenizer they describe. */
#include "folder.h"
#include "library.h"
#include "model/tokenizer_files.h"

enum { LENGTH = 32 };

static void check_pair(const mgi_tokenizer *tokenizer, const mgeo_pair *pair) {
    int32_t ids[LENGTH], cls, sep;
    uint8_t types[LENGTH];
    uint32_t length = 0, vocabulary = mgi_tokenizer_vocabulary(tokenizer);
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(LENGTH);
    if (scratch == NULL) return;
    uint32_t flags = mgi_tokenizer_encode(tokenizer, pair, scratch, ids, types, &length);
    FUZZ_REQUIRE((flags & MGEO_ROW_INVALID_UTF8) == 0, "UTF-8 is not taken for it");
    FUZZ_REQUIRE(((flags & MGEO_ROW_EMPTY) != 0) == (length == 0), "length and flags disagree");
    FUZZ_REQUIRE(length <= LENGTH, "a length out of range");
    mgi_tokenizer_special_ids(tokenizer, &cls, &sep);
    FUZZ_REQUIRE(length == 0 || (ids[0] == cls && ids[length - 1] == sep), "no [CLS], or no [SEP]");
    for (uint32_t i = 0; i < length; i++) {
        FUZZ_REQUIRE(ids[i] >= 0 && (uint32_t)ids[i] < vocabulary, "an id outside the vocabulary");
        FUZZ_REQUIRE(types[i] <= 1, "type out of range");
    }
    mgi_tokenizer_scratch_destroy(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"tokenizer.json",        "vocab.txt",
                                        "tokenizer_config.json", "special_tokens_map.json",
                                        "added_tokens.json",     NULL};
    static const char text[] = "浙江省 <br>Xy12号,éABC[CLS][MASK]路a b";
    const mgeo_pair pair = {text, sizeof text - 1, text, 12};
    mgi_unused_fields unused = {0};
    mgi_tokenizer *tokenizer = NULL;
    mgi_tokenizer_facts facts;
    const mgi_tokenizer_hints hints = {.generic = size % 2 == 1};
    mgeo_error error = {0};
    const char *folder = fuzz_folder(data, size, names);
    mgeo_status status =
        mgi_tokenizer_files_read(folder, &hints, &unused, &tokenizer, &facts, &error);
    fuzz_check_error(status, &error);
    FUZZ_REQUIRE((status == MGEO_OK) == (tokenizer != NULL), "status and result disagree");
    if (tokenizer != NULL) {
        check_pair(tokenizer, &pair);
        mgi_tokenizer_destroy(tokenizer);
    }
    mgi_fields_finish(&unused);
    return 0;
}
