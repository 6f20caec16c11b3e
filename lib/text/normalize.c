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
#include "text/normalize.h"

#include "core/alloc.h"
#include "text/utf8.h"

#include <string.h>
#include <utf8proc.h>

/* What the main loop does with a character, kept in a byte for each one of the basic plane. */
enum {
    MGI_KIND_OTHER = 0, /* anything that takes thought */
    MGI_KIND_PLAIN,     /* stands for itself and joins with nothing before it */
    MGI_KIND_CAPITAL,   /* A to Z, where case is folded */
    MGI_KIND_ALONE,     /* an ideograph that is a word */
    MGI_KIND_SPACE,
    MGI_KIND_DROPPED,
    MGI_KIND_MASK = 0x7F,
    MGI_KIND_PUNCTUATION = 0x80 /* a flag beside the kind */
};

enum { MGI_PLANE = 0x10000 };

/* Marks of one starter that are kept. A word with more than MGI_MARKS_ENOUGH is too long whatever
 * the marks are; beyond that, only the first few of each combining class can still join the
 * starter (no character is made of a starter and more than three marks). */
enum {
    MGI_MARKS_ENOUGH = 128,
    MGI_MARKS_OF_CLASS = 4,
    MGI_CLASSES = 254,
    MGI_MARKS_MAX = MGI_MARKS_ENOUGH + MGI_MARKS_OF_CLASS * MGI_CLASSES
};

struct mgi_normalizer {
    mgi_normal_rules rules;
    uint8_t kinds[MGI_PLANE];
};

/* One text on its way through. The large arrays are not initialised. */
typedef struct mgi_stream {
    const mgi_normalizer *normalizer;
    mgi_word_fn word_fn;
    void *user;
    size_t letters;                     /* characters in word, at most MGI_WORD_LONGEST + 1 */
    size_t marks;                       /* marks behind the starter */
    int32_t word[MGI_WORD_LONGEST + 1]; /* the word so far */
    int32_t segment[1 + MGI_MARKS_MAX]; /* the starter (0: none yet), then marks in order */
    uint8_t classes[1 + MGI_MARKS_MAX]; /* combining classes, as long as nothing is composed */
} mgi_stream;

/* ---- Properties of characters ------------------------------------------------------------- */

static bool mgi_is_ascii_punctuation(int32_t c) {
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
}

