/*
 * libmgeo: do two Chinese addresses name the same place?
 *
 * Scores address pairs inside the host's process with MGeo, a geographic BERT cross-encoder, and
 * replaces the model under load without a pause, a dropped call or a restart.
 *
 * Conventions that hold for every function here:
 *
 *  - It returns an mgeo_status. MGEO_OK is 0. The last parameter is an mgeo_error *, owned by the
 *    caller; NULL is always legal. On failure it holds the status and one line that says what went
 *    wrong, where, and what to do. On success it is cleared (status MGEO_OK, empty message).
 *  - Nothing prints, aborts, exits or touches errno on purpose. There is no thread-local state.
 *  - Structs that begin with `struct_size` are versioned: set it to sizeof the struct as you
 *    compiled it, and zero the rest. All-zero members mean defaults. Members this library does not
 *    know must be zero, else MGEO_E_ARGUMENT. Output structs are filled up to your struct_size.
 *  - Text is a pointer and a length in bytes, UTF-8. MGEO_NUL_TERMINATED as length means a C
 * string.
 *  - After fork() an engine works in the process that created it only; in the child every call
 *    answers MGEO_E_FORKED, and mgeo_engine_destroy does nothing.
 */
#ifndef MGEO_H
#define MGEO_H

#include <stddef.h>
#include <stdint.h>

#if defined(MGEO_STATIC) || defined(_WIN32)
#define MGEO_API
#else
#define MGEO_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MGEO_VERSION_MAJOR 0
#define MGEO_VERSION_MINOR 1
#define MGEO_VERSION_PATCH 0
#define MGEO_VERSION "0.1.0"

/* As a text's length: the text ends at its first NUL byte. */
#define MGEO_NUL_TERMINATED ((size_t)-1)

/* Every status, its number and what it means. Numbers are part of the ABI and never change. */
#define MGEO_STATUS_LIST(X)                                                                        \
    X(MGEO_OK, 0, "ok")                                                                            \
    X(MGEO_E_ARGUMENT, 1, "an argument is not valid")                                              \
    X(MGEO_E_MEMORY, 2, "out of memory")                                                           \
    X(MGEO_E_IO, 3, "a file could not be read")                                                    \
    X(MGEO_E_FORMAT, 4, "a file is damaged or is not what it claims to be")                        \
    X(MGEO_E_UNSUPPORTED, 5, "the file or the request is sound but not supported")                 \
    X(MGEO_E_NO_MODEL, 6, "no model is loaded in the slot asked for")                              \
    X(MGEO_E_BUSY, 7, "another load is in progress")                                               \
    X(MGEO_E_CANCELLED, 8, "cancelled by the caller")                                              \
    X(MGEO_E_REFUSED, 9, "refused by a condition that the caller set")                             \
    X(MGEO_E_DEVICE, 10, "the device is missing or failed")                                        \
    X(MGEO_E_FORKED, 11, "the engine belongs to the parent process")                               \
    X(MGEO_E_CAPACITY, 12, "an array of the caller's is too small")                                \
    X(MGEO_E_INTERNAL, 13, "a defect in libmgeo")

typedef enum mgeo_status {
#define MGEO_STATUS_ENUM(name, number, text) name = number,
    MGEO_STATUS_LIST(MGEO_STATUS_ENUM)
#undef MGEO_STATUS_ENUM
} mgeo_status;

/* Where a failed call says why. Caller-owned; needs no initialisation. */
typedef struct mgeo_error {
    int32_t status; /* an mgeo_status */
    char
        message[508]; /* one line, UTF-8, NUL-terminated; cut at a character boundary if too long */
} mgeo_error;

/* The name of a status ("MGEO_E_IO") and its meaning ("a file could not be read"). Never NULL, also
 * for numbers that are no status. The strings are static. Any thread. */
MGEO_API const char *mgeo_status_name(int32_t status);
MGEO_API const char *mgeo_status_text(int32_t status);

/* The version of the library that is running: "0.1.0". Static. Any thread. */
MGEO_API const char *mgeo_version(void);

/* ---- Progress and cancellation, polled ---------------------------------------------------- */

/* A block shared between the thread in a long call and any threads that watch it. The caller owns
 * it, sets it to all zero before each call, and keeps it until the call has returned. */
