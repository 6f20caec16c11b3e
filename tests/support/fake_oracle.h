/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake backend must answer for a pair, computed without the library's run and engine. */
#ifndef TEST_SUPPORT_FAKE_ORACLE_H
#define TEST_SUPPORT_FAKE_ORACLE_H

#include "model/model.h"

/* The small vocabulary of the tests' models: specials, digits, a to z and some Chinese. */
extern const char oracle_vocabulary[];

/* The bias of `label` in the tests' model number `variant`: variants answer differently. */
float oracle_bias(uint32_t variant, uint32_t label);

/* The labels of the tests' models: count 2 or 3. */
mgi_labels test_labels(uint32_t count);

/* The similarity that variant `variant` gives the pair; NaN if it must not be scored. */
float oracle_similarity(const mgi_tokenizer *tokenizer, uint32_t max_length,
                        const mgi_labels *labels, uint32_t variant, const mgeo_pair *pair);

/* A tokenizer over oracle_vocabulary; fails the running test if it cannot be made. */
mgi_tokenizer *oracle_tokenizer(void);

/* The test pair of a number: texts of `words` words and 1 to 4 more, in memory of the caller's. */
enum { TEST_TEXT_BYTES = 256 };
typedef struct test_pair {
    char a[TEST_TEXT_BYTES];
    char b[TEST_TEXT_BYTES];
} test_pair;
mgeo_pair test_make_pair(test_pair *texts, uint32_t number, uint32_t words);

#endif