static bool mgi_is_punctuation(int32_t c) {
    if (mgi_is_ascii_punctuation(c)) return true;
    utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

static bool mgi_is_space(int32_t c) {
    if (c == '\t' || c == '\n' || c == '\r') return true;
    utf8proc_category_t category = utf8proc_category(c);
    /* Line and paragraph separators are no spaces to the cleaning, but to the splitting. */
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static bool mgi_is_dropped(int32_t c) {
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

static bool mgi_is_ideograph(int32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
           (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

static uint8_t mgi_class(int32_t c) { return (uint8_t)utf8proc_get_property(c)->combining_class; }

/* Full canonical decomposition, at most 4 characters. */
static size_t mgi_decompose(int32_t c, int32_t parts[8]) {
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        c, parts, 8, (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &boundary);
    if (count > 0 && count <= 8) return (size_t)count;
    parts[0] = c;
    return 1;
}

static bool mgi_is_whole(int32_t c) {
    int32_t parts[8];
    return mgi_decompose(c, parts) == 1 && parts[0] == c;
}

/* May the character join one before it? In the basic plane only marks and the vowels and finals of
 * Hangul do. */
static bool mgi_may_join(int32_t c) {
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME || mgi_class(c) != 0 || (c >= 0x1160 && c <= 0x11FF);
}

static int mgi_kind(const mgi_normal_rules *rules, int32_t c) {
    if (mgi_is_dropped(c)) return MGI_KIND_DROPPED;
    if (mgi_is_space(c)) return MGI_KIND_SPACE;
    if (rules->space_chinese && mgi_is_ideograph(c)) {
        return mgi_is_whole(c) ? MGI_KIND_ALONE : MGI_KIND_OTHER;
    }
    if (rules->lower_case && c >= 'A' && c <= 'Z') return MGI_KIND_CAPITAL;
    if (rules->lower_case && utf8proc_tolower(c) != c) return MGI_KIND_OTHER;
    return mgi_is_whole(c) && !mgi_may_join(c) ? MGI_KIND_PLAIN : MGI_KIND_OTHER;
}

mgi_normalizer *mgi_normalizer_create(const mgi_normal_rules *rules) {
    mgi_normalizer *normalizer = mgi_calloc(1, sizeof *normalizer);
    if (normalizer == NULL) return NULL;
    normalizer->rules = *rules;
    for (int32_t c = 0; c < MGI_PLANE; c++) {
        int kind = mgi_kind(rules, c);
        if (mgi_is_punctuation(c)) kind |= MGI_KIND_PUNCTUATION;
        normalizer->kinds[c] = (uint8_t)kind;
    }
    return normalizer;
}

void mgi_normalizer_destroy(mgi_normalizer *normalizer) { mgi_free(normalizer); }

size_t mgi_normalizer_bytes(void) { return sizeof(mgi_normalizer); }

/* ---- The last step: words ----------------------------------------------------------------- */

static void mgi_end_word(mgi_stream *stream) {
    if (stream->letters == 0) return;
    stream->word_fn(stream->user, stream->word, stream->letters);
    stream->letters = 0;
}

static void mgi_put(mgi_stream *stream, int32_t c) {
    bool punctuation = c < MGI_PLANE ? (stream->normalizer->kinds[c] & MGI_KIND_PUNCTUATION) != 0
                                     : mgi_is_punctuation(c);
    if (punctuation) {
        mgi_end_word(stream);
        stream->word_fn(stream->user, &c, 1);
    } else if (stream->letters <= MGI_WORD_LONGEST) {
        stream->word[stream->letters++] = c;
    }
}

/* ---- The step before: canonical order and composition -------------------------------------- */

static size_t mgi_compose(int32_t *characters, size_t count) {
    utf8proc_ssize_t composed =
        utf8proc_normalize_utf32(characters, (utf8proc_ssize_t)count,
                                 (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    return composed > 0 && (size_t)composed <= count ? (size_t)composed : count;
}

/* Joins the marks to their starter as far as they go. */
static void mgi_join_marks(mgi_stream *stream) {
    if (stream->marks == 0 || stream->segment[0] == 0 || stream->normalizer->rules.strip_accents) {
        return;
    }
    stream->marks = mgi_compose(stream->segment, 1 + stream->marks) - 1;
}

static void mgi_flush(mgi_stream *stream) {
    mgi_join_marks(stream);
    if (stream->segment[0] != 0) mgi_put(stream, stream->segment[0]);
    for (size_t i = 1; i <= stream->marks; i++) mgi_put(stream, stream->segment[i]);
    stream->segment[0] = 0;
    stream->marks = 0;
}

static void mgi_break(mgi_stream *stream) {
    mgi_flush(stream);
    mgi_end_word(stream);
}

/* Keeps a mark in canonical order: after the last one whose class is not higher. */
static void mgi_take_mark(mgi_stream *stream, int32_t c, uint8_t class) {
    size_t at = stream->marks + 1;
    while (at > 1 && stream->classes[at - 1] > class) at--;
    bool crowded = at > MGI_MARKS_OF_CLASS && stream->classes[at - MGI_MARKS_OF_CLASS] == class;
    if (stream->marks >= MGI_MARKS_ENOUGH && crowded) return;
    size_t behind = stream->marks + 1 - at;
    memmove(&stream->segment[at + 1], &stream->segment[at], behind * sizeof stream->segment[0]);
    memmove(&stream->classes[at + 1], &stream->classes[at], behind);
    stream->segment[at] = c;
    stream->classes[at] = class;
    stream->marks++;
}

static void mgi_take_starter(mgi_stream *stream, int32_t c) {
    mgi_join_marks(stream);
    if (stream->segment[0] != 0 && stream->marks == 0 && !stream->normalizer->rules.strip_accents) {
        int32_t two[2] = {stream->segment[0], c};
        if (mgi_compose(two, 2) == 1) {
            stream->segment[0] = two[0];
            return;
        }
    }
    mgi_flush(stream);
    stream->segment[0] = c;
}

/* ---- The steps before that ----------------------------------------------------------------- */

static void mgi_take_decomposed(mgi_stream *stream, int32_t c) {
    bool strip = stream->normalizer->rules.strip_accents;
    int32_t parts[8];
    size_t count = mgi_decompose(c, parts);
    for (size_t i = 0; i < count; i++) {
        if (strip && utf8proc_category(parts[i]) == UTF8PROC_CATEGORY_MN) continue;
        uint8_t class = mgi_class(parts[i]);
        if (class == 0) {
            mgi_take_starter(stream, parts[i]);
        } else {
            mgi_take_mark(stream, parts[i], class);
        }
    }
}

static void mgi_take_cleaned(mgi_stream *stream, int32_t c) {
    if (mgi_is_dropped(c)) return;
    if (mgi_is_space(c)) {
        mgi_break(stream);
        return;
    }
    bool alone = stream->normalizer->rules.space_chinese && mgi_is_ideograph(c);
    if (alone) mgi_break(stream);
    mgi_take_decomposed(stream, c);
    if (alone) mgi_break(stream);
}

static void mgi_take(mgi_stream *stream, int32_t c) {
    if (!stream->normalizer->rules.lower_case) {
        mgi_take_cleaned(stream, c);
    } else if (c == 0x130) { /* the one character whose lower case is two */
        mgi_take_cleaned(stream, 'i');
        mgi_take_cleaned(stream, 0x307);
    } else {
        mgi_take_cleaned(stream, utf8proc_tolower(c));
    }
}

static void mgi_take_kind(mgi_stream *stream, int32_t c, int kind) {
    switch (kind) {
    case MGI_KIND_PLAIN:
        mgi_flush(stream);
        stream->segment[0] = c;
        break;
    case MGI_KIND_CAPITAL:
        mgi_flush(stream);
        stream->segment[0] = c - 'A' + 'a';
        break;
    case MGI_KIND_ALONE:
        mgi_break(stream);
        stream->word_fn(stream->user, &c, 1);
        break;
    case MGI_KIND_SPACE: mgi_break(stream); break;
    case MGI_KIND_DROPPED: break;
    default: mgi_take(stream, c);
    }
}

bool mgi_normalize(const mgi_normalizer *normalizer, const char *text, size_t bytes,
                   mgi_word_fn word, void *user) {
    if (bytes == 0) return true;
    mgi_stream stream;
    stream.normalizer = normalizer;
    stream.word_fn = word;
    stream.user = user;
    stream.letters = 0;
    stream.marks = 0;
    stream.segment[0] = 0;
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + bytes;
    while (at < end) {
        int32_t c;
        size_t length = mgi_utf8_decode(at, end, &c);
        if (length == 0) return false;
        at += length;
        int kind = c < MGI_PLANE ? normalizer->kinds[c] & MGI_KIND_MASK : MGI_KIND_OTHER;
        mgi_take_kind(&stream, c, kind);
    }
    mgi_break(&stream);
    return true;
}
