/* SPDX-License-Identifier: Apache-2.0 */
/* From UTF-8 text to BERT's words: cleaned, CJK apart, lower-cased, stripped, split. */
#ifndef MGI_TEXT_NORMALIZER_H
#define MGI_TEXT_NORMALIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer words are [UNK] whatever they say. */
enum { MGI_NORMALIZER_MAX_WORD = 100 };

typedef struct mgi_normalizer_rules {
    bool lower_case;
    bool strip_accents;
    bool space_chinese; /* each CJK ideograph is a word of its own */
    bool as_rust;       /* as the tokenizers library does it, else as Python's BertTokenizer */
} mgi_normalizer_rules;

/* Immutable once made; any number of threads may use it at once. */
typedef struct mgi_normalizer mgi_normalizer;

/* NULL when out of memory. */
mgi_normalizer *mgi_normalizer_create(const mgi_normalizer_rules *rules);
void mgi_normalizer_destroy(mgi_normalizer *normalizer);
size_t mgi_normalizer_bytes(void); /* memory that each takes */

/* Receives the words in order. count is at least 1; a word longer than MGI_NORMALIZER_MAX_WORD
 * comes with MGI_NORMALIZER_MAX_WORD + 1 characters, the last of which is a hash of the rest. */
typedef void (*mgi_normalizer_word_fn)(void *user, const int32_t *characters, size_t count);

/* Receives a character that no word keeps although somebody wrote it for something: private use, a
 * code point without a character, U+FFFD, and the controls U+0080 to U+009F, which are what is left
 * of a text read in a wrong encoding. It comes before the word that it stood in. */
typedef void (*mgi_normalizer_lost_fn)(void *user, int32_t character);

typedef struct mgi_normalizer_receiver {
    mgi_normalizer_word_fn word;
    mgi_normalizer_lost_fn lost; /* or NULL */
    void *user;
} mgi_normalizer_receiver;

/* Splits `bytes` bytes of text into words. Returns false if the text is not UTF-8, after having
 * handed out the words before the fault. Allocates nothing; time is linear in bytes. text may be
 * NULL if bytes is 0. */
bool mgi_normalizer_split(const mgi_normalizer *normalizer, const char *text, size_t bytes,
                          const mgi_normalizer_receiver *receiver);

/* Is the character a word of its own wherever it stands? */
bool mgi_normalizer_is_punctuation(int32_t c);

/* Characters as they are normalised; a space stands where a word ends, two around an ideograph. */
typedef void (*mgi_normalizer_character_fn)(void *user, int32_t character);

/* The same as mgi_normalizer_split without its last step. */
bool mgi_normalizer_stream(const mgi_normalizer *normalizer, const char *text, size_t bytes,
                           mgi_normalizer_character_fn character, mgi_normalizer_lost_fn lost,
                           void *user);

/* The last step: normalised characters become words. The large array is not initialised. */
typedef struct mgi_normalizer_words {
    const mgi_normalizer *normalizer;
    mgi_normalizer_receiver receiver;
    size_t letters; /* characters in word, at most MGI_NORMALIZER_MAX_WORD + 1 */
    int32_t word[MGI_NORMALIZER_MAX_WORD + 1]; /* the word so far */
} mgi_normalizer_words;

void mgi_normalizer_words_init(mgi_normalizer_words *words, const mgi_normalizer *normalizer,
                               const mgi_normalizer_receiver *receiver);
void mgi_normalizer_words_put(mgi_normalizer_words *words, int32_t character);
void mgi_normalizer_words_end(mgi_normalizer_words *words); /* at a space, and at the end */

/* Is it what regular expressions call a word character: a letter, a digit, a mark, an underscore?
 */
bool mgi_normalizer_is_word_character(int32_t c);

#endif
