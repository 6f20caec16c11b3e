/* SPDX-License-Identifier: Apache-2.0 */
/* How structs look to a binding in C that walks them by name, and the steps of that walk. R's and
 * Ruby's shapes.h are equal copies, as each package is built from its own folder alone: this file,
 * with what tools/bindings/emit_c_shapes.py adds. */
#include <mgeo.h>

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum member_kind {
    MEMBER_TEXT,    /* a C string elsewhere */
    MEMBER_STRING,  /* characters in place */
    MEMBER_STRINGS, /* rows of them */
    MEMBER_STRUCTS,
    MEMBER_NUMBERS,
    MEMBER_NUMBER,
    MEMBER_FLAG /* 1, 0; -1: neither */
} member_kind;

typedef enum number_type {
    TYPE_INT32,
    TYPE_UINT32,
    TYPE_UINT64,
    TYPE_SIZE,
    TYPE_FLOAT,
    TYPE_DOUBLE
} number_type;

/* A word and the enumerator that it stands for; the last has no word. */
typedef struct enum_word {
    const char *word;
    int32_t number;
} enum_word;

typedef struct shape shape;
typedef struct member {
    const char *name;
    member_kind kind;
    number_type type;
    size_t offset;
    size_t item;            /* bytes of one item of an array */
    size_t length;          /* items */
    size_t count;           /* offset of the uint32_t that says how many are in use; 0: all are */
    const enum_word *words; /* or NULL */
    const shape *of;        /* what MEMBER_STRUCTS holds */
} member;

struct shape {
    const char *name;
    size_t size;
    const member *members; /* the last has no name */
};

static inline const member *shape_find(const shape *in, const char *name) {
    for (const member *at = in->members; at->name != NULL; at++) {
        if (strcmp(at->name, name) == 0) return at;
    }
    return NULL;
}

/* How many items of an array are in use. */
static inline size_t member_count(const member *of, const void *record) {
    uint32_t count;
    if (of->count == 0) return of->length;
    memcpy(&count, (const char *)record + of->count, sizeof count);
    return count < of->length ? count : of->length;
}

static inline int member_is_whole(const member *of) {
    return of->type != TYPE_FLOAT && of->type != TYPE_DOUBLE;
}

/* The item at `index` of an array, or the number itself: as a double, exact up to 2^53. */
static inline double member_number(const member *of, const void *record, size_t index) {
    const char *at = (const char *)record + of->offset + index * of->item;
    switch (of->type) {
    case TYPE_INT32: return *(const int32_t *)at;
    case TYPE_UINT32: return *(const uint32_t *)at;
    case TYPE_UINT64: return (double)*(const uint64_t *)at;
    case TYPE_SIZE: return (double)*(const size_t *)at;
    case TYPE_FLOAT: return (double)*(const float *)at;
    case TYPE_DOUBLE: break;
    }
    return *(const double *)at;
}

static inline double member_most(const member *of) {
    return of->type == TYPE_INT32    ? INT32_MAX
           : of->type == TYPE_UINT32 ? UINT32_MAX
                                     : 9007199254740992.0;
}

/* Answers 0 if the member cannot hold the number. */
static inline int member_set(const member *of, void *record, double value) {
    char *at = (char *)record + of->offset;
    const double least = of->type == TYPE_INT32 ? INT32_MIN : 0;
    if (member_is_whole(of)) {
        if (!(value >= least && value <= member_most(of)) || value != floor(value)) return 0;
    }
    switch (of->type) {
    case TYPE_INT32: *(int32_t *)at = (int32_t)value; break;
    case TYPE_UINT32: *(uint32_t *)at = (uint32_t)value; break;
    case TYPE_UINT64: *(uint64_t *)at = (uint64_t)value; break;
    case TYPE_SIZE: *(size_t *)at = (size_t)value; break;
    case TYPE_FLOAT: *(float *)at = (float)value; break;
    case TYPE_DOUBLE: *(double *)at = value; break;
    }
    return 1;
}

static inline const enum_word *word_find(const enum_word *words, const char *word) {
    for (; words->word != NULL; words++) {
        if (strcmp(words->word, word) == 0) return words;
    }
    return NULL;
}

/* All words, for who wrote another one: "auto, fp32, bf16". */
static inline const char *word_list(const enum_word *words, char *line, size_t size) {
    size_t used = 0;
    line[0] = '\0';
    for (const enum_word *at = words; at->word != NULL && used < size; at++) {
        used += (size_t)snprintf(line + used, size - used, "%s%s", used > 0 ? ", " : "", at->word);
    }
    return line;
}

/* NULL where no word stands for the number. */
static inline const char *word_of(const enum_word *words, double number) {
    for (; words->word != NULL; words++) {
        if (words->number == number) return words->word;
    }
    return NULL;
}

