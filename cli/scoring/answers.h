/* SPDX-License-Identifier: Apache-2.0 */
/* What a model answered about a pair, as added columns: similarity, label, match …, p_LABEL …,
 * decided_by. */
#ifndef CLI_SCORING_ANSWERS_H
#define CLI_SCORING_ANSWERS_H

#include <mgeo.h>

#include "scoring/added.h"
#include "scoring/writer.h"

struct answers {
    struct writer_options options;
    const char **labels;          /* [label_count]; the model's */
    struct added_column *columns; /* [count] */
    char **names;                 /* of those that have one of their own */
    size_t count, name_count;
};

/* options are copied, info is borrowed. */
void answers_init(struct answers *answers, const struct writer_options *options,
                  const mgeo_model_info *info);
void answers_finish(struct answers *answers);

/* For a writer; borrows the answers. */
struct added answers_added(const struct answers *answers);

#endif
