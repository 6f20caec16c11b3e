/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that hostile files of a model directory make their readers take: a multiple of their size.
 */
#define _GNU_SOURCE
#include "backend/fake.h"
#include "model/model.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOUND MGI_SOURCE_ROOT "/tests/golden/models/two_labels"

/* MEGABYTES is the file's size; what is free of it: blocks that double as they grow, and the rest
 * of the directory. */
enum { MEGABYTES = 4, FREE_MEGABYTES = 16, MEGABYTE = 1 << 20 };

#if defined(__SANITIZE_ADDRESS__)
enum { TIMES = 4 }; /* room around each block, and blocks that are kept after their end */
#else
enum { TIMES = 1 };
#endif

static long kilobytes(const char *name) {
    char line[256];
    long value = -1;
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL) return -1;
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) value = atol(line + strlen(name));
    }
    fclose(status);
    return value;
}

/* How far a child's memory grows while it reads the directory, in kilobytes. */
static long growth_of(const char *root) {
    int ends[2], ended;
    long growth = -1;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const mgi_model_options options = {.device = "fake"};
        mgi_model *model = NULL;
        mgeo_error error;
        long before = kilobytes("VmRSS:");
        mgi_model_read(root, &options, &model, &error);
        growth = kilobytes("VmHWM:") - before;
        _exit(write(ends[1], &growth, sizeof growth) == (ssize_t)sizeof growth ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], &growth, sizeof growth);
    close(ends[0]);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    assert_int_equal(got, sizeof growth);
    return growth;
}

static void check_growth(const char *name, const void *data, size_t size, long multiple) {
    char root[MODEL_FILES_PATH];
    model_files_directory(root);
    model_files_copy(SOUND, root);
    char path[MODEL_FILES_PATH + 64];
    snprintf(path, sizeof path, "%s/model.safetensors", root);
    if (strstr(name, "bin") != NULL || strstr(name, "index") != NULL) unlink(path);
    model_files_write(root, name, data, size);
    long growth = growth_of(root);
    model_files_remove(root);
    long most = 1024 * TIMES * (FREE_MEGABYTES + multiple * MEGABYTES);
    printf("%s: %zu bytes, %ld kB\n", name, size, growth);
    if (growth < 0 || growth > most) fail_msg("%s: %ld kB, more than %ld", name, growth, most);
}

/* Repeats a pattern, whose # becomes a number, between two texts. */
static bytes repeat(const char *begin, const char *pattern, const char *end) {
    bytes made = {.data = malloc(MEGABYTES * MEGABYTE + 256)};
    assert_non_null(made.data);
    char *at = (char *)made.data;
    at += sprintf(at, "%s", begin);
    for (int i = 0; at - (char *)made.data < MEGABYTES * MEGABYTE; i++) {
        if (i > 0 && end[0] != '\0') *at++ = ',';
        for (const char *p = pattern; *p != '\0'; p++) {
            if (*p == '#') {
                at += sprintf(at, "%x", i);
            } else {
                *at++ = *p;
            }
        }
    }
    at += sprintf(at, "%s", end);
    made.size = (size_t)(at - (char *)made.data);
    return made;
}

static void check_safetensors(const char *pattern) {
    bytes header = repeat("{", pattern, "}");
    bytes file = {.size = header.size + 8, .data = malloc(header.size + 8)};
    assert_non_null(file.data);
    for (int i = 0; i < 8; i++) file.data[i] = (unsigned char)((uint64_t)header.size >> (8 * i));
    memcpy(file.data + 8, header.data, header.size);
    check_growth("model.safetensors", file.data, file.size, 12);
    bytes_free(&file);
    bytes_free(&header);
}

static void tensors_stay_within_a_multiple(void **state) {
    (void)state;
    check_safetensors("\"#\":{}");
    check_safetensors("\"#\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}");
}

static void an_index_stays_within_a_multiple(void **state) {
    (void)state;
    bytes file = repeat("{\"weight_map\":{", "\"#\":\"f#\"", "}}");
    check_growth("model.safetensors.index.json", file.data, file.size, 12);
    bytes_free(&file);
}

static void a_pickle_stays_within_a_multiple(void **state) {
    (void)state;
    bytes pickle = repeat("\x80\x02(", ")]}N", "");
    model_files_entry entry = {
        .name = "archive/data.pkl", .data = pickle.data, .size = pickle.size};
    model_files_zip zip = model_files_zip_make(&entry, 1, false);
    check_growth("pytorch_model.bin", zip.file.data, zip.file.size, 16);
    bytes_free(&zip.file);
    bytes_free(&pickle);
}

/* Each character of a token takes a step in a table that is a third to two thirds full. */
static void a_vocabulary_stays_within_a_multiple(void **state) {
    (void)state;
    bytes file = repeat("[PAD]\n[UNK]\n[CLS]\n[SEP]\n", "#z#\n", "");
    check_growth("vocab.txt", file.data, file.size, 40);
    bytes_free(&file);
}

int main(void) {
    mgi_backend_register(&mgi_fake_backend);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_stay_within_a_multiple),
        cmocka_unit_test(an_index_stays_within_a_multiple),
        cmocka_unit_test(a_pickle_stays_within_a_multiple),
        cmocka_unit_test(a_vocabulary_stays_within_a_multiple),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