typedef struct enum_words {
    const char *name; /* "mgeo_slot" */
    const enum_word *words;
} enum_words;

/* An engine that is destroyed once nobody uses it: its object, its jobs and its calls that run. */
typedef struct engine_share {
    mgeo_engine *engine;
    unsigned users;
} engine_share;

static inline void engine_share_release(engine_share *share) {
    if (--share->users > 0) return;
    mgeo_engine_destroy(share->engine);
    free(share);
}

/* Generated by tools/bindings/emit_c_shapes.py from mgeo.json. */
/* clang-format off */
static const enum_word mgeo_status_words[] = {
    {"MGEO_OK", 0},
    {"MGEO_E_ARGUMENT", 1},
    {"MGEO_E_MEMORY", 2},
    {"MGEO_E_IO", 3},
    {"MGEO_E_FORMAT", 4},
    {"MGEO_E_UNSUPPORTED", 5},
    {"MGEO_E_NO_MODEL", 6},
    {"MGEO_E_BUSY", 7},
    {"MGEO_E_CANCELLED", 8},
    {"MGEO_E_REFUSED", 9},
    {"MGEO_E_DEVICE", 10},
    {"MGEO_E_FORKED", 11},
    {"MGEO_E_CAPACITY", 12},
    {"MGEO_E_INTERNAL", 13},
    {NULL, 0},
};

static const enum_word mgeo_stage_words[] = {
    {"idle", 0},
    {"reading", 1},
    {"hashing", 2},
    {"placing", 3},
    {"warming", 4},
    {"scoring", 5},
    {"finished", 6},
    {NULL, 0},
};

static const enum_word mgeo_slot_words[] = {
    {"blue", 0},
    {"green", 1},
    {"live", 2},
    {"standby", 3},
    {NULL, 0},
};

static const enum_word mgeo_log_level_words[] = {
    {"info", 0},
    {"warning", 1},
    {NULL, 0},
};

static const enum_word mgeo_precision_words[] = {
    {"auto", 0},
    {"fp32", 1},
    {"bf16", 2},
    {"fp16", 3},
    {"int8", 4},
    {"fp8", 5},
    {NULL, 0},
};

static const enum_word mgeo_row_flag_words[] = {
    {"truncated", 1},
    {"invalid_utf8", 2},
    {"empty", 4},
    {"not_finite", 8},
    {"skipped", 16},
    {"unknown_characters", 32},
    {"unknown_differ", 64},
    {"capped", 128},
    {NULL, 0},
};

static const enum_word mgeo_arrow_column_words[] = {
    {"similarity", 1},
    {"label", 2},
    {"probabilities", 4},
    {"flags", 8},
    {"generation", 16},
    {"logits", 32},
    {NULL, 0},
};

static const enum_word mgeo_watch_state_words[] = {
    {"none", 0},
    {"running", 1},
    {"passed", 2},
    {"turned_back", 3},
    {"ended", 4},
    {NULL, 0},
};

static const enum_word mgeo_metrics_format_words[] = {
    {"openmetrics", 0},
    {"prometheus", 1},
    {NULL, 0},
};

static const enum_word mgeo_candidate_flag_words[] = {
    {"same_text", 1},
    {"same_form", 2},
    {NULL, 0},
};

static const enum_word mgeo_cut_words[] = {
    {"center", 0},
    {"correlation", 1},
    {"none", 2},
    {NULL, 0},
};

static const enum_words all_enums[] = {
    {"mgeo_status", mgeo_status_words},
    {"mgeo_stage", mgeo_stage_words},
    {"mgeo_slot", mgeo_slot_words},
    {"mgeo_log_level", mgeo_log_level_words},
    {"mgeo_precision", mgeo_precision_words},
    {"mgeo_row_flag", mgeo_row_flag_words},
    {"mgeo_arrow_column", mgeo_arrow_column_words},
    {"mgeo_watch_state", mgeo_watch_state_words},
    {"mgeo_metrics_format", mgeo_metrics_format_words},
    {"mgeo_candidate_flag", mgeo_candidate_flag_words},
    {"mgeo_cut", mgeo_cut_words},
    {NULL, NULL},
};

static const member mgeo_shift_members[] = {
    {.name = "index", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shift, index), .type = TYPE_UINT64},
    {.name = "live", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shift, live), .type = TYPE_FLOAT},
    {.name = "standby", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shift, standby), .type = TYPE_FLOAT},
    {.name = "live_label", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shift, live_label), .type = TYPE_INT32},
    {.name = "standby_label", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shift, standby_label), .type = TYPE_INT32},
    {.name = NULL},
};
static const shape mgeo_shift_shape = {"mgeo_shift", sizeof(mgeo_shift), mgeo_shift_members};

