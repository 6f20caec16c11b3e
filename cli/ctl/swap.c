/* SPDX-License-Identifier: Apache-2.0 */
/* swap and rollback. */
#include "ctl/commands.h"
#include "ctl/cutover.h"
#include "ctl/failure.h"
#include "ctl/show.h"

static int print_receipt(const struct options *options, const json_t *reply) {
    struct string_buffer text = {0};
    if (options->json) return show_json(reply) ? CTL_DONE : CTL_COULD_NOT;
    if (options->quiet) return CTL_DONE;
    cutover_show_receipt(&text, reply);
    string_buffer_put(&text, "\n");
    return show_text(&text) ? CTL_DONE : CTL_COULD_NOT;
}

static int swap(struct remote *remote, const struct pairs *pairs) {
    const struct options *options = remote->options;
    struct remote_reply status = {0}, reply = {0};
    struct string_buffer body = {0};
    int result = remote_get_status(remote, &status);
    cutover_write_gate(options, pairs, &body);
    cutover_write_watch(options, &body);
    body_who_and_why(&body, options);
    string_buffer_put(&body, "}");
    if (result == CTL_DONE) result = remote_do(remote, "/operate/swap", &body, true, &reply);
    if (result == CTL_DONE) {
        const json_t *receipt = json_object_get(reply.json, "receipt");
        if (!options->json) result = print_receipt(options, reply.json);
        result =
            cutover_conclude(remote, result, show_integer(receipt, "to_generation"), reply.json);
    }
    string_buffer_finish(&body);
    remote_finish_reply(&status);
    remote_finish_reply(&reply);
    return result;
}

int command_swap(const struct options *options) {
    struct remote remote;
    struct pairs pairs = {0};
    struct error error = {""};
    if (!remote_open(&remote, options, &error) ||
        (options->gate != NULL && !pairs_read(&pairs, options->gate, options, &error))) {
        pairs_finish(&pairs);
        return failure_say("could_not", "%s", error.line);
    }
    int result = swap(&remote, options->gate != NULL ? &pairs : NULL);
    pairs_finish(&pairs);
    return result;
}

int command_rollback(const struct options *options) {
    struct remote remote;
    struct remote_reply status = {0}, reply = {0};
    struct string_buffer body = {0};
    struct error error = {""};
    if (!remote_open(&remote, options, &error)) return failure_say("could_not", "%s", error.line);
    body_who_and_why(&body, options);
    string_buffer_put(&body, "}");
    int result = remote_get_status(&remote, &status);
    if (result == CTL_DONE) result = remote_do(&remote, "/operate/rollback", &body, true, &reply);
    if (result == CTL_DONE) result = print_receipt(options, reply.json);
    string_buffer_finish(&body);
    remote_finish_reply(&status);
    remote_finish_reply(&reply);
    return result;
}
