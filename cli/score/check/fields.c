/* SPDX-License-Identifier: Apache-2.0 */
/* What a model directory's JSON files say that the library does not use. */
#include "score/check/fields.h"

#include <inttypes.h>
#include <string.h>

enum { UNKNOWN_SHOWN = 20 };

static void list_unknown(mgeo_engine *engine, const mgeo_model_info *info,
                         struct string_buffer *text) {
    uint32_t shown = 0;
    for (uint64_t i = 0; i < info->unused_fields && shown < UNKNOWN_SHOWN; i++) {
        mgeo_unused_field field = {.struct_size = sizeof field};
        if (mgeo_get_unused_field(engine, MGEO_LIVE, i, &field, NULL) != MGEO_OK) break;
        if (field.harmless) continue;
        string_buffer_format(text, "  %s: %s: %s\n", field.file, field.name,
                             field.reason[0] == '\0' ? "unknown" : field.reason);
        shown++;
    }
    if (info->unknown_fields > shown) {
        string_buffer_format(text, "  … and %" PRIu32 " more\n", info->unknown_fields - shown);
    }
}

void fields_describe(mgeo_engine *engine, const mgeo_model_info *info, struct string_buffer *text) {
    uint64_t harmless = info->unused_fields - info->unknown_fields;
    string_buffer_format(
        text, "unused fields  %" PRIu64 " that change no score, %" PRIu32 " to look at%s\n",
        harmless, info->unknown_fields, info->unknown_fields == 0 ? "" : ":");
    list_unknown(engine, info, text);
}