static const member mgeo_check_members[] = {
    {.name = "name", .kind = MEMBER_STRING, .offset = offsetof(mgeo_check, name), .length = 32},
    {.name = "measured", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_check, measured), .type = TYPE_DOUBLE},
    {.name = "limit", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_check, limit), .type = TYPE_DOUBLE},
    {.name = "passed", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_check, passed), .type = TYPE_INT32},
    {.name = NULL},
};
static const shape mgeo_check_shape = {"mgeo_check", sizeof(mgeo_check), mgeo_check_members};

static const member mgeo_engine_options_members[] = {
    {.name = "queue_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_engine_options, queue_rows), .type = TYPE_UINT64},
    {.name = "journal", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_engine_options, journal)},
    {.name = "actor", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_engine_options, actor)},
    {.name = NULL},
};
static const shape mgeo_engine_options_shape = {"mgeo_engine_options", sizeof(mgeo_engine_options), mgeo_engine_options_members};

static const member mgeo_load_options_members[] = {
    {.name = "device", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_load_options, device)},
    {.name = "precision", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_load_options, precision), .type = TYPE_INT32, .words = mgeo_precision_words},
    {.name = "max_length", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_load_options, max_length), .type = TYPE_UINT32},
    {.name = "threads", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_load_options, threads), .type = TYPE_UINT32},
    {.name = "batch_tokens", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_load_options, batch_tokens), .type = TYPE_UINT32},
    {.name = "skip_warm_up", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_load_options, skip_warm_up), .type = TYPE_UINT32},
    {.name = "partial_weight", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_load_options, partial_weight), .type = TYPE_FLOAT},
    {.name = "positive_label", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_load_options, positive_label)},
    {.name = "version", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_load_options, version)},
    {.name = "memory_limit", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_load_options, memory_limit), .type = TYPE_UINT64},
    {.name = "actor", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_load_options, actor)},
    {.name = "reason", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_load_options, reason)},
    {.name = "allow_tf32", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_load_options, allow_tf32), .type = TYPE_UINT32},
    {.name = "keep_unknown", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_load_options, keep_unknown), .type = TYPE_UINT32},
    {.name = NULL},
};
static const shape mgeo_load_options_shape = {"mgeo_load_options", sizeof(mgeo_load_options), mgeo_load_options_members};

static const member mgeo_model_info_members[] = {
    {.name = "generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, generation), .type = TYPE_UINT64},
    {.name = "parameters", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, parameters), .type = TYPE_UINT64},
    {.name = "bytes_on_device", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, bytes_on_device), .type = TYPE_UINT64},
    {.name = "unused_tensors", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, unused_tensors), .type = TYPE_UINT64},
    {.name = "load_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, load_seconds), .type = TYPE_DOUBLE},
    {.name = "warm_up_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, warm_up_seconds), .type = TYPE_DOUBLE},
    {.name = "slot", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, slot), .type = TYPE_INT32, .words = mgeo_slot_words},
    {.name = "live", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_model_info, live), .type = TYPE_INT32},
    {.name = "precision", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, precision), .type = TYPE_INT32, .words = mgeo_precision_words},
    {.name = "layers", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, layers), .type = TYPE_UINT32},
    {.name = "hidden", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, hidden), .type = TYPE_UINT32},
    {.name = "heads", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, heads), .type = TYPE_UINT32},
    {.name = "vocabulary", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, vocabulary), .type = TYPE_UINT32},
    {.name = "max_length", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, max_length), .type = TYPE_UINT32},
    {.name = "threads", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, threads), .type = TYPE_UINT32},
    {.name = "batch_tokens", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, batch_tokens), .type = TYPE_UINT32},
    {.name = "label_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, label_count), .type = TYPE_UINT32},
    {.name = "positive_label", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, positive_label), .type = TYPE_INT32},
    {.name = "labels", .kind = MEMBER_STRINGS, .offset = offsetof(mgeo_model_info, labels), .item = sizeof(*((mgeo_model_info *)0)->labels), .length = 16, .count = offsetof(mgeo_model_info, label_count)},
    {.name = "version", .kind = MEMBER_STRING, .offset = offsetof(mgeo_model_info, version), .length = 64},
    {.name = "fingerprint", .kind = MEMBER_STRING, .offset = offsetof(mgeo_model_info, fingerprint), .length = 40},
    {.name = "device", .kind = MEMBER_STRING, .offset = offsetof(mgeo_model_info, device), .length = 64},
    {.name = "library", .kind = MEMBER_STRING, .offset = offsetof(mgeo_model_info, library), .length = 96},
    {.name = "warning", .kind = MEMBER_STRING, .offset = offsetof(mgeo_model_info, warning), .length = 256},
    {.name = "path", .kind = MEMBER_STRING, .offset = offsetof(mgeo_model_info, path), .length = 1024},
    {.name = "predicted_bytes", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, predicted_bytes), .type = TYPE_UINT64},
    {.name = "live_calls_during", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, live_calls_during), .type = TYPE_UINT64},
    {.name = "live_p99_before", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, live_p99_before), .type = TYPE_DOUBLE},
    {.name = "live_p99_during", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, live_p99_during), .type = TYPE_DOUBLE},
    {.name = "healthy", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_model_info, healthy), .type = TYPE_INT32},
    {.name = "unknown_fields", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, unknown_fields), .type = TYPE_UINT32},
    {.name = "unused_fields", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_model_info, unused_fields), .type = TYPE_UINT64},
    {.name = NULL},
};
static const shape mgeo_model_info_shape = {"mgeo_model_info", sizeof(mgeo_model_info), mgeo_model_info_members};

