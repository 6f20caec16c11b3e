/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a model directory that are there and cannot be read: none of them counts as absent. */
#define _GNU_SOURCE
#include "backend/fake.h"
#include "model/model.h"
#include "support/check.h"
#include "support/model_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODELS MGI_SOURCE_ROOT "/tests/golden/models/"

/* What may be absent, or may stand for another file; and in which model. */
static const struct {
    const char *model, *name;
} files[] = {
    {"two_labels", "label_mapping.json"},
    {"two_labels", "configuration.json"},
    {"two_labels", "config.json"},
    {"two_labels", "vocab.txt"},
    {"two_labels", "tokenizer.json"},
    {"two_labels", "tokenizer_config.json"},
    {"two_labels", "special_tokens_map.json"},
    {"two_labels", "added_tokens.json"},
    {"two_labels", "model.safetensors"},
    {"mgeo", "pytorch_model.bin"},
    {"mgeo", "model.safetensors"},
    {"mgeo", "model.safetensors.index.json"},
    {"shards_bin", "pytorch_model.bin.index.json"},
    {"shards_bin", "pytorch_model.bin"},
    {"shards_safetensors", "model.safetensors.index.json"},
    {"shards_safetensors", "model-00002-of-00003.safetensors"},
};

static void make_pipe(const char *path) { assert_int_equal(mkfifo(path, 0644), 0); }

static void make_folder(const char *path) { assert_int_equal(mkdir(path, 0755), 0); }

static void make_link(const char *path) { assert_int_equal(symlink("nothing", path), 0); }

static void make_loop(const char *path) {
    assert_int_equal(symlink(strrchr(path, '/') + 1, path), 0);
}

static void make_beyond(const char *path) { assert_int_equal(symlink("a-file/x", path), 0); }

static void make_socket(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(made >= 0);
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(made, (struct sockaddr *)&address, sizeof address), 0);
    close(made);
}

static void make_locked(const char *path) {
    int made = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0);
    assert_true(made >= 0);
    close(made);
}

static const struct {
    void (*make)(const char *path);
    mgeo_status status;
    const char *reason;
} hurdles[] = {
    {make_pipe, MGEO_E_FORMAT, "a pipe"},
    {make_folder, MGEO_E_FORMAT, "a directory"},
    {make_socket, MGEO_E_FORMAT, "a socket"},
    {make_link, MGEO_E_IO, "a link to a file that is not there"},
    {make_loop, MGEO_E_IO, "symbolic links"},
    {make_beyond, MGEO_E_IO, "Not a directory"},
    {make_locked, MGEO_E_IO, "Permission denied"},
};

/* Reads the directory in a child that is nobody: root may open anything. */
static mgeo_status read_as_nobody(const char *root, mgeo_error *error) {
    int ends[2], ended;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const mgi_model_options options = {.device = "fake"};
        mgi_model *model;
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(1);
        mgi_model_read(root, &options, &model, error);
        _exit(write(ends[1], error, sizeof *error) == (ssize_t)sizeof *error ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], error, sizeof *error);
    close(ends[0]);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    assert_int_equal(got, sizeof *error);
    return error->status;
}

static void check_file(const char *model, const char *name, size_t hurdle) {
    char root[MODEL_FILES_PATH], path[MODEL_FILES_PATH + 64], from[512];
    mgeo_error error = {0};
    model_files_directory(root);
    snprintf(from, sizeof from, MODELS "%s", model);
    model_files_copy(from, root);
    model_files_write_text(root, "a-file", "");
    assert_int_equal(chmod(root, 0755), 0);
    snprintf(path, sizeof path, "%s/%s", root, name);
    unlink(path);
    hurdles[hurdle].make(path);
    mgeo_status status = read_as_nobody(root, &error);
    rmdir(path);
    model_files_remove(root);
    if (status != hurdles[hurdle].status) {
        fail_msg("%s, %s: status %d, \"%s\"", name, hurdles[hurdle].reason, status, error.message);
    }
    check_line(&error, name);
    check_line(&error, hurdles[hurdle].reason);
}

static void nothing_unreadable_counts_as_absent(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        for (size_t j = 0; j < sizeof hurdles / sizeof *hurdles; j++) {
            check_file(files[i].model, files[i].name, j);
        }
    }
}

static void what_is_too_large_is_refused(void **state) {
    (void)state;
    static const char *const names[] = {"label_mapping.json", "configuration.json", "vocab.txt",
                                        "tokenizer.json",     "added_tokens.json",  "config.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char root[MODEL_FILES_PATH], path[MODEL_FILES_PATH + 64];
        const mgi_model_options options = {.device = "fake"};
        mgi_model *model;
        mgeo_error error = {0};
        model_files_directory(root);
        model_files_copy(MODELS "two_labels", root);
        snprintf(path, sizeof path, "%s/%s", root, names[i]);
        model_files_write_text(root, names[i], "");
        assert_int_equal(truncate(path, 1L << 40), 0);
        mgeo_status status = mgi_model_read(root, &options, &model, &error);
        model_files_remove(root);
        if (status != MGEO_E_FORMAT) fail_msg("%s: \"%s\"", names[i], error.message);
        check_line(&error, names[i]);
        check_line(&error, "at most");
    }
}

int main(void) {
    mgi_backend_register(&mgi_fake_backend);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_unreadable_counts_as_absent),
        cmocka_unit_test(what_is_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
