/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up files of the kernel's, in a folder that stands for "/". */
#define _GNU_SOURCE
#include "kernel_files.h"

#include "check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void test_kernel_begin(char root[TEST_KERNEL_ROOT]) {
    strcpy(root, "kernel_files_XXXXXX");
    assert_non_null(mkdtemp(root));
}

void test_kernel_put(const char *root, const char *path, const char *text) {
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *at = strchr(full + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(full, 0700);
        *at = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

int test_kernel_end(const char *root) { return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS); }