static const member mgeo_memory_members[] = {
    {.name = "weights", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, weights), .type = TYPE_UINT64},
    {.name = "activations", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, activations), .type = TYPE_UINT64},
    {.name = "workspace", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, workspace), .type = TYPE_UINT64},
    {.name = "total", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, total), .type = TYPE_UINT64},
    {.name = "available", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, available), .type = TYPE_UINT64},
    {.name = "limit", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, limit), .type = TYPE_UINT64},
    {.name = "precision", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, precision), .type = TYPE_INT32, .words = mgeo_precision_words},
    {.name = "fits", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_memory, fits), .type = TYPE_INT32},
    {.name = "fitting_precision", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, fitting_precision), .type = TYPE_INT32, .words = mgeo_precision_words},
    {.name = "device", .kind = MEMBER_STRING, .offset = offsetof(mgeo_memory, device), .length = 64},
    {.name = "host_bytes", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, host_bytes), .type = TYPE_UINT64},
    {.name = "host_available", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_memory, host_available), .type = TYPE_UINT64},
    {.name = NULL},
};
static const shape mgeo_memory_shape = {"mgeo_memory", sizeof(mgeo_memory), mgeo_memory_members};

static const member mgeo_job_options_members[] = {
    {.name = "standby", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_job_options, standby), .type = TYPE_UINT32},
    {.name = "route_key", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_job_options, route_key), .type = TYPE_UINT64},
    {.name = NULL},
};
static const shape mgeo_job_options_shape = {"mgeo_job_options", sizeof(mgeo_job_options), mgeo_job_options_members};

static const member mgeo_compare_options_members[] = {
    {.name = "count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_options, count), .type = TYPE_SIZE},
    {.name = "pairs_per_call", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_options, pairs_per_call), .type = TYPE_UINT32},
    {.name = "full_speed", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_compare_options, full_speed), .type = TYPE_UINT32},
    {.name = NULL},
};
static const shape mgeo_compare_options_shape = {"mgeo_compare_options", sizeof(mgeo_compare_options), mgeo_compare_options_members};

