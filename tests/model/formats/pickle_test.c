/* SPDX-License-Identifier: Apache-2.0 */
/* Pickles: what a state dict needs is read, everything else is refused by name and never run. */
#include "model/formats/pickle.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdlib.h>
#include <string.h>

static const model_files_tensor tensors[] = {
    {"w", "FloatStorage", "0", 6, 0, {2, 3}, {3, 1}, 2},
    {"b", "HalfStorage", "1", 4, 1, {3}, {1}, 1},
};

static mgeo_status read_pickle(const bytes *from, mgi_pickle *pickle, mgeo_error *error) {
    return mgi_pickle_read(pickle, from->data, from->size, "some/m.bin", error);
}

static void reads_a_state_dict(void **state) {
    (void)state;
    bytes made = model_files_pickle(tensors, 2);
    mgi_pickle pickle;
    mgeo_error error;
    if (read_pickle(&made, &pickle, &error) != MGEO_OK) fail_msg("%s", error.message);
    const mgi_pickle_value *root = &pickle.values[pickle.root];
    assert_int_equal(root->kind, MGI_PICKLE_KIND_DICT);
    assert_int_equal(root->count, 2);
    const mgi_pickle_cell *cell = &pickle.cells[root->first];
    assert_memory_equal(pickle.values[cell->key].text, "w", 1);
    const mgi_pickle_value *call = &pickle.values[cell->value];
    assert_int_equal(call->kind, MGI_PICKLE_KIND_CALL);
    assert_int_equal(call->global->kind, MGI_PICKLE_GLOBAL_TENSOR);
    assert_int_equal(pickle.values[call->argument].count, 6);
    mgi_pickle_finish(&pickle);
    bytes_free(&made);
}

/* A text of opcodes with its length, so that it may hold NUL bytes. */
#define OPS(text) text, sizeof(text) - 1

static const struct {
    const char *ops;
    size_t size;
    mgi_pickle_kind kind;
    int64_t integer; /* or members */
} good[] = {
    {OPS("\x80\x02N."), MGI_PICKLE_KIND_NONE, 0},
    {OPS("\x80\x02\x88."), MGI_PICKLE_KIND_BOOL, 1},
    {OPS("\x80\x02K\xff."), MGI_PICKLE_KIND_INTEGER, 255},
    {OPS("\x80\x02M\x00\x01."), MGI_PICKLE_KIND_INTEGER, 256},
    {OPS("\x80\x02J\xff\xff\xff\xff."), MGI_PICKLE_KIND_INTEGER, -1},
    {OPS("\x80\x02\x8a\x00."), MGI_PICKLE_KIND_INTEGER, 0},
    {OPS("\x80\x02\x8a\x01\xfe."), MGI_PICKLE_KIND_INTEGER, -2},
    {OPS("\x80\x02\x8a\x05\x00\x00\x00\x00\x01."), MGI_PICKLE_KIND_INTEGER, 1LL << 32},
    {OPS("\x80\x02G\x3f\xf0\0\0\0\0\0\0."), MGI_PICKLE_KIND_FLOAT, 0},
    {OPS("\x80\x02)."), MGI_PICKLE_KIND_TUPLE, 0},
    {OPS("\x80\x02NN\x86."), MGI_PICKLE_KIND_TUPLE, 2},
    {OPS("\x80\x02(NNNNt."), MGI_PICKLE_KIND_TUPLE, 4},
    {OPS("\x80\x02]q\x00h\x00"
         "a."),
     MGI_PICKLE_KIND_LIST, 1}, /* a list in itself */
    {OPS("\x80\x02](NNNe."), MGI_PICKLE_KIND_LIST, 3},
    {OPS("\x80\x02}K\x01NsK\x02Ns."), MGI_PICKLE_KIND_DICT, 2},
    {OPS("\x80\x02}K\x01Ns}b."), MGI_PICKLE_KIND_DICT, 1},
    {OPS("\x80\x05\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x05torch\x8c\x0bHalfStorage\x93\x94."),
     MGI_PICKLE_KIND_GLOBAL, 0},
    {OPS("\x80\x04\x8d\x01\x00\x00\x00\x00\x00\x00\x00x."), MGI_PICKLE_KIND_TEXT, 0},
};

