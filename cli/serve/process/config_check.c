/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what is named can be read or written by this process. */
#include "serve/process/config_check.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files/regular_file.h"
#include "common/message.h"
#include "serve/process/lifecycle.h"

static bool complain(const char *name, const char *path) {
    message_print("--%s %s: %s", name, path, strerror(errno));
    return false;
}

static bool check_folder(const char *name, const char *path) {
    struct stat about;
    if (path == NULL) return true;
    bool is_other = stat(path, &about) == 0 && !S_ISDIR(about.st_mode);
    if (!is_other && access(path, R_OK | X_OK) == 0) return true;
    if (is_other) errno = ENOTDIR;
    return complain(name, path);
}

static bool check_readable(const char *name, const char *path) {
    struct error error;
    if (path == NULL) return true;
    FILE *file = regular_file_open(path, NULL, &error);
    if (file != NULL) {
        fclose(file);
        return true;
    }
    message_print("--%s: %s", name, error.line);
    return false;
}

/* A file that is not there yet needs a folder where it can be made. */
static bool check_writable(const char *name, const char *path) {
    char copy[PATH_MAX];
    if (path == NULL || strcmp(path, "-") == 0 || access(path, W_OK) == 0) return true;
    snprintf(copy, sizeof copy, "%s", path);
    if (errno == ENOENT && access(dirname(copy), W_OK | X_OK) == 0) return true;
    return complain(name, path);
}

int config_check_run(const struct settings *settings) {
    bool sound = check_folder("model", settings->model);
    sound = check_folder("model-store", settings->model_store) && sound;
    sound = check_readable("operate-token-file", settings->operate_token_file) && sound;
    sound = check_writable("access-log", settings->access_log) && sound;
    sound = check_writable("journal", settings->journal) && sound;
    if (!sound) return LIFECYCLE_COULD_NOT;
    message_print("the configuration is sound");
    return LIFECYCLE_ENDED;
}