static const member mgeo_compare_report_members[] = {
    {.name = "worst_capacity", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, worst_capacity), .type = TYPE_SIZE},
    {.name = "worst_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, worst_count), .type = TYPE_SIZE},
    {.name = "live_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, live_generation), .type = TYPE_UINT64},
    {.name = "standby_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, standby_generation), .type = TYPE_UINT64},
    {.name = "pairs", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, pairs), .type = TYPE_UINT64},
    {.name = "lost", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, lost), .type = TYPE_UINT64},
    {.name = "gained", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, gained), .type = TYPE_UINT64},
    {.name = "live_not_finite", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, live_not_finite), .type = TYPE_UINT64},
    {.name = "standby_not_finite", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, standby_not_finite), .type = TYPE_UINT64},
    {.name = "flips", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, flips), .type = TYPE_UINT64},
    {.name = "labelled", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, labelled), .type = TYPE_UINT64},
    {.name = "shift_mean", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, shift_mean), .type = TYPE_DOUBLE},
    {.name = "shift_p50", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, shift_p50), .type = TYPE_DOUBLE},
    {.name = "shift_p99", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, shift_p99), .type = TYPE_DOUBLE},
    {.name = "shift_max", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, shift_max), .type = TYPE_DOUBLE},
    {.name = "shift_signed_mean", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, shift_signed_mean), .type = TYPE_DOUBLE},
    {.name = "psi", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, psi), .type = TYPE_DOUBLE},
    {.name = "live_accuracy", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, live_accuracy), .type = TYPE_DOUBLE},
    {.name = "standby_accuracy", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, standby_accuracy), .type = TYPE_DOUBLE},
    {.name = "live_macro_f1", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, live_macro_f1), .type = TYPE_DOUBLE},
    {.name = "standby_macro_f1", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, standby_macro_f1), .type = TYPE_DOUBLE},
    {.name = "live_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, live_seconds), .type = TYPE_DOUBLE},
    {.name = "standby_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, standby_seconds), .type = TYPE_DOUBLE},
    {.name = "live_call_p50", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, live_call_p50), .type = TYPE_DOUBLE},
    {.name = "live_call_p99", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, live_call_p99), .type = TYPE_DOUBLE},
    {.name = "standby_call_p50", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, standby_call_p50), .type = TYPE_DOUBLE},
    {.name = "standby_call_p99", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, standby_call_p99), .type = TYPE_DOUBLE},
    {.name = "latency_ratio", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, latency_ratio), .type = TYPE_DOUBLE},
    {.name = "live_label_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, live_label_count), .type = TYPE_UINT32},
    {.name = "standby_label_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_compare_report, standby_label_count), .type = TYPE_UINT32},
    {.name = "flip_matrix", .kind = MEMBER_NUMBERS, .offset = offsetof(mgeo_compare_report, flip_matrix), .type = TYPE_UINT64, .item = sizeof(*((mgeo_compare_report *)0)->flip_matrix), .length = 256},
    {.name = "live_labels", .kind = MEMBER_STRINGS, .offset = offsetof(mgeo_compare_report, live_labels), .item = sizeof(*((mgeo_compare_report *)0)->live_labels), .length = 16, .count = offsetof(mgeo_compare_report, live_label_count)},
    {.name = "standby_labels", .kind = MEMBER_STRINGS, .offset = offsetof(mgeo_compare_report, standby_labels), .item = sizeof(*((mgeo_compare_report *)0)->standby_labels), .length = 16, .count = offsetof(mgeo_compare_report, standby_label_count)},
    {.name = NULL},
};
static const shape mgeo_compare_report_shape = {"mgeo_compare_report", sizeof(mgeo_compare_report), mgeo_compare_report_members};

static const member mgeo_gate_members[] = {
    {.name = "count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, count), .type = TYPE_SIZE},
    {.name = "pairs_per_call", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, pairs_per_call), .type = TYPE_UINT32},
    {.name = "full_speed", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_gate, full_speed), .type = TYPE_UINT32},
    {.name = "max_shift", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, max_shift), .type = TYPE_DOUBLE},
    {.name = "max_shift_mean", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, max_shift_mean), .type = TYPE_DOUBLE},
    {.name = "max_shift_p99", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, max_shift_p99), .type = TYPE_DOUBLE},
    {.name = "max_flip_share", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, max_flip_share), .type = TYPE_DOUBLE},
    {.name = "max_accuracy_loss", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, max_accuracy_loss), .type = TYPE_DOUBLE},
    {.name = "max_macro_f1_loss", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, max_macro_f1_loss), .type = TYPE_DOUBLE},
    {.name = "max_latency_ratio", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, max_latency_ratio), .type = TYPE_DOUBLE},
    {.name = "max_psi", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_gate, max_psi), .type = TYPE_DOUBLE},
    {.name = NULL},
};
static const shape mgeo_gate_shape = {"mgeo_gate", sizeof(mgeo_gate), mgeo_gate_members};

static const member mgeo_watch_members[] = {
    {.name = "window_calls", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch, window_calls), .type = TYPE_UINT64},
    {.name = "window_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch, window_seconds), .type = TYPE_DOUBLE},
    {.name = "min_calls", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch, min_calls), .type = TYPE_UINT64},
    {.name = "max_error_rate", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch, max_error_rate), .type = TYPE_DOUBLE},
    {.name = "max_not_finite_rate", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch, max_not_finite_rate), .type = TYPE_DOUBLE},
    {.name = "max_latency_ratio", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch, max_latency_ratio), .type = TYPE_DOUBLE},
    {.name = "max_psi", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch, max_psi), .type = TYPE_DOUBLE},
    {.name = NULL},
};
static const shape mgeo_watch_shape = {"mgeo_watch", sizeof(mgeo_watch), mgeo_watch_members};

static const member mgeo_swap_options_members[] = {
    {.name = "expect_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_options, expect_generation), .type = TYPE_UINT64},
    {.name = "actor", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_swap_options, actor)},
    {.name = "reason", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_swap_options, reason)},
    {.name = NULL},
};
static const shape mgeo_swap_options_shape = {"mgeo_swap_options", sizeof(mgeo_swap_options), mgeo_swap_options_members};

