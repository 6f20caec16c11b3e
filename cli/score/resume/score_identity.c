/* SPDX-License-Identifier: Apache-2.0 */
/* Notes what all programs that score have, and gold labels. */
#include "score/resume/score_identity.h"

#include "scoring/resume/identity.h"

static void note_gold_map(struct notes *to, const struct gold_map *map) {
    struct string_buffer rules = {0};
    string_buffer_add(&rules, "", 0);
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        string_buffer_format(&rules, "%s%s=%s", i > 0 ? "," : "", map->rules[i].from,
                             map->rules[i].to);
    }
    notes_add(to, "--gold-map", "%s", rules.bytes);
    string_buffer_finish(&rules);
}

bool score_identity_note(struct notes *to, const struct options *options, const struct files *files,
                         const struct table *table, const struct writer *writer,
                         const mgeo_model_info *info, const struct cascade *cascade,
                         struct error *error) {
    identity_note_versions(to);
    identity_note_outputs(to, files);
    identity_note_table(to, &options->table, table);
    identity_note_selection(to, &options->selection);
    note_gold_map(to, options->gold_map);
    identity_note_format(to, writer);
    identity_note_model(to, &options->model, info);
    identity_note_cascade(to, cascade);
    return identity_note_inputs(to, files, error);
}
