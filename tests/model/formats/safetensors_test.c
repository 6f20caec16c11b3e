/* SPDX-License-Identifier: Apache-2.0 */
/* safetensors: what is read, and every way in which a file can lie. */
#include "model/formats/safetensors.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdlib.h>
#include <string.h>

static char path[] = "some/model.safetensors";

#define GOOD                                                                                       \
    "{\"__metadata__\":{\"format\":\"pt\"},"                                                       \
    "\"b\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[8,20]},"                           \
    "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"                              \
    "\"none\":{\"dtype\":\"I64\",\"shape\":[0,4],\"data_offsets\":[20,20]},"                       \
    "\"one\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[20,21]}} "
enum { GOOD_BODY = 21 };

static mgeo_status read_file(const bytes *from, mgi_tensor_index *index, mgeo_error *error) {
    const mgi_tensor_index_file file = model_files_index_file(from, path);
    mgi_tensor_index_init(index);
    mgeo_status status = mgi_safetensors_read(index, &file, error);
    return status == MGEO_OK ? mgi_tensor_index_seal(index, error) : status;
}

static void reads_a_good_file(void **state) {
    (void)state;
    bytes made = model_files_safetensors(GOOD, GOOD_BODY);
    mgi_tensor_index index;
    mgeo_error error;
    /* one: data may begin anywhere; see that nothing cares */
    const mgi_tensor_index_file file = model_files_index_file(&made, path);
    mgi_tensor_index_init(&index);
    if (mgi_safetensors_read(&index, &file, &error) != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(mgi_tensor_index_seal(&index, &error), MGEO_OK);
    assert_int_equal(index.count, 4);
    assert_string_equal(index.tensors[0].name, "a");
    assert_string_equal(index.tensors[1].name, "b");
    const mgi_stored_tensor *b = mgi_tensor_index_find(&index, "b");
    assert_non_null(b);
    assert_int_equal(b->type, MGI_STORED_F16);
    assert_int_equal(b->rank, 2);
    assert_int_equal(b->shape[1], 3);
    assert_int_equal(b->bytes, 12);
    assert_true(b->dense);
    assert_int_equal(b->offset, made.size - GOOD_BODY + 8);
    assert_int_equal(mgi_tensor_index_find(&index, "one")->bytes, 1);
    assert_null(mgi_tensor_index_find(&index, "c"));
    assert_null(mgi_tensor_index_find(&index, ""));
    mgi_tensor_index_finish(&index);
    bytes_free(&made);
}

#define ONE(fields) "{\"t\":{" fields "}}"
#define F32_2(offsets) ONE("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" offsets)
#define SHAPE(shape, offsets) ONE("\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets)

static const struct {
    const char *header;
    size_t body;
    mgeo_status status;
    const char *part;
} bad[] = {
    {"", 0, MGEO_E_FORMAT, "empty"},
    {"[]", 0, MGEO_E_FORMAT, "object is expected"},
    {"{", 0, MGEO_E_FORMAT, "not valid JSON"},
    {"{}x", 0, MGEO_E_FORMAT, "not valid JSON"},
    {"{}", 4, MGEO_E_FORMAT, "4 bytes after the last tensor"},
    {"{\"t\":1}", 0, MGEO_E_FORMAT, "tensor t: header"},
    {"{\"t\":{}}", 0, MGEO_E_FORMAT, "tensor t: dtype: a string"},
    {ONE("\"dtype\":\"F31\""), 0, MGEO_E_UNSUPPORTED, "dtype: F31 is not known"},
    {ONE("\"dtype\":4"), 0, MGEO_E_FORMAT, "dtype: a string"},
    {ONE("\"dtype\":\"F32\""), 0, MGEO_E_FORMAT, "shape: an array"},
    {ONE("\"dtype\":\"F32\",\"shape\":[2]"), 8, MGEO_E_FORMAT, "data_offsets: two"},
    {SHAPE("{}", "[0,8]"), 8, MGEO_E_FORMAT, "shape: an array"},
    {SHAPE("[2.0]", "[0,8]"), 8, MGEO_E_FORMAT, "shape: whole numbers"},
    {SHAPE("[-2]", "[0,8]"), 8, MGEO_E_FORMAT, "shape: whole numbers"},
    {SHAPE("[\"2\"]", "[0,8]"), 8, MGEO_E_FORMAT, "shape: whole numbers"},
    {SHAPE("[1,1,1,1,1,1,1,1,2]", "[0,8]"), 8, MGEO_E_FORMAT, "more than 8 dimensions"},
    {SHAPE("[4294967296,4294967296]", "[0,8]"), 8, MGEO_E_FORMAT, "shape: too large"},
    {SHAPE("[4611686018427387904]", "[0,8]"), 8, MGEO_E_FORMAT, "shape: too large"},
    {SHAPE("[9223372036854775807,2]", "[0,8]"), 8, MGEO_E_FORMAT, "shape: too large"},
    {SHAPE("[99999999999999999999]", "[0,8]"), 8, MGEO_E_FORMAT, "whole numbers from 0"},
    {SHAPE("[3]", "[0,8]"), 8, MGEO_E_FORMAT, "data_offsets: not the size"},
    {F32_2("[0]"), 8, MGEO_E_FORMAT, "two whole numbers"},
    {F32_2("[0,8,8]"), 8, MGEO_E_FORMAT, "two whole numbers"},
    {F32_2("[0,8.0]"), 8, MGEO_E_FORMAT, "two whole numbers"},
    {F32_2("\"0,8\""), 8, MGEO_E_FORMAT, "two whole numbers"},
    {F32_2("[-8,0]"), 8, MGEO_E_FORMAT, "not in order"},
    {F32_2("[8,0]"), 8, MGEO_E_FORMAT, "not in order"},
    {F32_2("[0,8]"), 7, MGEO_E_FORMAT, "past the end"},
    {F32_2("[9223372036854775799,9223372036854775807]"), 8, MGEO_E_FORMAT, "past the end"},
    {F32_2("[4,12]"), 12, MGEO_E_FORMAT, "a hole before it"},
    {F32_2("[0,8]"), 9, MGEO_E_FORMAT, "1 bytes after"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[5,9]}}",
     9, MGEO_E_FORMAT, "tensor b: data_offsets: a hole"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}",
     7, MGEO_E_FORMAT, "tensor b: data_offsets: overlaps"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
     4, MGEO_E_FORMAT, "overlaps"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
     "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
     2, MGEO_E_FORMAT, "duplicate"},
    {"{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, MGEO_E_FORMAT, "name"},
    {"{\"a\\u0007\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, MGEO_E_FORMAT,
     "name"},
    {"{\"\xe8\xb7\xaf\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, MGEO_E_FORMAT,
     "name"},
    {"{\"\xff\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, MGEO_E_FORMAT,
     "not valid JSON"},
    {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", 0,
     MGEO_E_FORMAT, "nested deeper than 32"},
};