typedef struct mgeo_progress {
    uint64_t reserved[8]; /* read and written through the two functions below only */
} mgeo_progress;

typedef enum mgeo_stage {
    MGEO_STAGE_IDLE = 0,
    MGEO_STAGE_READING = 1, /* headers and configuration */
    MGEO_STAGE_HASHING = 2, /* fingerprint of the weights; done and total in bytes */
    MGEO_STAGE_PLACING = 3, /* weights to the device at the chosen precision; in tensors */
    MGEO_STAGE_WARMING = 4, /* first batches; in batches */
    MGEO_STAGE_SCORING = 5, /* mgeo_score; in pairs */
    MGEO_STAGE_FINISHED = 6
} mgeo_stage;

/* Asks the call that uses the block to stop; it returns MGEO_E_CANCELLED soon. Any thread, and a
 * signal handler. NULL is ignored. */
MGEO_API void mgeo_progress_cancel(mgeo_progress *progress);

/* Reads where the call stands: stage, and how much of that stage is done. Each out pointer may be
 * NULL. Any thread, at any time. */
MGEO_API void mgeo_progress_read(const mgeo_progress *progress, int32_t *stage, uint64_t *done,
                                 uint64_t *total);

/* ---- The engine --------------------------------------------------------------------------- */

/* Two slots for models, one of them live. */
typedef struct mgeo_engine mgeo_engine;

typedef enum mgeo_slot {
    MGEO_BLUE = 0,
    MGEO_GREEN = 1,
    MGEO_LIVE = 2,   /* in questions: the slot that answers calls now */
    MGEO_STANDBY = 3 /* in questions: the other one */
} mgeo_slot;

typedef enum mgeo_log_level { MGEO_LOG_INFO = 0, MGEO_LOG_WARNING = 1 } mgeo_log_level;

/* Receives one line without a newline, valid during the call only. Called from the thread that is
 * in a libmgeo call or from a worker of the library's; must not call back into libmgeo. */
typedef void (*mgeo_log_fn)(void *user, int32_t level, const char *line);

typedef struct mgeo_engine_options {
    size_t struct_size;
    mgeo_log_fn log;     /* NULL: no log */
    void *log_user;      /* passed to log */
    uint64_t queue_rows; /* rows that may wait in a slot before callers wait too; 0: 4,096 */
} mgeo_engine_options;

/* Creates an engine without a model. options may be NULL. On success *engine is owned by the caller
 * and freed by mgeo_engine_destroy; on failure it is NULL.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY. Any thread. */
MGEO_API mgeo_status mgeo_engine_create(const mgeo_engine_options *options, mgeo_engine **engine,
                                        mgeo_error *error);

/* Frees the engine, both models and their threads. No other call on it may be running or come
 * later. NULL is ignored. In a forked child it does nothing: the threads are the parent's. */
MGEO_API void mgeo_engine_destroy(mgeo_engine *engine);

/* ---- Loading ------------------------------------------------------------------------------ */

typedef enum mgeo_precision {
    MGEO_PRECISION_AUTO = 0, /* fp32 on a CPU; bf16 on a CUDA device */
    MGEO_FP32 = 1,
    MGEO_BF16 = 2,
    MGEO_FP16 = 3,
    MGEO_INT8 = 4, /* per-channel weights, activations quantised per token as they come */
    MGEO_FP8 = 5
} mgeo_precision;

typedef struct mgeo_load_options {
    size_t struct_size;
    const char *device;    /* "auto", "cpu", "cuda", "cuda:1"; NULL: "auto" */
    int32_t precision;     /* an mgeo_precision */
    uint32_t max_length;   /* tokens per pair, specials included; 0: 128, or the model's positions
                              if fewer. Longer pairs are cut (longest first) and flagged. */
    uint32_t threads;      /* CPU threads that compute; 0: as many as the process may use */
    uint32_t batch_tokens; /* tokens per batch; 0: what is best on the device */
    uint32_t skip_warm_up; /* 1: do not run first batches; the first calls will be slower */
    float partial_weight;  /* weight of "partial_match" in similarity: 0: 0.5; above 0, up to 1;
                              negative: partial matches count nothing */
    const char *positive_label; /* the label whose probability is the similarity; NULL: by the rules
                                   at mgeo_scores. Needed where the labels do not tell. */
    const char *version;        /* a name for this model in infos and logs, at most 63 bytes;
                                   NULL: the directory's name */
    mgeo_progress *progress;    /* NULL: not watched, not cancellable */
} mgeo_load_options;

