/* SPDX-License-Identifier: Apache-2.0 */
/* Opens one input and picks its decoder by the first bytes. */
#include "input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "input/decoder.h"

struct input {
    const struct decoder *decoder; /* NULL until the first bytes were seen */
    void *state;
    uint64_t size;
    char *name;
    struct raw_input raw;
};

/* What the first bytes of a file say it is. Formats without a decoder are refused by name. */
static const struct signature {
    const char *bytes;
    size_t length;
    const struct decoder *decoder;
    const char *refusal;
} signatures[] = {
    {"\x1F\x8B", 2, &decoder_gzip, NULL},
    {"\x28\xB5\x2F\xFD", 4, &decoder_zstd, NULL},
    {"\xFD\x37zXZ", 5, NULL, "is xz data; decompress it first: xz -dc FILE | mgeo-score"},
    {"BZh", 3, NULL, "is bzip2 data; decompress it first: bzip2 -dc FILE | mgeo-score"},
    {"PK\x03\x04", 4, NULL, "is a zip archive or a spreadsheet; export it as TSV first"},
    {"PAR1", 4, NULL, "is Parquet; export it as TSV first"},
    {"\xFF\xFE", 2, NULL, "is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8"},
    {"\xFE\xFF", 2, NULL, "is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8"},
};

enum { LONGEST_SIGNATURE = 5 };

static bool is_zstd_skippable(const unsigned char *at, size_t length) {
    return length >= 4 && (at[0] & 0xF0) == 0x50 && at[1] == 0x2A && at[2] == 0x4D && at[3] == 0x18;
}

static bool choose(struct input *input, struct error *error) {
    struct raw_input *raw = &input->raw;
    while (raw->end < LONGEST_SIGNATURE && !raw->ended) {
        if (!raw_input_more(raw, error)) return false;
    }
    input->decoder = is_zstd_skippable(raw->buffer, raw->end) ? &decoder_zstd : &decoder_plain;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *known = &signatures[i];
        if (raw->end < known->length || memcmp(raw->buffer, known->bytes, known->length) != 0) {
            continue;
        }
        if (known->decoder == NULL) return error_set(error, "%s %s", input->name, known->refusal);
        input->decoder = known->decoder;
    }
    input->state = input->decoder->open();
    return true;
}

static bool open_descriptor(struct input *input, const char *path, struct error *error) {
    bool standard = strcmp(path, "-") == 0;
    input->raw.descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (input->raw.descriptor < 0) return error_set(error, "%s: %s", path, strerror(errno));
    struct stat about;
    if (fstat(input->raw.descriptor, &about) != 0) {
        return error_set(error, "%s: %s", input->name, strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        return error_set(error, "%s is a directory; name the TSV files in it", path);
    }
    if (S_ISREG(about.st_mode)) input->size = (uint64_t)about.st_size;
    return true;
}

struct input *input_open(const char *path, struct error *error) {
    struct input *opened = memory_zeroed(1, sizeof *opened);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    opened->name = memory_copy(name, strlen(name));
    opened->raw.name = opened->name;
    if (open_descriptor(opened, path, error)) return opened;
    input_close(opened);
    return NULL;
}

void input_close(struct input *input) {
    if (input == NULL) return;
    if (input->state != NULL) input->decoder->close(input->state);
    if (input->raw.descriptor > STDIN_FILENO) close(input->raw.descriptor);
    free(input->name);
    free(input);
}

ssize_t input_read(struct input *input, char *to, size_t capacity, struct error *error) {
    if (input->decoder == NULL && !choose(input, error)) {
        input->decoder = NULL;
        return -1;
    }
    return input->decoder->read(input->state, &input->raw, to, capacity, error);
}

bool input_ready(struct input *input, int milliseconds) {
    if (input->raw.begin < input->raw.end || input->raw.ended) return true;
    struct pollfd polled[2] = {{.fd = input->raw.descriptor, .events = POLLIN},
                               {.fd = interrupt_descriptor(), .events = POLLIN}};
    return poll(polled, 2, milliseconds) != 0;
}

uint64_t input_position(const struct input *input) {
    return input->raw.position - (input->raw.end - input->raw.begin);
}

uint64_t input_size(const struct input *input) { return input->size; }

const char *input_name(const struct input *input) { return input->name; }
