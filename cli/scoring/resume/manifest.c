/* SPDX-License-Identifier: Apache-2.0 */
/* Lines "is NAME VALUE" and "has NAME VALUE" with tabs between, then "end" and the digest of all
 * lines before. */
#include "scoring/resume/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/sink.h"
#include "scoring/resume/digest.h"
#include "scoring/resume/paths.h"

static const char first_line[] = "mgeo-score resume 1";
static const char identity_word[] = "is\t", progress_word[] = "has\t", end_word[] = "end\t";

void manifest_finish(struct manifest *manifest) {
    notes_finish(&manifest->identity);
    notes_finish(&manifest->progress);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The whole file with a NUL behind it; NULL, with errno, if it cannot be read. */
static char *read_all(const char *path, size_t *length) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return NULL;
    struct string_buffer text = {0};
    char block[8192];
    ssize_t got;
    string_buffer_add(&text, "", 0);
    while ((got = read(descriptor, block, sizeof block)) > 0) {
        string_buffer_add(&text, block, (size_t)got);
    }
    int failure = errno;
    close(descriptor);
    *length = text.length;
    if (got == 0) return text.bytes;
    string_buffer_finish(&text);
    errno = failure;
    return NULL;
}

static void take_note(struct notes *notes, char *line) {
    char *tab = strchr(line, '\t');
    if (tab != NULL) *tab++ = '\0';
    notes_add_line(notes, line, tab != NULL ? tab : "");
}

static void take_line(struct manifest *manifest, char *line) {
    if (strncmp(line, identity_word, strlen(identity_word)) == 0) {
        take_note(&manifest->identity, line + strlen(identity_word));
    } else if (strncmp(line, progress_word, strlen(progress_word)) == 0) {
        take_note(&manifest->progress, line + strlen(progress_word));
    }
}

/* Whether the text ends in the digest of what stands before it; cuts that line off. */
static bool is_whole(char *text, size_t length) {
    char digest[DIGEST_TEXT];
    size_t tail = strlen(end_word) + DIGEST_TEXT; /* the NUL's byte is the newline's */
    if (length < tail || strlen(text) != length || text[length - 1] != '\n') return false;
    char *end = text + length - tail;
    digest_of_bytes(text, length - tail, digest);
    bool whole = strncmp(end, end_word, strlen(end_word)) == 0 &&
                 memcmp(end + strlen(end_word), digest, DIGEST_TEXT - 1) == 0 &&
                 strncmp(text, first_line, strlen(first_line)) == 0;
    *end = '\0';
    return whole;
}

int manifest_read(const char *folder, struct manifest *manifest, struct error *error) {
    char *path = paths_join(folder, "manifest");
    size_t length = 0;
    char *text = read_all(path, &length);
    int answer = text != NULL ? 1 : errno == ENOENT ? 0 : -1;
    if (answer < 0) {
        error_set(error, "%s: %s", path, strerror(errno));
    } else if (answer > 0 && !is_whole(text, length)) {
        answer = -1;
        error_set(error, "%s: is damaged; remove the folder %s to begin anew", path, folder);
    }
    char *rest = text, *line;
    while (answer > 0 && (line = strsep(&rest, "\n")) != NULL) take_line(manifest, line);
    free(text);
    free(path);
    return answer;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_notes(struct string_buffer *text, const char *word, const struct notes *notes) {
    for (size_t i = 0; i < notes->count; i++) {
        string_buffer_format(text, "%s%s\t%s\n", word, notes->notes[i].name, notes->notes[i].value);
    }
}

bool manifest_write(const char *folder, const struct manifest *manifest, struct error *error) {
    char digest[DIGEST_TEXT];
    struct string_buffer text = {0};
    string_buffer_format(&text, "%s\n", first_line);
    put_notes(&text, identity_word, &manifest->identity);
    put_notes(&text, progress_word, &manifest->progress);
    digest_of_bytes(text.bytes, text.length, digest);
    string_buffer_format(&text, "%s%s\n", end_word, digest);
    char *place = paths_join(folder, "manifest"), *part = paths_join(folder, "manifest.new");
    struct sink *sink = sink_continue(place, part, 0, error);
    bool done = sink != NULL && sink_write(sink, text.bytes, text.length, error);
    if (done) {
        done = sink_commit(sink, error);
    } else {
        sink_abandon(sink);
    }
    free(part);
    free(place);
    string_buffer_finish(&text);
    return done;
}
