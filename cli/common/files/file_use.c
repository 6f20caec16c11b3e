/* SPDX-License-Identifier: Apache-2.0 */
/* Device and inode of what is there; folder and last name of what is not there yet. */
#include "common/files/file_use.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files/link.h"
#include "common/files/standard_streams.h"
#include "common/memory.h"

static struct file_use *add(struct file_uses *uses, const char *name, enum file_use_way way) {
    uses->uses = memory_resize(uses->uses, uses->count + 1, sizeof *uses->uses);
    struct file_use *added = &uses->uses[uses->count++];
    memset(added, 0, sizeof *added);
    snprintf(added->name, sizeof added->name, "%s", name);
    added->way = way;
    added->standard = -1;
    return added;
}

/* Terminals, devices and sockets may well be read and written by the same name. */
static void identify(struct file_use *use, const struct stat *about) {
    use->exists = true;
    use->compared = S_ISREG(about->st_mode) || S_ISFIFO(about->st_mode);
    use->device = about->st_dev;
    use->inode = about->st_ino;
}

static void identify_missing(struct file_use *use, const char *path) {
    char *end = link_end(path);
    char *folder = link_folder(end);
    struct stat about;
    if (stat(folder, &about) == 0) {
        const char *slash = strrchr(end, '/');
        const char *last = slash != NULL ? slash + 1 : end;
        use->compared = true;
        use->device = about.st_dev;
        use->inode = about.st_ino;
        use->last = memory_copy(last, strlen(last));
    }
    free(folder);
    free(end);
}

void file_use_add_descriptor(struct file_uses *uses, const char *name, enum file_use_way way,
                             int descriptor) {
    struct file_use *use = add(uses, name, way);
    struct stat about;
    use->standard = descriptor;
    if (fstat(descriptor, &about) == 0) identify(use, &about);
}

void file_use_add(struct file_uses *uses, const char *name, enum file_use_way way,
                  const char *path) {
    if (path == NULL) return;
    int number = standard_streams_number(path);
    if (number >= 0) {
        file_use_add_descriptor(uses, name, way, number);
        return;
    }
    struct file_use *use = add(uses, name, way);
    struct stat about;
    if (stat(path, &about) == 0) {
        identify(use, &about);
    } else {
        identify_missing(use, path);
    }
}

void file_use_add_outputs(struct file_uses *uses) {
    file_use_add_descriptor(uses, "standard output", FILE_USE_WRITTEN, STDOUT_FILENO);
    file_use_add_descriptor(uses, "standard error", FILE_USE_MESSAGES, STDERR_FILENO);
}

static bool is_of_model(const char *name) {
    static const char *const names[] = {"config.json",           "vocab.txt",
                                        "label_mapping.json",    "tokenizer.json",
                                        "tokenizer_config.json", "special_tokens_map.json",
                                        "added_tokens.json",     NULL};
    static const char *const endings[] = {".safetensors", ".bin", ".index.json", NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(name, names[i]) == 0) return true;
    }
    for (size_t i = 0; endings[i] != NULL; i++) {
        size_t length = strlen(name), end = strlen(endings[i]);
        if (length > end && strcmp(name + length - end, endings[i]) == 0) return true;
    }
    return false;
}

void file_use_add_model(struct file_uses *uses, const char *folder) {
    DIR *open = folder != NULL ? opendir(folder) : NULL;
    if (open == NULL) return; /* loading will say why */
    const struct dirent *entry;
    while ((entry = readdir(open)) != NULL) {
        if (!is_of_model(entry->d_name)) continue;
        size_t room = strlen(folder) + strlen(entry->d_name) + 2;
        char *path = memory_resize(NULL, room, 1);
        char name[96];
        snprintf(path, room, "%s/%s", folder, entry->d_name);
        snprintf(name, sizeof name, "the model's %.60s", entry->d_name);
        file_use_add(uses, name, FILE_USE_KEPT, path);
        free(path);
    }
    closedir(open);
}

static bool is_same(const struct file_use *a, const struct file_use *b) {
    if (!a->compared || !b->compared || a->exists != b->exists) return false;
    if (a->device != b->device || a->inode != b->inode) return false;
    return a->exists || strcmp(a->last, b->last) == 0;
}

static bool is_read(const struct file_use *use) {
    return use->way == FILE_USE_READ || use->way == FILE_USE_KEPT;
}

static bool may_be_same(const struct file_use *a, const struct file_use *b) {
    if (is_read(a) && is_read(b)) return true;
    if (a->standard >= STDOUT_FILENO && b->standard >= STDOUT_FILENO) return true;
    return (a->way == FILE_USE_READ && b->way == FILE_USE_REPLACED) ||
           (b->way == FILE_USE_READ && a->way == FILE_USE_REPLACED);
}

bool file_use_check(const struct file_uses *uses, struct error *error) {
    for (size_t i = 0; i < uses->count; i++) {
        for (size_t j = i + 1; j < uses->count; j++) {
            const struct file_use *a = &uses->uses[i], *b = &uses->uses[j];
            if (!is_same(a, b) || may_be_same(a, b)) continue;
            return error_set(error, "%s and %s are the same file: give different files", a->name,
                             b->name);
        }
    }
    return true;
}

void file_use_finish(struct file_uses *uses) {
    for (size_t i = 0; i < uses->count; i++) free(uses->uses[i].last);
    free(uses->uses);
    memset(uses, 0, sizeof *uses);
}