static void reads_every_opcode_of_its_own(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        mgi_pickle pickle;
        mgeo_error error;
        if (mgi_pickle_read(&pickle, (const unsigned char *)good[i].ops, good[i].size, "m.bin",
                            &error) != MGEO_OK) {
            fail_msg("case %zu: %s", i, error.message);
        }
        const mgi_pickle_value *root = &pickle.values[pickle.root];
        assert_int_equal(root->kind, good[i].kind);
        if (root->kind == MGI_PICKLE_KIND_INTEGER || root->kind == MGI_PICKLE_KIND_BOOL) {
            assert_int_equal(root->integer, good[i].integer);
        } else if (root->kind >= MGI_PICKLE_KIND_TUPLE && root->kind <= MGI_PICKLE_KIND_DICT) {
            assert_int_equal(root->count, good[i].integer);
        }
        mgi_pickle_finish(&pickle);
    }
}

static const struct {
    const char *ops;
    size_t size;
    mgeo_status status;
    const char *part;
} bad[] = {
    {OPS(""), MGEO_E_FORMAT, "not a pickle"},
    {OPS("(dp0\n."), MGEO_E_FORMAT, "not a pickle"},
    {OPS("\x80\x01."), MGEO_E_FORMAT, "a protocol other than 2 to 5"},
    {OPS("\x80\x06."), MGEO_E_FORMAT, "a protocol other than 2 to 5"},
    {OPS("\x80\x02"
         "cos\nsystem\nX\2\0\0\0id\x85R."),
     MGEO_E_UNSUPPORTED, "asks for os.system,"},
    {OPS("\x80\x02"
         "c__builtin__\neval\n."),
     MGEO_E_UNSUPPORTED, "asks for __builtin__.eval,"},
    {OPS("\x80\x02"
         "cbuiltins\nexec\n."),
     MGEO_E_UNSUPPORTED, "asks for builtins.exec,"},
    {OPS("\x80\x02"
         "ctorch\nload\n."),
     MGEO_E_UNSUPPORTED, "asks for torch.load,"},
    {OPS("\x80\x02"
         "ctorch\nFloatStorage2\n."),
     MGEO_E_UNSUPPORTED, "torch.FloatStorage2,"},
    {OPS("\x80\x02"
         "ctorch._utils\n_rebuild_qtensor\n."),
     MGEO_E_UNSUPPORTED, "_rebuild_qtensor"},
    {OPS("\x80\x02"
         "c\xff\x07\nx\n."),
     MGEO_E_UNSUPPORTED, "asks for ??.x,"},
    {OPS("\x80\x04\x8c\x05posix\x8c\x06system\x93."), MGEO_E_UNSUPPORTED, "asks for posix.system,"},
    {OPS("\x80\x02(ios\nsystem\n."), MGEO_E_UNSUPPORTED, "opcode INST"},
    {OPS("\x80\x02(o."), MGEO_E_UNSUPPORTED, "opcode OBJ"},
    {OPS("\x80\x02)\x81."), MGEO_E_UNSUPPORTED, "opcode NEWOBJ (0x81)"},
    {OPS("\x80\x04)}\x92."), MGEO_E_UNSUPPORTED, "opcode NEWOBJ_EX"},
    {OPS("\x80\x02\x82\x01."), MGEO_E_UNSUPPORTED, "opcode EXT1"},
    {OPS("\x80\x02P0\n."), MGEO_E_UNSUPPORTED, "opcode PERSID"},
    {OPS("\x80\x02\xfe."), MGEO_E_UNSUPPORTED, "opcode unknown (0xFE)"},
    {OPS("\x80\x02"
         "0."),
     MGEO_E_UNSUPPORTED, "opcode POP"},
    {OPS("\x80\x02."), MGEO_E_FORMAT, "ends with other than one value"},
    {OPS("\x80\x02NN."), MGEO_E_FORMAT, "ends with other than one value"},
    {OPS("\x80\x02(."), MGEO_E_FORMAT, "ends with other than one value"},
    {OPS("\x80\x02N"), MGEO_E_FORMAT, "cut short"},
    {OPS("\x80\x02K"), MGEO_E_FORMAT, "cut short"},
    {OPS("\x80\x02J\x00\x00\x00"), MGEO_E_FORMAT, "cut short"},
    {OPS("\x80\x02\x8a"), MGEO_E_FORMAT, "cut short"},
    {OPS("\x80\x02\x8a\x08\x00"), MGEO_E_FORMAT, "cut short"},
    {OPS("\x80\x02\x8a\x09"
         "123456789."),
     MGEO_E_FORMAT, "more than 64 bits"},
    {OPS("\x80\x02X\xff\xff\xff\xff"
         "abc."),
     MGEO_E_FORMAT, "a text runs past the end"},
    {OPS("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
         "abc."),
     MGEO_E_FORMAT, "runs past"},
    {OPS("\x80\x02"
         "ctorch"),
     MGEO_E_FORMAT, "a name without an end"},
    {OPS("\x80\x02"
         "ctorch\nFloat"),
     MGEO_E_FORMAT, "a name without an end"},
    {OPS("\x80\x02"
         "h\x00."),
     MGEO_E_FORMAT, "never remembered"},
    {OPS("\x80\x02Nq\x05h\x04."), MGEO_E_FORMAT, "never remembered"},
    {OPS("\x80\x02j\xff\xff\xff\xff."), MGEO_E_FORMAT, "never remembered"},
    {OPS("\x80\x02Nr\xff\xff\xff\xff."), MGEO_E_FORMAT, "memo index too large"},
    {OPS("\x80\x02q\x00."), MGEO_E_FORMAT, "nothing to remember"},
    {OPS("\x80\x02(q\x00."), MGEO_E_FORMAT, "nothing to remember"},
    {OPS("\x80\x02N\x86."), MGEO_E_FORMAT, "too few values"},
    {OPS("\x80\x02(N\x86."), MGEO_E_FORMAT, "a mark inside a tuple"},
    {OPS("\x80\x02t."), MGEO_E_FORMAT, "without its mark"},
    {OPS("\x80\x02"
         "a."),
     MGEO_E_FORMAT, "too few values"},
    {OPS("\x80\x02Na."), MGEO_E_FORMAT, "appends to what is no list"},
    {OPS("\x80\x02NNa."), MGEO_E_FORMAT, "appends to what is no list"},
    {OPS("\x80\x02](a."), MGEO_E_FORMAT, "a mark among members"},
    {OPS("\x80\x02Ne."), MGEO_E_FORMAT, "without their mark"},
    {OPS("\x80\x02(e."), MGEO_E_FORMAT, "no list"},
    {OPS("\x80\x02N(e."), MGEO_E_FORMAT, "no list"},
    {OPS("\x80\x02]NNs."), MGEO_E_FORMAT, "no dict"},
    {OPS("\x80\x02}(Nu."), MGEO_E_FORMAT, "a key without a value"},
    {OPS("\x80\x02}N(Nsu."), MGEO_E_FORMAT, "no dict"},
    {OPS("\x80\x02)R."), MGEO_E_FORMAT, "no function"},
    {OPS("\x80\x02N)R."), MGEO_E_FORMAT, "no function"},
    {OPS("\x80\x02"
         "ccollections\nOrderedDict\nNR."),
     MGEO_E_FORMAT, "no function"},
    {OPS("\x80\x02"
         "ccollections\nOrderedDict\nN\x85R."),
     MGEO_E_FORMAT, "with arguments"},
    {OPS("\x80\x02"
         "ctorch\nFloatStorage\n)R."),
     MGEO_E_FORMAT, "a call of a storage type"},
    {OPS("\x80\x02N}b."), MGEO_E_FORMAT, "sets attributes"},
    {OPS("\x80\x02}b."), MGEO_E_FORMAT, "sets attributes"},
    {OPS("\x80\x02NQ."), MGEO_E_FORMAT, "whose id is no tuple"},
    {OPS("\x80\x02Q."), MGEO_E_FORMAT, "whose id is no tuple"},
    {OPS("\x80\x04NN\x93."), MGEO_E_FORMAT, "whose name is no text"},
    {OPS("\x80\x04\x93."), MGEO_E_FORMAT, "whose name is no text"},
};