static void refuses_lies(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bytes made = model_files_safetensors(bad[i].header, bad[i].body);
        bytes exact = bytes_cut(&made, made.size);
        mgi_tensor_index index;
        mgeo_error error = {0};
        mgeo_status status = read_file(&exact, &index, &error);
        if (status != bad[i].status) {
            fail_msg("%s: status %d, \"%s\"", bad[i].header, status, error.message);
        }
        check_line(&error, bad[i].part);
        check_line(&error, "model.safetensors: ");
        mgi_tensor_index_finish(&index);
        bytes_free(&exact);
        bytes_free(&made);
    }
}

static void refuses_every_truncation(void **state) {
    (void)state;
    bytes made = model_files_safetensors(GOOD, GOOD_BODY);
    for (size_t size = 0; size < made.size; size++) {
        bytes cut = bytes_cut(&made, size);
        mgi_tensor_index index;
        mgeo_error error;
        if (read_file(&cut, &index, &error) != MGEO_E_FORMAT) fail_msg("cut to %zu bytes", size);
        mgi_tensor_index_finish(&index);
        bytes_free(&cut);
    }
    bytes_free(&made);
}

static void refuses_header_lengths(void **state) {
    (void)state;
    static const uint64_t lengths[] = {0, 1, GOOD_BODY, 1 << 20, UINT32_MAX, INT64_MAX, UINT64_MAX};
    bytes made = model_files_safetensors(GOOD, GOOD_BODY);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        mgi_tensor_index index;
        mgeo_error error;
        bytes_set_number(&made, 0, lengths[i], 8);
        assert_int_equal(read_file(&made, &index, &error), MGEO_E_FORMAT);
        mgi_tensor_index_finish(&index);
    }
    bytes_free(&made);
}

static void refuses_a_huge_header(void **state) {
    (void)state;
    bytes made = {.data = calloc(1, MGI_SAFETENSORS_MAX_HEADER + 64)};
    made.size = MGI_SAFETENSORS_MAX_HEADER + 64;
    memset(made.data, ' ', made.size);
    bytes_set_number(&made, 0, MGI_SAFETENSORS_MAX_HEADER + 1, 8);
    mgi_tensor_index index;
    mgeo_error error;
    assert_int_equal(read_file(&made, &index, &error), MGEO_E_FORMAT);
    check_line(&error, "header length");
    check_line(&error, "at most");
    mgi_tensor_index_finish(&index);
    bytes_free(&made);
}

static void survives_any_changed_byte(void **state) {
    (void)state;
    static const unsigned char values[] = {0, 0xFF, '"', '9', '{', ']', '-'};
    bytes made = model_files_safetensors(GOOD, GOOD_BODY);
    for (size_t at = 0; at < made.size - GOOD_BODY; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            bytes changed = bytes_cut(&made, made.size);
            changed.data[at] = values[i];
            mgi_tensor_index index;
            mgeo_error error;
            if (read_file(&changed, &index, &error) == MGEO_OK) {
                for (size_t t = 0; t < index.count; t++) {
                    const mgi_stored_tensor *tensor = &index.tensors[t];
                    assert_true(tensor->offset <= changed.size);
                    assert_true(tensor->bytes <= changed.size - tensor->offset);
                }
            }
            mgi_tensor_index_finish(&index);
            bytes_free(&changed);
        }
    }
    bytes_free(&made);
}

static void survives_failing_memory(void **state) {
    (void)state;
    bytes made = model_files_safetensors(GOOD, GOOD_BODY);
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
        cmocka_unit_test(reads_a_good_file),        cmocka_unit_test(refuses_lies),
        cmocka_unit_test(refuses_every_truncation), cmocka_unit_test(refuses_header_lengths),
        cmocka_unit_test(refuses_a_huge_header),    cmocka_unit_test(survives_any_changed_byte),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