static const member mgeo_swap_receipt_members[] = {
    {.name = "from_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, from_generation), .type = TYPE_UINT64},
    {.name = "to_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, to_generation), .type = TYPE_UINT64},
    {.name = "calls_in_flight", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, calls_in_flight), .type = TYPE_UINT64},
    {.name = "from_slot", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, from_slot), .type = TYPE_INT32, .words = mgeo_slot_words},
    {.name = "to_slot", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, to_slot), .type = TYPE_INT32, .words = mgeo_slot_words},
    {.name = "from_version", .kind = MEMBER_STRING, .offset = offsetof(mgeo_swap_receipt, from_version), .length = 64},
    {.name = "to_version", .kind = MEMBER_STRING, .offset = offsetof(mgeo_swap_receipt, to_version), .length = 64},
    {.name = "turn_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, turn_seconds), .type = TYPE_DOUBLE},
    {.name = "stall_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, stall_seconds), .type = TYPE_DOUBLE},
    {.name = "journal_line", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, journal_line), .type = TYPE_UINT64},
    {.name = "journal_status", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, journal_status), .type = TYPE_INT32, .words = mgeo_status_words},
    {.name = "check_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_swap_receipt, check_count), .type = TYPE_UINT32},
    {.name = "checks", .kind = MEMBER_STRUCTS, .offset = offsetof(mgeo_swap_receipt, checks), .item = sizeof(*((mgeo_swap_receipt *)0)->checks), .length = 16, .count = offsetof(mgeo_swap_receipt, check_count), .of = &mgeo_check_shape},
    {.name = "journal_hash", .kind = MEMBER_STRING, .offset = offsetof(mgeo_swap_receipt, journal_hash), .length = 72},
    {.name = NULL},
};
static const shape mgeo_swap_receipt_shape = {"mgeo_swap_receipt", sizeof(mgeo_swap_receipt), mgeo_swap_receipt_members};

static const member mgeo_roll_back_options_members[] = {
    {.name = "actor", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_roll_back_options, actor)},
    {.name = "reason", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_roll_back_options, reason)},
    {.name = NULL},
};
static const shape mgeo_roll_back_options_shape = {"mgeo_roll_back_options", sizeof(mgeo_roll_back_options), mgeo_roll_back_options_members};

static const member mgeo_watch_report_members[] = {
    {.name = "state", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch_report, state), .type = TYPE_INT32, .words = mgeo_watch_state_words},
    {.name = "check_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch_report, check_count), .type = TYPE_UINT32},
    {.name = "generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch_report, generation), .type = TYPE_UINT64},
    {.name = "former_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch_report, former_generation), .type = TYPE_UINT64},
    {.name = "calls", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch_report, calls), .type = TYPE_UINT64},
    {.name = "seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_watch_report, seconds), .type = TYPE_DOUBLE},
    {.name = "checks", .kind = MEMBER_STRUCTS, .offset = offsetof(mgeo_watch_report, checks), .item = sizeof(*((mgeo_watch_report *)0)->checks), .length = 16, .count = offsetof(mgeo_watch_report, check_count), .of = &mgeo_check_shape},
    {.name = "reason", .kind = MEMBER_STRING, .offset = offsetof(mgeo_watch_report, reason), .length = 256},
    {.name = NULL},
};
static const shape mgeo_watch_report_shape = {"mgeo_watch_report", sizeof(mgeo_watch_report), mgeo_watch_report_members};

static const member mgeo_canary_options_members[] = {
    {.name = "expect_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_canary_options, expect_generation), .type = TYPE_UINT64},
    {.name = "actor", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_canary_options, actor)},
    {.name = "reason", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_canary_options, reason)},
    {.name = NULL},
};
static const shape mgeo_canary_options_shape = {"mgeo_canary_options", sizeof(mgeo_canary_options), mgeo_canary_options_members};

static const member mgeo_shadow_options_members[] = {
    {.name = "queue_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_options, queue_rows), .type = TYPE_UINT64},
    {.name = "worst_pairs", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_options, worst_pairs), .type = TYPE_UINT32},
    {.name = "full_speed", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_shadow_options, full_speed), .type = TYPE_UINT32},
    {.name = "actor", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_shadow_options, actor)},
    {.name = "reason", .kind = MEMBER_TEXT, .offset = offsetof(mgeo_shadow_options, reason)},
    {.name = NULL},
};
static const shape mgeo_shadow_options_shape = {"mgeo_shadow_options", sizeof(mgeo_shadow_options), mgeo_shadow_options_members};