static void check_refused(const void *data, size_t size, mgeo_status expected, const char *part) {
    const bytes all = {.data = (unsigned char *)(uintptr_t)data, .size = size};
    bytes exact = bytes_cut(&all, size);
    mgi_pickle pickle;
    mgeo_error error = {0};
    mgeo_status status = read_pickle(&exact, &pickle, &error);
    if (status != expected) fail_msg("%s: status %d, \"%s\"", part, status, error.message);
    check_line(&error, part);
    check_line(&error, "m.bin: pickle: ");
    assert_null(pickle.values);
    bytes_free(&exact);
}

static void refuses_all_else_by_name(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_refused(bad[i].ops, bad[i].size, bad[i].status, bad[i].part);
    }
}

/* Every opcode is either known or refused as foreign; none is taken for another. */
static void knows_or_refuses_every_opcode(void **state) {
    (void)state;
    static const char known[] = "(.NKMJGX}])tceaqrhjsuRbQ";
    static const unsigned char high[] = {0x80, 0x85, 0x86, 0x87, 0x88, 0x89,
                                         0x8A, 0x8C, 0x8D, 0x93, 0x94, 0x95};
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        const unsigned char ops[] = {0x80, 2, (unsigned char)opcode};
        bool ours = (opcode != 0 && opcode < 0x80 && strchr(known, (int)opcode) != NULL) ||
                    memchr(high, (int)opcode, sizeof high) != NULL;
        mgi_pickle pickle;
        mgeo_error error;
        mgeo_status status = mgi_pickle_read(&pickle, ops, sizeof ops, "m.bin", &error);
        assert_int_equal(status, ours ? MGEO_E_FORMAT : MGEO_E_UNSUPPORTED);
    }
}

