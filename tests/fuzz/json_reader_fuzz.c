/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON body, read value by value and skipped over, and the library's tree as a second opinion. */
#include "common/json_reader.h"
#include "core/json/json_tree.h"
#include "fuzz.h"
#include "utf8.h"

#include <string.h>

/* The tree has U+FFFD where JSON has \u0000. */
static void check_text(const struct json_string *string, const char *text) {
    FUZZ_REQUIRE(fuzz_is_utf8((unsigned char *)string->bytes, string->length),
                 "a string that is not UTF-8");
    FUZZ_REQUIRE(string->bytes[string->length] == '\0', "a string without its NUL");
    for (size_t i = 0; i < string->length; i++) {
        bool nul = string->bytes[i] == '\0';
        FUZZ_REQUIRE(nul ? strncmp(text, "\xEF\xBF\xBD", 3) == 0 : *text == string->bytes[i],
                     "another string");
        text += nul ? 3 : 1;
    }
    FUZZ_REQUIRE(*text == '\0', "a shorter string");
}

static void check_number(const struct json_reader *reader, const mgi_json_value *value) {
    FUZZ_REQUIRE(reader->integral == (value->kind == MGI_JSON_INTEGER), "another kind of number");
    if (reader->integral) {
        FUZZ_REQUIRE(reader->integer == value->integer, "another integer");
        return;
    }
    bool too_long = value->real != value->real; /* for the tree, which says NaN */
    FUZZ_REQUIRE(value->kind == MGI_JSON_REAL && (too_long || reader->number == value->real),
                 "another number");
}

static mgi_json_kind kind_of(enum json_type type) {
    switch (type) {
    case JSON_NULL: return MGI_JSON_NULL;
    case JSON_FALSE:
    case JSON_TRUE: return MGI_JSON_BOOL;
    case JSON_STRING: return MGI_JSON_TEXT;
    case JSON_ARRAY: return MGI_JSON_ARRAY;
    default: return MGI_JSON_OBJECT;
    }
}

/* False at a fault. The reader's next value against the tree's, which may be NULL: unknown. */
static bool check_value(struct json_reader *reader, const mgi_json_value *value) {
    enum json_type type = json_reader_next(reader);
    if (type == JSON_ABSENT) return false;
    if (type == JSON_NUMBER) {
        if (value != NULL) check_number(reader, value);
        return true;
    }
    FUZZ_REQUIRE(value == NULL || value->kind == kind_of(type), "another kind of value");
    if (type == JSON_STRING && value != NULL) check_text(&reader->string, value->text);
    if (type == JSON_TRUE || type == JSON_FALSE) {
        FUZZ_REQUIRE(value == NULL || value->integer == (type == JSON_TRUE), "true is false");
    }
    if (type != JSON_ARRAY && type != JSON_OBJECT) return true;
    const mgi_json_value *member = value == NULL ? NULL : value->first;
    struct json_string key;
    int depth = reader->depth;
    while (type == JSON_ARRAY || json_reader_key(reader, &key)) {
        if (type == JSON_OBJECT && member != NULL) check_text(&key, member->key);
        if (!check_value(reader, member)) break;
        FUZZ_REQUIRE(value == NULL || member != NULL, "more members than there are");
        if (member != NULL) member = member->next;
    }
    if (reader->fault != NULL) return false;
    FUZZ_REQUIRE(member == NULL && reader->depth == depth - 1, "fewer members than there are");
    return true;
}

/* What the tree takes and RFC 8259 does not have, or leaves to the reader. */
static bool is_excused(const struct json_reader *reader, const uint8_t *data) {
    static const char *const faults[] = {"a byte order mark", "half of a surrogate pair",
                                         "a number beyond what a double holds"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(reader->fault, faults[i]) == 0) return true;
    }
    return reader->fault_at < reader->length &&
           (data[reader->fault_at] == 'N' || data[reader->fault_at] == 'I');
}

static char *copy_of(const uint8_t *data, size_t size) {
    char *copy = malloc(size + 1);
    if (copy == NULL) exit(2);
    if (size > 0) memcpy(copy, data, size);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json_reader reader, skipper;
    mgi_json_flaw flaw;
    mgi_json_value *tree = mgi_json_tree_read(data, size, &flaw);
    char *text = copy_of(data, size), *other = copy_of(data, size);
    json_reader_begin(&skipper, other, size);
    json_reader_skip(&skipper);
    bool sound = json_reader_end(&skipper);
    FUZZ_REQUIRE(sound == (skipper.fault == NULL), "neither sound nor at fault");
    FUZZ_REQUIRE(sound || skipper.fault_at <= size, "a fault outside the text");
    FUZZ_REQUIRE(sound || tree == NULL || is_excused(&skipper, data), "sound JSON is refused");
    bool limited = flaw.reason != NULL && (strcmp(flaw.reason, "a duplicate key") == 0 ||
                                           strncmp(flaw.reason, "more values", 11) == 0);
    FUZZ_REQUIRE(!sound || tree != NULL || limited, "what is no JSON is taken");
    json_reader_begin(&reader, text, size);
    check_value(&reader, sound ? tree : NULL);
    json_reader_end(&reader);
    FUZZ_REQUIRE(reader.fault == skipper.fault && reader.fault_at == skipper.fault_at,
                 "another fault when values are read");
    free(text);
    free(other);
    mgi_json_tree_free(tree);
    return 0;
}
