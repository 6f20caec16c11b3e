/* SPDX-License-Identifier: Apache-2.0 */
/* A journal read from the first line to the last: does each hold the one before, and FILE.head the
 * last? */
#define _GNU_SOURCE
#include "journal/verify.h"

#include "core/fixed_text.h"
#include "journal/line_reader.h"
#include "journal/path.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Another process that writes is in the middle of a line, or two lines ahead of the head that was
 * read, for moments only. */
enum { MAX_READS = 10, PAUSE_MS = 5 };

typedef struct verify_run {
    mgi_journal_path path;
    int file;
    mgi_journal_line_reader reader;
    mgi_journal_link before, last; /* the last two sound lines */
    mgi_journal_link head;
    bool head_unsound;
    mgeo_journal_report *report;
    mgeo_error *error;
} verify_run;

static void verify_count(const verify_run *run, const mgi_journal_link *last) {
    mgeo_journal_report *report = run->report;
    report->lines = last->seq;
    mgi_fixed_text_copy(report->last_hash, sizeof report->last_hash,
                        last->seq > 0 ? last->hash : "");
}

/* Fills the report: all lines up to `last` are sound. */
__attribute__((format(printf, 3, 4))) static mgeo_status
verify_fail(const verify_run *run, const mgi_journal_link *last, const char *format, ...) {
    mgeo_journal_report *report = run->report;
    verify_count(run, last);
    report->bad_line = last->seq + 1;
    va_list arguments;
    va_start(arguments, format);
    mgi_fixed_text_format(report->reason, sizeof report->reason, format, arguments);
    va_end(arguments);
    return mgi_fail(run->error, MGEO_E_FORMAT, "%s: %s", run->path.given, report->reason);
}

/* ---- the lines ------------------------------------------------------------------------------- */

static mgeo_status verify_line(verify_run *run, const char *line, size_t length) {
    mgi_journal_link link;
    mgi_journal_link before = {.seq = run->last.seq};
    mgeo_error why;
    unsigned long long number = run->last.seq + 1;
    mgeo_status status = mgi_journal_hash_chain_read(line, length, &link, before.hash, &why);
    if (status == MGEO_E_FORMAT) {
        return verify_fail(run, &run->last, "line %llu: %s", number, why.message);
    }
    if (status != MGEO_OK) return mgi_fail(run->error, status, "%s", why.message);
    if (link.seq != number) {
        return verify_fail(run, &run->last,
                           "line %llu carries the number %llu: lines were removed, added or "
                           "moved",
                           number, (unsigned long long)link.seq);
    }
    if (!mgi_journal_hash_chain_same(&before, &run->last)) {
        bool first = number == 1;
        return verify_fail(run, first ? &run->last : &run->before,
                           first ? "line %llu does not begin a journal: its \"prev\" is not 0"
                                 : "line %llu was changed after it was written: the next line "
                                   "carries another hash of it",
                           first ? number : number - 1);
    }
    run->before = run->last;
    run->last = link;
    return MGEO_OK;
}

/* As far as the file goes now. */
static mgeo_status verify_lines(verify_run *run) {
    const char *line;
    size_t length;
    mgeo_status status = MGEO_OK;
    mgi_journal_line_reader_result next;
    while ((next = mgi_journal_line_reader_next(&run->reader, &line, &length)) ==
           MGI_JOURNAL_LINE) {
        status = verify_line(run, line, length);
        if (status != MGEO_OK) return status;
    }
    if (next == MGI_JOURNAL_TOO_LONG) {
        return verify_fail(run, &run->last, "line %llu is longer than any",
                           (unsigned long long)run->last.seq + 1);
    }
    if (next == MGI_JOURNAL_FAILED) {
        return mgi_journal_path_fail(&run->path, "cannot be read", run->error);
    }
    return MGEO_OK;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* A head that is none is judged once the lines have been counted. */
static mgeo_status verify_read_head(verify_run *run) {
    mgeo_error why;
    mgeo_status status = mgi_journal_path_read_head(&run->path, &run->head, &why);
    run->head_unsound = status == MGEO_E_FORMAT;
    if (status == MGEO_OK || status == MGEO_E_FORMAT) return MGEO_OK;
    return mgi_fail(run->error, status, "%s", why.message);
}

/* One line behind: the writer is at work, or was killed, between the line and the head. */
static bool verify_is_settled(const verify_run *run) {
    return !run->head_unsound && mgi_journal_line_reader_torn(&run->reader) == 0 &&
           (mgi_journal_hash_chain_same(&run->head, &run->last) ||
            mgi_journal_hash_chain_same(&run->head, &run->before));
}

static mgeo_status verify_judge_end(const verify_run *run) {
    unsigned long long last = run->last.seq;
    unsigned long long head = run->head.seq;
    if (run->head_unsound) {
        return verify_fail(run, &run->before, "FILE.head was changed: it names no line");
    }
    if (head > last) {
        return verify_fail(run, &run->last,
                           "the file ends with line %llu, but FILE.head names line %llu: lines "
                           "were cut off",
                           last, head);
    }
    if (mgi_journal_line_reader_torn(&run->reader) > 0) {
        run->report->torn = 1;
        return verify_fail(run, &run->last,
                           "line %llu is torn: an engine that opens the journal cuts it off "
                           "and says so",
                           last + 1);
    }
    if (head == 0) {
        return verify_fail(run, &run->before,
                           "FILE.head is missing: whether line %llu is the last cannot be told",
                           last);
    }
    return verify_fail(run, &run->before,
                       head == last ? "line %llu was changed, or FILE.head, which names line "
                                      "%llu with another hash"
                                    : "the file ends with line %llu, but FILE.head names line "
                                      "%llu: lines were added or changed, or the head was",
                       last, head);
}

static mgeo_status verify_all(verify_run *run) {
    for (int reads = 1;; reads++) {
        /* The head first: lines that are written meanwhile only make the file longer. */
        mgeo_status status = verify_read_head(run);
        if (status == MGEO_OK) status = verify_lines(run);
        if (status != MGEO_OK) return status;
        if (verify_is_settled(run)) break;
        if (reads == MAX_READS) return verify_judge_end(run);
        if (!mgi_journal_line_reader_retry(&run->reader)) {
            return mgi_journal_path_fail(&run->path, "cannot be read", run->error);
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    verify_count(run, &run->last);
    return MGEO_OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

static mgeo_status verify_open(verify_run *run) {
    struct stat status;
    run->file = mgi_journal_path_open(&run->path, O_RDONLY);
    if (run->file < 0 || fstat(run->file, &status) != 0) {
        return mgi_journal_path_fail(&run->path, "cannot be opened", run->error);
    }
    if (!S_ISREG(status.st_mode)) {
        return verify_fail(run, &mgi_journal_link_none, "not a regular file");
    }
    return mgi_journal_line_reader_init(&run->reader, run->file, run->error);
}

mgeo_status mgi_journal_verify(const char *path, mgeo_journal_report *report, mgeo_error *error) {
    verify_run run = {.file = -1,
                      .before = mgi_journal_link_none,
                      .last = mgi_journal_link_none,
                      .report = report,
                      .error = error};
    *report = (mgeo_journal_report){.struct_size = sizeof *report};
    mgeo_status status = mgi_journal_path_init(&run.path, path, error);
    if (status == MGEO_OK) status = verify_open(&run);
    if (status == MGEO_OK) status = verify_all(&run);
    mgi_journal_line_reader_finish(&run.reader);
    if (run.file >= 0) close(run.file);
    mgi_journal_path_finish(&run.path);
    return status;
}
