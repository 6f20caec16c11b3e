/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the journal while it is made: a JSON object whose members keep their order. */
#define _GNU_SOURCE
#include "journal/record.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/utf8.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ACTOR_BYTES = 128, REASON_BYTES = 512, DIGITS = 9, NUMBER_BYTES = 40 };

/* The members from the second on, as text: ,"time":"…","event":"…" */
struct mgi_journal_record {
    char *text;
    size_t length, capacity;
    bool incomplete; /* memory ran out under way */
};

/* ---- text ------------------------------------------------------------------------------------ */

static void put_bytes(mgi_journal_record *record, const char *bytes, size_t count) {
    if (record->incomplete) return;
    if (count > record->capacity - record->length) {
        size_t capacity = 2 * record->capacity + count + 512;
        char *text = mgi_realloc(record->text, capacity, 1);
        if (text == NULL) {
            record->incomplete = true;
            return;
        }
        record->text = text;
        record->capacity = capacity;
    }
    memcpy(record->text + record->length, bytes, count);
    record->length += count;
}

static void put(mgi_journal_record *record, const char *text) {
    put_bytes(record, text, strlen(text));
}

/* Begins a member of an object, or a value of an array where the key is NULL. */
static void put_key(mgi_journal_record *record, const char *key) {
    char before = record->length > 0 ? record->text[record->length - 1] : '\0';
    if (before != '{' && before != '[') put(record, ",");
    if (key == NULL) return;
    put(record, "\"");
    put(record, key);
    put(record, "\":");
}

/* ---- values ---------------------------------------------------------------------------------- */

static void put_escape(mgi_journal_record *record, unsigned char byte) {
    static const char bytes[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = byte == 0 ? NULL : strchr(bytes, byte);
    char escape[8];
    if (found != NULL) {
        snprintf(escape, sizeof escape, "\\%c", letters[found - bytes]);
    } else {
        snprintf(escape, sizeof escape, "\\u%04X", byte);
    }
    put(record, escape);
}

/* What is not UTF-8 becomes U+FFFD: the line must be JSON whatever the caller said. */
static void put_text(mgi_journal_record *record, const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + strlen(text);
    put(record, "\"");
    while (at < end) {
        int32_t code_point;
        size_t bytes = mgi_utf8_decode(at, end, &code_point);
        if (bytes == 0) {
            put(record, "\xEF\xBF\xBD");
        } else if (*at < 0x20 || *at == '"' || *at == '\\') {
            put_escape(record, *at);
        } else {
            put_bytes(record, (const char *)at, bytes);
        }
        at += bytes > 0 ? bytes : 1;
    }
    put(record, "\"");
}

static void put_integer(mgi_journal_record *record, uint64_t value) {
    char number[NUMBER_BYTES];
    value = value > INT64_MAX ? INT64_MAX : value;
    snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    put(record, number);
}

/* As JSON writes it in whatever locale the host is: "0.5", "3.0", "1.5e-9". */
static void put_number(mgi_journal_record *record, double value) {
    char number[NUMBER_BYTES];
    if (!isfinite(value)) {
        put(record, "null");
        return;
    }
    snprintf(number, sizeof number, "%.*g", DIGITS, value);
    bool whole = true;
    for (const char *at = number; *at != '\0'; at++) {
        bool digit = *at >= '0' && *at <= '9';
        if (*at == 'e') {
            int exponent = 0;
            sscanf(at + 1, "%d", &exponent);
            snprintf(number, sizeof number, "e%d", exponent);
            put(record, number);
            return;
        }
        bool point = !digit && *at != '-';
        if (point && !whole) continue; /* a further byte of the locale's point */
        if (point) whole = false;
        put_bytes(record, point ? "." : at, 1);
    }
    if (whole) put(record, ".0");
}

/* ---- the members that every line has --------------------------------------------------------- */

/* The day of the Gregorian calendar that is `days` after 1970-01-01. libc's functions for it take
 * the lock of the time zones, which a forked child may find taken for ever. */
static void civil_day(int64_t days, int64_t *year, unsigned *month, unsigned *day) {
    days += 719468; /* to 0000-03-01 */
    int64_t era = days / 146097;
    unsigned of_era = (unsigned)(days - era * 146097);
    unsigned years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * years + years / 4 - years / 100);
    unsigned from_march = (5 * of_year + 2) / 153;
    *day = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = (int64_t)years + era * 400 + (*month <= 2);
}