static const member mgeo_shadow_report_members[] = {
    {.name = "live_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, live_generation), .type = TYPE_UINT64},
    {.name = "standby_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, standby_generation), .type = TYPE_UINT64},
    {.name = "calls", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, calls), .type = TYPE_UINT64},
    {.name = "pairs", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, pairs), .type = TYPE_UINT64},
    {.name = "dropped", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, dropped), .type = TYPE_UINT64},
    {.name = "failed", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, failed), .type = TYPE_UINT64},
    {.name = "waiting", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, waiting), .type = TYPE_UINT64},
    {.name = "compared", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, compared), .type = TYPE_UINT64},
    {.name = "lost", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, lost), .type = TYPE_UINT64},
    {.name = "standby_not_finite", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, standby_not_finite), .type = TYPE_UINT64},
    {.name = "flips", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, flips), .type = TYPE_UINT64},
    {.name = "shift_mean", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, shift_mean), .type = TYPE_DOUBLE},
    {.name = "shift_p50", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, shift_p50), .type = TYPE_DOUBLE},
    {.name = "shift_p99", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, shift_p99), .type = TYPE_DOUBLE},
    {.name = "shift_max", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, shift_max), .type = TYPE_DOUBLE},
    {.name = "shift_signed_mean", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, shift_signed_mean), .type = TYPE_DOUBLE},
    {.name = "psi", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, psi), .type = TYPE_DOUBLE},
    {.name = "share", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, share), .type = TYPE_UINT32},
    {.name = "worst_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, worst_count), .type = TYPE_UINT32},
    {.name = "live_label_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, live_label_count), .type = TYPE_UINT32},
    {.name = "standby_label_count", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_shadow_report, standby_label_count), .type = TYPE_UINT32},
    {.name = "shift_histogram", .kind = MEMBER_NUMBERS, .offset = offsetof(mgeo_shadow_report, shift_histogram), .type = TYPE_UINT64, .item = sizeof(*((mgeo_shadow_report *)0)->shift_histogram), .length = 20},
    {.name = "flip_matrix", .kind = MEMBER_NUMBERS, .offset = offsetof(mgeo_shadow_report, flip_matrix), .type = TYPE_UINT64, .item = sizeof(*((mgeo_shadow_report *)0)->flip_matrix), .length = 256},
    {.name = "live_labels", .kind = MEMBER_STRINGS, .offset = offsetof(mgeo_shadow_report, live_labels), .item = sizeof(*((mgeo_shadow_report *)0)->live_labels), .length = 16, .count = offsetof(mgeo_shadow_report, live_label_count)},
    {.name = "standby_labels", .kind = MEMBER_STRINGS, .offset = offsetof(mgeo_shadow_report, standby_labels), .item = sizeof(*((mgeo_shadow_report *)0)->standby_labels), .length = 16, .count = offsetof(mgeo_shadow_report, standby_label_count)},
    {.name = NULL},
};
static const shape mgeo_shadow_report_shape = {"mgeo_shadow_report", sizeof(mgeo_shadow_report), mgeo_shadow_report_members};

static const member mgeo_unused_field_members[] = {
    {.name = "harmless", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_unused_field, harmless), .type = TYPE_INT32},
    {.name = "file", .kind = MEMBER_STRING, .offset = offsetof(mgeo_unused_field, file), .length = 64},
    {.name = "name", .kind = MEMBER_STRING, .offset = offsetof(mgeo_unused_field, name), .length = 128},
    {.name = "reason", .kind = MEMBER_STRING, .offset = offsetof(mgeo_unused_field, reason), .length = 128},
    {.name = NULL},
};
static const shape mgeo_unused_field_shape = {"mgeo_unused_field", sizeof(mgeo_unused_field), mgeo_unused_field_members};

