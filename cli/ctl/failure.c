/* SPDX-License-Identifier: Apache-2.0 */
/* The first line that was said, kept for the document. */
#include "ctl/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/interrupt.h"
#include "common/message.h"
#include "common/utf8.h"
#include "ctl/show.h"

static struct {
    char line[1280]; /* empty: nothing was said */
    const char *code;
    int status; /* of HTTP; 0: none */
    json_t *reply;
} first;

int failure_say(const char *code, const char *format, ...) {
    char line[sizeof first.line];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (line[0] == '\0' || (interrupt_stopping() && strcmp(code, "could_not") == 0)) {
        strcpy(line, "interrupted");
        code = "interrupted";
    }
    message_print("%s", line);
    if (first.line[0] != '\0') return CTL_COULD_NOT;
    size_t kept = utf8_cut(line, strlen(line), sizeof first.line - 1);
    memcpy(first.line, line, kept);
    first.line[kept] = '\0';
    first.code = code;
    return CTL_COULD_NOT;
}

void failure_note_reply(int status, const json_t *reply) {
    if (first.status != 0) return;
    first.status = status;
    first.reply = json_is_object(reply) ? json_deep_copy(reply) : NULL;
}

void failure_add(json_t *document, int result) {
    if (result == CTL_DONE || first.line[0] == '\0') return;
    json_object_update_missing(document, first.reply);
    /* A line may hold bytes of a file's name that are no UTF-8, which JSON cannot. */
    json_t *line = json_string(first.line);
    json_t *rest = json_pack(
        "{s:o, s:s, s:o, s:i}", "error", line != NULL ? line : json_string("see standard error"),
        "code", first.code, "status", first.status != 0 ? json_integer(first.status) : json_null(),
        "exit", result);
    json_object_update_missing(document, rest);
    json_decref(rest);
}

void failure_end(int result) {
    if (result == CTL_DONE || first.line[0] == '\0' || show_printed_json()) return;
    json_t *document = json_object();
    failure_add(document, result);
    show_json(document);
    json_decref(document);
    json_decref(first.reply);
    first.reply = NULL;
}
