/* SPDX-License-Identifier: Apache-2.0 */
/* Torch archives: tensors out of zip and pickle, and every way in which the two can disagree. */
#include "model/formats/torch_archive.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdio.h>
#include <string.h>

static char path[] = "some/pytorch_model.bin";
static const unsigned char numbers[64];

typedef struct archive {
    const model_files_tensor *tensors;
    size_t count;
    const char *root; /* "m" */
    const char *byte_order;
    size_t storage_size; /* of m/data/0 */
} archive;

static bytes make(const archive *parts) {
    char pickle_name[64], storage_name[64], order_name[64];
    snprintf(pickle_name, sizeof pickle_name, "%s/data.pkl", parts->root);
    snprintf(storage_name, sizeof storage_name, "%s/data/0", parts->root);
    snprintf(order_name, sizeof order_name, "%s/byteorder", parts->root);
    bytes pickle = model_files_pickle(parts->tensors, parts->count);
    model_files_entry entries[] = {
        {.name = pickle_name, .data = pickle.data, .size = pickle.size},
        {.name = storage_name, .data = numbers, .size = parts->storage_size},
        {.name = order_name, .data = parts->byte_order, .size = strlen(parts->byte_order)}};
    model_files_zip zip = model_files_zip_make(entries, 3, false);
    bytes_free(&pickle);
    return zip.file;
}

static mgeo_status read_file(const bytes *from, mgi_tensor_index *index, mgeo_error *error) {
    const mgi_tensor_index_file file = model_files_index_file(from, path);
    mgi_tensor_index_init(index);
    mgeo_status status = mgi_torch_archive_read(index, &file, error);
    return status == MGEO_OK ? mgi_tensor_index_seal(index, error) : status;
}

static const model_files_tensor two[] = {
    {"w", "FloatStorage", "0", 16, 0, {2, 3}, {3, 1}, 2},
    {"b", "FloatStorage", "0", 16, 6, {3}, {1}, 1},
};

