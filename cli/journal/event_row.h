/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the journal as people read it. */
#ifndef CLI_JOURNAL_EVENT_ROW_H
#define CLI_JOURNAL_EVENT_ROW_H

#include <jansson.h>

#include "common/string_buffer.h"

/* The line above the first one. */
void event_row_heading(struct string_buffer *text);

/* Number, time, event, actor, models, reason, figures; a newline at the end. */
void event_row_write(struct string_buffer *text, const json_t *line);

#endif
