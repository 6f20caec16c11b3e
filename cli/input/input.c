/* SPDX-License-Identifier: Apache-2.0 */
/* From a file's bytes to text: what they are is judged by the first of them, which are kept until
 * they are read. */
#include "input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "common/message.h"
#include "common/utf8.h"
#include "input/charset.h"
#include "input/decompress.h"
#include "input/escapes.h"
#include "input/guess.h"
#include "input/mojibake.h"
#include "input/signature.h"

enum { PATIENCE_MS = 100, BLOCK_BYTES = 64 * 1024 };

/* Bytes that wait to be taken. */
struct waiting {
    char *bytes;
    size_t begin, end, capacity;
};

struct input {
    struct input_options options;
    struct decompress decompress;
    bool judged; /* the sample is there */
    bool ended;  /* the decoder has no more */
    const char *encoding;
    bool guessed;
    enum columnar_format format;
    struct charset *charset; /* NULL: the text is UTF-8 as it comes */
    struct waiting encoded;  /* bytes that are not converted yet */
    struct waiting text;     /* UTF-8, the sample first */
    bool failed;             /* as text was converted ahead, with `failure` */
    struct error failure;
    uint64_t size;
    char *name;
    struct raw_input raw;
};

/* ---- opening --------------------------------------------------------------------------------- */

/* What cannot be read as a file is named for what it is. */
static bool refuse_kind(const char *path, mode_t mode, struct error *error) {
    if (S_ISDIR(mode)) return error_set(error, "%s is a directory; name the files in it", path);
    if (S_ISBLK(mode)) return error_set(error, "%s is a block device, and no table", path);
    return error_set(error, "%s is a socket; connect a program to it: nc -U %s > NEW", path, path);
}

static bool open_descriptor(struct input *input, const char *path, struct error *error) {
    struct stat *about = &input->raw.opened;
    bool standard = strcmp(path, "-") == 0;
    bool there = !standard && stat(path, about) == 0;
    /* Opening a socket fails with a word that does not name it. */
    if (there && S_ISSOCK(about->st_mode)) return refuse_kind(path, about->st_mode, error);
    input->raw.descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (input->raw.descriptor < 0) return error_set(error, "%s: %s", path, strerror(errno));
    if (fstat(input->raw.descriptor, about) != 0) {
        return error_set(error, "%s: %s", input->name, strerror(errno));
    }
    if (S_ISDIR(about->st_mode) || S_ISBLK(about->st_mode)) {
        return refuse_kind(standard ? input->name : path, about->st_mode, error);
    }
    if (S_ISREG(about->st_mode)) input->size = (uint64_t)about->st_size;
    return true;
}

struct input *input_open(const char *path, const struct input_options *options,
                         struct error *error) {
    struct input *opened = memory_zeroed(1, sizeof *opened);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    if (options != NULL) opened->options = *options;
    if (opened->options.encoding != NULL && strcmp(opened->options.encoding, "auto") == 0) {
        opened->options.encoding = NULL;
    }
    opened->encoding = "UTF-8";
    opened->name = memory_copy(name, strlen(name));
    opened->raw.name = opened->name;
    opened->raw.quiet = opened->options.quiet;
    if (open_descriptor(opened, path, error)) return opened;
    input_close(opened);
    return NULL;
}

void input_close(struct input *input) {
    if (input == NULL) return;
    charset_close(input->charset);
    decompress_finish(&input->decompress);
    if (input->raw.descriptor > STDIN_FILENO) close(input->raw.descriptor);
    free(input->encoded.bytes);
    free(input->text.bytes);
    free(input->name);
    free(input);
}

/* ---- decompressed bytes ---------------------------------------------------------------------- */

static ssize_t read_decoded(struct input *input, char *to, size_t capacity, struct error *error) {
    ssize_t got = decompress_read(&input->decompress, &input->raw, to, capacity, error);
    if (got == 0) input->ended = true;
    return got;
}

/* Whether bytes are there, or the end is. */
static bool has_bytes(const struct input *input, int milliseconds) {
    if (input->ended || input->raw.begin < input->raw.end || input->raw.ended) return true;
    struct pollfd polled[2] = {{.fd = input->raw.descriptor, .events = POLLIN},
                               {.fd = interrupt_descriptor(), .events = POLLIN}};
    return poll(polled, 2, milliseconds) != 0;
}

/* ---- the sample ------------------------------------------------------------------------------ */

static void make_room(struct waiting *waiting, size_t room) {
    if (waiting->begin > 0) {
        memmove(waiting->bytes, waiting->bytes + waiting->begin, waiting->end - waiting->begin);
        waiting->end -= waiting->begin;
        waiting->begin = 0;
    }
    if (waiting->capacity - waiting->end >= room) return;
    waiting->capacity = waiting->end + room;
    waiting->bytes = memory_resize(waiting->bytes, waiting->capacity, 1);
}

