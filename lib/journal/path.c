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

mgeo_status mgi_journal_path_fail(const mgi_journal_path *path, const char *what,
                                  mgeo_error *error) {
    char reason[128];
    return mgi_fail(error, MGEO_E_IO, "%s: %s: %s", path->given, what,
                    strerror_r(errno, reason, sizeof reason));
}

static char *with_ending(const char *name, const char *ending) {
    size_t bytes = strlen(name) + strlen(ending) + 1;
    char *made = mgi_calloc(bytes, 1);
    if (made != NULL) snprintf(made, bytes, "%s%s", name, ending);
    return made;
}

/* "" has no folder of its own: it is a name in the folder where the process is. */
static int open_folder(const mgi_journal_path *path) {
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
    if (path->name == path->given) return open(".", FLAGS);
    char *slash = path->given + (path->name - path->given) - 1;
    if (slash == path->given) return open("/", FLAGS);
    *slash = '\0';
    int folder = open(path->given, FLAGS);
    *slash = '/';
    return folder;
}

mgeo_status mgi_journal_path_init(mgi_journal_path *path, const char *given, mgeo_error *error) {
    *path = (mgi_journal_path){.folder = -1};
    path->given = mgi_strdup(given);
    if (path->given == NULL) return mgi_fail_memory(error, "a path", strlen(given) + 1);
    const char *slash = strrchr(path->given, '/');
    path->name = slash != NULL ? slash + 1 : path->given;
    path->head = with_ending(path->name, ".head");
    path->next_head = with_ending(path->name, ".head.new");
    if (path->head == NULL || path->next_head == NULL) {
        return mgi_fail_memory(error, "a path", strlen(given) + 1);
    }
    path->folder = open_folder(path);
    if (path->folder < 0) return mgi_journal_path_fail(path, "its folder cannot be opened", error);
    return MGEO_OK;
}

void mgi_journal_path_finish(mgi_journal_path *path) {
    if (path->folder >= 0) close(path->folder);
    mgi_free(path->next_head);
    mgi_free(path->head);
    mgi_free(path->given);
    *path = (mgi_journal_path){.folder = -1};
}

int mgi_journal_path_open(const mgi_journal_path *path, int flags) {
    /* O_NONBLOCK: a pipe at the path must not make us wait. */
    return openat(path->folder, path->name, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);
}

/* ---- the head -------------------------------------------------------------------------------- */

static mgeo_status head_parse(const mgi_journal_path *path, const char *text, ssize_t length,
                              mgi_journal_link *head, mgeo_error *error) {
    mgeo_error why;
    if (length < 0) return mgi_journal_path_fail(path, "FILE.head cannot be read", error);
    mgeo_status status = mgi_journal_hash_chain_read_head(text, (size_t)length, head, &why);
    if (status == MGEO_OK) return MGEO_OK;
    return mgi_fail(error, status, "%s.head: %s", path->given, why.message);
}

mgeo_status mgi_journal_path_read_head(const mgi_journal_path *path, mgi_journal_link *head,
                                       mgeo_error *error) {
    char text[MGI_JOURNAL_HEAD_MAX_BYTES];
    *head = mgi_journal_link_none;
    int file = openat(path->folder, path->head, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 && errno == ENOENT) return MGEO_OK;
    if (file < 0) return mgi_journal_path_fail(path, "FILE.head cannot be opened", error);
    ssize_t length = read(file, text, sizeof text);
    mgeo_status status = head_parse(path, text, length, head, error);
    close(file);
    return status;
}

static bool head_write(const mgi_journal_path *path, const mgi_journal_link *head, unsigned mode) {
    char text[MGI_JOURNAL_HEAD_MAX_BYTES];
    size_t length = mgi_journal_hash_chain_write_head(head, text);
    int file = openat(path->folder, path->next_head,
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

mgeo_status mgi_journal_path_replace_head(const mgi_journal_path *path,
                                          const mgi_journal_link *head, unsigned mode,
                                          mgeo_error *error) {
    if (!head_write(path, head, mode)) {
        return mgi_journal_path_fail(path, "FILE.head cannot be written", error);
    }
    if (renameat(path->folder, path->next_head, path->folder, path->head) != 0 ||
        fsync(path->folder) != 0) {
        return mgi_journal_path_fail(path, "FILE.head cannot be replaced", error);
    }
    return MGEO_OK;
}
