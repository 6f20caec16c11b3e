/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of JSON that several routes of the operating side answer with. */
#ifndef CLI_SERVE_OPERATE_REPLY_H
#define CLI_SERVE_OPERATE_REPLY_H

#include <mgeo.h>

#include "common/json_writer.h"

/* A model; `stats` may be NULL. */
void reply_model(struct json_writer *json, const char *key, const mgeo_model_info *info,
                 const mgeo_stats *stats);

/* Figures and limits of a gate or a watch. */
void reply_checks(struct json_writer *json, const mgeo_check *checks, uint32_t count);

/* "flip_matrix": live label → standby label → pairs, without zeros. */
void reply_flips(struct json_writer *json, const uint64_t *matrix, char (*live)[64],
                 uint32_t live_count, char (*standby)[64], uint32_t standby_count);

/* One of the worst pairs. */
void reply_shift(struct json_writer *json, const mgeo_shift *shift, const mgeo_pair *pair,
                 char (*live)[64], char (*standby)[64]);

/* "receipt" of a cut-over. */
void reply_receipt(struct json_writer *json, const mgeo_swap_receipt *receipt);

#endif
