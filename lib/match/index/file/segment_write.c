/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a segment's file so that a kill at any moment leaves the old one or the new one. */
#define _GNU_SOURCE
#define XXH_INLINE_ALL
#include "core/alloc.h"
#include "core/pathname.h"
#include "core/progress.h"
#include "match/index/file/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- the header ------------------------------------------------------------------------------ */

static void make_header(const mgi_segment *segment, mgi_segment_file_header *header) {
    uint64_t at = mgi_segment_file_align(sizeof *header);
    memset(header, 0, sizeof *header);
    memcpy(header->magic, MGI_SEGMENT_FILE_MAGIC, sizeof header->magic);
    header->endian = MGI_SEGMENT_FILE_ENDIAN;
    header->version = MGI_SEGMENT_FILE_VERSION;
    header->terms_version = MGI_TERMS_VERSION;
    header->section_count = MGI_SECTIONS;
    header->documents = segment->documents;
    header->terms = segment->terms;
    for (int i = 0; i < MGI_SECTIONS; i++) {
        header->sections[i] = (mgi_segment_file_section){
            at, segment->bytes[i], XXH3_64bits(segment->sections[i], segment->bytes[i])};
        at = mgi_segment_file_align(at + segment->bytes[i]);
    }
    header->file_bytes = at;
    header->digest = XXH3_64bits(header, offsetof(mgi_segment_file_header, digest));
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* A file that is being written. */
typedef struct new_file {
    const char *path; /* for error lines */
    char *name;       /* the other name */
    int descriptor;
    uint64_t written;
} new_file;

static mgeo_status fail_io(const new_file *file, const char *what, mgeo_error *error) {
    char reason[128];
    const int code = errno;
    return mgi_fail(error, code == ENOMEM ? MGEO_E_MEMORY : MGEO_E_IO, "%s: %s: %s",
                    mgi_pathname_shown(file->path), what, strerror_r(code, reason, sizeof reason));
}

static mgeo_status write_bytes(new_file *file, const void *bytes, uint64_t count,
                               const mgeo_progress *progress, mgeo_error *error) {
    enum { AT_ONCE = 8 << 20 };
    const char *at = bytes;
    mgeo_status status = MGEO_OK;
    while (count > 0 && (status = mgi_progress_check(progress, error)) == MGEO_OK) {
        const size_t part = count < AT_ONCE ? (size_t)count : AT_ONCE;
        const ssize_t put = write(file->descriptor, at, part);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_io(file, "cannot be written", error);
        at += put;
        count -= (uint64_t)put;
        file->written += (uint64_t)put;
    }
    return status;
}

static mgeo_status write_padding(new_file *file, mgeo_error *error) {
    static const char zeros[MGI_SEGMENT_FILE_ALIGNMENT];
    return write_bytes(file, zeros, mgi_segment_file_align(file->written) - file->written, NULL,
                       error);
}

static mgeo_status write_all(new_file *file, const mgi_segment *segment,
                             const mgeo_progress *progress, mgeo_error *error) {
    mgi_segment_file_header header;
    make_header(segment, &header);
    mgeo_status status = write_bytes(file, &header, sizeof header, progress, error);
    for (int i = 0; i < MGI_SECTIONS && status == MGEO_OK; i++) {
        status = write_padding(file, error);
        if (status != MGEO_OK) break;
        status = write_bytes(file, segment->sections[i], segment->bytes[i], progress, error);
    }
    return status == MGEO_OK ? write_padding(file, error) : status;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Is what we have open still what bears the name? Another writer may have renamed it. */
static bool has_name(const new_file *file) {
    struct stat open_file, named;
    return fstat(file->descriptor, &open_file) == 0 && stat(file->name, &named) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

/* A device or a pipe is there for others: it is not replaced by a file. */
static mgeo_status check_place(const new_file *file, mgeo_error *error) {
    struct stat found;
    if (stat(file->path, &found) != 0 || S_ISREG(found.st_mode)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_IO, "%s: not a regular file: give the index another path",
                    mgi_pathname_shown(file->path));
}

/* One name for all writers, and a lock on it: what a killed one left behind is written over by the
 * next, and two at once take turns. */
static mgeo_status create(new_file *file, mgeo_error *error) {
    for (;;) {
        file->descriptor =
            open(file->name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (file->descriptor < 0) return fail_io(file, "cannot be created beside it", error);
        while (flock(file->descriptor, LOCK_EX) != 0) {
            if (errno != EINTR) return fail_io(file, "cannot be locked", error);
        }
        if (has_name(file)) break;
        close(file->descriptor);
    }
    if (ftruncate(file->descriptor, 0) == 0) return MGEO_OK;
    return fail_io(file, "cannot be written", error);
}

static mgeo_status sync_folder(const new_file *file, mgeo_error *error) {
    char *folder = mgi_strdup(file->path);
    if (folder == NULL) return mgi_fail_memory(error, "a path", strlen(file->path));
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        strcpy(folder, "."); /* a path that was opened is not empty */
    } else {
        slash[slash == folder] = '\0';
    }
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mgi_free(folder);
    /* Some file systems cannot, and then there is nothing to be done. */
    if (descriptor < 0) return MGEO_OK;
    const bool failed = fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS;
    const mgeo_status status =
        failed ? fail_io(file, "its folder cannot be written to disk", error) : MGEO_OK;
    close(descriptor);
    return status;
}

static mgeo_status put_in_place(new_file *file, mgeo_error *error) {
    if (fsync(file->descriptor) != 0) return fail_io(file, "cannot be written to disk", error);
    if (rename(file->name, file->path) != 0) return fail_io(file, "cannot be replaced", error);
    file->name[0] = '\0';
    return sync_folder(file, error);
}

mgeo_status mgi_segment_file_write(const mgi_segment *segment, const char *path,
                                   mgeo_progress *progress, mgeo_error *error) {
    const size_t bytes = strlen(path) + sizeof ".new";
    new_file file = {.path = path, .name = mgi_calloc(bytes, 1), .descriptor = -1};
    if (file.name == NULL) return mgi_fail_memory(error, "a path", bytes);
    snprintf(file.name, bytes, "%s.new", path);
    mgeo_status status = check_place(&file, error);
    if (status == MGEO_OK) status = create(&file, error);
    if (status == MGEO_OK) {
        status = write_all(&file, segment, progress, error);
        if (status == MGEO_OK) status = put_in_place(&file, error);
        if (status != MGEO_OK && file.name[0] != '\0') unlink(file.name);
    }
    if (file.descriptor >= 0) close(file.descriptor);
    mgi_free(file.name);
    return status;
}
