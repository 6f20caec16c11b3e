/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a journal that is to be continued: its last line, what is torn, and the head. */
#define _GNU_SOURCE
#include "journal/tail.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "journal/record.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADVICE "look with mgeo-journal --verify; give the engine another file to begin anew"

/* The last bytes of the file: enough for a line and for one that is torn. */
typedef struct last_bytes {
    char *bytes;
    size_t count;
    off_t size; /* of the file */
} last_bytes;

static mgeo_status read_last_bytes(const mgi_journal_path *path, int file, last_bytes *tail,
                                   mgeo_error *error) {
    enum { MOST = 2 * MGI_JOURNAL_LINE_MAX_BYTES + 2 };
    struct stat status;
    if (fstat(file, &status) != 0) return mgi_journal_path_fail(path, "cannot be examined", error);
    tail->size = status.st_size;
    tail->count = status.st_size < MOST ? (size_t)status.st_size : MOST;
    tail->bytes = mgi_calloc(tail->count, 1);
    if (tail->bytes == NULL) return mgi_fail_memory(error, "a journal's end", tail->count);
    size_t done = 0;
    while (done < tail->count) {
        off_t from = tail->size - (off_t)(tail->count - done);
        ssize_t got = pread(file, tail->bytes + done, tail->count - done, from);
        if (got <= 0) return mgi_journal_path_fail(path, "cannot be read", error);
        done += (size_t)got;
    }
    return MGEO_OK;
}

/* ---- what is torn ---------------------------------------------------------------------------- */

static void torn_keep(mgi_journal_torn *torn, const char *bytes, size_t count) {
    char text[sizeof torn->text];
    torn->bytes = count;
    size_t kept = count < sizeof text - 1 ? count : sizeof text - 1;
    for (size_t i = 0; i < kept; i++) text[i] = bytes[i];
    for (size_t i = 0; i < kept; i++) {
        if (text[i] == '\0') text[i] = ' ';
    }
    text[kept] = '\0';
    mgi_fixed_text_copy(torn->text, sizeof torn->text, text);
}

/* Before the first line stands there is nothing else to tell a journal by: a host's own notes must
 * not be cut off. A crash may leave NUL bytes. */
static bool torn_is_ours(const char *bytes, size_t count) {
    static const char beginning[] = "{\"seq\":1,";
    size_t zeros = 0;
    while (zeros < count && bytes[zeros] == '\0') zeros++;
    if (zeros == count) return true;
    size_t compared = count < sizeof beginning - 1 ? count : sizeof beginning - 1;
    return memcmp(bytes, beginning, compared) == 0;
}

/* ---- the last line --------------------------------------------------------------------------- */

static mgeo_status end_not_sound(const mgi_journal_path *path, const char *why, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_FORMAT, "%s: its end is not a journal's: %s; " ADVICE,
                    path->given, why);
}

static mgeo_status end_parse(const mgi_journal_path *path, const last_bytes *tail, size_t whole,
                             mgi_journal_tail *end, mgi_journal_link *before, mgeo_error *error) {
    const char *last = tail->bytes;
    const char *newline = whole > 1 ? memrchr(tail->bytes, '\n', whole - 1) : NULL;
    if (newline != NULL) last = newline + 1;
    size_t length = whole - 1 - (size_t)(last - tail->bytes);
    if (length >= MGI_JOURNAL_LINE_MAX_BYTES) {
        return end_not_sound(path, "the last line is longer than any", error);
    }
    mgeo_error why;
    mgeo_status status = mgi_journal_hash_chain_read(last, length, &end->last, before->hash, &why);
    if (status == MGEO_E_FORMAT) return end_not_sound(path, why.message, error);
    if (status != MGEO_OK) return mgi_fail(error, status, "%s", why.message);
    before->seq = end->last.seq - 1;
    return MGEO_OK;
}

static mgeo_status end_find(const mgi_journal_path *path, const last_bytes *tail,
                            mgi_journal_tail *end, mgi_journal_link *before, mgi_journal_torn *torn,
                            mgeo_error *error) {
    const char *newline = tail->count > 0 ? memrchr(tail->bytes, '\n', tail->count) : NULL;
    size_t whole = newline != NULL ? (size_t)(newline - tail->bytes) + 1 : 0;
    size_t left = tail->count - whole;
    end->bytes = tail->size - (off_t)left;
    if (left > 0) torn_keep(torn, tail->bytes + whole, left);
    if (whole > 0) return end_parse(path, tail, whole, end, before, error);
    if (left >= MGI_JOURNAL_LINE_MAX_BYTES || !torn_is_ours(tail->bytes, left)) {
        return end_not_sound(path, "it holds no line of one", error);
    }
    return MGEO_OK;
}

/* ---- the head -------------------------------------------------------------------------------- */

/* A process that was killed between the two steps leaves the head one line behind. */
static mgeo_status end_check_head(const mgi_journal_path *path, mgi_journal_tail *end,
                                  const mgi_journal_link *before, mgeo_error *error) {
    mgi_journal_link head;
    mgeo_status status = mgi_journal_path_read_head(path, &head, error);
    if (status != MGEO_OK) return status;
    end->head_behind = !mgi_journal_hash_chain_same(&head, &end->last);
    if (!end->head_behind || mgi_journal_hash_chain_same(&head, before)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_FORMAT,
                    "%s: it ends with line %llu, but FILE.head names line %llu%s; " ADVICE,
                    path->given, (unsigned long long)end->last.seq, (unsigned long long)head.seq,
                    head.seq > end->last.seq    ? ": lines were cut off"
                    : head.seq == end->last.seq ? " with another hash: it was changed"
                                                : "");
}

mgeo_status mgi_journal_tail_read(const mgi_journal_path *path, int file, mgi_journal_tail *end,
                                  mgi_journal_torn *torn, mgeo_error *error) {
    last_bytes tail = {0};
    mgi_journal_link before = mgi_journal_link_none;
    *end = (mgi_journal_tail){.last = mgi_journal_link_none};
    mgeo_status status = read_last_bytes(path, file, &tail, error);
    if (status == MGEO_OK) status = end_find(path, &tail, end, &before, torn, error);
    if (status == MGEO_OK) status = end_check_head(path, end, &before, error);
    mgi_free(tail.bytes);
    return status;
}
