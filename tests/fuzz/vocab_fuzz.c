/* SPDX-License-Identifier: Apache-2.0 */
/* A vocab.txt, and a pair of texts through whatever vocabulary it is. */
#include "library.h"
#include "text/tokenizer.h"

enum { LENGTH = 32 };

static void encode(const mgi_tokenizer *tokenizer) {
    static const char text[] = "浙江省杭州市Xy12号,éABC[CLS]";
    const mgeo_pair pair = {text, sizeof text - 1, text, 12};
    int32_t ids[LENGTH];
    uint8_t types[LENGTH];
    uint32_t length = 0;
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(LENGTH);
    if (scratch == NULL) return;
    mgi_tokenizer_encode(tokenizer, &pair, scratch, ids, types, &length);
    FUZZ_REQUIRE(length >= MGI_TOKENIZER_MIN_LENGTH && length <= LENGTH, "a length out of range");
    for (uint32_t i = 0; i < length; i++) {
        FUZZ_REQUIRE(ids[i] >= 0 && (uint32_t)ids[i] < mgi_tokenizer_vocabulary(tokenizer),
                     "an id outside the vocabulary");
    }
    mgi_tokenizer_scratch_destroy(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mgi_tokenizer_options options = {.do_lower_case = true, .tokenize_chinese_chars = true};
    mgi_tokenizer *tokenizer = NULL;
    mgeo_error error = {0};
    mgeo_status status =
        mgi_tokenizer_create(&options, data, size, "vocab.txt", &tokenizer, &error);
    fuzz_check_error(status, &error);
    FUZZ_REQUIRE((status == MGEO_OK) == (tokenizer != NULL), "status and result disagree");
    if (tokenizer == NULL) return 0;
    encode(tokenizer);
    mgi_tokenizer_destroy(tokenizer);
    return 0;
}
