/* SPDX-License-Identifier: Apache-2.0 */
/* A journal's lines one by one, in bounded memory, also while more of them are written. */
#define _GNU_SOURCE
#include "journal/line_reader.h"

#include "core/alloc.h"
#include "journal/record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

mgeo_status mgi_journal_line_reader_init(mgi_journal_line_reader *reader, int file,
                                         mgeo_error *error) {
    *reader = (mgi_journal_line_reader){.file = file};
    reader->buffer = mgi_calloc(MGI_JOURNAL_LINE_MAX_BYTES, 1);
    if (reader->buffer != NULL) return MGEO_OK;
    return mgi_fail_memory(error, "a journal's lines", MGI_JOURNAL_LINE_MAX_BYTES);
}

void mgi_journal_line_reader_finish(mgi_journal_line_reader *reader) {
    mgi_free(reader->buffer);
    reader->buffer = NULL;
}

/* Reads on; whether there was more. */
static mgi_journal_line_reader_result fill_buffer(mgi_journal_line_reader *reader) {
    if (reader->begin > 0) {
        memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    if (reader->end == MGI_JOURNAL_LINE_MAX_BYTES) return MGI_JOURNAL_TOO_LONG;
    ssize_t got;
    do {
        got = read(reader->file, reader->buffer + reader->end,
                   MGI_JOURNAL_LINE_MAX_BYTES - reader->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return MGI_JOURNAL_FAILED;
    reader->end += (size_t)got;
    return got > 0 ? MGI_JOURNAL_LINE : MGI_JOURNAL_END;
}

mgi_journal_line_reader_result mgi_journal_line_reader_next(mgi_journal_line_reader *reader,
                                                            const char **line, size_t *length) {
    for (;;) {
        size_t waiting = reader->end - reader->begin;
        char *start = reader->buffer + reader->begin;
        char *newline = waiting > 0 ? memchr(start, '\n', waiting) : NULL;
        if (newline != NULL) {
            *line = start;
            *length = (size_t)(newline - start);
            reader->begin += *length + 1;
            return MGI_JOURNAL_LINE;
        }
        mgi_journal_line_reader_result next = fill_buffer(reader);
        if (next != MGI_JOURNAL_LINE) return next;
    }
}

size_t mgi_journal_line_reader_torn(const mgi_journal_line_reader *reader) {
    return reader->end - reader->begin;
}

bool mgi_journal_line_reader_retry(mgi_journal_line_reader *reader) {
    off_t back = (off_t)mgi_journal_line_reader_torn(reader);
    reader->begin = 0;
    reader->end = 0;
    return back == 0 || lseek(reader->file, -back, SEEK_CUR) >= 0;
}
