/* SPDX-License-Identifier: Apache-2.0 */
/* The names of what mgeo.h counts in enums, by the lists there. */
#include "core/names.h"

#define CASE(name, number, text)                                                                   \
    case name: return text;

const char *mgeo_stage_name(int32_t stage) {
    switch (stage) {
        MGEO_STAGE_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_slot_name(int32_t slot) {
    switch (slot) {
        MGEO_SLOT_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_log_level_name(int32_t level) {
    switch (level) {
        MGEO_LOG_LEVEL_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_precision_name(int32_t precision) {
    switch (precision) {
        MGEO_PRECISION_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_row_flag_name(uint32_t flag) {
    switch (flag) {
        MGEO_ROW_FLAG_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_arrow_column_name(uint32_t column) {
    switch (column) {
        MGEO_ARROW_COLUMN_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_watch_state_name(int32_t state) {
    switch (state) {
        MGEO_WATCH_STATE_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_metrics_format_name(int32_t format) {
    switch (format) {
        MGEO_METRICS_FORMAT_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_candidate_flag_name(uint32_t flag) {
    switch (flag) {
        MGEO_CANDIDATE_FLAG_LIST(CASE)
    default: return "unknown";
    }
}

const char *mgeo_cut_name(int32_t cut) {
    switch (cut) {
        MGEO_CUT_LIST(CASE)
    default: return "unknown";
    }
}

#define OR_IS(name, number, text) || value == (name)

bool mgi_names_has_precision(int32_t value) { return false MGEO_PRECISION_LIST(OR_IS); }

bool mgi_names_has_metrics_format(int32_t value) { return false MGEO_METRICS_FORMAT_LIST(OR_IS); }

bool mgi_names_has_cut(int32_t value) { return false MGEO_CUT_LIST(OR_IS); }
