/* SPDX-License-Identifier: Apache-2.0 */
/* Names with values, in an order: what a manifest is made of. */
#ifndef CLI_SCORING_RESUME_NOTES_H
#define CLI_SCORING_RESUME_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/string_buffer.h"

struct note {
    char *name, *value; /* neither holds a tab, a line end or anything else invisible */
};

/* Begins all zero. */
struct notes {
    struct note *notes;
    size_t count;
};

void notes_finish(struct notes *notes);

/* Adds a value, escaped so that it stands on a line; `name` may repeat. */
void notes_add(struct notes *notes, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what is escaped already. */
void notes_add_line(struct notes *notes, const char *name, const char *value);

/* The first value of that name; NULL: there is none. */
const char *notes_find(const struct notes *notes, const char *name);

/* That value as a whole number; 0 if there is none. */
uint64_t notes_whole(const struct notes *notes, const char *name);

#endif
