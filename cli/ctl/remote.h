/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to the operating side, their documents, and what their failures mean for the exit status.
 */
#ifndef CLI_CTL_REMOTE_H
#define CLI_CTL_REMOTE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/string_buffer.h"
#include "ctl/options.h"

struct remote {
    const char *server;
    char token[256]; /* never printed; empty: none */
    char etag[96];   /* of the state that the last answer told of; empty: none was seen */
    const struct options *options;
};

struct remote_reply {
    int status;
    json_t *json; /* owned; NULL where the body is none */
};

/* Settles server and token. False with a line in the error. */
bool remote_open(struct remote *remote, const struct options *options, struct error *error);

/* One call. `body` NULL: a GET. `change` sends If-Match: that of --if-match, else the state seen
 * last, else any. `seconds` 0: as long as it takes. False: there was no answer. The reply is
 * finished by the caller in both cases. */
bool remote_call(struct remote *remote, const char *target, const struct string_buffer *body,
                 bool change, double seconds, struct remote_reply *reply, struct error *error);
void remote_finish_reply(struct remote_reply *reply);

/* The whole of it for one step: calls, and says what failed, and that a line of the journal is
 * lost. What comes back is a ctl_exit; the reply is the caller's to finish. */
int remote_do(struct remote *remote, const char *target, const struct string_buffer *body,
              bool change, struct remote_reply *reply);

/* Reads the status, whose state is then the one that changes expect. */
int remote_get_status(struct remote *remote, struct remote_reply *reply);

/* The line of an answer that is an error, and the exit status that it means. */
int remote_say_failure(const struct remote *remote, const char *target,
                       const struct remote_reply *reply);

/* Says why there was no answer. */
int remote_say_no_answer(const struct remote *remote, const struct error *error);

/* "user@host", as actors are called that name themselves not otherwise. */
void remote_write_actor(char *to, size_t capacity);

/* ---- a body -----------------------------------------------------------------------------------
 */

/* Appends `"name": value` to an object that is open, after a comma where one is needed. NULL and
 * negative values are left out. */
void body_text(struct string_buffer *body, const char *name, const char *value);
void body_number(struct string_buffer *body, const char *name, double value);
void body_flag(struct string_buffer *body, const char *name, bool value);

/* "actor" and "reason". */
void body_who_and_why(struct string_buffer *body, const struct options *options);

#endif
