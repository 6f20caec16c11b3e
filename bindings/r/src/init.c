/* SPDX-License-Identifier: Apache-2.0 */
/* Registers what R/mgeo.R calls. */
#include "entries.h"

#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>

#define ENTRY(name, arguments)                                                                     \
    { #name, (DL_FUNC)mgeo_r_##name, arguments }

static const R_CallMethodDef entries[] = {
    ENTRY(create, 1),
    ENTRY(close, 1),
    ENTRY(load, 3),
    ENTRY(unload, 1),
    ENTRY(begin_job, 2),
    ENTRY(score, 6),
    ENTRY(score_arrow, 7),
    ENTRY(info, 2),
    ENTRY(compare, 6),
    ENTRY(swap, 7),
    ENTRY(roll_back, 2),
    ENTRY(set_canary, 4),
    ENTRY(set_shadow, 3),
    ENTRY(shadow_pair, 2),
    ENTRY(query, 2),
    ENTRY(stats, 2),
    ENTRY(unused_field, 3),
    ENTRY(unused_tensor, 3),
    ENTRY(metrics, 2),
    ENTRY(predict_memory, 2),
    ENTRY(version, 0),
    ENTRY(journal_verify, 1),
    {"enumerators", (DL_FUNC)record_enumerators, 1},
    {NULL, NULL, 0},
};

void attribute_visible R_init_mgeo(DllInfo *dll);

void attribute_visible R_init_mgeo(DllInfo *dll) {
    R_registerRoutines(dll, NULL, entries, NULL, NULL);
    R_useDynamicSymbols(dll, FALSE);
    R_forceSymbols(dll, TRUE);
}
