/* SPDX-License-Identifier: Apache-2.0 */
/* JSON members by their table: each once, of its type, within its bounds. */
#include "serve/operate/body.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_reader.h"
#include "common/string_buffer.h"

enum { FIELDS_MOST = 32, NAME_BYTES = 128 };

struct reading {
    struct json_reader json;
    struct http_answer *answer;
    char path[NAME_BYTES]; /* of the object that is open: "gate." */
    char *to;
};

static bool refuse(struct reading *reading, const char *name, int64_t index, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

/* 422, unless the text is no JSON: then 400. */
static bool refuse(struct reading *reading, const char *name, int64_t index, const char *format,
                   ...) {
    char sentence[256], field[2 * NAME_BYTES];
    if (reading->json.fault != NULL) {
        const struct http_error error = {.status = 400, .code = "bad_json", .index = -1};
        http_answer_error(reading->answer, &error, "the body is no JSON: %s at byte %zu",
                          reading->json.fault, reading->json.fault_at + 1);
        return false;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    snprintf(field, sizeof field, "%s%s", reading->path, name);
    if (index >= 0) {
        size_t used = strlen(field);
        snprintf(field + used, sizeof field - used, "[%lld]", (long long)index);
    }
    const struct http_error error = {
        .status = 422, .code = "bad_value", .field = field, .index = index};
    http_answer_error(reading->answer, &error, "%s %s", field, sentence);
    return false;
}

/* 400: which of the two was meant cannot be known. */
static bool refuse_twice(struct reading *reading, const char *name, int64_t index) {
    char field[2 * NAME_BYTES], place[24] = "";
    if (index >= 0) snprintf(place, sizeof place, "[%lld]", (long long)index);
    snprintf(field, sizeof field, "%s%.60s%s", reading->path, name, place);
    const struct http_error error = {
        .status = 400, .code = "duplicate_field", .field = field, .index = index};
    http_answer_error(reading->answer, &error, "%s %s", field,
                      index >= 0 ? "has a field twice" : "is there twice");
    return false;
}

/* ---- single values --------------------------------------------------------------------------- */

static bool take_text(struct reading *reading, const struct body_field *field) {
    struct json_string string = reading->json.string;
    if (memchr(string.bytes, '\0', string.length) != NULL) {
        return refuse(reading, field->name, -1, "holds a NUL character");
    }
    *(const char **)(reading->to + field->at) = string.bytes;
    return true;
}

static bool take_number(struct reading *reading, const struct body_field *field) {
    double number = reading->json.number;
    bool whole = field->type == BODY_WHOLE || field->type == BODY_BYTES;
    if (number < field->least || number > field->most || (whole && !reading->json.integral)) {
        return refuse(reading, field->name, -1, "is no %snumber from %.9g to %.9g",
                      whole ? "whole " : "", field->least, field->most);
    }
    void *member = reading->to + field->at;
    switch (field->type) {
    case BODY_WHOLE: *(uint32_t *)member = (uint32_t)reading->json.integer; break;
    case BODY_BYTES: *(uint64_t *)member = (uint64_t)reading->json.integer; break;
    case BODY_LIMIT: *(double *)member = number > 0 ? number : -1; break;
    default: *(double *)member = number; break;
    }
    return true;
}

static bool take_choice(struct reading *reading, const struct body_field *field) {
    struct string_buffer names = {0};
    for (int i = 0; field->choices[i] != NULL; i++) {
        if (strcmp(field->choices[i], reading->json.string.bytes) == 0) {
            *(int32_t *)(void *)(reading->to + field->at) = i;
            string_buffer_finish(&names);
            return true;
        }
        string_buffer_format(&names, "%s%s", i > 0 ? ", " : "", field->choices[i]);
    }
    refuse(reading, field->name, -1, "is none of: %s", names.bytes);
    string_buffer_finish(&names);
    return false;
}

/* ---- pairs and labels ------------------------------------------------------------------------ */

/* Room for one more; by doubling, from malloc, so that a lack of memory is answered. */
static void *grown(void *block, size_t count, size_t size) {
    bool full = count == 0 || (count >= 64 && (count & (count - 1)) == 0);
    if (!full) return block;
    return realloc(block, (count == 0 ? 64 : count * 2) * size);
}

static bool take_array_pair(struct reading *reading, struct json_string *texts) {
    int count = 0;
    enum json_type type;
    while ((type = json_reader_next(&reading->json)) == JSON_STRING && count < 2) {
        texts[count++] = reading->json.string;
    }
    return type == JSON_ABSENT && count == 2 && reading->json.fault == NULL;
}

static bool take_object_pair(struct reading *reading, struct json_string *texts, bool *twice) {
    struct json_string key;
    bool given[2] = {false, false};
    while (json_reader_key(&reading->json, &key)) {
        int which = strcmp(key.bytes, "address1") == 0   ? 0
                    : strcmp(key.bytes, "address2") == 0 ? 1
                                                         : -1;
        *twice = which >= 0 && given[which];
        if (which < 0 || *twice || json_reader_next(&reading->json) != JSON_STRING) return false;
        given[which] = true;
        texts[which] = reading->json.string;
    }
    return given[0] && given[1] && reading->json.fault == NULL;
}

static bool take_pairs(struct reading *reading, const struct body_field *field) {
    struct body_pairs *pairs = (void *)(reading->to + field->at);
    enum json_type type;
    while ((type = json_reader_next(&reading->json)) != JSON_ABSENT) {
        struct json_string texts[2];
        bool twice = false;
        bool sound = type == JSON_ARRAY    ? take_array_pair(reading, texts)
                     : type == JSON_OBJECT ? take_object_pair(reading, texts, &twice)
                                           : false;
        if (twice) return refuse_twice(reading, field->name, (int64_t)pairs->count);
        if (!sound) {
            return refuse(reading, field->name, (int64_t)pairs->count,
                          "is no pair: give [\"text\", \"text\"]");
        }
        if (pairs->count == BODY_PAIRS_MOST) {
            return refuse(reading, field->name, -1, "has more than %d pairs: take a sample",
                          BODY_PAIRS_MOST);
        }
        mgeo_pair *room = grown(pairs->pairs, pairs->count, sizeof *room);
        if (room == NULL) {
            return refuse(reading, field->name, -1, "needs more memory than there is");
        }
        pairs->pairs = room;
        pairs->pairs[pairs->count++] =
            (mgeo_pair){texts[0].bytes, texts[0].length, texts[1].bytes, texts[1].length};
    }
    return true;
}

static bool take_gold(struct reading *reading, const struct body_field *field) {
    struct body_pairs *pairs = (void *)(reading->to + field->at);
    enum json_type type;
    while ((type = json_reader_next(&reading->json)) != JSON_ABSENT) {
        if ((type != JSON_STRING && type != JSON_NULL) || pairs->gold_count == BODY_PAIRS_MOST) {
            return refuse(reading, field->name, (int64_t)pairs->gold_count,
                          "is no label: give a text, or null");
        }
        const char **room = grown((void *)pairs->gold, pairs->gold_count, sizeof *room);
        if (room == NULL) {
            return refuse(reading, field->name, -1, "needs more memory than there is");
        }
        pairs->gold = room;
        bool given = type == JSON_STRING && reading->json.string.length > 0;
        pairs->gold[pairs->gold_count++] = given ? reading->json.string.bytes : NULL;
    }
    return true;
}

bool body_check_pairs(const struct body_pairs *pairs, const char *prefix,
                      struct http_answer *answer) {
    char field[32];
    bool none = pairs->count == 0;
    if (!none && (pairs->gold == NULL || pairs->gold_count == pairs->count)) return true;
    snprintf(field, sizeof field, "%s%s", prefix, none ? "pairs" : "gold");
    const struct http_error error = {
        .status = 422, .code = "bad_value", .field = field, .index = -1};
    if (none) {
        http_answer_error(answer, &error, "%s: give at least one pair", field);
    } else {
        http_answer_error(answer, &error, "%s: there are %zu labels for %zu pairs", field,
                          pairs->gold_count, pairs->count);
    }
    return false;
}

void body_finish_pairs(struct body_pairs *pairs) {
    free(pairs->pairs);
    free((void *)pairs->gold);
    *pairs = (struct body_pairs){0};
}

/* ---- objects --------------------------------------------------------------------------------- */

static bool read_object(struct reading *reading, const struct body_field *fields);

static bool read_members(struct reading *reading, const struct body_field *field) {
    char path[NAME_BYTES];
    memcpy(path, reading->path, sizeof path);
    size_t used = strlen(path);
    snprintf(reading->path + used, sizeof path - used, "%s.", field->name);
    *(bool *)(reading->to + field->at) = true;
    if (!read_object(reading, field->members)) return false;
    memcpy(reading->path, path, sizeof path);
    return true;
}

static bool read_value(struct reading *reading, const struct body_field *field) {
    static const struct {
        enum json_type type;
        const char *wanted;
        bool (*take)(struct reading *reading, const struct body_field *field);
    } ways[] = {
        [BODY_TEXT] = {JSON_STRING, "a text", take_text},
        [BODY_WHOLE] = {JSON_NUMBER, "a number", take_number},
        [BODY_BYTES] = {JSON_NUMBER, "a number", take_number},
        [BODY_NUMBER] = {JSON_NUMBER, "a number", take_number},
        [BODY_LIMIT] = {JSON_NUMBER, "a number", take_number},
        [BODY_FLAG] = {JSON_TRUE, "true or false", NULL},
        [BODY_CHOICE] = {JSON_STRING, "a text", take_choice},
        [BODY_PAIRS] = {JSON_ARRAY, "a list of pairs", take_pairs},
        [BODY_GOLD] = {JSON_ARRAY, "a list of labels", take_gold},
        [BODY_OBJECT] = {JSON_OBJECT, "an object", read_members},
    };
    enum json_type type = json_reader_next(&reading->json);
    if (type == JSON_NULL) return true;
    if (field->type == BODY_FLAG && (type == JSON_TRUE || type == JSON_FALSE)) {
        *(bool *)(reading->to + field->at) = type == JSON_TRUE;
        return true;
    }
    if (type != ways[field->type].type || ways[field->type].take == NULL) {
        return refuse(reading, field->name, -1, "is not %s", ways[field->type].wanted);
    }
    return ways[field->type].take(reading, field);
}

static bool read_object(struct reading *reading, const struct body_field *fields) {
    struct json_string key;
    bool given[FIELDS_MOST] = {false};
    while (json_reader_key(&reading->json, &key)) {
        size_t i = 0;
        while (fields[i].name != NULL && strcmp(fields[i].name, key.bytes) != 0) i++;
        if (fields[i].name == NULL || strlen(key.bytes) != key.length) {
            char name[64];
            snprintf(name, sizeof name, "%.63s", key.bytes);
            return refuse(reading, name, -1, "is no field of this route");
        }
        if (given[i]) return refuse_twice(reading, fields[i].name, -1);
        given[i] = true;
        if (!read_value(reading, &fields[i])) return false;
    }
    return reading->json.fault == NULL || refuse(reading, "", -1, "%s", "");
}

bool body_read(const struct body_field *fields, char *text, size_t length, void *to,
               struct http_answer *answer) {
    struct reading reading = {.answer = answer, .to = to};
    if (length == 0) return true;
    json_reader_begin(&reading.json, text, length);
    if (json_reader_next(&reading.json) != JSON_OBJECT) {
        return refuse(&reading, "the body", -1, "is no object");
    }
    if (!read_object(&reading, fields)) return false;
    if (json_reader_end(&reading.json)) return true;
    if (reading.json.fault == NULL) reading.json.fault = "more than one value";
    return refuse(&reading, "", -1, "%s", "");
}