/* A pipe that has given a line is not waited for longer than a moment. */
static bool is_enough(struct input *input, const struct waiting *head) {
    if (head->end >= INPUT_SAMPLE_BYTES || input->ended) return true;
    if (input->options.columnar && columnar_by_content(head->bytes, head->end) != COLUMNAR_NONE) {
        return true;
    }
    bool line = memchr(head->bytes, '\n', head->end) != NULL;
    return line && !has_bytes(input, input->options.prompt ? 0 : PATIENCE_MS);
}

static bool read_head(struct input *input, struct waiting *head, struct error *error) {
    do {
        make_room(head, BLOCK_BYTES);
        ssize_t got =
            read_decoded(input, head->bytes + head->end, head->capacity - head->end, error);
        /* What stands before a fault is read first; asked again, the fault is the same. */
        if (got < 0) return head->end > 0 && error->line[0] != '\0';
        head->end += (size_t)got;
    } while (!is_enough(input, head));
    return true;
}

static bool is_like_text(const char *bytes, size_t length) {
    size_t looked = utf8_cut(bytes, length, 64);
    return bytes[0] >= ' ' && memchr(bytes, '\0', looked) == NULL &&
           utf8_valid_prefix(bytes, looked) == looked;
}

/* Of text, a mark and blanks before it change nothing; other data is none with them. */
static bool check_signature(const struct input *input, const struct waiting *head,
                            struct error *error) {
    size_t passed = signature_prefix(head->bytes, head->end);
    const struct signature *found = signature_find(head->bytes, head->end);
    if (found != NULL) passed = 0;
    if (found == NULL) found = signature_find(head->bytes + passed, head->end - passed);
    if (found == NULL) return true;
    const char *inside = decompress_is_compressed(&input->decompress) ? "holds, compressed," : "is";
    if (passed == 0 || is_like_text(head->bytes + passed, head->end - passed)) {
        return error_set(error, "%s %s %s; %s", input->name, inside, found->kind, found->advice);
    }
    return error_set(error,
                     "%s %s %s behind %zu bytes that are none of it (a byte order mark, a line "
                     "end); take them off first: tail -c +%zu",
                     input->name, inside, found->kind, passed, passed + 1);
}

static bool refuse_encoding(const struct input *input, const struct guess_doubt *doubt,
                            struct error *error) {
    const char *named = doubt->count > 0 ? doubt->candidates[0] : "big5";
    char others[80] = "", line[80] = "its text is ASCII that stands for other characters";
    for (size_t i = 1; i < doubt->count; i++) {
        size_t length = strlen(others);
        snprintf(others + length, sizeof others - length, "%s%s",
                 i == 1 ? "; it may also be " : ", ", doubt->candidates[i]);
    }
    if (doubt->either) strcpy(line, "its lines are UTF-8, and Chinese in GB18030 as well");
    if (doubt->line > 0) {
        snprintf(line, sizeof line, "line %zu is not UTF-8, nor surely Chinese in GB18030",
                 doubt->line);
    }
    return error_set(error, "%s: %s; say what it is, as in --encoding %s%s", input->name, line,
                     named, others);
}

static bool decide_encoding(struct input *input, const struct waiting *head, struct error *error) {
    const char *asked = input->options.encoding;
    struct guess_doubt doubt;
    input->guessed = asked == NULL;
    input->encoding = asked != NULL ? charset_find(asked, head->bytes, head->end, error)
                                    : guess_encoding(head->bytes, head->end, input->ended, &doubt);
    if (asked != NULL) return input->encoding != NULL;
    bool units = input->encoding != NULL && strncmp(input->encoding, "UTF-", 4) == 0 &&
                 strcmp(input->encoding, "UTF-8") != 0;
    if (!units && signature_is_binary(head->bytes, head->end)) {
        return error_set(error,
                         "%s is binary data of a kind that is not known here, and no text; is it "
                         "compressed (brotli -dc FILE > NEW) or encrypted?",
                         input->name);
    }
    if (input->encoding == NULL) return refuse_encoding(input, &doubt, error);
    const struct escapes *hz = escapes_find_hz(head->bytes, head->end);
    if (hz != NULL) return error_set(error, "%s is %s; %s", input->name, hz->kind, hz->advice);
    if (strcmp(input->encoding, "UTF-8") != 0 && !input->options.quiet) {
        message_print("%s: read as %s; --encoding would say otherwise", input->name,
                      input->encoding);
    }
    return true;
}

/* ---- conversion ------------------------------------------------------------------------------ */

/* Converts what waits, and moves what is left to the front. */
static bool convert_waiting(struct input *input, struct error *error) {
    struct waiting *from = &input->encoded, *to = &input->text;
    size_t length = from->end - from->begin, taken, made;
    make_room(to, length * CHARSET_GROWTH + CHARSET_ROOM);
    if (!charset_convert(input->charset, from->bytes + from->begin, length, input->ended, &taken,
                         to->bytes + to->end, &made, error)) {
        return false;
    }
    from->begin += taken;
    to->end += made;
    return true;
}

