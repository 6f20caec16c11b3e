/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From UTF-8 text to BERT's words; the only user of utf8proc.
 *
 * The reference (Hugging Face's Python tokenizer) makes whole strings one after the other: lower
 * case, cleaning, spaces around ideographs, NFC, splitting at spaces, accents away by NFD,
 * splitting at punctuation. Here the characters stream through the same steps one by one. Two facts
 * make that exact:
 *
 *  - Canonical order and composition reach no further than from one starter to the next, so one
 *    starter and its marks (a segment) is all that must be held back.
 *  - Where accents are stripped, NFC followed by NFD is NFD, so nothing is ever composed.
 */
#include "text/normalizer.h"

#include "core/alloc.h"
#include "core/utf8.h"

#include <string.h>
#include <utf8proc.h>

/* What the main loop does with a character, kept in a byte for each one of the basic plane. */
enum {
    KIND_OTHER = 0, /* anything that takes thought */
    KIND_PLAIN,     /* stands for itself and joins with nothing before it */
    KIND_CAPITAL,   /* A to Z, where case is folded */
    KIND_ALONE,     /* an ideograph that is a word */
    KIND_SPACE,
    KIND_DROPPED,
    KIND_LOST, /* dropped, and told */
    KIND_MASK = 0x7F,
    KIND_PUNCTUATION = 0x80 /* a flag added to the kind */
};

enum { PLANE = 0x10000 };

/* Marks of one starter that are kept. A word with more than MARKS_ENOUGH is too long whatever
 * the marks are; beyond that, only the first few of each combining class can still join the
 * starter (no character is made of a starter and more than three marks). */
enum {
    MARKS_ENOUGH = 128,
    MARKS_OF_CLASS = 4,
    CLASSES = 254,
    MARKS_MAX = MARKS_ENOUGH + MARKS_OF_CLASS * CLASSES
};

struct mgi_normalizer {
    mgi_normalizer_rules rules;
    uint8_t kinds[PLANE];
};

/* One text on its way through. The large arrays are not initialised. */
typedef struct text_stream {
    const mgi_normalizer *normalizer;
    mgi_normalizer_words words;
    mgi_normalizer_character_fn character_fn; /* takes what would become words; or NULL */
    mgi_normalizer_lost_fn lost_fn;           /* or NULL */
    void *user;                               /* of both */
    size_t marks;                             /* marks behind the starter */
    int32_t segment[1 + MARKS_MAX];           /* the starter (0: none yet), then marks in order */
    uint8_t classes[1 + MARKS_MAX]; /* combining classes, as long as nothing is composed */
} text_stream;

/* ---- properties of characters ---------------------------------------------------------------- */

static bool is_ascii_punctuation(int32_t c) {
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
}

bool mgi_normalizer_is_punctuation(int32_t c) {
    if (is_ascii_punctuation(c)) return true;
    utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

static bool is_space(int32_t c) {
    if (c == '\t' || c == '\n' || c == '\r') return true;
    utf8proc_category_t category = utf8proc_category(c);
    /* Line and paragraph separators are no spaces to the cleaning, but to the splitting. */
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static bool is_dropped(int32_t c) {
    if (c == '\t' || c == '\n' || c == '\r') return false;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN: return true;
    default: return c == 0xFFFD;
    }
}

bool mgi_normalizer_is_word_character(int32_t c) {
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC: return true;
    /* Letters in circles and squares, and the joiners. */
    default:
        return (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
               (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189) || c == 0x200C ||
               c == 0x200D;
    }
}

/* Of dropped characters: did it stand for something? A control between lines does not. */
static bool is_lost(int32_t c) {
    if (c == 0xFFFD || (c >= 0x80 && c <= 0x9F)) return c != 0x85;
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_CO || category == UTF8PROC_CATEGORY_CN;
}

static bool is_ideograph(const mgi_normalizer_rules *rules, int32_t c) {
    /* The tokenizers library leaves these out. */
    if (rules->as_rust && c >= 0x2B820 && c <= 0x2B91F) return false;
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
           (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

static uint8_t combining_class_of(int32_t c) {
    return (uint8_t)utf8proc_get_property(c)->combining_class;
}

/* Full canonical decomposition, at most 4 characters. */
static size_t decompose(int32_t c, int32_t parts[8]) {
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        c, parts, 8, (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &boundary);
    if (count > 0 && count <= 8) return (size_t)count;
    parts[0] = c;
    return 1;
}

static bool is_whole(int32_t c) {
    int32_t parts[8];
    return decompose(c, parts) == 1 && parts[0] == c;
}

/* May the character join one before it? In the basic plane only marks and the vowels and finals of
 * Hangul do. */
static bool may_join(int32_t c) {
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME || combining_class_of(c) != 0 ||
           (c >= 0x1160 && c <= 0x11FF);
}

static int kind_of(const mgi_normalizer_rules *rules, int32_t c) {
    if (is_dropped(c)) return is_lost(c) ? KIND_LOST : KIND_DROPPED;
    if (is_space(c)) return KIND_SPACE;
    if (rules->space_chinese && is_ideograph(rules, c)) {
        return is_whole(c) ? KIND_ALONE : KIND_OTHER;
    }
    if (rules->lower_case && c >= 'A' && c <= 'Z') return KIND_CAPITAL;
    if (rules->lower_case && utf8proc_tolower(c) != c) return KIND_OTHER;
    return is_whole(c) && !may_join(c) ? KIND_PLAIN : KIND_OTHER;
}

mgi_normalizer *mgi_normalizer_create(const mgi_normalizer_rules *rules) {
    mgi_normalizer *normalizer = mgi_calloc(1, sizeof *normalizer);
    if (normalizer == NULL) return NULL;
    normalizer->rules = *rules;
    for (int32_t c = 0; c < PLANE; c++) {
        int kind = kind_of(rules, c);
        if (mgi_normalizer_is_punctuation(c)) kind |= KIND_PUNCTUATION;
        normalizer->kinds[c] = (uint8_t)kind;
    }
    return normalizer;
}

void mgi_normalizer_destroy(mgi_normalizer *normalizer) { mgi_free(normalizer); }

size_t mgi_normalizer_bytes(void) { return sizeof(mgi_normalizer); }

/* ---- the last step: words -------------------------------------------------------------------- */

void mgi_normalizer_words_init(mgi_normalizer_words *words, const mgi_normalizer *normalizer,
                               const mgi_normalizer_receiver *receiver) {
    words->normalizer = normalizer;
    words->receiver = *receiver;
    words->letters = 0;
}

static inline void words_end(mgi_normalizer_words *words) {
    if (words->letters == 0) return;
    words->receiver.word(words->receiver.user, words->word, words->letters);
    words->letters = 0;
}

static inline void words_put(mgi_normalizer_words *words, int32_t c) {
    bool punctuation = c < PLANE ? (words->normalizer->kinds[c] & KIND_PUNCTUATION) != 0
                                 : mgi_normalizer_is_punctuation(c);
    if (punctuation) {
        words_end(words);
        words->receiver.word(words->receiver.user, &c, 1);
    } else if (words->letters <= MGI_NORMALIZER_MAX_WORD) {
        words->word[words->letters++] = c;
    } else {
        int32_t *rest = &words->word[MGI_NORMALIZER_MAX_WORD];
        *rest = (int32_t)(((uint32_t)*rest ^ (uint32_t)c) * 0x01000193u & INT32_MAX);
    }
}

void mgi_normalizer_words_end(mgi_normalizer_words *words) { words_end(words); }

void mgi_normalizer_words_put(mgi_normalizer_words *words, int32_t c) { words_put(words, c); }

static void put_character(text_stream *stream, int32_t c) {
    if (stream->character_fn != NULL) {
        stream->character_fn(stream->user, c);
    } else {
        words_put(&stream->words, c);
    }
}

static void end_word(text_stream *stream) {
    if (stream->character_fn != NULL) {
        stream->character_fn(stream->user, ' ');
    } else {
        words_end(&stream->words);
    }
}

/* Takes an ideograph where no words are made. */
static void put_alone(void *user, const int32_t *characters, size_t count) {
    text_stream *stream = user;
    (void)count;
    stream->character_fn(stream->user, characters[0]);
    stream->character_fn(stream->user, ' ');
}

/* ---- the step before: canonical order and composition ---------------------------------------- */

static size_t compose(int32_t *characters, size_t count) {
    utf8proc_ssize_t composed =
        utf8proc_normalize_utf32(characters, (utf8proc_ssize_t)count,
                                 (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    return composed > 0 && (size_t)composed <= count ? (size_t)composed : count;
}

/* Joins the marks to their starter as far as they go. */
static void join_marks(text_stream *stream) {
    if (stream->marks == 0 || stream->segment[0] == 0 || stream->normalizer->rules.strip_accents) {
        return;
    }
    stream->marks = compose(stream->segment, 1 + stream->marks) - 1;
}

static void flush(text_stream *stream) {
    join_marks(stream);
    if (stream->segment[0] != 0) put_character(stream, stream->segment[0]);
    for (size_t i = 1; i <= stream->marks; i++) put_character(stream, stream->segment[i]);
    stream->segment[0] = 0;
    stream->marks = 0;
}

static void end_segment(text_stream *stream) {
    flush(stream);
    end_word(stream);
}

/* Keeps a mark in canonical order: after the last one whose class is not higher. */
static void take_mark(text_stream *stream, int32_t c, uint8_t class) {
    size_t at = stream->marks + 1;
    while (at > 1 && stream->classes[at - 1] > class) at--;
    bool crowded = at > MARKS_OF_CLASS && stream->classes[at - MARKS_OF_CLASS] == class;
    if (stream->marks >= MARKS_ENOUGH && crowded) return;
    size_t behind = stream->marks + 1 - at;
    memmove(&stream->segment[at + 1], &stream->segment[at], behind * sizeof stream->segment[0]);
    memmove(&stream->classes[at + 1], &stream->classes[at], behind);
    stream->segment[at] = c;
    stream->classes[at] = class;
    stream->marks++;
}

static void take_starter(text_stream *stream, int32_t c) {
    join_marks(stream);
    if (stream->segment[0] != 0 && stream->marks == 0 && !stream->normalizer->rules.strip_accents) {
        int32_t two[2] = {stream->segment[0], c};
        if (compose(two, 2) == 1) {
            stream->segment[0] = two[0];
            return;
        }
    }
    flush(stream);
    stream->segment[0] = c;
}

/* ---- the steps before that ------------------------------------------------------------------- */

static void take_decomposed(text_stream *stream, int32_t c) {
    bool strip = stream->normalizer->rules.strip_accents;
    int32_t parts[8];
    size_t count = decompose(c, parts);
    for (size_t i = 0; i < count; i++) {
        if (strip && utf8proc_category(parts[i]) == UTF8PROC_CATEGORY_MN) continue;
        uint8_t class = combining_class_of(parts[i]);
        if (class == 0) {
            take_starter(stream, parts[i]);
        } else {
            take_mark(stream, parts[i], class);
        }
    }
}

/* What is neither stripped nor composed stays as it is. */
static void take_parts(text_stream *stream, int32_t c) {
    const mgi_normalizer_rules *rules = &stream->normalizer->rules;
    if (rules->strip_accents || !rules->as_rust) {
        take_decomposed(stream, c);
    } else {
        flush(stream);
        stream->segment[0] = c;
    }
}

static void lose(text_stream *stream, int32_t c) {
    if (stream->lost_fn != NULL) stream->lost_fn(stream->user, c);
}

static void take_cleaned(text_stream *stream, int32_t c) {
    if (is_dropped(c)) {
        if (is_lost(c)) lose(stream, c);
        return;
    }
    if (is_space(c)) {
        end_segment(stream);
        return;
    }
    const mgi_normalizer_rules *rules = &stream->normalizer->rules;
    bool alone = rules->space_chinese && is_ideograph(rules, c);
    if (alone) end_segment(stream);
    take_parts(stream, c);
    if (alone) end_segment(stream);
}

static void take_character(text_stream *stream, int32_t c) {
    if (!stream->normalizer->rules.lower_case) {
        take_cleaned(stream, c);
    } else if (c == 0x130) { /* the one character whose lower case is two */
        take_cleaned(stream, 'i');
        take_cleaned(stream, 0x307);
    } else {
        take_cleaned(stream, utf8proc_tolower(c));
    }
}

static void take_kind(text_stream *stream, int32_t c, int kind) {
    switch (kind) {
    case KIND_PLAIN:
        flush(stream);
        stream->segment[0] = c;
        break;
    case KIND_CAPITAL:
        flush(stream);
        stream->segment[0] = c - 'A' + 'a';
        break;
    case KIND_ALONE:
        end_segment(stream);
        stream->words.receiver.word(stream->words.receiver.user, &c, 1);
        break;
    case KIND_SPACE: end_segment(stream); break;
    case KIND_DROPPED: break;
    case KIND_LOST: lose(stream, c); break;
    default: take_character(stream, c);
    }
}

static bool take_text(text_stream *stream, const char *text, size_t bytes) {
    const mgi_normalizer *normalizer = stream->normalizer;
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + bytes;
    while (at < end) {
        int32_t c;
        size_t length = mgi_utf8_decode(at, end, &c);
        if (length == 0) return false;
        at += length;
        int kind = c < PLANE ? normalizer->kinds[c] & KIND_MASK : KIND_OTHER;
        take_kind(stream, c, kind);
    }
    flush(stream);
    return true;
}

bool mgi_normalizer_split(const mgi_normalizer *normalizer, const char *text, size_t bytes,
                          const mgi_normalizer_receiver *receiver) {
    if (bytes == 0) return true;
    text_stream stream;
    stream.normalizer = normalizer;
    mgi_normalizer_words_init(&stream.words, normalizer, receiver);
    stream.character_fn = NULL;
    stream.lost_fn = receiver->lost;
    stream.user = receiver->user;
    stream.marks = 0;
    stream.segment[0] = 0;
    if (!take_text(&stream, text, bytes)) return false;
    words_end(&stream.words);
    return true;
}

bool mgi_normalizer_stream(const mgi_normalizer *normalizer, const char *text, size_t bytes,
                           mgi_normalizer_character_fn character, mgi_normalizer_lost_fn lost,
                           void *user) {
    if (bytes == 0) return true;
    text_stream stream;
    const mgi_normalizer_receiver alone = {put_alone, NULL, &stream};
    stream.normalizer = normalizer;
    mgi_normalizer_words_init(&stream.words, normalizer, &alone);
    stream.character_fn = character;
    stream.lost_fn = lost;
    stream.user = user;
    stream.marks = 0;
    stream.segment[0] = 0;
    return take_text(&stream, text, bytes);
}
