/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a program reads and writes, compared by what they are and not by their spelling. */
#ifndef CLI_COMMON_FILES_FILE_USE_H
#define CLI_COMMON_FILES_FILE_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

enum file_use_way {
    FILE_USE_READ,
    FILE_USE_KEPT,     /* read, and of use after the run: no output takes its place */
    FILE_USE_REPLACED, /* written beside its place, which it takes once complete */
    FILE_USE_WRITTEN,
    FILE_USE_MESSAGES /* standard error: may share a file with standard output */
};

struct file_use {
    char name[96]; /* in error lines: "--errors" */
    enum file_use_way way;
    int standard;  /* 0 to 2: it is that descriptor; -1: a path */
    bool compared; /* a file or named pipe that has an identity, or will have one */
    bool exists;
    dev_t device; /* of the file; if it does not exist, of its folder */
    ino_t inode;
    char *last; /* the name in that folder; NULL if the file exists */
};

struct file_uses {
    struct file_use *uses;
    size_t count;
};

/* Adds a path; NULL is ignored. A path such as /dev/stdout is taken for the descriptor. */
void file_use_add(struct file_uses *uses, const char *name, enum file_use_way way,
                  const char *path);
void file_use_add_descriptor(struct file_uses *uses, const char *name, enum file_use_way way,
                             int descriptor);

/* Adds standard output and standard error. */
void file_use_add_outputs(struct file_uses *uses);

/* Adds the files of a model directory, so that no output takes the place of one. NULL is ignored.
 */
void file_use_add_model(struct file_uses *uses, const char *folder);

/* Whether nothing that is written is also read or written otherwise; else one line names both. An
 * input that is replaced once the run is complete is allowed. */
bool file_use_check(const struct file_uses *uses, struct error *error);
void file_use_finish(struct file_uses *uses);

#endif
