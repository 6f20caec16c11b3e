/* SPDX-License-Identifier: Apache-2.0 */
/* A journal read from the first line to the last: does each hold the one before, and FILE.head the
 * last? */
#define _GNU_SOURCE
#include "core/fixed_text.h"
#include "journal/journal.h"
#include "journal/line_reader.h"
#include "journal/path.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A writer beside us is in the middle of a line, or two lines ahead of the head that was read, for
 * moments only. */
enum { VERIFY_LOOKS = 10, VERIFY_PAUSE_MS = 5 };

typedef struct mgi_verifier {
    mgi_journal_path place;
    int file;
    mgi_journal_line_reader lines;
    mgi_journal_link before, last; /* the last two sound lines */
    mgi_journal_link head;
    bool head_unsound;
    mgeo_journal_report *report;
    mgeo_error *error;
} mgi_verifier;

static void verify_count(const mgi_verifier *verifier, const mgi_journal_link *last) {
    mgeo_journal_report *report = verifier->report;
    report->lines = last->seq;
    mgi_fixed_text_copy(report->last_hash, sizeof report->last_hash,
                        last->seq > 0 ? last->hash : "");
}

/* Fills the report: all lines up to `last` are sound. */
__attribute__((format(printf, 3, 4))) static mgeo_status
verify_fail(const mgi_verifier *verifier, const mgi_journal_link *last, const char *format, ...) {
    mgeo_journal_report *report = verifier->report;
    verify_count(verifier, last);
    report->bad_line = last->seq + 1;
    va_list arguments;
    va_start(arguments, format);
    mgi_fixed_text_format(report->reason, sizeof report->reason, format, arguments);
    va_end(arguments);
    return mgi_fail(verifier->error, MGEO_E_FORMAT, "%s: %s", verifier->place.path, report->reason);
}

/* ---- the lines ------------------------------------------------------------------------------- */

static mgeo_status verify_line(mgi_verifier *verifier, const char *line, size_t length) {
    mgi_journal_link link;
    mgi_journal_link before = {.seq = verifier->last.seq};
    mgeo_error why;
    unsigned long long number = verifier->last.seq + 1;
    mgeo_status status = mgi_journal_hash_chain_read(line, length, &link, before.hash, &why);
    if (status == MGEO_E_FORMAT) {
        return verify_fail(verifier, &verifier->last, "line %llu: %s", number, why.message);
    }
    if (status != MGEO_OK) return mgi_fail(verifier->error, status, "%s", why.message);
    if (link.seq != number) {
        return verify_fail(verifier, &verifier->last,
                           "line %llu carries the number %llu: lines were removed, added or "
                           "moved",
                           number, (unsigned long long)link.seq);
    }
    if (!mgi_journal_hash_chain_same(&before, &verifier->last)) {
        bool first = number == 1;
        return verify_fail(verifier, first ? &verifier->last : &verifier->before,
                           first ? "line %llu does not begin a journal: its \"prev\" is not 0"
                                 : "line %llu was changed after it was written: the next line "
                                   "carries another hash of it",
                           first ? number : number - 1);
    }
    verifier->before = verifier->last;
    verifier->last = link;
    return MGEO_OK;
}

