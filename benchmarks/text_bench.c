/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast texts become token ids, on one core. Rates are per second of the process's CPU time, so
 * that other work on the machine does not blur them.
 *
 *     text_bench [VOCAB [STRINGS]]
 *
 * VOCAB is a vocab.txt, STRINGS a file whose lines begin with a text (up to a tab): by default
 * those of tests/golden/text. Addresses are its plain lines; the adversarial ones are timed apart.
 */
#include "core/alloc.h"
#include "core/regular_file.h"
#include "text/tokenizer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIMIT = 128, PAIRS_MAX = 20000 };

static const double seconds_per_line = 1.0;

static double cpu_seconds(void) { return (double)clock() / (double)CLOCKS_PER_SEC; }

typedef struct corpus {
    const char *name;
    mgeo_pair pairs[PAIRS_MAX];
    size_t count;
    size_t characters;
} corpus;

static corpus addresses = {.name = "addresses"};
static corpus adversarial = {.name = "adversarial strings"};

static size_t count_characters(const char *text, size_t bytes) {
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++) count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* Real lines are those that no script has touched: no escapes, nothing beyond CJK and ASCII. */
static bool is_plain(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '\\' || byte >= 0xEA || (byte >= 0xC0 && byte < 0xE2)) return false;
    }
    return true;
}

static void add(corpus *to, const char *text, size_t bytes) {
    if (to->count == PAIRS_MAX) return;
    mgeo_pair *before = to->count == 0 ? NULL : &to->pairs[to->count - 1];
    to->pairs[to->count++] = (mgeo_pair){text, bytes, before == NULL ? text : before->a,
                                         before == NULL ? bytes : before->a_len};
    to->characters += count_characters(text, bytes);
    to->characters +=
        before == NULL ? count_characters(text, bytes) : count_characters(before->a, before->a_len);
}

/* A file in memory. */
typedef struct contents {
    void *bytes;
    size_t size;
} contents;

static void read_corpus(const contents *file) {
    const char *at = file->bytes;
    const char *end = at + file->size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL) newline = end;
        const char *tab = memchr(at, '\t', (size_t)(newline - at));
        size_t bytes = (size_t)((tab == NULL ? newline : tab) - at);
        if (bytes > 0) add(is_plain(at, bytes) ? &addresses : &adversarial, at, bytes);
        at = newline + 1;
    }
}

static void measure(const mgi_tokenizer *tokenizer, mgi_tokenizer_scratch *scratch,
                    const corpus *texts) {
    if (texts->count == 0) return;
    static int32_t ids[LIMIT];
    static uint8_t types[LIMIT];
    size_t rounds = 0;
    size_t tokens = 0;
    double start = cpu_seconds();
    double seconds = 0;
    while (seconds < seconds_per_line) {
        for (size_t i = 0; i < texts->count; i++) {
            uint32_t length;
            mgi_tokenizer_encode(tokenizer, &texts->pairs[i], scratch, ids, types, &length);
            tokens += length;
        }
        rounds++;
        seconds = cpu_seconds() - start;
    }
    double pairs = (double)rounds * (double)texts->count;
    printf("%-20s %8.1f million characters/s %8.2f million pairs/s %5.1f tokens/pair\n",
           texts->name, (double)rounds * (double)texts->characters / seconds / 1e6,
           pairs / seconds / 1e6, (double)tokens / pairs);
}

static void measure_one_long_text(const mgi_tokenizer *tokenizer, mgi_tokenizer_scratch *scratch) {
    enum { MEGABYTES = 100 };
    size_t bytes = (size_t)MEGABYTES << 20;
    char *text = malloc(bytes);
    if (text == NULL) return;
    for (size_t i = 0; i + 8 <= bytes; i += 8) memcpy(text + i, "路12号", 8);
    static int32_t ids[LIMIT];
    static uint8_t types[LIMIT];
    uint32_t length;
    mgeo_pair pair = {text, bytes / 8 * 8, "a", 1};
    double start = cpu_seconds();
    uint32_t flags = mgi_tokenizer_encode(tokenizer, &pair, scratch, ids, types, &length);
    printf("%-20s %8.3f s for %d MiB (flags %u, %u tokens)\n", "one long text",
           cpu_seconds() - start, MEGABYTES, flags, length);
    free(text);
}

static mgeo_status run(const contents *vocab, const contents *strings, mgeo_error *error) {
    mgi_tokenizer_options options = {.do_lower_case = true, .tokenize_chinese_chars = true};
    mgi_tokenizer *tokenizer = NULL;
    double start = cpu_seconds();
    mgeo_status status =
        mgi_tokenizer_create(&options, vocab->bytes, vocab->size, "vocabulary", &tokenizer, error);
    if (status != MGEO_OK) return status;
    printf("%-20s %8.2f ms for %u tokens\n", "loading", 1e3 * (cpu_seconds() - start),
           mgi_tokenizer_vocabulary(tokenizer));
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(LIMIT);
    if (scratch == NULL) {
        mgi_tokenizer_destroy(tokenizer);
        return mgi_fail(error, MGEO_E_MEMORY, "out of memory: scratch");
    }
    read_corpus(strings);
    measure(tokenizer, scratch, &addresses);
    measure(tokenizer, scratch, &adversarial);
    measure_one_long_text(tokenizer, scratch);
    mgi_tokenizer_scratch_destroy(scratch);
    mgi_tokenizer_destroy(tokenizer);
    return MGEO_OK;
}

int main(int argc, char **argv) {
    const char *vocab_path = argc > 1 ? argv[1] : MGI_SOURCE_ROOT "/tests/golden/text/vocab_zh.txt";
    const char *strings_path =
        argc > 2 ? argv[2] : MGI_SOURCE_ROOT "/tests/golden/text/strings.tsv";
    mgeo_error error;
    contents vocab = {0};
    contents strings = {0};
    const size_t most = 256 << 20;
    mgeo_status status = mgi_regular_file_load(vocab_path, most, &vocab.bytes, &vocab.size, &error);
    if (status == MGEO_OK) {
        status = mgi_regular_file_load(strings_path, most, &strings.bytes, &strings.size, &error);
    }
    if (status == MGEO_OK) status = run(&vocab, &strings, &error);
    if (status != MGEO_OK) fprintf(stderr, "text_bench: %s\n", error.message);
    mgi_free(strings.bytes);
    mgi_free(vocab.bytes);
    return status == MGEO_OK ? 0 : 1;
}
