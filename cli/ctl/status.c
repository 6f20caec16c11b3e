/* SPDX-License-Identifier: Apache-2.0 */
/* status: both slots as a table, once or every second. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/files/standard_streams.h"
#include "common/interrupt.h"
#include "ctl/commands.h"
#include "ctl/cutover.h"
#include "ctl/failure.h"
#include "ctl/remote.h"
#include "ctl/show.h"

enum { EVERY_MILLISECONDS = 1000 };

static const char *const slots[] = {"blue", "green"};

/* One line of the table: a title, and a cell for each slot that holds a model. */
static void put_line(struct string_buffer *text, const json_t *status, const char *title,
                     void (*put)(struct string_buffer *cell, const json_t *model)) {
    string_buffer_format(text, "%-12s", title);
    for (size_t i = 0; i < 2; i++) {
        const json_t *model = json_object_get(json_object_get(status, "slots"), slots[i]);
        struct string_buffer cell = {0};
        if (json_is_object(model)) put(&cell, model);
        string_buffer_shown_column(text, cell.bytes != NULL ? cell.bytes : "-", i == 0 ? -30 : 0);
        string_buffer_put(text, i == 0 ? " " : "\n");
        string_buffer_finish(&cell);
    }
}

static void put_role(struct string_buffer *cell, const json_t *model) {
    bool healthy = json_is_true(json_object_get(model, "healthy"));
    string_buffer_put(cell, json_is_true(json_object_get(model, "live")) ? "LIVE" : "standby");
    if (!healthy) string_buffer_put(cell, ", DEVICE FAILED");
}

static void put_version(struct string_buffer *cell, const json_t *model) {
    string_buffer_format(cell, "%s (generation %lld)", show_string(model, "version"),
                         show_integer(model, "generation"));
}

static void put_fingerprint(struct string_buffer *cell, const json_t *model) {
    string_buffer_format(cell, "%.16s", show_string(model, "fingerprint"));
}

static void put_device(struct string_buffer *cell, const json_t *model) {
    string_buffer_format(cell, "%s, %s, ", show_string(model, "device"),
                         show_string(model, "precision"));
    show_bytes(cell, show_number(model, "bytes"));
}

static void put_calls(struct string_buffer *cell, const json_t *model) {
    const json_t *stats = json_object_get(model, "stats");
    string_buffer_format(cell, "%lld, %lld failed", show_integer(stats, "calls"),
                         show_integer(stats, "failed_calls"));
}

static void put_pairs(struct string_buffer *cell, const json_t *model) {
    const json_t *stats = json_object_get(model, "stats");
    string_buffer_format(cell, "%lld, %lld without a score", show_integer(stats, "pairs"),
                         show_integer(stats, "bad_rows"));
}

static void put_latency(struct string_buffer *cell, const json_t *model) {
    const json_t *stats = json_object_get(model, "stats");
    if (show_integer(stats, "calls") == 0) {
        string_buffer_put(cell, "-");
        return;
    }
    show_seconds(cell, show_number(stats, "p50"));
    string_buffer_put(cell, ", ");
    show_seconds(cell, show_number(stats, "p99"));
}

static void put_shares(struct string_buffer *text, const json_t *status) {
    const json_t *shadow = json_object_get(status, "shadow");
    string_buffer_format(text, "canary      %g%%\n", 100 * show_number(status, "canary_share"));
    string_buffer_format(text, "shadow      %g%%", 100 * show_number(status, "shadow_share"));
    if (json_is_object(shadow) && show_integer(shadow, "compared") > 0) {
        string_buffer_format(text, ": %lld pairs compared, %lld flips, shift P99 %.3g",
                             show_integer(shadow, "compared"), show_integer(shadow, "flips"),
                             show_number(shadow, "shift_p99"));
    }
    string_buffer_put(text, "\n");
}

