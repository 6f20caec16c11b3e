/* SPDX-License-Identifier: Apache-2.0 */
/* What R/mgeo.R calls: each entry answers call_answer()'s list. */
#ifndef MGEO_R_ENTRIES_H
#define MGEO_R_ENTRIES_H

#include "calls.h"

/* The engine of an external pointer; NULL once it is closed, which the library then refuses. */
mgeo_engine *entry_engine(SEXP pointer);

/* A string that is not NA, or NULL; an error of R's names it. */
const char *entry_text(const char *name, SEXP text);

/* A string as a path, or NULL. */
const char *entry_path(SEXP path);

SEXP mgeo_r_create(SEXP list);
SEXP mgeo_r_close(SEXP pointer);
SEXP mgeo_r_load(SEXP engine, SEXP path, SEXP list);
SEXP mgeo_r_unload(SEXP engine);
SEXP mgeo_r_predict_memory(SEXP path, SEXP list);
SEXP mgeo_r_begin_job(SEXP engine, SEXP list);
SEXP mgeo_r_score(SEXP scorer, SEXP a, SEXP b, SEXP probabilities, SEXP logits, SEXP route_key);
SEXP mgeo_r_score_arrow(SEXP scorer, SEXP schema, SEXP array, SEXP a, SEXP b, SEXP columns,
                        SEXP job);
SEXP mgeo_r_info(SEXP pointer, SEXP slot);

SEXP mgeo_r_compare(SEXP engine, SEXP list, SEXP a, SEXP b, SEXP gold, SEXP worst);
SEXP mgeo_r_swap(SEXP engine, SEXP list, SEXP gate, SEXP a, SEXP b, SEXP gold, SEXP watch);
SEXP mgeo_r_roll_back(SEXP engine, SEXP list);
SEXP mgeo_r_set_canary(SEXP engine, SEXP share, SEXP list, SEXP watch);
SEXP mgeo_r_set_shadow(SEXP engine, SEXP share, SEXP list);
SEXP mgeo_r_shadow_pair(SEXP engine, SEXP rank);
SEXP mgeo_r_query(SEXP engine, SEXP what);
SEXP mgeo_r_stats(SEXP engine, SEXP slot);
SEXP mgeo_r_unused_field(SEXP engine, SEXP slot, SEXP index);
SEXP mgeo_r_unused_tensor(SEXP engine, SEXP slot, SEXP index);
SEXP mgeo_r_metrics(SEXP engine, SEXP format);
SEXP mgeo_r_journal_verify(SEXP path);
SEXP mgeo_r_version(void);

#endif