/* As far as the file goes now. */
static mgeo_status verify_lines(mgi_verifier *verifier) {
    const char *line;
    size_t length;
    mgeo_status status = MGEO_OK;
    mgi_journal_line_reader_result next;
    while ((next = mgi_journal_line_reader_next(&verifier->lines, &line, &length)) ==
           MGI_JOURNAL_LINE) {
        status = verify_line(verifier, line, length);
        if (status != MGEO_OK) return status;
    }
    if (next == MGI_JOURNAL_TOO_LONG) {
        return verify_fail(verifier, &verifier->last, "line %llu is longer than any",
                           (unsigned long long)verifier->last.seq + 1);
    }
    if (next == MGI_JOURNAL_FAILED) {
        return mgi_journal_path_fail(&verifier->place, "cannot be read", verifier->error);
    }
    return MGEO_OK;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* A head that is none is judged once the lines have been counted. */
static mgeo_status verify_read_head(mgi_verifier *verifier) {
    mgeo_error why;
    mgeo_status status = mgi_journal_path_read_head(&verifier->place, &verifier->head, &why);
    verifier->head_unsound = status == MGEO_E_FORMAT;
    if (status == MGEO_OK || status == MGEO_E_FORMAT) return MGEO_OK;
    return mgi_fail(verifier->error, status, "%s", why.message);
}

/* One line behind: the writer is at work, or was killed, between the line and the head. */
static bool verify_is_settled(const mgi_verifier *verifier) {
    return !verifier->head_unsound && mgi_journal_line_reader_torn(&verifier->lines) == 0 &&
           (mgi_journal_hash_chain_same(&verifier->head, &verifier->last) ||
            mgi_journal_hash_chain_same(&verifier->head, &verifier->before));
}

static mgeo_status verify_judge_end(const mgi_verifier *verifier) {
    unsigned long long last = verifier->last.seq;
    unsigned long long head = verifier->head.seq;
    if (verifier->head_unsound) {
        return verify_fail(verifier, &verifier->before, "FILE.head was changed: it names no line");
    }
    if (head > last) {
        return verify_fail(verifier, &verifier->last,
                           "the file ends with line %llu, but FILE.head names line %llu: lines "
                           "were cut off",
                           last, head);
    }
    if (mgi_journal_line_reader_torn(&verifier->lines) > 0) {
        verifier->report->torn = 1;
        return verify_fail(verifier, &verifier->last,
                           "line %llu is torn: an engine that opens the journal cuts it off "
                           "and says so",
                           last + 1);
    }
    if (head == 0) {
        return verify_fail(verifier, &verifier->before,
                           "FILE.head is missing: whether line %llu is the last cannot be told",
                           last);
    }
    return verify_fail(verifier, &verifier->before,
                       head == last ? "line %llu was changed, or FILE.head, which names line "
                                      "%llu with another hash"
                                    : "the file ends with line %llu, but FILE.head names line "
                                      "%llu: lines were added or changed, or the head was",
                       last, head);
}

static mgeo_status verify_all(mgi_verifier *verifier) {
    for (int look = 1;; look++) {
        /* The head first: lines that are written meanwhile only make the file longer. */
        mgeo_status status = verify_read_head(verifier);
        if (status == MGEO_OK) status = verify_lines(verifier);
        if (status != MGEO_OK) return status;
        if (verify_is_settled(verifier)) break;
        if (look == VERIFY_LOOKS) return verify_judge_end(verifier);
        if (!mgi_journal_line_reader_retry(&verifier->lines)) {
            return mgi_journal_path_fail(&verifier->place, "cannot be read", verifier->error);
        }
        nanosleep(&(struct timespec){.tv_nsec = VERIFY_PAUSE_MS * 1000000L}, NULL);
    }
    verify_count(verifier, &verifier->last);
    return MGEO_OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

static mgeo_status verify_open(mgi_verifier *verifier) {
    struct stat status;
    verifier->file = mgi_journal_path_open(&verifier->place, O_RDONLY);
    if (verifier->file < 0 || fstat(verifier->file, &status) != 0) {
        return mgi_journal_path_fail(&verifier->place, "cannot be opened", verifier->error);
    }
    if (!S_ISREG(status.st_mode)) {
        return verify_fail(verifier, &mgi_journal_link_none, "not a regular file");
    }
    return mgi_journal_line_reader_init(&verifier->lines, verifier->file, verifier->error);
}

mgeo_status mgi_journal_verify(const char *path, mgeo_journal_report *report, mgeo_error *error) {
    mgi_verifier verifier = {.file = -1,
                             .before = mgi_journal_link_none,
                             .last = mgi_journal_link_none,
                             .report = report,
                             .error = error};
    *report = (mgeo_journal_report){.struct_size = sizeof *report};
    mgeo_status status = mgi_journal_path_init(&verifier.place, path, error);
    if (status == MGEO_OK) status = verify_open(&verifier);
    if (status == MGEO_OK) status = verify_all(&verifier);
    mgi_journal_line_reader_finish(&verifier.lines);
    if (verifier.file >= 0) close(verifier.file);
    mgi_journal_path_finish(&verifier.place);
    return status;
}
