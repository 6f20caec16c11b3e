/* SPDX-License-Identifier: Apache-2.0 */
/* canary and shadow: the standby model's shares of the calls. */
#include "ctl/commands.h"
#include "ctl/cutover.h"
#include "ctl/failure.h"
#include "ctl/show.h"

static int print_share(const struct options *options, const char *what, double share) {
    struct string_buffer text = {0};
    if (options->quiet) return CTL_DONE;
    string_buffer_format(&text, "%s %g%%\n", what, share * 100);
    return show_text(&text) ? CTL_DONE : CTL_COULD_NOT;
}

static int set_share(const struct options *options, const char *what, const char *target) {
    struct remote remote;
    struct remote_reply status = {0}, reply = {0};
    struct string_buffer body = {0};
    struct error error = {""};
    double share = 0;
    if (!remote_open(&remote, options, &error) ||
        !options_parse_share(what, options->operands[0], &share, &error)) {
        return failure_say("could_not", "%s", error.line);
    }
    body_number(&body, "share", share);
    if (options->full_speed) body_flag(&body, "full_speed", true);
    cutover_write_watch(options, &body);
    body_who_and_why(&body, options);
    string_buffer_put(&body, "}");
    int result = remote_get_status(&remote, &status);
    if (result == CTL_DONE) result = remote_do(&remote, target, &body, true, &reply);
    if (result == CTL_DONE) {
        const json_t *generations = json_object_get(status.json, "generations");
        if (!options->json) result = print_share(options, what, share);
        result =
            cutover_conclude(&remote, result, show_integer(generations, "standby"), reply.json);
    }
    string_buffer_finish(&body);
    remote_finish_reply(&status);
    remote_finish_reply(&reply);
    return result;
}

int command_canary(const struct options *options) {
    return set_share(options, "canary", "/operate/canary");
}

int command_shadow(const struct options *options) {
    return set_share(options, "shadow", "/operate/shadow");
}
