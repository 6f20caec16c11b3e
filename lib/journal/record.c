/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the journal while it is made: a JSON object whose members keep their order. */
#define _GNU_SOURCE
#include "journal/record.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/utf8.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { ACTOR_BYTES = 128, REASON_BYTES = 512, DIGITS = 9 };

struct mgi_journal_record {
    json_t *object;
    bool incomplete; /* memory ran out under way */
};

/* ---- values ---------------------------------------------------------------------------------- */

/* What is not UTF-8 becomes U+FFFD: the line must be JSON whatever the caller said. */
static json_t *json_of_text(const char *text) {
    static const char replacement[] = "\xEF\xBF\xBD";
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + strlen(text);
    char *clean = mgi_calloc((size_t)(end - at) + 1, 3);
    if (clean == NULL) return NULL;
    size_t length = 0;
    while (at < end) {
        int32_t code_point;
        size_t bytes = mgi_utf8_decode(at, end, &code_point);
        memcpy(clean + length, bytes > 0 ? (const char *)at : replacement, bytes > 0 ? bytes : 3);
        length += bytes > 0 ? bytes : 3;
        at += bytes > 0 ? bytes : 1;
    }
    json_t *string = json_stringn_nocheck(clean, length);
    mgi_free(clean);
    return string;
}

static json_t *json_of_integer(uint64_t value) {
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *json_of_number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

/* Takes the value over, also NULL, which is memory that ran out. */
static void record_put(mgi_journal_record *record, json_t *object, const char *key, json_t *value) {
    if (json_object_set_new_nocheck(object, key, value) != 0) record->incomplete = true;
}

/* ---- the members that every line has --------------------------------------------------------- */

static void record_time(mgi_journal_record *record) {
    struct timespec now;
    struct tm utc;
    char day[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    json_t *time = json_sprintf("%s.%06ldZ", day, now.tv_nsec / 1000);
    record_put(record, record->object, "time", time);
}

static void record_cut_text(mgi_journal_record *record, const char *key, const char *text,
                            size_t capacity) {
    char cut[REASON_BYTES];
    mgi_fixed_text_copy(cut, capacity, text != NULL ? text : "");
    mgi_journal_record_text(record, key, cut);
}

mgi_journal_record *mgi_journal_record_create(const char *event, const char *actor,
                                              const char *reason) {
    mgi_journal_record *record = mgi_calloc(1, sizeof *record);
    if (record == NULL) return NULL;
    record->object = json_object();
    mgi_journal_record_integer(record, "seq", 0); /* holds the first place */
    record_time(record);
    mgi_journal_record_text(record, "event", event);
    record_cut_text(record, "actor", actor, ACTOR_BYTES);
    record_cut_text(record, "reason", reason, REASON_BYTES);
    return record;
}

void mgi_journal_record_destroy(mgi_journal_record *record) {
    if (record == NULL) return;
    json_decref(record->object);
    mgi_free(record);
}

/* ---- the event's own members ----------------------------------------------------------------- */

void mgi_journal_record_text(mgi_journal_record *record, const char *key, const char *value) {
    if (record != NULL) record_put(record, record->object, key, json_of_text(value));
}

void mgi_journal_record_integer(mgi_journal_record *record, const char *key, uint64_t value) {
    if (record != NULL) record_put(record, record->object, key, json_of_integer(value));
}

void mgi_journal_record_number(mgi_journal_record *record, const char *key, double value) {
    if (record != NULL) record_put(record, record->object, key, json_of_number(value));
}

void mgi_journal_record_model(mgi_journal_record *record, const char *key,
                              const mgeo_model_info *info) {
    if (record == NULL) return;
    if (info->generation == 0) {
        record_put(record, record->object, key, json_null());
        return;
    }
    json_t *model = json_object();
    record_put(record, model, "generation", json_of_integer(info->generation));
    record_put(record, model, "version", json_of_text(info->version));
    record_put(record, model, "fingerprint", json_of_text(info->fingerprint));
    record_put(record, model, "slot", json_of_text(mgeo_slot_name(info->slot)));
    record_put(record, model, "precision", json_of_text(mgeo_precision_name(info->precision)));
    record_put(record, model, "device", json_of_text(info->device));
    record_put(record, model, "bytes", json_of_integer(info->bytes_on_device));
    record_put(record, record->object, key, model);
}

static json_t *json_of_passed(int32_t passed) {
    return passed < 0 ? json_null() : json_boolean(passed != 0);
}

void mgi_journal_record_checks(mgi_journal_record *record, const char *key,
                               const mgeo_check *checks, uint32_t count) {
    if (record == NULL) return;
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *check = json_object();
        record_put(record, check, "name", json_of_text(checks[i].name));
        record_put(record, check, "measured", json_of_number(checks[i].measured));
        record_put(record, check, "limit", json_of_number(checks[i].limit));
        record_put(record, check, "passed", json_of_passed(checks[i].passed));
        if (json_array_append_new(list, check) != 0) record->incomplete = true;
    }
    record_put(record, record->object, key, list);
}

/* ---- the line -------------------------------------------------------------------------------- */

static mgeo_status record_dump(const json_t *object, char **line, size_t *length,
                               mgeo_error *error) {
    size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(DIGITS);
    size_t bytes = json_dumpb(object, NULL, 0, flags);
    if (bytes == 0) return mgi_fail_memory(error, "a line of the journal", 0);
    if (bytes + 1 > MGI_JOURNAL_LINE_MAX_BYTES) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "a line of the journal would have %zu bytes: at most %d; give shorter "
                        "texts",
                        bytes + 1, MGI_JOURNAL_LINE_MAX_BYTES);
    }
    char *made = mgi_calloc(bytes + 1, 1);
    if (made == NULL) return mgi_fail_memory(error, "a line of the journal", bytes + 1);
    json_dumpb(object, made, bytes, flags);
    made[bytes] = '\n';
    *line = made;
    *length = bytes + 1;
    return MGEO_OK;
}

mgeo_status mgi_journal_record_lay_out(mgi_journal_record *record, uint64_t seq, const char *prev,
                                       char **line, size_t *length, mgeo_error *error) {
    if (record == NULL) return mgi_fail_memory(error, "a line of the journal", sizeof *record);
    mgi_journal_record_integer(record, "seq", seq);
    mgi_journal_record_text(record, "prev", prev);
    if (record->incomplete) return mgi_fail_memory(error, "a line of the journal", sizeof *record);
    return record_dump(record->object, line, length, error);
}