static void put_operation(struct string_buffer *text, const char *title, const json_t *operation) {
    if (!json_is_object(operation)) return;
    string_buffer_format(text, "%-12s", title);
    show_clean(text, show_string(operation, "path"));
    string_buffer_format(text, " %s %lld of %lld, %.1f s\n", show_string(operation, "stage"),
                         show_integer(operation, "done"), show_integer(operation, "total"),
                         show_number(operation, "seconds"));
}

static void put_server(struct string_buffer *text, const json_t *status) {
    const json_t *server = json_object_get(status, "server");
    bool ready = json_is_true(json_object_get(status, "ready"));
    string_buffer_format(text, "server      %s", ready ? "ready" : "NOT READY: ");
    if (!ready) show_clean(text, show_string(status, "reason"));
    string_buffer_format(text, ", up %lld s, %lld connections, %lld requests wait\n",
                         show_integer(server, "uptime_seconds"),
                         show_integer(server, "connections"), show_integer(server, "queue"));
    long long lost = show_integer(json_object_get(status, "rollout"), "journal_failures");
    if (lost > 0) string_buffer_format(text, "journal     NOT WRITTEN: %lld lines lost\n", lost);
}

/* A watch of a model that is not live, a canary's or one before a rollback, says whose it is. */
static void put_watch(struct string_buffer *text, const json_t *status) {
    const json_t *watch = json_object_get(status, "watch");
    long long watched = show_integer(watch, "generation");
    string_buffer_put(text, "watch       ");
    if (strcmp(show_string(watch, "state"), "none") == 0) {
        string_buffer_put(text, "none\n");
        return;
    }
    if (watched != show_integer(json_object_get(status, "generations"), "live")) {
        string_buffer_format(text, "of generation %lld: ", watched);
    }
    cutover_show_watch(text, watch);
    string_buffer_put(text, "\n");
}

static void put_status(struct string_buffer *text, const json_t *status) {
    string_buffer_format(text, "%-12s%-30s %s\n", "", slots[0], slots[1]);
    put_line(text, status, "role", put_role);
    put_line(text, status, "version", put_version);
    put_line(text, status, "fingerprint", put_fingerprint);
    put_line(text, status, "device", put_device);
    put_line(text, status, "calls", put_calls);
    put_line(text, status, "pairs", put_pairs);
    put_line(text, status, "P50, P99", put_latency);
    put_shares(text, status);
    put_watch(text, status);
    put_operation(text, "loading", json_object_get(status, "loading"));
    put_operation(text, "checking", json_object_get(status, "checking"));
    put_server(text, status);
    string_buffer_format(text, "state       %s\n", show_string(status, "etag"));
}

static int print_status(const struct options *options, const json_t *status) {
    struct string_buffer text = {0};
    if (options->json) return show_json(status) ? CTL_DONE : CTL_COULD_NOT;
    if (options->quiet) return CTL_DONE;
    bool redrawn = options->keep_showing && isatty(STDOUT_FILENO);
    if (redrawn && !standard_streams_say("\033[H\033[2J")) return CTL_COULD_NOT;
    put_status(&text, status);
    if (options->keep_showing && !redrawn) string_buffer_put(&text, "\n");
    return show_text(&text) ? CTL_DONE : CTL_COULD_NOT;
}

static void pause_a_second(void) {
    struct pollfd woken = {.fd = interrupt_descriptor(), .events = POLLIN};
    poll(&woken, 1, EVERY_MILLISECONDS);
}

int command_status(const struct options *options) {
    struct remote remote;
    struct error error = {""};
    int result;
    if (!remote_open(&remote, options, &error)) {
        return failure_say("could_not", "%s", error.line);
    }
    do {
        struct remote_reply reply = {0};
        result = remote_get_status(&remote, &reply);
        if (result == CTL_DONE) result = print_status(options, reply.json);
        remote_finish_reply(&reply);
        if (options->keep_showing && result == CTL_DONE) pause_a_second();
    } while (options->keep_showing && result == CTL_DONE && !interrupt_stopping());
    return result;
}
