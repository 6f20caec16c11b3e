/* SPDX-License-Identifier: Apache-2.0 */
/* What load, check and deploy say of a model, and how they show what comes back. */
#ifndef CLI_CTL_MODEL_BODY_H
#define CLI_CTL_MODEL_BODY_H

#include <jansson.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/string_buffer.h"
#include "ctl/options.h"

/* The body of /operate/load, or of /operate/check if nothing changes. A relative path is one of
 * this machine's. False with a line in the error if it leads nowhere. */
bool model_write_body(const struct options *options, bool change, struct string_buffer *body,
                      struct error *error);

/* One line, without its end, of what /operate/load and /operate/check answered. */
void model_show_loaded(struct string_buffer *text, const json_t *reply);
void model_show_memory(struct string_buffer *text, const json_t *reply);

#endif