#define MGEO_MAX_LABELS 16

typedef struct mgeo_model_info {
    size_t struct_size;
    uint64_t generation;      /* 1, 2, 3 … in order of successful loads into this engine */
    uint64_t parameters;      /* numbers in the tensors that are used */
    uint64_t bytes_on_device; /* weights as they lie on the device, mapped ones included */
    uint64_t unused_tensors;  /* tensors in the files that scoring does not need */
    double load_seconds;      /* the whole load, warm-up included */
    double warm_up_seconds;   /* of which warm-up */
    int32_t slot;             /* MGEO_BLUE or MGEO_GREEN */
    int32_t live;             /* 1 if this model answers calls */
    int32_t precision;        /* an mgeo_precision, never AUTO */
    uint32_t layers;          /* layers that run (fusion_layer where the model has one) */
    uint32_t hidden;
    uint32_t heads;
    uint32_t vocabulary;
    uint32_t max_length;
    uint32_t threads;
    uint32_t batch_tokens;
    uint32_t label_count;   /* 1 for a one-logit model, whose only "label" is the score */
    int32_t positive_label; /* index of the positive label; -1 for a one-logit model */
    char labels[MGEO_MAX_LABELS][64];
    char version[64];
    char fingerprint[40]; /* XXH3-128 over names, shapes and bytes of the used tensors, hex */
    char device[64];      /* "cpu", "cuda:0" */
    char library[96];     /* what computes: "libtorch 1.13.1, OpenBLAS (Haswell)" */
    char warning[256];    /* empty, or one line the operator should read */
    char path[1024];      /* the directory, as given */
} mgeo_model_info;

/* Reads, checks, places and warms a model in the slot that serves nobody. The first load of an
 * engine goes live; later ones wait on standby for mgeo_swap_model. A model that stood by there is
 * replaced, once the new one is complete. Live traffic goes on meanwhile, and mgeo_swap_model may
 * be called; the slot is chosen when the model is ready. On failure the engine is as it was.
 *
 * path: a model directory (docs/model-directories.md), or NULL for the bundled model. Every file in
 * it is treated as untrusted. options and info may be NULL; info is filled on success.
 * Blocks until done. Any thread; a second load meanwhile answers MGEO_E_BUSY.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_IO, MGEO_E_FORMAT, MGEO_E_UNSUPPORTED,
 * MGEO_E_BUSY, MGEO_E_CANCELLED, MGEO_E_DEVICE, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_load(mgeo_engine *engine, const char *path,
                               const mgeo_load_options *options, mgeo_model_info *info,
                               mgeo_error *error);

/* Frees the standby model: waits until the last call it answers is done, then gives its memory and
 * threads back. Live traffic goes on. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL (nothing on standby), MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_unload(mgeo_engine *engine, mgeo_error *error);

/* ---- Scoring ------------------------------------------------------------------------------ */

typedef struct mgeo_pair {
    const char *a; /* UTF-8; borrowed for the call */
    size_t a_len;  /* bytes, or MGEO_NUL_TERMINATED */
    const char *b;
    size_t b_len;
} mgeo_pair;

/* Flags of a row. All but TRUNCATED mean that the row has no score: similarity and probabilities
 * are NaN, label is -1. */
#define MGEO_ROW_TRUNCATED 1u    /* cut to max_length tokens; scored */
#define MGEO_ROW_INVALID_UTF8 2u /* a text is not UTF-8 */
#define MGEO_ROW_EMPTY 4u      /* a text has nothing to score: empty, spaces, control characters */
#define MGEO_ROW_NOT_FINITE 8u /* the model answered NaN or infinity */
#define MGEO_ROW_SKIPPED 16u   /* the call was cancelled or failed before the row was scored */

