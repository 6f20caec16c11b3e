/* SPDX-License-Identifier: Apache-2.0 */
/* A growing list of pairs of strings; there are few, so that a search walks along it. */
#include "scoring/resume/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

void notes_finish(struct notes *notes) {
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->notes[i].name);
        free(notes->notes[i].value);
    }
    free(notes->notes);
    memset(notes, 0, sizeof *notes);
}

void notes_add_line(struct notes *notes, const char *name, const char *value) {
    notes->notes = memory_resize(notes->notes, notes->count + 1, sizeof *notes->notes);
    notes->notes[notes->count++] = (struct note){.name = memory_copy(name, strlen(name)),
                                                 .value = memory_copy(value, strlen(value))};
}

static char *escaped(const char *text) {
    struct string_buffer line = {0};
    string_buffer_add(&line, "", 0);
    string_buffer_escaped_cell(&line, text, strlen(text));
    return line.bytes;
}

void notes_add(struct notes *notes, const char *name, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = memory_zeroed((size_t)(length < 0 ? 0 : length) + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    char *shown_name = escaped(name), *value = escaped(text);
    notes_add_line(notes, shown_name, value);
    free(shown_name);
    free(value);
    free(text);
}

const char *notes_find(const struct notes *notes, const char *name) {
    for (size_t i = 0; i < notes->count; i++) {
        if (strcmp(notes->notes[i].name, name) == 0) return notes->notes[i].value;
    }
    return NULL;
}

uint64_t notes_whole(const struct notes *notes, const char *name) {
    const char *value = notes_find(notes, name);
    return value != NULL ? strtoull(value, NULL, 10) : 0;
}
