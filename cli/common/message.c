/* SPDX-License-Identifier: Apache-2.0 */
/* Standard error, shared by the lines and the status line. */
#include "common/message.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/string_buffer.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool status_drawn;
static const char *program = "mgeo";

void message_set_program(const char *name) { program = name; }

const char *message_program(void) { return program; }

static void clear_locked(void) {
    if (status_drawn) fputs("\r\033[K", stderr);
    status_drawn = false;
}

/* Lines carry names, paths and cells that others wrote: what could steer the terminal is shown. */
void message_print(const char *format, ...) {
    struct string_buffer shown = {0};
    va_list arguments;
    va_start(arguments, format);
    char *line = NULL;
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (length >= 0) string_buffer_shown(&shown, line, (size_t)length);
    pthread_mutex_lock(&lock);
    clear_locked();
    fprintf(stderr, "%s: %s\n", program, shown.length > 0 ? shown.bytes : "");
    pthread_mutex_unlock(&lock);
    string_buffer_finish(&shown);
    free(line);
}

bool message_text(const char *text) {
    struct string_buffer shown = {0};
    string_buffer_shown_lines(&shown, text);
    pthread_mutex_lock(&lock);
    clear_locked();
    bool done = shown.length == 0 || fputs(shown.bytes, stderr) >= 0;
    done = fflush(stderr) == 0 && done;
    pthread_mutex_unlock(&lock);
    string_buffer_finish(&shown);
    return done;
}

void message_status(const char *text, bool terminal) {
    pthread_mutex_lock(&lock);
    if (terminal) {
        fprintf(stderr, "\r\033[K%s", text);
        fflush(stderr);
        status_drawn = true;
    } else {
        fprintf(stderr, "%s: %s\n", program, text);
    }
    pthread_mutex_unlock(&lock);
}

void message_status_clear(void) {
    pthread_mutex_lock(&lock);
    clear_locked();
    fflush(stderr);
    pthread_mutex_unlock(&lock);
}