/* The caller's arrays, and what the call fills in. Row i of every array belongs to pair i.
 *
 * Similarity is in 0..1. Two labels: the probability of the positive one, index 1 unless
 * positive_label says otherwise. One logit: its sigmoid. MGeo's three (exact_match, partial_match,
 * not_match): P(exact) + partial_weight * P(partial). Other label sets need positive_label. */
typedef struct mgeo_scores {
    size_t struct_size;
    float *similarity;         /* [count]; required */
    int32_t *label;            /* [count], index of the likeliest label; or NULL. A one-logit
                                  model answers 0 */
    float *probabilities;      /* [count * probability_stride], row-major; or NULL */
    size_t probability_stride; /* floats per row; at least the model's label_count */
    uint32_t *flags;           /* [count], MGEO_ROW_*; or NULL */
    mgeo_progress *progress;   /* or NULL */
    uint64_t generation;       /* out: the model that answered the whole call */
    uint64_t tokens;           /* out: tokens encoded, specials included */
    uint32_t label_count;      /* out: the model's */
    uint32_t bad_rows;         /* out: rows without a score */
} mgeo_scores;

/* Scores `count` pairs; the whole call is answered by one model, named in scores->generation. Bad
 * rows are flagged and never fail the call or their neighbours. Row i's score does not depend on
 * the other rows beyond rounding. count 0 is legal. Any number of threads at once.
 * A model with more labels than probability_stride holds answers MGEO_E_CAPACITY and scores
 * nothing. If the device fails or the caller cancels, rows already scored stay and the rest carry
 * MGEO_ROW_SKIPPED.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_NO_MODEL, MGEO_E_CANCELLED, MGEO_E_DEVICE,
 * MGEO_E_FORKED, MGEO_E_CAPACITY. */
MGEO_API mgeo_status mgeo_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                                mgeo_scores *scores, mgeo_error *error);

/* ---- Swapping ----------------------------------------------------------------------------- */

typedef struct mgeo_swap_options {
    size_t struct_size;
    uint64_t expect_generation; /* refuse unless the standby model has this generation; 0: any */
} mgeo_swap_options;

typedef struct mgeo_swap_receipt {
    size_t struct_size;
    uint64_t from_generation;
    uint64_t to_generation;
    uint64_t calls_in_flight; /* calls the former model was still answering after the turn */
    int32_t from_slot;
    int32_t to_slot;
    char from_version[64];
    char to_version[64];
} mgeo_swap_receipt;

/* Turns traffic to the standby model in one atomic step: calls that begin later are answered by it,
 * calls in flight end on the model they began with. The former model stays resident on standby;
 * calling again turns back. options and receipt may be NULL. Never waits for scoring. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL, MGEO_E_REFUSED (expect_generation), MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_swap_model(mgeo_engine *engine, const mgeo_swap_options *options,
                                     mgeo_swap_receipt *receipt, mgeo_error *error);

/* ---- Asking ------------------------------------------------------------------------------- */

/* Describes the model in `slot` (an mgeo_slot). Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                                   mgeo_error *error);

/* Copies the name of unused tensor `index` (0 .. unused_tensors-1, in the files' order) of the
 * model in `slot`, NUL-terminated, cut to `capacity` bytes. Any thread. Errors: MGEO_E_ARGUMENT,
 * MGEO_E_NO_MODEL, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index,
                                            char *name, size_t capacity, mgeo_error *error);

/* Counts since the model was loaded. */
typedef struct mgeo_stats {
    size_t struct_size;
    uint64_t generation;
    uint64_t calls; /* mgeo_score calls answered, failed ones included */
    uint64_t failed_calls;
    uint64_t pairs;    /* rows scored */
    uint64_t bad_rows; /* rows without a score */
    uint64_t truncated_rows;
    uint64_t tokens; /* tokens encoded */
    uint64_t batches;
    uint64_t batch_rows_max; /* most rows in one batch */
    uint64_t queued_rows;    /* waiting now */
    uint64_t calls_in_flight;
    double busy_seconds; /* sum over workers of time spent computing */
    double call_seconds; /* sum over calls, arrival to answer */
    double call_seconds_max;
} mgeo_stats;

/* Copies the counts of the model in `slot` (an mgeo_slot). Counters are read one by one while calls
 * go on: each is exact, their sum at one instant is not. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                                    mgeo_error *error);

#ifdef __cplusplus
}
#endif

#endif
