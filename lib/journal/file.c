/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's file as its writer holds it: locked, and never longer than its last whole line. */
#define _GNU_SOURCE
#include "journal/file.h"

#include "journal/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- open and close -------------------------------------------------------------------------- */

static mgeo_status lock_file(mgi_journal_file *file, mgeo_error *error) {
    struct stat status;
    if (fstat(file->file, &status) != 0) {
        return mgi_journal_path_fail(&file->path, "cannot be examined", error);
    }
    if (!S_ISREG(status.st_mode)) {
        return mgi_fail(error, MGEO_E_FORMAT, "%s: not a regular file: give the journal another",
                        file->path.given);
    }
    if (flock(file->file, LOCK_EX | LOCK_NB) == 0) return MGEO_OK;
    if (errno != EWOULDBLOCK) return mgi_journal_path_fail(&file->path, "cannot be locked", error);
    return mgi_fail(error, MGEO_E_BUSY,
                    "%s: another engine writes this journal: give each engine its own",
                    file->path.given);
}

/* Goes on after the last whole line. */
static mgeo_status resume(mgi_journal_file *file, mgi_journal_torn *torn, mgeo_error *error) {
    mgi_journal_tail end;
    mgeo_status status = mgi_journal_tail_read(&file->path, file->file, &end, torn, error);
    if (status != MGEO_OK) return status;
    file->last = end.last;
    file->end = end.bytes;
    file->head_behind = end.head_behind;
    if (torn->bytes > 0 && ftruncate(file->file, file->end) != 0) {
        return mgi_journal_path_fail(&file->path, "its torn end cannot be cut off", error);
    }
    return MGEO_OK;
}

mgeo_status mgi_journal_file_open(mgi_journal_file *file, const char *path, mgi_journal_torn *torn,
                                  mgeo_error *error) {
    *file = (mgi_journal_file){.file = -1};
    mgeo_status status = mgi_journal_path_init(&file->path, path, error);
    if (status == MGEO_OK) {
        file->file = mgi_journal_path_open(&file->path, O_RDWR | O_APPEND | O_CREAT);
        if (file->file < 0) status = mgi_journal_path_fail(&file->path, "cannot be opened", error);
    }
    if (status == MGEO_OK) status = lock_file(file, error);
    if (status == MGEO_OK) status = resume(file, torn, error);
    return status;
}

void mgi_journal_file_close(mgi_journal_file *file) {
    if (file->file >= 0) {
        flock(file->file, LOCK_UN); /* a forked child may still hold the descriptor */
        close(file->file);
    }
    mgi_journal_path_finish(&file->path);
    file->file = -1;
}

/* ---- a line more ----------------------------------------------------------------------------- */

/* A line that is not whole must not stay: the next one would be read as its end. */
static void cut_torn_line(mgi_journal_file *file) {
    file->torn = ftruncate(file->file, file->end) != 0;
}

/* Is the file still the one at its path, and is it as this writer left it? */
static mgeo_status check_unchanged(mgi_journal_file *file, struct stat *held, mgeo_error *error) {
    struct stat found;
    if (file->torn) cut_torn_line(file);
    if (file->torn) {
        return mgi_journal_path_fail(&file->path, "a torn line cannot be cut off", error);
    }
    if (fstat(file->file, held) != 0 ||
        fstatat(file->path.folder, file->path.name, &found, 0) != 0) {
        return mgi_journal_path_fail(&file->path, "the journal is gone", error);
    }
    if (found.st_ino != held->st_ino || found.st_dev != held->st_dev) {
        return mgi_fail(error, MGEO_E_IO,
                        "%s: another file has taken the journal's place: put it back",
                        file->path.given);
    }
    if (held->st_size != file->end) {
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: %lld bytes, but %lld were written: someone else has changed it",
                        file->path.given, (long long)held->st_size, (long long)file->end);
    }
    return MGEO_OK;
}

static mgeo_status write_line(mgi_journal_file *file, const char *line, size_t length,
                              mgeo_error *error) {
    ssize_t written;
    do {
        written = write(file->file, line, length);
    } while (written < 0 && errno == EINTR);
    if (written == (ssize_t)length) return MGEO_OK;
    mgeo_status status =
        written < 0
            ? mgi_journal_path_fail(&file->path, "cannot be written", error)
            : mgi_fail(error, MGEO_E_IO, "%s: only %zd of a line's %zu bytes fit: make room",
                       file->path.given, written, length);
    cut_torn_line(file);
    return status;
}

static mgeo_status update_head(mgi_journal_file *file, unsigned mode, mgeo_error *error) {
    mgeo_status status = mgi_journal_path_replace_head(&file->path, &file->last, mode, error);
    file->head_behind = status != MGEO_OK;
    return status;
}

mgeo_status mgi_journal_file_append(mgi_journal_file *file, const char *line, size_t length,
                                    const mgi_journal_link *next, mgeo_error *error) {
    struct stat held = {0};
    mgeo_status status = check_unchanged(file, &held, error);
    unsigned mode = held.st_mode & 0777;
    if (status == MGEO_OK && file->head_behind) status = update_head(file, mode, error);
    if (status == MGEO_OK) status = write_line(file, line, length, error);
    if (status != MGEO_OK) return status;
    file->last = *next;
    file->end += (off_t)length;
    file->head_behind = true;
    if (fdatasync(file->file) != 0) {
        return mgi_journal_path_fail(&file->path, "cannot be synced", error);
    }
    return update_head(file, mode, error);
}
