/* SPDX-License-Identifier: Apache-2.0 */
/* Standard error, shared by the lines and the status line. */
#include "common/message.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool status_drawn;
static const char *program = "mgeo";

void message_set_program(const char *name) { program = name; }

const char *message_program(void) { return program; }

static void clear_locked(void) {
    if (status_drawn) fputs("\r\033[K", stderr);
    status_drawn = false;
}

void message_print(const char *format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&lock);
    clear_locked();
    fprintf(stderr, "%s: %s\n", program, line);
    pthread_mutex_unlock(&lock);
}

bool message_text(const char *text) {
    pthread_mutex_lock(&lock);
    clear_locked();
    bool done = fputs(text, stderr) >= 0 && fflush(stderr) == 0;
    pthread_mutex_unlock(&lock);
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