static void reads_tensors(void **state) {
    (void)state;
    const archive parts = {two, 2, "archive", "little", 64};
    bytes made = make(&parts);
    const mgi_tensor_index_file file = model_files_index_file(&made, path);
    mgi_tensor_index index;
    mgeo_error error;
    mgi_tensor_index_init(&index);
    if (mgi_torch_archive_read(&index, &file, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(mgi_tensor_index_seal(&index, &error), MGEO_OK);
    const mgi_stored_tensor *w = mgi_tensor_index_find(&index, "w");
    const mgi_stored_tensor *b = mgi_tensor_index_find(&index, "b");
    assert_int_equal(w->bytes, 24);
    assert_int_equal(w->shape[1], 3);
    assert_true(w->dense);
    assert_int_equal(b->offset, w->offset + 24);
    mgi_tensor_index_finish(&index);
    bytes_free(&made);
}

static void marks_what_is_not_row_major(void **state) {
    (void)state;
    static const struct {
        model_files_tensor tensor;
        bool dense;
    } cases[] = {
        {{"t", "FloatStorage", "0", 16, 0, {3, 2}, {1, 3}, 2}, false},
        {{"t", "FloatStorage", "0", 16, 0, {2, 2}, {4, 2}, 2}, false},
        {{"t", "FloatStorage", "0", 16, 0, {4}, {0}, 1}, false},
        {{"t", "FloatStorage", "0", 16, 0, {1, 4}, {99, 1}, 2}, true},
        {{"t", "FloatStorage", "0", 16, 0, {4, 1}, {1, 99}, 2}, true},
        {{"t", "FloatStorage", "0", 16, 16, {0, 4}, {9, 9}, 2}, true},
        {{"t", "FloatStorage", "0", 16, 15, {0}, {0}, 0}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const archive parts = {&cases[i].tensor, 1, "m", "little", 64};
        bytes made = make(&parts);
        mgi_tensor_index index;
        mgeo_error error;
        if (read_file(&made, &index, &error) != MGEO_OK) fail_msg("%zu: %s", i, error.message);
        assert_int_equal(index.tensors[0].dense, cases[i].dense);
        mgi_tensor_index_finish(&index);
        bytes_free(&made);
    }
}

static const struct {
    model_files_tensor tensor;
    const char *part;
} bad[] = {
    {{"t", "FloatStorage", "1", 16, 0, {4}, {1}, 1}, "tensor t: storage: not in the archive"},
    {{"t", "FloatStorage", "../0", 16, 0, {4}, {1}, 1}, "storage: not in the archive"},
    {{"t", "FloatStorage", "", 16, 0, {4}, {1}, 1}, "storage: not in the archive"},
    {{"t", "FloatStorage", "0", 15, 0, {4}, {1}, 1}, "storage: its entry has another size"},
    {{"t", "DoubleStorage", "0", 16, 0, {4}, {1}, 1}, "storage: its entry has another size"},
    {{"t", "FloatStorage", "0", -1, 0, {4}, {1}, 1}, "storage: an id"},
    {{"t", "FloatStorage", "0", 16, -1, {4}, {1}, 1}, "offset: a whole number"},
    {{"t", "FloatStorage", "0", 16, 13, {4}, {1}, 1}, "shape: runs past"},
    {{"t", "FloatStorage", "0", 16, 0, {17}, {1}, 1}, "shape: runs past"},
    {{"t", "FloatStorage", "0", 16, 17, {0}, {1}, 1}, "shape: runs past"},
    {{"t", "FloatStorage", "0", 16, 0, {2, 2}, {16, 1}, 2}, "shape: runs past"},
    {{"t", "FloatStorage", "0", 16, 0, {2147483647, 2147483647}, {1, 1}, 2}, "shape: runs past"},
    {{"t", "FloatStorage", "0", 16, 0, {2147483647, 2147483647, 2147483647}, {0, 0, 0}, 3},
     "shape: too large"},
    {{"t", "FloatStorage", "0", 16, 0, {2147483647, 2147483647}, {2147483647, 2147483647}, 2},
     "shape: runs past"},
    {{"t", "FloatStorage", "0", 16, 0, {-4}, {1}, 1}, "shape: up to 8"},
    {{"t", "FloatStorage", "0", 16, 0, {4}, {-1}, 1}, "stride: one whole number"},
    {{"", "FloatStorage", "0", 16, 0, {4}, {1}, 1}, "name"},
    {{"a\nb", "FloatStorage", "0", 16, 0, {4}, {1}, 1}, "name"},
};

static void check_refused(bytes *made, mgeo_status expected, const char *part) {
    bytes exact = bytes_cut(made, made->size);
    mgi_tensor_index index;
    mgeo_error error = {0};
    mgeo_status status = read_file(&exact, &index, &error);
    if (status != expected) fail_msg("%s: status %d, \"%s\"", part, status, error.message);
    check_line(&error, part);
    check_line(&error, "pytorch_model.bin: ");
    mgi_tensor_index_finish(&index);
    bytes_free(&exact);
    bytes_free(made);
}

static void refuses_lies(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const archive parts = {&bad[i].tensor, 1, "m", "little", 64};
        bytes made = make(&parts);
        check_refused(&made, MGEO_E_FORMAT, bad[i].part);
    }
}

static void refuses_one_name_twice(void **state) {
    (void)state;
    const model_files_tensor twice[] = {two[0], two[0]};
    const archive parts = {twice, 2, "m", "little", 64};
    bytes made = make(&parts);
    check_refused(&made, MGEO_E_FORMAT, "tensor w: there twice");
}

static void refuses_other_files(void **state) {
    (void)state;
    const archive big = {two, 2, "m", "big", 64};
    bytes made = make(&big);
    check_refused(&made, MGEO_E_UNSUPPORTED, "byteorder");
    bytes old = {0};
    bytes_put(&old, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
    check_refused(&old, MGEO_E_UNSUPPORTED, "torch before 1.6");
    bytes text = {0};
    bytes_put_text(&text, "version https://git-lfs.github.com/spec/v1\n");
    check_refused(&text, MGEO_E_FORMAT, "not a zip archive");
    model_files_entry other = {.name = "m/data.txt", .data = "x", .size = 1};
    bytes zip = model_files_zip_make(&other, 1, false).file;
    check_refused(&zip, MGEO_E_FORMAT, "no data.pkl");
    model_files_entry bare = {.name = "/data.pkl", .data = "x", .size = 1};
    zip = model_files_zip_make(&bare, 1, false).file;
    check_refused(&zip, MGEO_E_FORMAT, "no data.pkl");
    model_files_entry roots[] = {{.name = "a/data.pkl", .data = "x", .size = 1},
                                 {.name = "b/data.pkl", .data = "x", .size = 1}};
    zip = model_files_zip_make(roots, 2, false).file;
    check_refused(&zip, MGEO_E_FORMAT, "two entries called data.pkl");
    model_files_entry script[] = {{.name = "a/data.pkl", .data = "x", .size = 1},
                                  {.name = "a/constants.pkl", .data = "x", .size = 1}};
    zip = model_files_zip_make(script, 2, false).file;
    check_refused(&zip, MGEO_E_UNSUPPORTED, "a TorchScript program");
    model_files_entry number = {.name = "m/data.pkl", .data = "\x80\x02K\1.", .size = 5};
    zip = model_files_zip_make(&number, 1, false).file;
    check_refused(&zip, MGEO_E_UNSUPPORTED, "holds no state dict");
    static const char evil[] = "\x80\x02"
                               "cos\nsystem\nX\2\0\0\0id\x85R.";
    model_files_entry attack = {.name = "m/data.pkl", .data = evil, .size = sizeof evil - 1};
    zip = model_files_zip_make(&attack, 1, false).file;
    check_refused(&zip, MGEO_E_UNSUPPORTED, "pickle: byte 2: asks for os.system");
}

/* What is no tensor cannot be a lost weight: training checkpoints hold numbers and lists too. */
static void passes_over_what_is_no_tensor(void **state) {
    (void)state;
    static const char pickle[] = "\x80\x02}(X\5\0\0\0epochK\3X\5\0\0\0model}X\1\0\0\0xNsu.";
    model_files_entry entry = {.name = "m/data.pkl", .data = pickle, .size = sizeof pickle - 1};
    bytes made = model_files_zip_make(&entry, 1, false).file;
    mgi_tensor_index index;
    mgeo_error error;
    assert_int_equal(read_file(&made, &index, &error), MGEO_OK);
    assert_int_equal(index.count, 0);
    mgi_tensor_index_finish(&index);
    bytes_free(&made);
}

/* A text of a pickle, with its length. */
static void put_text(bytes *to, const char *text) {
    bytes_put_text(to, "X");
    bytes_put_number(to, strlen(text), 4);
    bytes_put_text(to, text);
}

/* A state dict inside the dicts that training programs put around it. */
static void reads_a_nested_state_dict(void **state) {
    (void)state;
    static const char *const keys[][2] = {
        {"state_dict", NULL}, {"model_state_dict", NULL}, {"model", NULL},
        {"module", NULL},     {"model", "state_dict"},    {"model_state", NULL},
        {"net", NULL},        {"weights", NULL},          {"state_dict", "weights"},
    };
    bytes flat = model_files_pickle(two, 2);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t levels = keys[i][1] == NULL ? 1 : 2;
        bytes pickle = {0};
        bytes_put(&pickle, "\x80\x02", 2);
        for (size_t k = 0; k < levels; k++) {
            bytes_put_text(&pickle, "}");
            put_text(&pickle, keys[i][k]);
        }
        bytes_put(&pickle, flat.data + 2, flat.size - 3); /* without its first and last opcode */
        for (size_t k = 0; k < levels; k++) bytes_put_text(&pickle, "s");
        bytes_put_text(&pickle, ".");
        model_files_entry entries[] = {
            {.name = "m/data.pkl", .data = pickle.data, .size = pickle.size},
            {.name = "m/data/0", .data = numbers, .size = 64}};
        bytes made = model_files_zip_make(entries, 2, false).file;
        mgi_tensor_index index;
        mgeo_error error;
        if (read_file(&made, &index, &error) != MGEO_OK) fail_msg("%zu: %s", i, error.message);
        assert_int_equal(index.count, 2);
        assert_non_null(mgi_tensor_index_find(&index, "w"));
        mgi_tensor_index_finish(&index);
        bytes_free(&made);
        bytes_free(&pickle);
    }
    bytes_free(&flat);
}

static void survives_any_changed_byte(void **state) {
    (void)state;
    const archive parts = {two, 2, "m", "little", 64};
    bytes made = make(&parts);
    for (size_t at = 0; at < made.size; at++) {
        for (unsigned value = 0; value < 256; value += 3) {
            bytes changed = bytes_cut(&made, made.size);
            changed.data[at] = (unsigned char)value;
            mgi_tensor_index index;
            mgeo_error error;
            read_file(&changed, &index, &error);
            for (size_t i = 0; i < index.count; i++) {
                assert_true(index.tensors[i].offset <= changed.size);
                assert_true(index.tensors[i].bytes <= changed.size - index.tensors[i].offset);
            }
            mgi_tensor_index_finish(&index);
            bytes_free(&changed);
        }
    }
    bytes_free(&made);
}

static void survives_failing_memory(void **state) {
    (void)state;
    const archive parts = {two, 2, "m", "little", 64};
    bytes made = make(&parts);
    mgeo_status status = MGEO_E_MEMORY;
    for (long nth = 1; status != MGEO_OK; nth++) {
        mgi_tensor_index index;
        mgeo_error error;
        mgi_alloc_fail_at(nth);
        status = read_file(&made, &index, &error);
        if (status != MGEO_OK) assert_int_equal(status, MGEO_E_MEMORY);
        mgi_tensor_index_finish(&index);
        assert_true(nth < 100);
    }
    mgi_alloc_fail_at(0);
    bytes_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_tensors),
        cmocka_unit_test(marks_what_is_not_row_major),
        cmocka_unit_test(refuses_lies),
        cmocka_unit_test(refuses_one_name_twice),
        cmocka_unit_test(refuses_other_files),
        cmocka_unit_test(passes_over_what_is_no_tensor),
        cmocka_unit_test(reads_a_nested_state_dict),
        cmocka_unit_test(survives_any_changed_byte),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
