/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of libmgeo with their errors as lines, and cancelled by signals. */
#include "match/reference/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/interrupt.h"
#include "common/message.h"
#include "common/parse.h"

const char *const index_file_stages[] = {
    [MGEO_STAGE_IDLE] = "indexing",    [MGEO_STAGE_READING] = "indexing the rows",
    [MGEO_STAGE_HASHING] = "indexing", [MGEO_STAGE_PLACING] = "sorting the terms",
    [MGEO_STAGE_WARMING] = "indexing", [MGEO_STAGE_SCORING] = "indexing",
    [MGEO_STAGE_FINISHED] = "indexed",
};

static const char magic[] = "mgeo\x89mgx"; /* what index files begin with */

static bool begins_as_index(const char *path) {
    char first[sizeof magic - 1];
    struct stat about;
    if (strcmp(path, "-") == 0 || stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return false;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    ssize_t got = read(descriptor, first, sizeof first);
    close(descriptor);
    return got == (ssize_t)sizeof first && memcmp(first, magic, sizeof first) == 0;
}

bool index_file_is_one(const char *path) {
    return parse_has_ending(path, ".mgx") || begins_as_index(path);
}

bool index_file_failed(mgeo_status status, const mgeo_error *cause, const char *what,
                       struct error *error) {
    if (status == MGEO_E_CANCELLED && interrupt_stopping()) return error_set(error, "%s", "");
    if (what == NULL) return error_set(error, "%s", cause->message);
    return error_set(error, "%s: %s", what, cause->message);
}

/* The lock lies on the file, and a change puts another file into its place: it counts if that is
 * still the same. */
bool index_file_hold(const char *path, int *held, struct error *error) {
    struct stat there, locked;
    while (*held < 0) {
        if (stat(path, &there) != 0 || !S_ISREG(there.st_mode)) return true;
        int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) return true; /* opening it as an index will say why */
        if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            close(descriptor);
            return error_set(error,
                             "%s: another mgeo-match is changing it; do that again when it is done",
                             path);
        }
        if (fstat(descriptor, &locked) == 0 && stat(path, &there) == 0 &&
            there.st_dev == locked.st_dev && there.st_ino == locked.st_ino) {
            *held = descriptor;
        } else {
            close(descriptor);
        }
    }
    return true;
}

void index_file_let_go(int held) {
    if (held >= 0) close(held);
}

static mgeo_index_options options_for(uint32_t threads) {
    return (mgeo_index_options){.struct_size = sizeof(mgeo_index_options),
                                .threads = threads,
                                .progress = interrupt_progress(INTERRUPT_LOADING)};
}

bool index_file_open(const char *path, uint32_t threads, mgeo_index **index, struct error *error) {
    mgeo_error cause;
    mgeo_index_options options = options_for(threads);
    mgeo_status status = mgeo_index_open(path, &options, index, &cause);
    if (status == MGEO_OK) return true;
    if (status == MGEO_E_FORMAT && !begins_as_index(path)) {
        return error_set(error,
                         "%s: this is no index file; mgeo-match index -o INDEX FILE makes "
                         "one of a table",
                         path);
    }
    bool named = strstr(cause.message, path) != NULL;
    return index_file_failed(status, &cause, named ? NULL : path, error);
}

bool index_file_create(uint32_t threads, mgeo_index **index, struct error *error) {
    mgeo_error cause;
    mgeo_index_options options = options_for(threads);
    mgeo_status status = mgeo_index_create(&options, index, &cause);
    return status == MGEO_OK || index_file_failed(status, &cause, "cannot make an index", error);
}

bool index_file_put(mgeo_index *index, const struct records *records, struct error *error) {
    mgeo_error cause;
    mgeo_record *list = records_list(records);
    interrupt_progress(INTERRUPT_LOADING); /* zero again, for the index's next change */
    mgeo_status status = mgeo_index_put(index, list, records->count, &cause);
    free(list);
    return status == MGEO_OK || index_file_failed(status, &cause, "cannot index the rows", error);
}

bool index_file_save(mgeo_index *index, const char *path, struct error *error) {
    mgeo_error cause;
    interrupt_progress(INTERRUPT_LOADING);
    mgeo_status status = mgeo_index_save(index, path, &cause);
    if (status == MGEO_OK) return true;
    bool named = strstr(cause.message, path) != NULL;
    return index_file_failed(status, &cause, named ? NULL : path, error);
}

bool index_file_info(mgeo_index *index, mgeo_index_info *info, struct error *error) {
    mgeo_error cause;
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    mgeo_status status = mgeo_index_get_info(index, info, &cause);
    return status == MGEO_OK || index_file_failed(status, &cause, "the index", error);
}

/* Measured on company addresses: what a build holds at its peak, beside the texts. */
enum { BYTES_A_RECORD = 320, BYTES_A_BYTE = 8 };

void index_file_say_memory(const struct records *records, const char *where, bool quiet) {
    char bytes[32];
    if (quiet) return;
    index_file_print_bytes(records->used * (1 + BYTES_A_BYTE) +
                               records->count * (sizeof *records->places + BYTES_A_RECORD),
                           bytes, sizeof bytes);
    message_print("%s: %zu rows are held in memory with their index, at most about %s", where,
                  records->count, bytes);
}

void index_file_say_replaced(const char *where, uint64_t rows, bool quiet) {
    if (quiet || rows == 0) return;
    message_print("%s: rows with an id that came before, which they replace: %" PRIu64, where,
                  rows);
}

void index_file_print_bytes(uint64_t bytes, char *to, size_t capacity) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    snprintf(to, capacity, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}
