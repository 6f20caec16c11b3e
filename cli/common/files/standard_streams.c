/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the places of standard descriptors that were closed, and refuses to read or write them. */
#include "common/files/standard_streams.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/files/link.h"
#include "common/memory.h"
#include "common/message.h"
#include "common/sink.h"

static bool was_closed[STDERR_FILENO + 1];

/* Opened against its use, so that what reaches it in spite of all checks fails and is not lost in
 * silence. Without /dev/null, as in a bare chroot, the root folder holds the place as well. */
static void hold(int number) {
    int descriptor = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (descriptor < 0) open("/", O_RDONLY | O_DIRECTORY);
}

void standard_streams_hold(void) {
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
        if (fcntl(i, F_GETFD) >= 0) continue;
        was_closed[i] = true;
        hold(i); /* the lowest free number is this one */
    }
}

static bool is_open_for(int number, int forbidden) {
    int flags = fcntl(number, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != forbidden && (flags & O_PATH) == 0;
}

bool standard_streams_check_input(struct error *error) {
    if (was_closed[STDIN_FILENO]) {
        return error_set(error, "standard input is closed: name a FILE, or redirect it (< FILE)");
    }
    if (is_open_for(STDIN_FILENO, O_WRONLY)) return true;
    return error_set(error, "standard input cannot be read: it was opened for writing only");
}

bool standard_streams_check_output(struct error *error) {
    if (was_closed[STDOUT_FILENO]) {
        return error_set(error, "standard output is closed: redirect it (> FILE)");
    }
    if (is_open_for(STDOUT_FILENO, O_RDONLY)) return true;
    return error_set(error, "standard output cannot be written: it was opened for reading only");
}

/* The number N of a path FOLDER/N where FOLDER is this process's folder of descriptors. */
static int number_in_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path || strlen(slash) != 2) return -1;
    char *folder = memory_copy(path, (size_t)(slash - path));
    char place[PATH_MAX], ours[PATH_MAX];
    bool is_ours = realpath(folder, place) != NULL && realpath("/proc/self/fd", ours) != NULL &&
                   strcmp(place, ours) == 0;
    free(folder);
    int number = slash[1] - '0';
    return is_ours && number >= STDIN_FILENO && number <= STDERR_FILENO ? number : -1;
}

int standard_streams_number(const char *path) {
    char *at = memory_copy(path, strlen(path));
    int number = number_in_folder(at);
    for (int i = 0; number < 0 && i < LINK_MOST && link_follow(&at); i++) {
        number = number_in_folder(at);
    }
    free(at);
    return number;
}

bool standard_streams_print(const char *bytes, size_t length, struct error *error) {
    struct sink *output = sink_open(NULL, error);
    if (output == NULL) return false;
    if (!sink_write(output, bytes, length, error)) {
        sink_abandon(output);
        return false;
    }
    return sink_commit(output, error);
}

bool standard_streams_say(const char *text) {
    struct error error = {""};
    if (standard_streams_print(text, strlen(text), &error)) return true;
    message_print("%s", error.line);
    return false;
}
