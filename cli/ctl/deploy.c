/* SPDX-License-Identifier: Apache-2.0 */
/* deploy: the steps of a rollout one after the other, and what ends it. */
#include <string.h>

#include "common/clock.h"
#include "common/message.h"
#include "ctl/commands.h"
#include "ctl/cutover.h"
#include "ctl/failure.h"
#include "ctl/load/load_test.h"
#include "ctl/model_body.h"
#include "ctl/show.h"

struct rollout {
    struct remote remote;
    const struct options *options;
    struct pairs pairs;
    json_t *before;     /* the status before anything */
    json_t *loaded;     /* what the load answered */
    json_t *steps;      /* for --json */
    long long to;       /* the new model's generation */
    bool swapped;       /* traffic was cut over */
    bool finished;      /* nothing is left to do */
    double step_begun;  /* clock_seconds() */
    const char *failed; /* the step that failed; NULL: none */
};

/* ---- steps ----------------------------------------------------------------------------------- */

/* Says that a step is over: one line of text, which is finished, and one member of the document,
 * which is taken. */
static int end_step(struct rollout *rollout, const char *name, int result,
                    struct string_buffer *text, json_t *document) {
    const struct options *options = rollout->options;
    bool passed = result == CTL_DONE;
    json_array_append_new(rollout->steps,
                          json_pack("{s:s, s:b, s:f, s:o?}", "step", name, "passed", passed,
                                    "seconds", clock_seconds() - rollout->step_begun, "document",
                                    document));
    rollout->step_begun = clock_seconds();
    if (!passed) rollout->failed = name;
    struct string_buffer line = {0};
    if (text->length > 0) {
        string_buffer_format(&line, "%-10s %s%s\n", name, passed ? "" : "FAILED: ", text->bytes);
    }
    string_buffer_finish(text);
    if (options->json || (options->quiet && passed)) string_buffer_clear(&line);
    if (!show_text(&line)) return CTL_COULD_NOT;
    return result;
}

static int load(struct rollout *rollout) {
    struct string_buffer body = {0}, text = {0};
    struct remote_reply reply = {0};
    struct error error = {""};
    int result = CTL_COULD_NOT;
    if (model_write_body(rollout->options, true, &body, &error)) {
        result = remote_do(&rollout->remote, "/operate/load", &body, true, &reply);
    } else {
        failure_say("could_not", "%s", error.line);
    }
    string_buffer_finish(&body);
    if (result == CTL_DONE) {
        model_show_loaded(&text, reply.json);
        rollout->loaded = json_incref(reply.json);
        rollout->to = show_integer(json_object_get(reply.json, "model"), "generation");
    }
    result = end_step(rollout, "load", result, &text, json_incref(reply.json));
    remote_finish_reply(&reply);
    return result;
}

/* ---- check ----------------------------------------------------------------------------------- */

static const json_t *live_model(const json_t *status) {
    const char *slot = show_string(status, "live_slot");
    return json_object_get(json_object_get(status, "slots"), slot);
}

static bool labels_are_same(const json_t *one, const json_t *other) {
    return json_equal(json_object_get(one, "labels"), json_object_get(other, "labels")) != 0;
}

/* The new model as it stands on standby: that it is there still, that its device answers, that
 * clients will get the labels they know. */
static int judge_model(struct rollout *rollout, const json_t *status, struct string_buffer *text) {
    const json_t *model = json_object_get(rollout->loaded, "model");
    const json_t *now =
        json_object_get(json_object_get(status, "slots"), show_string(model, "slot"));
    if (show_integer(now, "generation") != rollout->to) {
        string_buffer_put(text,
                          "the model is not on standby any more: somebody else has changed it");
        return CTL_REFUSED;
    }
    if (!json_is_true(json_object_get(now, "healthy"))) {
        string_buffer_put(text, "the model's device does not answer");
        return CTL_FAILED;
    }
    if (!labels_are_same(now, live_model(status)) && !rollout->options->other_labels) {
        string_buffer_put(text, "its labels are others than the live model's, which clients know; "
                                "--other-labels allows that");
        return CTL_REFUSED;
    }
    string_buffer_put(text, "on standby, healthy, fingerprint ");
    show_clean(text, show_string(now, "fingerprint"));
    return CTL_DONE;
}

static int check(struct rollout *rollout) {
    struct remote_reply status = {0};
    struct string_buffer text = {0};
    int result = remote_get_status(&rollout->remote, &status);
    if (result == CTL_DONE) result = judge_model(rollout, status.json, &text);
    result = end_step(rollout, "check", result, &text, NULL);
    remote_finish_reply(&status);
    return result;
}

static int compare(struct rollout *rollout) {
    struct string_buffer body = {0}, text = {0};
    struct remote_reply reply = {0};
    pairs_write(&rollout->pairs, &body);
    body_number(&body, "worst", 20);
    if (rollout->options->full_speed) body_flag(&body, "full_speed", true);
    string_buffer_put(&body, "}");
    int result = remote_do(&rollout->remote, "/operate/compare", &body, false, &reply);
    string_buffer_finish(&body);
    if (result == CTL_DONE) show_comparison(&text, reply.json);
    result = end_step(rollout, "compare", result, &text, json_incref(reply.json));
    remote_finish_reply(&reply);
    return result;
}

static int test_load(struct rollout *rollout) {
    struct load_test test;
    struct string_buffer text = {0};
    struct error error = {""};
    if (rollout->options->load_test == 0) return CTL_DONE;
    int result = CTL_DONE;
    if (!load_test_run(&test, &rollout->remote, &rollout->pairs, &error)) {
        string_buffer_put(&text, error.line);
        return end_step(rollout, "load-test", CTL_COULD_NOT, &text, NULL);
    }
    load_test_show(&text, &test);
    if (test.tested.errors > 0) {
        result = CTL_REFUSED;
        string_buffer_put(&text, "; the first: ");
        show_clean(&text, test.first_error);
    }
    return end_step(rollout, "load-test", result, &text, load_test_json(&test));
}

