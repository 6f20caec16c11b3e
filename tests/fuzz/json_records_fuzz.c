/* SPDX-License-Identifier: Apache-2.0 */
/* One line of JSON lines: its members as slices, their escapes, and the library's reader of JSON as
 * a second opinion. */
#include "core/json/json.h"
#include "fuzz.h"
#include "table/json_record.h"
#include "utf8.h"

#include <string.h>

/* A slice lies in the record; without its escapes it is no longer, and UTF-8 if the record is. */
static void check_string(struct table_cell record, struct table_cell string, bool escaped,
                         bool valid) {
    FUZZ_REQUIRE(string.text >= record.text && string.text <= record.text + record.length &&
                     string.length <= (size_t)(record.text + record.length - string.text),
                 "a slice outside its record");
    if (!escaped) return;
    size_t length = 0;
    char *plain = malloc(string.length + 1);
    if (plain == NULL) exit(2);
    if (json_unescape(string, plain, &length)) {
        FUZZ_REQUIRE(length <= string.length, "an escape that grows");
        FUZZ_REQUIRE(!valid || fuzz_is_utf8((unsigned char *)plain, length),
                     "an escape that is not UTF-8");
    }
    free(plain);
}

/* The number of members; *wrong: not one sound object or array. */
static size_t walk(struct table_cell record, bool valid, bool *wrong) {
    struct json_walk walk;
    struct json_member member;
    size_t members = 0;
    *wrong = !json_walk_begin(&walk, record);
    if (*wrong) return 0;
    while (json_walk_next(&walk, &member)) {
        members++;
        if (!walk.array) check_string(record, member.key, member.key_escaped, valid);
        check_string(record, member.value, member.kind == JSON_VALUE_STRING && member.value_escaped,
                     valid);
    }
    FUZZ_REQUIRE((walk.wrong != NULL) != walk.ended, "neither ended nor wrong");
    FUZZ_REQUIRE(!walk.ended || walk.close < record.length, "closed outside the record");
    *wrong = walk.wrong != NULL;
    return members;
}

/* Byte order marks are gone before a record is one; the library's reader passes one over. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool wrong;
    mgi_json_value *root = NULL;
    mgeo_error error = {0};
    if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) return 0;
    size_t members =
        walk((struct table_cell){(const char *)data, size}, fuzz_is_utf8(data, size), &wrong);
    if (mgi_json_parse(data, size, "json", &root, &error) != MGEO_OK) return 0;
    bool holds = root->kind == MGI_JSON_ARRAY || root->kind == MGI_JSON_OBJECT;
    FUZZ_REQUIRE(wrong == !holds, "sound JSON is refused, or a plain value taken");
    FUZZ_REQUIRE(!holds || members == root->count, "another number of members");
    mgi_json_tree_free(root);
    return 0;
}