static void refuses_every_truncation(void **state) {
    (void)state;
    bytes made = model_files_pickle(tensors, 2);
    for (size_t size = 0; size < made.size; size++) {
        check_refused(made.data, size, MGEO_E_FORMAT, "pickle: byte ");
    }
    bytes_free(&made);
}

static void survives_any_changed_byte(void **state) {
    (void)state;
    bytes made = model_files_pickle(tensors, 2);
    for (size_t at = 2; at < made.size; at++) {
        for (unsigned value = 0; value < 256; value++) {
            bytes changed = bytes_cut(&made, made.size);
            changed.data[at] = (unsigned char)value;
            mgi_pickle pickle;
            mgeo_error error;
            if (read_pickle(&changed, &pickle, &error) == MGEO_OK) {
                assert_true(pickle.root < pickle.count);
            }
            mgi_pickle_finish(&pickle);
            bytes_free(&changed);
        }
    }
    bytes_free(&made);
}

static void bounds_its_values(void **state) {
    (void)state;
    bytes many = {.data = malloc(MGI_PICKLE_MAX_BYTES + 1), .size = 4 << 20};
    assert_non_null(many.data);
    memset(many.data, ')', MGI_PICKLE_MAX_BYTES + 1);
    memcpy(many.data, "\x80\x02", 2);
    mgi_pickle pickle;
    mgeo_error error;
    assert_int_equal(read_pickle(&many, &pickle, &error), MGEO_E_FORMAT);
    check_line(&error, "more values than a state dict has");
    many.size = 200000; /* few bytes get few values */
    assert_int_equal(read_pickle(&many, &pickle, &error), MGEO_E_FORMAT);
    check_line(&error, "byte 115537: more values than a state dict has");
    many.size = MGI_PICKLE_MAX_BYTES + 1;
    assert_int_equal(read_pickle(&many, &pickle, &error), MGEO_E_FORMAT);
    check_line(&error, "at most");
    bytes_free(&many);
}

static void survives_failing_memory(void **state) {
    (void)state;
    bytes made = model_files_pickle(tensors, 2);
    mgeo_status status = MGEO_E_MEMORY;
    for (long nth = 1; status != MGEO_OK; nth++) {
        mgi_pickle pickle;
        mgeo_error error;
        mgi_alloc_fail_at(nth);
        status = read_pickle(&made, &pickle, &error);
        if (status != MGEO_OK) assert_int_equal(status, MGEO_E_MEMORY);
        mgi_pickle_finish(&pickle);
        assert_true(nth < 100);
    }
    mgi_alloc_fail_at(0);
    bytes_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_state_dict),       cmocka_unit_test(reads_every_opcode_of_its_own),
        cmocka_unit_test(refuses_all_else_by_name), cmocka_unit_test(knows_or_refuses_every_opcode),
        cmocka_unit_test(refuses_every_truncation), cmocka_unit_test(survives_any_changed_byte),
        cmocka_unit_test(bounds_its_values),        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