static int swap(struct rollout *rollout) {
    struct string_buffer body = {0}, text = {0};
    struct remote_reply reply = {0};
    cutover_write_gate(rollout->options, &rollout->pairs, &body);
    cutover_write_watch(rollout->options, &body);
    body_who_and_why(&body, rollout->options);
    string_buffer_put(&body, "}");
    int result = remote_do(&rollout->remote, "/operate/swap", &body, true, &reply);
    string_buffer_finish(&body);
    if (result == CTL_DONE) cutover_show_receipt(&text, reply.json);
    rollout->swapped = result == CTL_DONE;
    result = end_step(rollout, "swap", result, &text, json_incref(reply.json));
    remote_finish_reply(&reply);
    return result;
}

/* With --require-judgement what nobody has judged goes back like what broke a limit. */
static void take_back(struct rollout *rollout) {
    struct string_buffer body = {0}, text = {0};
    struct remote_reply reply = {0};
    const char *failed = rollout->failed;
    struct options why = *rollout->options;
    why.reason = "the watch has judged nothing";
    body_who_and_why(&body, &why);
    string_buffer_put(&body, "}");
    int result = remote_do(&rollout->remote, "/operate/rollback", &body, true, &reply);
    string_buffer_finish(&body);
    if (result == CTL_DONE) cutover_show_receipt(&text, reply.json);
    end_step(rollout, "rollback", result, &text, json_incref(reply.json));
    rollout->failed = failed;
    remote_finish_reply(&reply);
}

static bool is_unjudged(const json_t *watched) {
    return strcmp(show_string(watched, "state"), "passed") == 0 &&
           json_is_false(json_object_get(watched, "judged"));
}

static int watch(struct rollout *rollout) {
    const struct options *options = rollout->options;
    struct remote_reply status = {0};
    struct string_buffer text = {0};
    if (options->watch_seconds == 0 && options->watch_calls == 0) return CTL_DONE;
    int result = cutover_wait(&rollout->remote, rollout->to, &status);
    json_t *watched = json_object_get(status.json, "watch");
    if (watched != NULL) cutover_show_watch(&text, watched);
    result = end_step(rollout, "watch", result, &text, json_incref(watched));
    const json_t *judged = json_object_get(watched, "judged");
    if (judged != NULL) {
        size_t last = json_array_size(rollout->steps) - 1;
        json_object_set(json_array_get(rollout->steps, last), "judged", (json_t *)judged);
    }
    if (result == CTL_REFUSED && is_unjudged(watched)) take_back(rollout);
    remote_finish_reply(&status);
    return result;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Where nothing was live, the first load is all there is to do. */
static int begin(struct rollout *rollout) {
    struct remote_reply status = {0};
    int result = remote_get_status(&rollout->remote, &status);
    rollout->before = json_incref(status.json);
    remote_finish_reply(&status);
    if (result != CTL_DONE) return result;
    result = load(rollout);
    if (result != CTL_DONE || show_string(rollout->before, "live_slot")[0] != '\0') return result;
    struct string_buffer text = {0};
    string_buffer_put(&text, "no model was live before: this one is now, and there is none to "
                             "compare it with");
    rollout->finished = true;
    return end_step(rollout, "live", CTL_DONE, &text, NULL);
}

static int run(struct rollout *rollout) {
    static int (*const steps[])(struct rollout * rollout) = {begin,     check, compare,
                                                             test_load, swap,  watch};
    int result = CTL_DONE;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && result == CTL_DONE; i++) {
        if (!rollout->finished) result = steps[i](rollout);
    }
    return result;
}

/* After a failure: who answers calls now. */
static void say_who_is_live(struct rollout *rollout) {
    struct remote_reply status = {0};
    struct error error = {""};
    struct string_buffer text = {0};
    if (!remote_call(&rollout->remote, "/operate/status", NULL, false, 10, &status, &error)) return;
    const json_t *model = live_model(status.json);
    if (json_is_object(model)) {
        show_model(&text, model);
        message_print("deploy failed at %s; live is %s", rollout->failed, text.bytes);
    }
    string_buffer_finish(&text);
    remote_finish_reply(&status);
}

static int report(struct rollout *rollout, int result) {
    if (rollout->failed != NULL) say_who_is_live(rollout);
    if (!rollout->options->json) return result;
    json_t *document = json_pack("{s:b, s:i, s:O}", "done", result == CTL_DONE, "exit", result,
                                 "steps", rollout->steps);
    if (rollout->failed != NULL) {
        json_object_set_new(document, "failed", json_string(rollout->failed));
    }
    failure_add(document, result);
    bool printed = show_json(document);
    json_decref(document);
    return printed ? result : CTL_COULD_NOT;
}

int command_deploy(const struct options *options) {
    struct rollout rollout = {.options = options, .step_begun = clock_seconds()};
    struct error error = {""};
    int result = CTL_COULD_NOT;
    rollout.steps = json_array();
    if (remote_open(&rollout.remote, options, &error) &&
        pairs_read(&rollout.pairs, options->gate, options, &error)) {
        result = report(&rollout, run(&rollout));
    } else {
        failure_say("could_not", "%s", error.line);
    }
    pairs_finish(&rollout.pairs);
    json_decref(rollout.before);
    json_decref(rollout.loaded);
    json_decref(rollout.steps);
    return result;
}
