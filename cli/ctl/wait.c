/* SPDX-License-Identifier: Apache-2.0 */
/* wait-ready: asks until the server says that it is ready, or time is up. */
#include <poll.h>
#include <string.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "common/utf8.h"
#include "ctl/commands.h"
#include "ctl/failure.h"
#include "ctl/remote.h"
#include "ctl/show.h"
#include "ctl/url.h"
#include "http/client.h"

enum { AGAIN_MILLISECONDS = 100 };

/* How the last look ended. */
struct look {
    bool answered;
    int status;
    char reason[512];
};

static void look_once(const struct remote *remote, const struct url *url, double seconds,
                      struct look *look) {
    struct http_reply reply = {0};
    struct error error = {""};
    bool elsewhere = remote->options->url != NULL;
    const struct http_call call = {.server = elsewhere ? url->server : remote->server,
                                   .method = "GET",
                                   .target = elsewhere ? url->path : "/readyz",
                                   .token =
                                       elsewhere || remote->token[0] == '\0' ? NULL : remote->token,
                                   .seconds = seconds};
    look->answered = http_client_call(&call, &reply, &error);
    look->status = reply.status;
    json_t *json = look->answered && reply.body.bytes != NULL
                       ? json_loadb(reply.body.bytes, reply.body.length, 0, NULL)
                       : NULL;
    const char *reason = show_string(json, "reason");
    if (reason[0] == '\0') reason = show_string(json, "error");
    if (!look->answered) reason = error.line;
    size_t kept = utf8_cut(reason, strlen(reason), sizeof look->reason - 1);
    memcpy(look->reason, reason, kept);
    look->reason[kept] = '\0';
    json_decref(json);
    http_reply_finish(&reply);
}

static int say_failure(const struct options *options, const struct look *look) {
    if (look->answered) failure_note_reply(look->status, NULL);
    if (interrupt_stopping()) {
        return failure_say("interrupted", "interrupted");
    }
    if (!look->answered) {
        return failure_say("no_server", "no answer in %g s: %s", options->timeout, look->reason);
    }
    if (look->status == 401 || look->status == 403 || look->status == 404) {
        return failure_say("refused", "%s",
                           look->reason[0] != '\0' ? look->reason : "there is no such page");
    }
    failure_say("not_ready", "not ready in %g s: %s", options->timeout,
                look->reason[0] != '\0' ? look->reason : "the server gives no reason");
    return CTL_REFUSED;
}

/* Statuses that will not change by waiting. */
static bool is_final(const struct look *look) {
    return look->answered && (look->status == 200 || look->status == 401 || look->status == 403 ||
                              look->status == 404);
}

static int print_ready(const struct options *options, double seconds) {
    struct string_buffer text = {0};
    if (options->json) {
        json_t *document = json_pack("{s:b, s:f}", "ready", 1, "seconds", seconds);
        bool shown = show_json(document);
        json_decref(document);
        return shown ? CTL_DONE : CTL_COULD_NOT;
    }
    if (options->quiet) return CTL_DONE;
    string_buffer_format(&text, "ready after %.1f s\n", seconds);
    return show_text(&text) ? CTL_DONE : CTL_COULD_NOT;
}

int command_wait_ready(const struct options *options) {
    struct remote remote;
    struct url url = {""};
    struct error error = {""};
    struct look look = {0};
    if (!remote_open(&remote, options, &error) ||
        (options->url != NULL && !url_read(&url, options->url, "/readyz", &error))) {
        return failure_say("could_not", "%s", error.line);
    }
    double begun = clock_seconds(), left = options->timeout;
    do {
        look_once(&remote, &url, left, &look);
        if (is_final(&look)) break;
        struct pollfd woken = {.fd = interrupt_descriptor(), .events = POLLIN};
        poll(&woken, 1, AGAIN_MILLISECONDS);
        left = options->timeout - (clock_seconds() - begun);
    } while (left > 0 && !interrupt_stopping());
    bool ready = look.answered && look.status == 200;
    return ready ? print_ready(options, clock_seconds() - begun) : say_failure(options, &look);
}
