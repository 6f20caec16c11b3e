/* SPDX-License-Identifier: Apache-2.0 */
/* The last lines of the journal, after the whole of it was verified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/files/regular_file.h"
#include "common/json_reader.h"
#include "serve/operate/reply.h"
#include "serve/operate/route.h"

enum { LAST = 100, LAST_MOST = 10000 };

/* The newest `last` lines that were chosen, in a ring. */
struct chosen {
    char **lines;
    size_t last, count; /* count: so far */
};

static void keep(struct chosen *chosen, const char *line, size_t length) {
    char **to = &chosen->lines[chosen->count++ % chosen->last];
    free(*to);
    *to = strndup(line, length);
}

/* Whether the line's event is the one asked for; reading spoils the copy. */
static bool is_event(const char *line, size_t length, const char *event) {
    if (event[0] == '\0') return true;
    char *copy = strndup(line, length);
    if (copy == NULL) return false;
    struct json_reader json;
    struct json_string key;
    bool found = false;
    json_reader_begin(&json, copy, length);
    bool open = json_reader_next(&json) == JSON_OBJECT;
    while (open && json_reader_key(&json, &key)) {
        if (strcmp(key.bytes, "event") != 0) {
            json_reader_skip(&json);
            continue;
        }
        found = json_reader_next(&json) == JSON_STRING && strcmp(json.string.bytes, event) == 0;
        break;
    }
    free(copy);
    return found;
}

static bool read_lines(const char *path, uint64_t sound, const char *event, struct chosen *chosen) {
    struct error ignored;
    FILE *file = regular_file_open(path, NULL, &ignored);
    if (file == NULL) return false;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    for (uint64_t i = 0; i < sound && (length = getline(&line, &capacity, file)) > 0; i++) {
        if (line[length - 1] == '\n') length--;
        if (is_event(line, (size_t)length, event)) keep(chosen, line, (size_t)length);
    }
    free(line);
    fclose(file);
    return true;
}

static void write_journal(struct operate_call *call, const struct chosen *chosen,
                          const mgeo_journal_report *report) {
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    json_writer_open(&json, "lines", '[');
    size_t first = chosen->count > chosen->last ? chosen->count - chosen->last : 0;
    for (size_t i = first; i < chosen->count; i++) {
        const char *line = chosen->lines[i % chosen->last];
        if (line != NULL) json_writer_raw(&json, NULL, line);
    }
    json_writer_close(&json, ']');
    json_writer_bool(&json, "verified", report->bad_line == 0 && report->reason[0] == '\0');
    json_writer_integer(&json, "count", report->lines);
    json_writer_integer(&json, "bad_line", report->bad_line);
    json_writer_string(&json, "reason", report->reason);
    json_writer_string(&json, "last_hash", report->last_hash);
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    mgeo_get_rollout(call->service->engine, &rollout, NULL);
    json_writer_integer(&json, "journal_failures", rollout.journal_failures);
    json_writer_close(&json, '}');
    route_answer(call, &json);
}

static void show(struct operate_call *call, const char *path, const char *event, size_t last) {
    mgeo_journal_report report = {.struct_size = sizeof report};
    mgeo_error error;
    mgeo_status status = mgeo_journal_verify(path, &report, &error);
    if (status != MGEO_OK && status != MGEO_E_FORMAT) {
        route_answer_status(call, status, &error);
        return;
    }
    struct chosen chosen = {.lines = calloc(last, sizeof *chosen.lines), .last = last};
    if (chosen.lines != NULL && read_lines(path, report.lines, event, &chosen)) {
        write_journal(call, &chosen, &report);
    } else {
        route_answer_status(call, MGEO_E_IO,
                            &(mgeo_error){.message = "the journal cannot be read now"});
    }
    for (size_t i = 0; chosen.lines != NULL && i < last; i++) free(chosen.lines[i]);
    free(chosen.lines);
}

void journal_show(struct operate_call *call) {
    char event[32] = "", text[16], *end;
    unsigned long last = LAST;
    bool malformed = false, bad = false;
    http_request_parameter(call->request, "event", event, sizeof event, &bad);
    if (http_request_parameter(call->request, "last", text, sizeof text, &malformed)) {
        last = strtoul(text, &end, 10);
        malformed = text[0] < '0' || text[0] > '9' || *end != '\0';
    }
    if (bad || malformed || last == 0 || last > LAST_MOST) {
        route_answer_field(call, bad ? "event" : "last",
                           bad ? "event: give a journal's event, as \"swap\""
                               : "last: give a whole number from 1 to 10000");
        return;
    }
    const struct settings *settings = settings_hold(call->service->settings);
    if (settings->journal != NULL) {
        show(call, settings->journal, event, last);
    } else {
        const struct http_error error = {.status = 404, .code = "no_journal", .index = -1};
        http_answer_error(&call->answer, &error,
                          "the server keeps no journal: start it with --journal FILE");
    }
    settings_release(call->service->settings, settings);
}
