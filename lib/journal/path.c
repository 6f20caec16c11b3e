/* SPDX-License-Identifier: Apache-2.0 */
/* Where a journal lies: its folder, its file, and FILE.head, which names the last line. */
#define _GNU_SOURCE
#include "journal/path.h"

#include "core/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640 };

mgeo_status mgi_journal_path_fail(const mgi_journal_path *place, const char *what,
                                  mgeo_error *error) {
    char reason[128];
    return mgi_fail(error, MGEO_E_IO, "%s: %s: %s", place->path, what,
                    strerror_r(errno, reason, sizeof reason));
}

static char *make_names(const char *name, const char *ending) {
    size_t bytes = strlen(name) + strlen(ending) + 1;
    char *made = mgi_calloc(bytes, 1);
    if (made != NULL) snprintf(made, bytes, "%s%s", name, ending);
    return made;
}

/* "" has no folder of its own: it is a name in the folder where the process is. */
static int open_folder(const mgi_journal_path *place) {
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
    if (place->name == place->path) return open(".", FLAGS);
    char *slash = place->path + (place->name - place->path) - 1;
    if (slash == place->path) return open("/", FLAGS);
    *slash = '\0';
    int folder = open(place->path, FLAGS);
    *slash = '/';
    return folder;
}

mgeo_status mgi_journal_path_init(mgi_journal_path *place, const char *path, mgeo_error *error) {
    *place = (mgi_journal_path){.folder = -1};
    place->path = mgi_strdup(path);
    if (place->path == NULL) return mgi_fail_memory(error, "a path", strlen(path) + 1);
    const char *slash = strrchr(place->path, '/');
    place->name = slash != NULL ? slash + 1 : place->path;
    place->head = make_names(place->name, ".head");
    place->next_head = make_names(place->name, ".head.new");
    if (place->head == NULL || place->next_head == NULL) {
        return mgi_fail_memory(error, "a path", strlen(path) + 1);
    }
    place->folder = open_folder(place);
    if (place->folder < 0)
        return mgi_journal_path_fail(place, "its folder cannot be opened", error);
    return MGEO_OK;
}

void mgi_journal_path_finish(mgi_journal_path *place) {
    if (place->folder >= 0) close(place->folder);
    mgi_free(place->next_head);
    mgi_free(place->head);
    mgi_free(place->path);
    *place = (mgi_journal_path){.folder = -1};
}

int mgi_journal_path_open(const mgi_journal_path *place, int flags) {
    /* O_NONBLOCK: a pipe at the path must not make us wait. */
    return openat(place->folder, place->name, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);
}

/* ---- the head -------------------------------------------------------------------------------- */

static mgeo_status head_parse(const mgi_journal_path *place, const char *text, ssize_t length,
                              mgi_journal_link *head, mgeo_error *error) {
    mgeo_error why;
    if (length < 0) return mgi_journal_path_fail(place, "FILE.head cannot be read", error);
    mgeo_status status = mgi_journal_hash_chain_read_head(text, (size_t)length, head, &why);
    if (status == MGEO_OK || status == MGEO_E_MEMORY) return status;
    return mgi_fail(error, status, "%s.head: %s", place->path, why.message);
}

mgeo_status mgi_journal_path_read_head(const mgi_journal_path *place, mgi_journal_link *head,
                                       mgeo_error *error) {
    char text[MGI_JOURNAL_HEAD_MAX_BYTES];
    *head = mgi_journal_link_none;
    int file = openat(place->folder, place->head, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 && errno == ENOENT) return MGEO_OK;
    if (file < 0) return mgi_journal_path_fail(place, "FILE.head cannot be opened", error);
    ssize_t length = read(file, text, sizeof text);
    mgeo_status status = head_parse(place, text, length, head, error);
    close(file);
    return status;
}

static bool head_write(const mgi_journal_path *place, const mgi_journal_link *head, unsigned mode) {
    char text[MGI_JOURNAL_HEAD_MAX_BYTES];
    size_t length = mgi_journal_hash_chain_write_head(head, text);
    int file = openat(place->folder, place->next_head,
                      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (file < 0) return false;
    errno = ENOSPC; /* what a short write without an error means */
    bool written =
        write(file, text, length) == (ssize_t)length && fchmod(file, mode) == 0 && fsync(file) == 0;
    int reason = errno;
    close(file);
    errno = reason;
    return written;
}

mgeo_status mgi_journal_path_replace_head(const mgi_journal_path *place,
                                          const mgi_journal_link *head, unsigned mode,
                                          mgeo_error *error) {
    if (!head_write(place, head, mode)) {
        return mgi_journal_path_fail(place, "FILE.head cannot be written", error);
    }
    if (renameat(place->folder, place->next_head, place->folder, place->head) != 0 ||
        fsync(place->folder) != 0) {
        return mgi_journal_path_fail(place, "FILE.head cannot be replaced", error);
    }
    return MGEO_OK;
}
