/* SPDX-License-Identifier: Apache-2.0 */
/* The bundled model: an installed copy of this program must find the model installed with it. */
#define _GNU_SOURCE
#include "model/bundled.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/model_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the copy: prints what is found. */
static int find_and_print(void) {
    char *path = NULL;
    mgeo_error error;
    mgeo_status status = mgi_bundled_find(&path, &error);
    puts(status == MGEO_OK ? path : error.message);
    mgi_free(path);
    return status == MGEO_OK ? 0 : 1;
}

static char root[MODEL_FILES_PATH];

static void make_folders(const char *below) {
    char path[MODEL_FILES_PATH + 128];
    snprintf(path, sizeof path, "%s/", root);
    for (const char *at = below; *at != '\0';) {
        size_t length = strcspn(at, "/");
        strncat(path, at, length);
        mkdir(path, 0700);
        strcat(path, "/");
        at += length + (at[length] == '/');
    }
}

static void copy_self(const char *folder) {
    char to[MODEL_FILES_PATH + 128];
    bytes self = bytes_of_file("/proc/self/exe");
    make_folders(folder);
    snprintf(to, sizeof to, "%s/%s", root, folder);
    model_files_write(to, "program", self.data, self.size);
    bytes_free(&self);
    strcat(to, "/program");
    assert_int_equal(chmod(to, 0700), 0);
}

/* What the copy in the folder prints. */
static int run_copy(const char *folder, const char *command, char line[1024]) {
    char shell[1024];
    snprintf(shell, sizeof shell, command, root, folder);
    FILE *pipe = popen(shell, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, 1024, pipe));
    line[strcspn(line, "\n")] = '\0';
    return pclose(pipe);
}

static void check_found(const char *folder, const char *command, const char *expected) {
    char line[1024], found[PATH_MAX], wanted[PATH_MAX], model[MODEL_FILES_PATH + 128];
    assert_int_equal(run_copy(folder, command, line), 0);
    snprintf(model, sizeof model, "%s/%s", root, expected);
    assert_non_null(realpath(line, found));
    assert_non_null(realpath(model, wanted));
    assert_string_equal(found, wanted);
}

static void put_model(const char *folder) {
    char path[MODEL_FILES_PATH + 128];
    make_folders(folder);
    snprintf(path, sizeof path, "%s/%s", root, folder);
    model_files_write_text(path, "config.json", "{}");
}

static void installed_copies_find_their_own(void **state) {
    (void)state;
    char line[1024];
    model_files_directory(root);
    copy_self("usr/lib");
    copy_self("usr/lib/x86_64-linux-gnu");
    assert_int_not_equal(run_copy("usr/lib", "%s/%s/program --find", line), 0);
    assert_non_null(strstr(line, "the bundled model is not installed"));
    put_model("usr/share/libmgeo/models/mini");
    check_found("usr/lib", "%s/%s/program --find", "usr/share/libmgeo/models/mini");
    check_found("usr/lib/x86_64-linux-gnu", "%s/%s/program --find",
                "usr/share/libmgeo/models/mini");
    check_found("usr/lib", "cd %s/%s && ./program --find", "usr/share/libmgeo/models/mini");
    check_found("usr/lib", "PATH=%s/%s:$PATH program --find", "usr/share/libmgeo/models/mini");
    model_files_remove(root);
}

static void build_tree_uses_the_source_tree(void **state) {
    (void)state;
    char *path = NULL;
    mgeo_error error;
    assert_int_equal(mgi_bundled_find(&path, &error), MGEO_OK);
    assert_string_equal(path, MGI_SOURCE_ROOT "/models/mini");
    mgi_free(path);
}

static void survives_failing_memory(void **state) {
    (void)state;
    for (long nth = 1; nth <= 2; nth++) {
        char *path = NULL;
        mgeo_error error;
        mgi_alloc_fail_at(nth);
        assert_int_equal(mgi_bundled_find(&path, &error), MGEO_E_MEMORY);
        assert_null(path);
    }
    mgi_alloc_fail_at(0);
}

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "--find") == 0) return find_and_print();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(installed_copies_find_their_own),
        cmocka_unit_test(build_tree_uses_the_source_tree),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