static void record_time(mgi_journal_record *record) {
    struct timespec now;
    char text[64];
    int64_t year;
    unsigned month, day;
    clock_gettime(CLOCK_REALTIME, &now);
    civil_day(now.tv_sec / 86400, &year, &month, &day);
    unsigned second = (unsigned)(now.tv_sec % 86400);
    snprintf(text, sizeof text, "%04lld-%02u-%02uT%02u:%02u:%02u.%06ldZ", (long long)year, month,
             day, second / 3600, second / 60 % 60, second % 60, now.tv_nsec / 1000);
    mgi_journal_record_text(record, "time", text);
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
    record_time(record);
    mgi_journal_record_text(record, "event", event);
    record_cut_text(record, "actor", actor, ACTOR_BYTES);
    record_cut_text(record, "reason", reason, REASON_BYTES);
    return record;
}

void mgi_journal_record_destroy(mgi_journal_record *record) {
    if (record == NULL) return;
    mgi_free(record->text);
    mgi_free(record);
}

/* ---- the event's own members ----------------------------------------------------------------- */

void mgi_journal_record_text(mgi_journal_record *record, const char *key, const char *value) {
    if (record == NULL) return;
    put_key(record, key);
    put_text(record, value);
}

void mgi_journal_record_integer(mgi_journal_record *record, const char *key, uint64_t value) {
    if (record == NULL) return;
    put_key(record, key);
    put_integer(record, value);
}

void mgi_journal_record_number(mgi_journal_record *record, const char *key, double value) {
    if (record == NULL) return;
    put_key(record, key);
    put_number(record, value);
}

void mgi_journal_record_model(mgi_journal_record *record, const char *key,
                              const mgeo_model_info *info) {
    if (record == NULL) return;
    put_key(record, key);
    if (info->generation == 0) {
        put(record, "null");
        return;
    }
    put(record, "{");
    mgi_journal_record_integer(record, "generation", info->generation);
    mgi_journal_record_text(record, "version", info->version);
    mgi_journal_record_text(record, "fingerprint", info->fingerprint);
    mgi_journal_record_text(record, "slot", mgeo_slot_name(info->slot));
    mgi_journal_record_text(record, "precision", mgeo_precision_name(info->precision));
    mgi_journal_record_text(record, "device", info->device);
    mgi_journal_record_integer(record, "bytes", info->bytes_on_device);
    put(record, "}");
}

void mgi_journal_record_checks(mgi_journal_record *record, const char *key,
                               const mgeo_check *checks, uint32_t count) {
    if (record == NULL) return;
    put_key(record, key);
    put(record, "[");
    for (uint32_t i = 0; i < count; i++) {
        put_key(record, NULL);
        put(record, "{");
        mgi_journal_record_text(record, "name", checks[i].name);
        mgi_journal_record_number(record, "measured", checks[i].measured);
        mgi_journal_record_number(record, "limit", checks[i].limit);
        put_key(record, "passed");
        put(record, checks[i].passed < 0 ? "null" : checks[i].passed != 0 ? "true" : "false");
        put(record, "}");
    }
    put(record, "]");
}

/* ---- the line -------------------------------------------------------------------------------- */

mgeo_status mgi_journal_record_lay_out(mgi_journal_record *record, uint64_t seq, const char *prev,
                                       char **line, size_t *length, mgeo_error *error) {
    char first[NUMBER_BYTES];
    if (record == NULL) return mgi_fail_memory(error, "a line of the journal", sizeof *record);
    mgi_journal_record_text(record, "prev", prev);
    put(record, "}\n");
    if (record->incomplete) return mgi_fail_memory(error, "a line of the journal", sizeof *record);
    size_t before = (size_t)snprintf(first, sizeof first, "{\"seq\":%llu", (unsigned long long)seq);
    size_t bytes = before + record->length;
    if (bytes > MGI_JOURNAL_LINE_MAX_BYTES) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "a line of the journal would have %zu bytes: at most %d; give shorter "
                        "texts",
                        bytes, MGI_JOURNAL_LINE_MAX_BYTES);
    }
    char *made = mgi_calloc(bytes, 1);
    if (made == NULL) return mgi_fail_memory(error, "a line of the journal", bytes);
    memcpy(made, first, before);
    memcpy(made + before, record->text, record->length);
    *line = made;
    *length = bytes;
    return MGEO_OK;
}