/* Text that is read well and is not what people wrote; told of the first input that is so. */
static void tell_disguise(const struct input *input) {
    static bool told;
    const char *text = input->text.bytes + input->text.begin;
    size_t length = input->text.end - input->text.begin;
    if (told || length == 0 || input->options.quiet) return;
    const char *kind = mojibake_find(text, length);
    const struct escapes *escapes = kind == NULL ? escapes_find(text, length) : NULL;
    if (kind != NULL) {
        message_print("%s looks like %s; the scores mean nothing until it is mended", input->name,
                      kind);
    } else if (escapes != NULL) {
        message_print("%s: Chinese in it is written as %s and scored as it stands, which means "
                      "nothing; %s",
                      input->name, escapes->kind, escapes->advice);
    }
    told = kind != NULL || escapes != NULL;
}

/* A stream may come compressed; of the others the end is read first. */
static bool find_format(struct input *input, const struct waiting *head, struct error *error) {
    if (!input->options.columnar) return true;
    input->format = columnar_by_content(head->bytes, head->end);
    if (head->end == 0 && columnar_by_name(input->name) != COLUMNAR_NONE) {
        return error_set(
            error,
            "%s is empty, and no such file of columns is: was it fetched or written to "
            "its end?",
            input->name);
    }
    bool inside = input->format != COLUMNAR_NONE && input->format != COLUMNAR_ARROWS &&
                  decompress_is_compressed(&input->decompress);
    if (!inside) return true;
    return error_set(error,
                     "%s holds, compressed, %s; decompress it first: zstd -d FILE, gunzip FILE (it "
                     "compresses its own pages)",
                     input->name, columnar_kinds[input->format]);
}

static bool judge(struct input *input, struct error *error) {
    struct waiting head = {0};
    bool done = read_head(input, &head, error) && find_format(input, &head, error);
    bool as_it_comes = input->options.any || input->format != COLUMNAR_NONE;
    if (done && !as_it_comes) {
        done = check_signature(input, &head, error) && decide_encoding(input, &head, error);
    }
    if (!done) {
        free(head.bytes);
        return false;
    }
    input->judged = true;
    if (strcmp(input->encoding, "UTF-8") == 0) {
        input->text = head;
    } else {
        input->encoded = head;
        input->charset = charset_open(input->encoding, input->guessed, input->name, error);
        if (input->charset == NULL || !convert_waiting(input, error)) return false;
    }
    if (!as_it_comes) tell_disguise(input);
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool convert_more(struct input *input, struct error *error) {
    struct waiting *encoded = &input->encoded;
    make_room(encoded, BLOCK_BYTES);
    ssize_t got =
        read_decoded(input, encoded->bytes + encoded->end, encoded->capacity - encoded->end, error);
    if (got < 0) return false;
    encoded->end += (size_t)got;
    input->text.begin = input->text.end = 0;
    return convert_waiting(input, error);
}

/* Half a character that has come is no text yet. */
bool input_ready(struct input *input, int milliseconds) {
    if (input->text.begin < input->text.end || input->failed) return true;
    if (!input->judged || input->charset == NULL) return has_bytes(input, milliseconds);
    while (input->text.begin == input->text.end && !input->ended) {
        if (!has_bytes(input, milliseconds)) return false;
        input->failed = !convert_more(input, &input->failure);
        if (input->failed) break;
    }
    return true;
}

ssize_t input_read(struct input *input, char *to, size_t capacity, struct error *error) {
    if (input->failed) {
        *error = input->failure;
        return -1;
    }
    if (!input->judged && !judge(input, error)) return -1;
    struct waiting *text = &input->text;
    while (text->begin == text->end && input->charset != NULL && !input->ended) {
        if (!convert_more(input, error)) return -1;
    }
    size_t have = text->end - text->begin;
    if (have == 0 && input->charset == NULL && !input->ended) {
        if (text->capacity > 0) { /* the sample has been read */
            free(text->bytes);
            *text = (struct waiting){0};
        }
        return read_decoded(input, to, capacity, error);
    }
    size_t take = have < capacity ? have : capacity;
    if (take > 0) memcpy(to, text->bytes + text->begin, take);
    text->begin += take;
    return (ssize_t)take;
}

/* ---- asking ---------------------------------------------------------------------------------- */

bool input_format(struct input *input, enum columnar_format *format, struct error *error) {
    if (!input->judged && !judge(input, error)) return false;
    *format = input->format;
    return true;
}

int input_descriptor(const struct input *input) {
    bool plain =
        S_ISREG(input->raw.opened.st_mode) && !decompress_is_compressed(&input->decompress);
    return plain ? input->raw.descriptor : -1;
}

bool input_is_guessed(const struct input *input) { return input->guessed; }

bool input_is_converted(const struct input *input) { return input->charset != NULL; }

uint64_t input_position(const struct input *input) {
    return input->raw.position - (input->raw.end - input->raw.begin);
}

size_t input_waiting(const struct input *input) {
    const struct waiting *encoded = &input->encoded, *text = &input->text;
    return encoded->end - encoded->begin + (text->end - text->begin);
}

uint64_t input_size(const struct input *input) { return input->size; }

const char *input_name(const struct input *input) { return input->name; }
