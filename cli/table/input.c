/* SPDX-License-Identifier: Apache-2.0 */
/* Opens one input and picks its decoder by the first bytes. */
#include "table/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "table/raw_input.h"

struct input {
    const struct decoder *decoder; /* NULL until the first bytes were seen */
    void *state;
    uint64_t size;
    char *name;
    struct source source;
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

static bool choose(struct input *input, struct fault *fault) {
    struct source *source = &input->source;
    while (source->end < LONGEST_SIGNATURE && !source->ended)
        if (!source_more(source, fault)) return false;
    input->decoder =
        is_zstd_skippable(source->buffer, source->end) ? &decoder_zstd : &decoder_plain;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *known = &signatures[i];
        if (source->end < known->length || memcmp(source->buffer, known->bytes, known->length) != 0)
            continue;
        if (known->decoder == NULL) return fault_set(fault, "%s %s", input->name, known->refusal);
        input->decoder = known->decoder;
    }
    input->state = input->decoder->open();
    return true;
}

static bool open_descriptor(struct input *input, const char *path, struct fault *fault) {
    bool standard = strcmp(path, "-") == 0;
    input->source.descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (input->source.descriptor < 0) return fault_set(fault, "%s: %s", path, strerror(errno));
    struct stat about;
    if (fstat(input->source.descriptor, &about) != 0)
        return fault_set(fault, "%s: %s", input->name, strerror(errno));
    if (S_ISDIR(about.st_mode))
        return fault_set(fault, "%s is a directory; name the TSV files in it", path);
    if (S_ISREG(about.st_mode)) input->size = (uint64_t)about.st_size;
    return true;
}

struct input *input_open(const char *path, struct fault *fault) {
    struct input *opened = must_resize(NULL, 1, sizeof *opened);
    memset(opened, 0, sizeof *opened);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    opened->name = must_copy(name, strlen(name));
    opened->source.name = opened->name;
    if (open_descriptor(opened, path, fault)) return opened;
    input_close(opened);
    return NULL;
}

void input_close(struct input *input) {
    if (input == NULL) return;
    if (input->state != NULL) input->decoder->close(input->state);
    if (input->source.descriptor > STDIN_FILENO) close(input->source.descriptor);
    free(input->name);
    free(input);
}

ssize_t input_read(struct input *input, char *to, size_t capacity, struct fault *fault) {
    if (input->decoder == NULL && !choose(input, fault)) {
        input->decoder = NULL;
        return -1;
    }
    return input->decoder->read(input->state, &input->source, to, capacity, fault);
}

bool input_ready(struct input *input, int milliseconds) {
    if (input->source.begin < input->source.end || input->source.ended) return true;
    struct pollfd polled[2] = {{.fd = input->source.descriptor, .events = POLLIN},
                               {.fd = interrupt_descriptor(), .events = POLLIN}};
    return poll(polled, 2, milliseconds) != 0;
}

uint64_t input_position(const struct input *input) {
    return input->source.position - (input->source.end - input->source.begin);
}

uint64_t input_size(const struct input *input) { return input->size; }

const char *input_name(const struct input *input) { return input->name; }
