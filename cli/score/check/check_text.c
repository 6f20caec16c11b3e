/* SPDX-License-Identifier: Apache-2.0 */
/* What --check tells, as lines for people. */
#include "score/check/check_text.h"

#include <inttypes.h>
#include <string.h>

#include "score/check/fields.h"

enum { UNUSED_SHOWN = 20 };

static void describe_labels(const mgeo_model_info *info, struct string_buffer *text) {
    string_buffer_put(text, "labels         ");
    for (uint32_t i = 0; i < info->label_count; i++) {
        string_buffer_format(text, "%s%" PRIu32 " %s%s", i > 0 ? ", " : "", i, info->labels[i],
                             (int32_t)i == info->positive_label ? " (positive)" : "");
    }
    string_buffer_put(text,
                      info->label_count == 1 ? " (one logit: similarity is its sigmoid)\n" : "\n");
}

static void describe(const mgeo_model_info *info, struct string_buffer *text) {
    string_buffer_format(text, "model          %s\n", info->path);
    string_buffer_format(text, "version        %s\n", info->version);
    string_buffer_format(text, "fingerprint    %s\n", info->fingerprint);
    string_buffer_format(text,
                         "encoder        %" PRIu32 " layers, hidden %" PRIu32 ", %" PRIu32
                         " heads, vocabulary %" PRIu32 "\n",
                         info->layers, info->hidden, info->heads, info->vocabulary);
    string_buffer_format(text, "parameters     %" PRIu64 " (%.1f MB as loaded)\n", info->parameters,
                         (double)info->bytes_on_device / 1e6);
    describe_labels(info, text);
    string_buffer_format(text, "max length     %" PRIu32 " tokens\n", info->max_length);
    string_buffer_format(text, "precision      %s\n", mgeo_precision_name(info->precision));
    string_buffer_format(text,
                         "device         %s, %s, %" PRIu32 " threads, %" PRIu32 " tokens a batch\n",
                         info->device, info->library, info->threads, info->batch_tokens);
    string_buffer_format(text, "loaded in      %.3f s, of which warm-up %.3f s\n",
                         info->load_seconds, info->warm_up_seconds);
    if (info->warning[0] != '\0') string_buffer_format(text, "warning        %s\n", info->warning);
}

static void list_unused(mgeo_engine *engine, const mgeo_model_info *info,
                        struct string_buffer *text) {
    string_buffer_format(text, "unused tensors %" PRIu64 "\n", info->unused_tensors);
    for (uint64_t i = 0; i < info->unused_tensors && i < UNUSED_SHOWN; i++) {
        char name[256];
        if (mgeo_get_unused_tensor(engine, MGEO_LIVE, i, name, sizeof name, NULL) != MGEO_OK) break;
        string_buffer_put(text, "  ");
        string_buffer_escaped_cell(text, name, strlen(name));
        string_buffer_put(text, "\n");
    }
    if (info->unused_tensors > UNUSED_SHOWN) {
        string_buffer_format(text, "  … and %" PRIu64 " more\n",
                             info->unused_tensors - UNUSED_SHOWN);
    }
}

static void describe_coverage(const struct coverage *coverage, struct string_buffer *text) {
    if (!coverage->known) return;
    string_buffer_format(text, "characters     %u of the %u in GB 2312 are unknown%s",
                         coverage->lacking, coverage->all, coverage->lacking > 0 ? ": " : "");
    for (unsigned i = 0; i < coverage_shown(coverage); i++) {
        string_buffer_put(text, coverage->shown[i]);
    }
    string_buffer_put(text, coverage->lacking > COVERAGE_SHOWN ? " …\n" : "\n");
}

static void describe_tests(const struct check_result *result, struct string_buffer *text) {
    string_buffer_put(text, "self-test\n");
    if (!result->answered) {
        string_buffer_format(text, "FAILED  scoring: %s\n", result->cause.message);
        return;
    }
    for (size_t i = 0; i < result->count; i++) {
        const struct check_test *test = &result->tests[i];
        string_buffer_format(text, "  %-7s %s", test->passed ? "ok" : "FAILED", test->what);
        if (test->measured) {
            string_buffer_format(text, " (farthest off: %.1e)", test->worst);
        }
        string_buffer_put(text, "\n");
    }
    bool sense = result->same > result->other;
    string_buffer_format(text, "  %-7s the same address twice scores %.4f, two cities %.4f%s\n",
                         sense ? "ok" : "warning", result->same, result->other,
                         sense ? "" : ": is this model trained, and its label order right?");
}

void check_text_write(mgeo_engine *engine, const mgeo_model_info *info,
                      const struct check_result *result, struct string_buffer *text) {
    describe(info, text);
    describe_coverage(&result->coverage, text);
    list_unused(engine, info, text);
    fields_describe(engine, info, text);
    describe_tests(result, text);
    string_buffer_put(text, result->sound ? "sound\n" : "NOT SOUND\n");
}