static const member mgeo_stats_members[] = {
    {.name = "generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, generation), .type = TYPE_UINT64},
    {.name = "calls", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, calls), .type = TYPE_UINT64},
    {.name = "failed_calls", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, failed_calls), .type = TYPE_UINT64},
    {.name = "pairs", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, pairs), .type = TYPE_UINT64},
    {.name = "bad_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, bad_rows), .type = TYPE_UINT64},
    {.name = "truncated_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, truncated_rows), .type = TYPE_UINT64},
    {.name = "tokens", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, tokens), .type = TYPE_UINT64},
    {.name = "batches", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, batches), .type = TYPE_UINT64},
    {.name = "batch_rows_max", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, batch_rows_max), .type = TYPE_UINT64},
    {.name = "queued_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, queued_rows), .type = TYPE_UINT64},
    {.name = "calls_in_flight", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, calls_in_flight), .type = TYPE_UINT64},
    {.name = "busy_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, busy_seconds), .type = TYPE_DOUBLE},
    {.name = "call_seconds", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, call_seconds), .type = TYPE_DOUBLE},
    {.name = "call_seconds_max", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, call_seconds_max), .type = TYPE_DOUBLE},
    {.name = "call_p50", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, call_p50), .type = TYPE_DOUBLE},
    {.name = "call_p95", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, call_p95), .type = TYPE_DOUBLE},
    {.name = "call_p99", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, call_p99), .type = TYPE_DOUBLE},
    {.name = "wait_p50", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, wait_p50), .type = TYPE_DOUBLE},
    {.name = "wait_p99", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, wait_p99), .type = TYPE_DOUBLE},
    {.name = "batch_fill", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, batch_fill), .type = TYPE_DOUBLE},
    {.name = "not_finite_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, not_finite_rows), .type = TYPE_UINT64},
    {.name = "failed_by", .kind = MEMBER_NUMBERS, .offset = offsetof(mgeo_stats, failed_by), .type = TYPE_UINT64, .item = sizeof(*((mgeo_stats *)0)->failed_by), .length = 16},
    {.name = "unknown_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, unknown_rows), .type = TYPE_UINT64},
    {.name = "unknown_differ_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, unknown_differ_rows), .type = TYPE_UINT64},
    {.name = "capped_rows", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_stats, capped_rows), .type = TYPE_UINT64},
    {.name = NULL},
};
static const shape mgeo_stats_shape = {"mgeo_stats", sizeof(mgeo_stats), mgeo_stats_members};

static const member mgeo_rollout_members[] = {
    {.name = "live_slot", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, live_slot), .type = TYPE_INT32, .words = mgeo_slot_words},
    {.name = "canary_share", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, canary_share), .type = TYPE_UINT32},
    {.name = "shadow_share", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, shadow_share), .type = TYPE_UINT32},
    {.name = "watch_state", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, watch_state), .type = TYPE_INT32, .words = mgeo_watch_state_words},
    {.name = "live_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, live_generation), .type = TYPE_UINT64},
    {.name = "standby_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, standby_generation), .type = TYPE_UINT64},
    {.name = "former_generation", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, former_generation), .type = TYPE_UINT64},
    {.name = "loads", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, loads), .type = TYPE_UINT64},
    {.name = "failed_loads", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, failed_loads), .type = TYPE_UINT64},
    {.name = "unloads", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, unloads), .type = TYPE_UINT64},
    {.name = "swaps", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, swaps), .type = TYPE_UINT64},
    {.name = "refused_swaps", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, refused_swaps), .type = TYPE_UINT64},
    {.name = "roll_backs", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, roll_backs), .type = TYPE_UINT64},
    {.name = "watch_roll_backs", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, watch_roll_backs), .type = TYPE_UINT64},
    {.name = "jobs", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, jobs), .type = TYPE_UINT64},
    {.name = "journal_failures", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, journal_failures), .type = TYPE_UINT64},
    {.name = "stall_seconds_max", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_rollout, stall_seconds_max), .type = TYPE_DOUBLE},
    {.name = NULL},
};
static const shape mgeo_rollout_shape = {"mgeo_rollout", sizeof(mgeo_rollout), mgeo_rollout_members};

static const member mgeo_journal_report_members[] = {
    {.name = "lines", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_journal_report, lines), .type = TYPE_UINT64},
    {.name = "bad_line", .kind = MEMBER_NUMBER, .offset = offsetof(mgeo_journal_report, bad_line), .type = TYPE_UINT64},
    {.name = "torn", .kind = MEMBER_FLAG, .offset = offsetof(mgeo_journal_report, torn), .type = TYPE_INT32},
    {.name = "last_hash", .kind = MEMBER_STRING, .offset = offsetof(mgeo_journal_report, last_hash), .length = 72},
    {.name = "reason", .kind = MEMBER_STRING, .offset = offsetof(mgeo_journal_report, reason), .length = 256},
    {.name = NULL},
};
static const shape mgeo_journal_report_shape = {"mgeo_journal_report", sizeof(mgeo_journal_report), mgeo_journal_report_members};

static const shape *const all_shapes[] = {
    &mgeo_shift_shape,
    &mgeo_check_shape,
    &mgeo_engine_options_shape,
    &mgeo_load_options_shape,
    &mgeo_model_info_shape,
    &mgeo_memory_shape,
    &mgeo_job_options_shape,
    &mgeo_compare_options_shape,
    &mgeo_compare_report_shape,
    &mgeo_gate_shape,
    &mgeo_watch_shape,
    &mgeo_swap_options_shape,
    &mgeo_swap_receipt_shape,
    &mgeo_roll_back_options_shape,
    &mgeo_watch_report_shape,
    &mgeo_canary_options_shape,
    &mgeo_shadow_options_shape,
    &mgeo_shadow_report_shape,
    &mgeo_unused_field_shape,
    &mgeo_stats_shape,
    &mgeo_rollout_shape,
    &mgeo_journal_report_shape,
    NULL,
};
