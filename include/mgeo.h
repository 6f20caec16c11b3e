/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmgeo: do two Chinese addresses name the same place?
 *
 * Scores address pairs inside the host's process with MGeo, a geographic BERT cross-encoder, and
 * replaces the model under load without a pause, a dropped call or a restart.
 *
 * Contents
 *
 *    Versions                         mgeo_version
 *    Statuses and errors              mgeo_status, mgeo_error
 *    Progress and cancellation        mgeo_progress
 *
 *  I. Load and score
 *    The engine                       mgeo_engine_create, mgeo_engine_destroy
 *    Pairs                            mgeo_pair
 *    Loading                          mgeo_load, mgeo_unload, mgeo_predict_memory
 *    Scoring                          mgeo_score
 *    Jobs: one model for many calls   mgeo_job_begin, mgeo_job_score, mgeo_job_end
 *    Tables: Arrow's C data interface mgeo_score_arrow, mgeo_score_arrow_stream
 *
 *  II. Roll out and observe
 *    Comparing two models             mgeo_compare
 *    Swapping                         mgeo_swap_model, mgeo_roll_back
 *    Watching                         mgeo_get_watch
 *    Canary: a share of the calls     mgeo_set_canary
 *    Shadow calls                     mgeo_set_shadow, mgeo_get_shadow
 *    Queries                          mgeo_get_info, mgeo_get_stats, mgeo_write_metrics
 *    The journal                      mgeo_journal_verify
 *
 *  III. Match
 *    The normal form                  mgeo_normal_form
 *    The index                        mgeo_index_create, mgeo_index_put, mgeo_index_swap
 *    Candidates                       mgeo_index_search, mgeo_candidates_of
 *    Clusters                         mgeo_cluster
 *
 * Conventions
 *
 *  - Every function that can fail returns an mgeo_status, MGEO_OK (0) on success, and its last
 *    parameter is an mgeo_error *, owned by the caller; NULL is always legal. On failure it holds
 *    the status and one line that says what went wrong, where, and what to do. On success it is
 *    cleared (status MGEO_OK, empty message).
 *  - Nothing prints, aborts, exits, changes how a signal is handled or touches errno on purpose.
 *    There is no thread-local state. Callers need 64 KiB of stack. Any request for memory or for a
 *    thread may fail: the call answers MGEO_E_MEMORY, a live model goes on answering, and the next
 *    call works. Modules (mgeo_load_options.device) do what the libraries below them do. All that
 *    a host may rely on: docs/guest.md.
 *  - Structs that begin with `struct_size` are versioned: set it to sizeof the struct as you
 *    compiled it, and zero the rest. All-zero members mean defaults. Members this library does not
 *    know must be zero, else MGEO_E_ARGUMENT. Output structs are filled up to your struct_size.
 *  - Text is a pointer and a length in bytes, UTF-8. For a C string give MGEO_NUL_TERMINATED as
 *    length.
 *  - After fork() an engine works only in the process that created it; in the child every call
 *    answers MGEO_E_FORKED, and mgeo_engine_destroy does nothing. A child may create an engine
 *    of its own and load on device "cpu", whatever the parent has done or does in other threads.
 *
 * Compiles as C99, C++11 and everything newer. Bindings of other languages read mgeo_ffi.h or
 * mgeo.json, which are generated from this file and installed with it (docs/ffi.md).
 */
#ifndef MGEO_H
#define MGEO_H

#ifdef __cplusplus
#if __cplusplus < 201103L && !defined(_MSC_VER)
#error "mgeo.h needs C++11 or newer: -std=c++11"
#endif
#elif (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 199901L) && !defined(_MSC_VER)
#error "mgeo.h needs C99 or newer: -std=c99"
#endif

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

/* ---- Versions ----------------------------------------------------------------------------- */

#define MGEO_VERSION_MAJOR 0
#define MGEO_VERSION_MINOR 2
#define MGEO_VERSION_PATCH 0
#define MGEO_VERSION "0.2.0"

/* The version of the library that is running: "0.2.0". Static. Any thread. */
MGEO_API const char *mgeo_version(void);

/* ---- Statuses and errors ------------------------------------------------------------------ */

/* Every status, its number and what it means. Numbers are part of the ABI and never change. */
#define MGEO_STATUS_LIST(X)                                                                        \
    X(MGEO_OK, 0, "ok")                                                                            \
    X(MGEO_E_ARGUMENT, 1, "an argument is not valid")                                              \
    X(MGEO_E_MEMORY, 2, "out of memory")                                                           \
    X(MGEO_E_IO, 3, "a file could not be read")                                                    \
    X(MGEO_E_FORMAT, 4, "a file is damaged or is not what it claims to be")                        \
    X(MGEO_E_UNSUPPORTED, 5, "the file or the request is sound but not supported")                 \
    X(MGEO_E_NO_MODEL, 6, "no model is loaded in the slot asked for")                              \
    X(MGEO_E_BUSY, 7, "something else is in progress that this must not disturb")                  \
    X(MGEO_E_CANCELLED, 8, "cancelled by the caller")                                              \
    X(MGEO_E_REFUSED, 9, "refused by a condition that the caller set")                             \
    X(MGEO_E_DEVICE, 10, "the device is missing or failed")                                        \
    X(MGEO_E_FORKED, 11, "the engine belongs to the parent process")                               \
    X(MGEO_E_CAPACITY, 12, "an array of the caller's is too small")                                \
    X(MGEO_E_INTERNAL, 13, "a defect in libmgeo")

/* Each enum here is made from such a list, and so are the functions that spell its names. A program
 * that wants all of them (for a --help, say) can use the lists too: X(name, number, text). */
#define MGEO_ENUMERATOR(name, number, text) name = number,

typedef enum mgeo_status { MGEO_STATUS_LIST(MGEO_ENUMERATOR) } mgeo_status;

/* Where a failed call says why. Caller-owned; needs no initialisation. */
typedef struct mgeo_error {
    int32_t status;    /* an mgeo_status */
    char message[508]; /* one line, UTF-8, NUL-terminated; cut between characters if too long */
} mgeo_error;

/* The name of a status ("MGEO_E_IO") and its meaning ("a file could not be read"). Never NULL, also
 * for a number that is no status. The strings are static. Any thread. */
MGEO_API const char *mgeo_status_name(int32_t status);
MGEO_API const char *mgeo_status_text(int32_t status);

/* ---- Progress and cancellation, polled ---------------------------------------------------- */

/* A block shared between the thread in a long call and any threads that watch it. The caller owns
 * it, sets it to all zero before each call, and keeps it until the call has returned. */
typedef struct mgeo_progress {
    uint64_t reserved[8]; /* read and written through the two functions below only */
} mgeo_progress;

/* What a call is doing, and what its progress counts. */
#define MGEO_STAGE_LIST(X)                                                                         \
    X(MGEO_STAGE_IDLE, 0, "idle")                                                                  \
    X(MGEO_STAGE_READING, 1, "reading") /* headers and configuration */                            \
    X(MGEO_STAGE_HASHING, 2, "hashing") /* weights that placing has not read; in bytes */          \
    X(MGEO_STAGE_PLACING, 3, "placing") /* weights to the device, at its precision; in tensors */  \
    X(MGEO_STAGE_WARMING, 4, "warming") /* first batches; in batches */                            \
    X(MGEO_STAGE_SCORING, 5, "scoring") /* mgeo_score; in pairs */                                 \
    X(MGEO_STAGE_FINISHED, 6, "finished")

typedef enum mgeo_stage { MGEO_STAGE_LIST(MGEO_ENUMERATOR) } mgeo_stage;

/* "placing"; "unknown" for a number that is no stage. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_stage_name(int32_t stage);

/* Asks the call that uses the block to stop; it then returns MGEO_E_CANCELLED. Any thread; safe in
 * a signal handler. NULL is ignored. */
MGEO_API void mgeo_progress_cancel(mgeo_progress *progress);

/* Reads how far the call has come: its `stage` (an mgeo_stage), and how much of that stage is done.
 * Each out pointer may be NULL. Any thread, at any time. */
MGEO_API void mgeo_progress_read(const mgeo_progress *progress, int32_t *stage, uint64_t *done,
                                 uint64_t *total);

/* ==== I. Load and score ==================================================================== */

/* ---- The engine --------------------------------------------------------------------------- */

/* Two slots for models, one of them live. */
typedef struct mgeo_engine mgeo_engine;

/* The two slots; live and standby are roles, which swaps exchange. */
#define MGEO_SLOT_LIST(X)                                                                          \
    X(MGEO_BLUE, 0, "blue")                                                                        \
    X(MGEO_GREEN, 1, "green")                                                                      \
    X(MGEO_LIVE, 2, "live")       /* in queries: the slot that answers calls now */                \
    X(MGEO_STANDBY, 3, "standby") /* in queries: the other one */

typedef enum mgeo_slot { MGEO_SLOT_LIST(MGEO_ENUMERATOR) } mgeo_slot;

/* "blue"; "unknown" for a number that is no slot. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_slot_name(int32_t slot);

/* How much a line of the log matters. */
#define MGEO_LOG_LEVEL_LIST(X)                                                                     \
    X(MGEO_LOG_INFO, 0, "info")                                                                    \
    X(MGEO_LOG_WARNING, 1, "warning")

typedef enum mgeo_log_level { MGEO_LOG_LEVEL_LIST(MGEO_ENUMERATOR) } mgeo_log_level;

/* "warning"; "unknown" for a number that is no level. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_log_level_name(int32_t level);

/* Receives one line at `level` (an mgeo_log_level), without a newline, valid during the call only.
 * Called from the thread that is in a libmgeo call or from one of the library's workers; must not
 * call back into libmgeo. */
typedef void (*mgeo_log_fn)(void *user, int32_t level, const char *line);

typedef struct mgeo_engine_options {
    size_t struct_size;
    mgeo_log_fn log;     /* NULL: no log */
    void *log_user;      /* passed to log */
    uint64_t queue_rows; /* rows that a slot's queue holds before callers block; 0: 4,096, or the
                            rows of four batches if that is more */
    const char *journal; /* file to which every change is written (see "The journal"); NULL: none */
    const char *actor;   /* for calls that name no actor; NULL: "pid N". At most 127 bytes */
} mgeo_engine_options;

/* Creates an engine without a model. options may be NULL. On success *engine is owned by the caller
 * and freed by mgeo_engine_destroy; on failure it is NULL.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_IO (the journal cannot be written), MGEO_E_FORMAT
 * (the file at the journal's path is not a journal, or its end is damaged), MGEO_E_BUSY (another
 * engine writes it). Any thread. */
MGEO_API mgeo_status mgeo_engine_create(const mgeo_engine_options *options, mgeo_engine **engine,
                                        mgeo_error *error);

/* Frees the engine, both models and their threads. No other call on it may be running or come
 * later. NULL is ignored. In a forked child it does nothing: the threads are the parent's. */
MGEO_API void mgeo_engine_destroy(mgeo_engine *engine);

/* ---- Pairs -------------------------------------------------------------------------------- */

/* As a text's length: the text ends at its first NUL byte. The constant is for parsers of headers
 * that do not follow macros. */
static const size_t MGEO_NUL_TERMINATED = SIZE_MAX;
#define MGEO_NUL_TERMINATED SIZE_MAX

/* Two addresses to compare. Score, compare and gate take arrays of pairs. */
typedef struct mgeo_pair {
    const char *a; /* UTF-8; borrowed for the call */
    size_t a_len;  /* bytes, or MGEO_NUL_TERMINATED */
    const char *b;
    size_t b_len;
} mgeo_pair;

/* ---- Loading ------------------------------------------------------------------------------ */

/* The numbers that a model computes with. */
#define MGEO_PRECISION_LIST(X)                                                                     \
    X(MGEO_PRECISION_AUTO, 0, "auto") /* fp32 on a CPU; bf16 on a CUDA device */                   \
    X(MGEO_FP32, 1, "fp32")                                                                        \
    X(MGEO_BF16, 2, "bf16")                                                                        \
    X(MGEO_FP16, 3, "fp16")                                                                        \
    X(MGEO_INT8, 4, "int8") /* per-channel weights; activations quantised per token */             \
    X(MGEO_FP8, 5, "fp8")   /* E4M3; on models narrower than 128 numbers fp16: faster there */

typedef enum mgeo_precision { MGEO_PRECISION_LIST(MGEO_ENUMERATOR) } mgeo_precision;

/* "bf16"; "unknown" for a number that is no precision. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_precision_name(int32_t precision);

enum { MGEO_MAX_THREADS = 1024 }; /* the most that mgeo_load_options.threads may ask for */
#define MGEO_MAX_THREADS 1024

typedef struct mgeo_load_options {
    size_t struct_size;
    const char *device;    /* "auto" (a GPU if one can be used, else the CPU), "cpu", "cuda" (the
                              first GPU), "cuda:1", "cuda:0,cuda:1" (a copy on each), "cuda:*",
                              "torch" (the reference, on libtorch); NULL: "auto". "cpu" is part of
                              the library; "cuda" and "torch" are modules, opened when they are asked
                              for ("auto": where there is a driver) and then kept until the process
                              ends. One that is missing: MGEO_E_DEVICE */
    int32_t precision;     /* an mgeo_precision. bf16 and int8 on a CPU with AMX ask the system once
                              for its tiles, after which it refuses alternate signal stacks of less
                              than about 12 KiB (docs/guest.md) */
    uint32_t max_length;   /* tokens per pair, specials included; 0: 128, or the model's positions
                              if fewer. Longer pairs are cut (longest first) and flagged. */
    uint32_t threads;      /* CPU threads that compute, shared with the other slot's model; 0: as
                              many as the process may use, or fewer if no more can be started; at
                              most MGEO_MAX_THREADS; not used on other devices */
    uint32_t batch_tokens; /* tokens per batch; 0: what is best on the device */
    uint32_t skip_warm_up; /* 1: do not run first batches; the first calls will be slower */
    float partial_weight;  /* weight of "partial_match" in similarity: 0: 0.5; above 0, up to 1;
                              negative: partial matches count nothing */
    const char *positive_label; /* the label whose probability is the similarity; NULL: by the rules
                                   at mgeo_scores. Required where these do not decide. */
    const char *version;        /* a name for this model in infos and logs, at most 63 bytes;
                                   NULL: the directory's name */
    mgeo_progress *progress;    /* NULL: not watched, not cancellable */
    uint64_t memory_limit;      /* most bytes that the load may need, as mgeo_memory.total counts
                                   them; 0: what the device has free */
    const char *actor;          /* for the journal: who, and why; NULL: the engine's actor, "" */
    const char *reason;
    uint32_t allow_tf32;   /* 1: fp32 on CUDA may round the inputs of products to TF32: faster, and
                              further from fp32. Elsewhere MGEO_E_UNSUPPORTED */
    uint32_t keep_unknown; /* 1: also answer as the model does where the texts differ in characters
                              that its vocabulary lacks; 0: never the positive label there (see
                              mgeo_row_flag) */
} mgeo_load_options;

enum { MGEO_MAX_LABELS = 16 };
#define MGEO_MAX_LABELS 16

typedef struct mgeo_model_info {
    size_t struct_size;
    uint64_t generation;      /* 1, 2, 3 … in order of successful loads into this engine */
    uint64_t parameters;      /* numbers in the tensors that are used */
    uint64_t bytes_on_device; /* weights as they lie on the device */
    uint64_t unused_tensors;  /* tensors in the files that scoring does not need */
    double load_seconds;      /* the whole load, warm-up included */
    double warm_up_seconds;   /* of which warm-up */
    int32_t slot;             /* an mgeo_slot: MGEO_BLUE or MGEO_GREEN */
    int32_t live;             /* 1 if this model answers calls */
    int32_t precision;        /* an mgeo_precision, never AUTO */
    uint32_t layers;          /* layers that run (fusion_layer where the model has one) */
    uint32_t hidden;
    uint32_t heads;
    uint32_t vocabulary;
    uint32_t max_length;
    uint32_t threads; /* threads that compute; on a GPU, that feed it */
    uint32_t batch_tokens;
    uint32_t label_count;   /* 1 for a one-logit model, whose only "label" is the score */
    int32_t positive_label; /* index of the positive label; -1 for a one-logit model */
    char labels[MGEO_MAX_LABELS][64];
    char version[64];
    char fingerprint[40];       /* XXH3-128 over names, shapes and bytes of the used tensors, hex */
    char device[64];            /* "cpu", "cuda:0", "torch" */
    char library[96];           /* what computes: "native, int8 on AVX-512 VNNI", "libtorch
                                   1.13.1, OpenBLAS (Haswell)" */
    char warning[256];          /* empty, or one line the operator should read */
    char path[1024];            /* the directory, as given */
    uint64_t predicted_bytes;   /* what mgeo_predict_memory says of this load */
    uint64_t live_calls_during; /* calls that the live model answered while this one was loaded */
    double live_p99_before;     /* seconds: their 99th percentile before the load (since that model
                                   was loaded) and during it; 0: no calls */
    double live_p99_during;
    int32_t healthy; /* 1: its device answers; 0: it failed and does not open again, so that calls
                        on this model fail: load another one elsewhere and swap, or roll back */
    uint32_t unknown_fields; /* of unused_fields: those not known to be harmless */
    uint64_t unused_fields;  /* fields in the directory's JSON files that decided nothing */
} mgeo_model_info;

/* Reads, checks, places and warms a model in the standby slot. The first load of an engine goes
 * live; later ones wait on standby for mgeo_swap_model. The former standby model is replaced once
 * the new one is complete. Live traffic continues, and mgeo_swap_model may be called meanwhile; the
 * slot is chosen when the model is ready. On failure the engine is as it was. Where there is live
 * traffic, the whole load runs at low priority.
 * The memory that the load will need is predicted from the files' headers. If that exceeds the
 * limit or what is free, on the device or in the host's memory, no weights are read, no device is
 * touched, and the error's line names the numbers and a precision that would fit.
 *
 * path: a model directory (docs/model-directories.md), or NULL for the bundled model. Every file in
 * it is treated as untrusted. One that is changed or cut short meanwhile ends the load with
 * MGEO_E_IO; a loaded model needs its files no more.
 * options and info may be NULL; info is filled on success.
 * Blocks until done. Any thread. MGEO_E_BUSY: a second load, or the standby model answers a
 * canary's share or is used by a job, a comparison or a gate's check.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY (also: more than is free, or threads that were asked for
 * and cannot be started), MGEO_E_REFUSED (more than memory_limit), MGEO_E_IO, MGEO_E_FORMAT,
 * MGEO_E_UNSUPPORTED, MGEO_E_BUSY, MGEO_E_CANCELLED, MGEO_E_DEVICE, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_load(mgeo_engine *engine, const char *path,
                               const mgeo_load_options *options, mgeo_model_info *info,
                               mgeo_error *error);

/* Frees the standby model: drains it (waits for the last of its calls), then frees its memory and
 * threads. Live traffic continues. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL (nothing on standby), MGEO_E_BUSY (a canary, a job or a
 * gate's check uses it), MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_unload(mgeo_engine *engine, mgeo_error *error);

/* What a load will need, in bytes, beyond what the process has now. On a GPU the first four are of
 * its memory, summed over all cards, and host_bytes is what the process needs besides. */
typedef struct mgeo_memory {
    size_t struct_size;
    uint64_t weights;          /* as they lie on the device */
    uint64_t activations;      /* of all execution contexts, for full batches */
    uint64_t workspace;        /* of the libraries; on a CPU also threads, tokenizer and queue */
    uint64_t total;            /* sum of the above: the peak of load and scoring */
    uint64_t available;        /* free now: of the machine, its cgroup or the process's limits of
                                  address space and data; or of the GPU */
    uint64_t limit;            /* options->memory_limit */
    int32_t precision;         /* an mgeo_precision, as it would be chosen */
    int32_t fits;              /* 1: total is within available and limit, and host_bytes within
                                  host_available */
    int32_t fitting_precision; /* an mgeo_precision, the best that fits: this one, a
                                  smaller one, or MGEO_PRECISION_AUTO: none */
    char device[64];
    uint32_t reserved;
    uint64_t host_bytes;     /* of the process's own memory; on a CPU: the same as total */
    uint64_t host_available; /* free for this process now */
} mgeo_memory;

/* Predicts what mgeo_load would need, from the files' headers alone. path and options as there;
 * progress, actor and reason are not used. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_IO, MGEO_E_FORMAT, MGEO_E_UNSUPPORTED,
 * MGEO_E_DEVICE. A model that does not fit is not an error. */
MGEO_API mgeo_status mgeo_predict_memory(const char *path, const mgeo_load_options *options,
                                         mgeo_memory *memory, mgeo_error *error);

/* ---- Scoring ------------------------------------------------------------------------------ */

/* Flags of a row. Those of MGEO_ROW_BAD mean that it has no score: similarity and probabilities are
 * NaN, label is -1.
 *
 * Characters that the vocabulary lacks all look the same to the model, so that two texts that
 * differ in nothing else would match exactly. Unless mgeo_load_options.keep_unknown is 1, a row
 * whose texts differ in them (UNKNOWN_DIFFER) never does: what P(exact_match) has goes to
 * partial_match. Where there is no such label, half of the positive label's probability goes to the
 * best other one; a one-logit model's score is halved. Both then stay below 0.5
 * (docs/unknown-characters.md). */
#define MGEO_ROW_FLAG_LIST(X)                                                                      \
    X(MGEO_ROW_TRUNCATED, 1, "truncated")       /* cut to max_length tokens; scored */             \
    X(MGEO_ROW_INVALID_UTF8, 2, "invalid_utf8") /* a text is not UTF-8 */                          \
    X(MGEO_ROW_EMPTY, 4, "empty")               /* nothing to score: empty, spaces, controls */    \
    X(MGEO_ROW_NOT_FINITE, 8, "not_finite")     /* the model answered NaN or infinity */           \
    X(MGEO_ROW_SKIPPED, 16, "skipped")          /* the call was cancelled or failed before it */   \
    X(MGEO_ROW_UNKNOWN_CHARACTERS, 32, "unknown_characters") /* a text has some; scored */         \
    X(MGEO_ROW_UNKNOWN_DIFFER, 64, "unknown_differ") /* the texts differ in them; scored */        \
    X(MGEO_ROW_CAPPED, 128, "capped")                /* which made it no match; scored */

typedef enum mgeo_row_flag { MGEO_ROW_FLAG_LIST(MGEO_ENUMERATOR) } mgeo_row_flag;
/* As macros too: for #if, and unsigned, so that ~ of one is. */
#define MGEO_ROW_TRUNCATED 1u
#define MGEO_ROW_INVALID_UTF8 2u
#define MGEO_ROW_EMPTY 4u
#define MGEO_ROW_NOT_FINITE 8u
#define MGEO_ROW_SKIPPED 16u
#define MGEO_ROW_UNKNOWN_CHARACTERS 32u
#define MGEO_ROW_UNKNOWN_DIFFER 64u
#define MGEO_ROW_CAPPED 128u

enum { MGEO_ROW_BAD = 30 }; /* the flags of rows without a score */
#define MGEO_ROW_BAD 30u

/* "truncated"; "unknown" for a number that is not one flag. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_row_flag_name(uint32_t flag);

/* The caller's arrays, and what the call fills in. Row i of every array belongs to pair i.
 *
 * Similarity is in 0..1. Two labels: the probability of the positive one by positive_label, else
 * by their names, else index 1, with a warning. One logit: its sigmoid. MGeo's three (exact_match,
 * partial_match, not_match): P(exact) + partial_weight * P(partial). Others need positive_label. */
typedef struct mgeo_scores {
    size_t struct_size;
    float *similarity;         /* [count]; required */
    int32_t *label;            /* [count], index of the likeliest label; or NULL. A one-logit
                                  model answers 0 */
    float *probabilities;      /* [count * probability_stride], row-major; or NULL */
    size_t probability_stride; /* floats per row, of logits too; at least the model's label_count */
    uint32_t *flags;           /* [count], sums of mgeo_row_flag; or NULL */
    mgeo_progress *progress;   /* or NULL */
    uint64_t generation;       /* out: the model that answered the whole call */
    uint64_t tokens;           /* out: tokens encoded, specials included */
    uint32_t label_count;      /* out: the model's */
    uint32_t bad_rows;         /* out: rows without a score */
    uint64_t route_key;        /* in: while a canary runs, calls with the same key meet the same
                                  model (a customer's number, say); 0: the same pairs do */
    float *logits;             /* [count * probability_stride], row-major, what the model answered
                                  before softmax or sigmoid and before the rule on unknown
                                  characters; NaN for bad rows; or NULL */
} mgeo_scores;

/* Scores `count` pairs; the whole call is answered by one model, named in scores->generation. Bad
 * rows are flagged and never fail the call or their neighbours. Row i's score does not depend on
 * the other rows, nor on the number of threads: on device "cpu" not in a single bit, elsewhere
 * within rounding. count 0 is legal. Any number of threads at once.
 * A model with more labels than probability_stride holds answers MGEO_E_CAPACITY and scores
 * nothing. If the device fails or the caller cancels, rows already scored stay and the rest carry
 * MGEO_ROW_SKIPPED. A batch for which the device has too little memory is computed in parts; a row
 * that does not fit alone fails its call with MGEO_E_MEMORY. After MGEO_E_DEVICE the device is
 * opened anew; the error's line says whether that worked, as does mgeo_model_info.healthy.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_NO_MODEL, MGEO_E_CANCELLED, MGEO_E_DEVICE,
 * MGEO_E_FORKED, MGEO_E_CAPACITY. */
MGEO_API mgeo_status mgeo_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                                mgeo_scores *scores, mgeo_error *error);

/* ---- Jobs: one model for many calls ------------------------------------------------------- */

/* Holds one model from begin to end, so that a whole file is scored by one version whatever is
 * swapped meanwhile. A model that a job holds stays resident: mgeo_unload and mgeo_load answer
 * MGEO_E_BUSY rather than wait for it. */
typedef struct mgeo_job mgeo_job;

typedef struct mgeo_job_options {
    size_t struct_size;
    uint32_t standby;   /* 1: hold the standby model; 0: the live one, or the canary's if it is
                           chosen */
    uint64_t route_key; /* as in mgeo_scores; 0: never the canary's model */
} mgeo_job_options;

/* Begins a job. options may be NULL. On success *job is the caller's until mgeo_job_end; on failure
 * it is NULL. End all jobs before mgeo_engine_destroy. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_NO_MODEL, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_job_begin(mgeo_engine *engine, const mgeo_job_options *options,
                                    mgeo_job **job, mgeo_error *error);

/* As mgeo_score, on the job's model. Any number of threads at once. */
MGEO_API mgeo_status mgeo_job_score(mgeo_job *job, const mgeo_pair *pairs, size_t count,
                                    mgeo_scores *scores, mgeo_error *error);

/* Describes the job's model; `live` as it was when the job began. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_job_get_info(mgeo_job *job, mgeo_model_info *info, mgeo_error *error);

/* Ends and frees the job; none of its calls may be running. NULL is ignored. In a forked child it
 * does nothing. */
MGEO_API void mgeo_job_end(mgeo_job *job);

/* ---- Tables: Arrow's C data interface ----------------------------------------------------- */

/* The structs of Arrow's C data and C stream interface, as its specification declares them
 * (arrow.apache.org/docs/format/CDataInterface.html): any program that knows Arrow exchanges them
 * without linking anything. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/* The columns of an answer, in this order. */
#define MGEO_ARROW_COLUMN_LIST(X)                                                                  \
    X(MGEO_ARROW_SIMILARITY, 1, "similarity")       /* float32 */                                  \
    X(MGEO_ARROW_LABEL, 2, "label")                 /* dictionary of the model's label names */    \
    X(MGEO_ARROW_PROBABILITIES, 4, "probabilities") /* fixed-size list of float32, by label */     \
    X(MGEO_ARROW_FLAGS, 8, "flags")                 /* uint32, sums of mgeo_row_flag */            \
    X(MGEO_ARROW_GENERATION, 16, "generation")      /* uint64 */                                   \
    X(MGEO_ARROW_LOGITS, 32, "logits")              /* as probabilities */

typedef enum mgeo_arrow_column { MGEO_ARROW_COLUMN_LIST(MGEO_ENUMERATOR) } mgeo_arrow_column;

/* "similarity"; "unknown" for a number that is not one column. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_arrow_column_name(uint32_t column);

typedef struct mgeo_arrow_options {
    size_t struct_size;
    const char *a;           /* name of the first text's column; NULL: the first column of texts */
    const char *b;           /* name of the second's; NULL: the next column of texts, from the first
                                on, that is not a's */
    uint32_t columns;        /* sums of mgeo_arrow_column; 0: all but logits */
    uint64_t route_key;      /* as in mgeo_scores; not with a job */
    mgeo_job *job;           /* score on this job's model; NULL: on the live one */
    mgeo_progress *progress; /* or NULL; a stream counts each batch anew */
} mgeo_arrow_options;

/* Scores a table: a struct array (record batch) with two columns of texts. These may be utf8,
 * large_utf8, utf8_view, a dictionary of one of these with any integer index, or null. Texts are
 * read where they lie. The answer is a struct array of the same length with the columns asked for,
 * to be shown as a record batch or as one column. A row with a null text, or without a score
 * (MGEO_ROW_BAD), is null in all columns but flags and generation; flags is null only for a null
 * text. Where similarity, probabilities or logits are null, the float that lies there is NaN.
 *
 * pairs_schema and pairs are borrowed for the call and stay the caller's, to release. scores_schema
 * and scores are filled on success, and the caller then releases each by its release member, at any
 * time and in any thread, also after mgeo_engine_destroy; on failure their release is NULL.
 * options may be NULL. count 0 is legal. As with mgeo_score the whole call is answered by one
 * model. Offsets, indices and lengths are checked as far as the interface tells them: it does not
 * tell the size of a utf8 column's buffers. Any number of threads at once.
 * Errors: those of mgeo_score; MGEO_E_ARGUMENT also: an array that is damaged or does not match its
 * schema, no such column; MGEO_E_UNSUPPORTED: a column of another type. */
MGEO_API mgeo_status mgeo_score_arrow(mgeo_engine *engine, const struct ArrowSchema *pairs_schema,
                                      const struct ArrowArray *pairs,
                                      const mgeo_arrow_options *options,
                                      struct ArrowSchema *scores_schema, struct ArrowArray *scores,
                                      mgeo_error *error);

/* The same for a stream of record batches: on success *scores is a stream that pulls a batch from
 * `pairs` whenever it is asked for the next one, scores it, and answers a batch of the same length.
 * One model answers the whole stream: options->job's, or one that the stream holds as a job until
 * it is released. `pairs` is moved into the new stream on success (its release is then NULL) and
 * stays the caller's on failure. options and their texts are read during the call only; a job and a
 * progress block are used until the stream is released.
 * The stream is used by one thread at a time, as Arrow's interface has it; its get_next answers an
 * errno number (ENOMEM, EINVAL, ENOTSUP, ECANCELED, ENODEV, EIO) and its get_last_error the line.
 * Release it before its job ends and before mgeo_engine_destroy. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_UNSUPPORTED, MGEO_E_NO_MODEL, MGEO_E_IO (`pairs`
 * cannot tell its schema), MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_score_arrow_stream(mgeo_engine *engine, struct ArrowArrayStream *pairs,
                                             const mgeo_arrow_options *options,
                                             struct ArrowArrayStream *scores, mgeo_error *error);

/* ==== II. Roll out and observe ============================================================= */

/* ---- Comparing two models ----------------------------------------------------------------- */

typedef struct mgeo_compare_options {
    size_t struct_size;
    const mgeo_pair *pairs; /* [count]; borrowed for the call */
    size_t count;
    const char *const *gold; /* [count] names of the true labels, NUL-terminated; an entry may be
                                NULL; or NULL: none are known */
    uint32_t pairs_per_call; /* pairs that each model scores in turn; 0: 8 */
    uint32_t full_speed;     /* 1: at normal priority; 0: only with time that live traffic leaves */
    mgeo_progress *progress; /* or NULL; stage SCORING counts pairs */
} mgeo_compare_options;

/* One pair and its shift, the difference in score: `standby` minus `live`, the two similarities.
 * Labels are indices into each model's own; -1: no score. */
typedef struct mgeo_shift {
    uint64_t index;
    float live;
    float standby;
    int32_t live_label;
    int32_t standby_label;
} mgeo_shift;

/* The standby model compared with the live one. A shift is a pair's difference in score: standby's
 * similarity minus live's. Mean, quantiles and maximum are of its absolute value. Labels are
 * compared by name. Counts and figures are of the pairs that both models scored, unless said
 * otherwise. */
typedef struct mgeo_compare_report {
    size_t struct_size;
    mgeo_shift *worst;     /* in: [worst_capacity] the caller's, for the largest shifts; or NULL */
    size_t worst_capacity; /* in */
    size_t worst_count;    /* out: filled, largest shift first */
    uint64_t live_generation;
    uint64_t standby_generation;
    uint64_t pairs;           /* scored by both */
    uint64_t lost;            /* scored by the live model only */
    uint64_t gained;          /* scored by the standby model only */
    uint64_t live_not_finite; /* pairs whose answer was NaN or infinite */
    uint64_t standby_not_finite;
    uint64_t flips;    /* pairs with another label */
    uint64_t labelled; /* pairs with a gold label that both models know */
    double shift_mean;
    double shift_p50;
    double shift_p99;
    double shift_max;
    double shift_signed_mean; /* above 0: standby scores higher */
    double psi;               /* population stability index of the similarities; small samples of
                                 one and the same distribution show about 18 / pairs */
    double live_accuracy; /* of the labelled pairs; this and the next three are NaN without any */
    double standby_accuracy;
    double live_macro_f1; /* mean over the labels that occur in gold */
    double standby_macro_f1;
    double live_seconds; /* time for a pair: processor time on a CPU, so that other work does not
                            count; wall time elsewhere. Both models in turn. */
    double standby_seconds;
    double live_call_p50; /* the same for a call of pairs_per_call pairs */
    double live_call_p99;
    double standby_call_p50;
    double standby_call_p99;
    double latency_ratio; /* standby_call_p50 / live_call_p50 */
    uint32_t live_label_count;
    uint32_t standby_label_count;
    uint64_t flip_matrix[MGEO_MAX_LABELS * MGEO_MAX_LABELS]; /* [live label * MGEO_MAX_LABELS +
                                                                standby label] */
    char live_labels[MGEO_MAX_LABELS][64];
    char standby_labels[MGEO_MAX_LABELS][64];
} mgeo_compare_report;

/* Scores the pairs with both models, a few at a time in turn, on one core in a thread of low
 * priority, and reports how the standby model differs. Neither model's counters change. Both stay
 * resident meanwhile; a swap may cut traffic over, and the report keeps to the roles that the
 * models had at the start. Blocks until done. Any thread.
 * Errors: MGEO_E_ARGUMENT (also: a gold label that neither model has), MGEO_E_MEMORY,
 * MGEO_E_NO_MODEL, MGEO_E_CANCELLED, MGEO_E_DEVICE, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_compare(mgeo_engine *engine, const mgeo_compare_options *options,
                                  mgeo_compare_report *report, mgeo_error *error);

/* ---- Swapping ----------------------------------------------------------------------------- */

/* A limit of a gate or a watch: the largest figure that passes. 0 sets no limit, as in any option;
 * to allow nothing at all, give a negative number:
 *     gate.max_flip_share = 0.02;   at most 2% of the pairs may change their label
 *     gate.max_flip_share = -1;     no pair may
 *     gate.max_flip_share = 0;      changed labels are not judged */
typedef double mgeo_limit;

/* What the standby model must show before it goes live. A pair that the live model scores and the
 * standby model does not is never allowed. */
typedef struct mgeo_gate {
    size_t struct_size;
    const mgeo_pair *pairs; /* [count], as in mgeo_compare_options; at least one */
    size_t count;
    const char *const *gold;
    uint32_t pairs_per_call;
    uint32_t full_speed;
    mgeo_limit max_shift;      /* largest difference in score: 0..1 */
    mgeo_limit max_shift_mean; /* mean of the absolute differences */
    mgeo_limit max_shift_p99;
    mgeo_limit max_flip_share;    /* share of the pairs whose label changes: 0..1 */
    mgeo_limit max_accuracy_loss; /* live's minus standby's: 0..1; needs gold */
    mgeo_limit max_macro_f1_loss; /* needs gold */
    mgeo_limit max_latency_ratio; /* standby's time for a pair divided by live's */
    mgeo_limit max_psi;
    mgeo_progress *progress; /* or NULL */
} mgeo_gate;

/* A gate's checks in the order of its report: X(limit's member, name of the check). The last check,
 * "lost_pairs", has no member: its limit is always 0. */
#define MGEO_GATE_CHECK_LIST(X)                                                                    \
    X(max_shift, "shift_max")                                                                      \
    X(max_shift_mean, "shift_mean")                                                                \
    X(max_shift_p99, "shift_p99")                                                                  \
    X(max_flip_share, "flip_share")                                                                \
    X(max_accuracy_loss, "accuracy_loss")                                                          \
    X(max_macro_f1_loss, "macro_f1_loss")                                                          \
    X(max_latency_ratio, "latency_ratio")                                                          \
    X(max_psi, "psi")

/* Limits for a model that has begun to answer live calls. The watch ends with the first limit that
 * is broken, or when its window is over; a window that ends before min_calls has passed, and the
 * report says so. At least one limit must be given. Figures are of all calls on the model, those of
 * jobs included.
 * Latency and similarities are compared with the other model's: after a swap, with all that the
 * former model did since it was loaded; for a canary, with what the live model does in the same
 * window, or did before it if the share is all. They are not judged where the other model has fewer
 * than min_calls calls or rows. */
typedef struct mgeo_watch {
    size_t struct_size;
    uint64_t window_calls;     /* calls; 0: not bounded by calls */
    double window_seconds;     /* seconds; 0: not bounded by time. One of the two must be given */
    uint64_t min_calls;        /* calls before anything is judged; 0: 50, or window_calls if fewer.
                                  A limit that no later call can save is judged at once: more
                                  failed calls than allowed of min_calls; with a negative limit,
                                  the first failed call or row that is not finite */
    mgeo_limit max_error_rate; /* share of failed calls: 0..1; cancelled ones have not failed */
    mgeo_limit max_not_finite_rate; /* share of rows whose answer was NaN or infinite: 0..1 */
    mgeo_limit max_latency_ratio;   /* 95th percentile of call times divided by the other model's */
    mgeo_limit max_psi;             /* population stability index of the similarities against the
                                       other model's, less 28 / rows of each model, which chance
                                       may explain */
} mgeo_watch;

/* A watch's checks in the order of its report: X(limit's member, name of the check). */
#define MGEO_WATCH_CHECK_LIST(X)                                                                   \
    X(max_error_rate, "error_rate")                                                                \
    X(max_not_finite_rate, "not_finite_rate")                                                      \
    X(max_latency_ratio, "latency_ratio")                                                          \
    X(max_psi, "psi")

/* A measured figure and its limit. */
typedef struct mgeo_check {
    char name[32];   /* "flip_share" */
    double measured; /* NaN: could not be measured (too few calls, no labels) */
    double limit;    /* as applied: 0 for a negative limit; NaN: none was set */
    int32_t passed;  /* 1: within its limit; 0: not; -1: no limit was set */
    uint32_t reserved;
} mgeo_check;

enum { MGEO_MAX_CHECKS = 16 };
#define MGEO_MAX_CHECKS 16

typedef struct mgeo_swap_options {
    size_t struct_size;
    uint64_t expect_generation; /* refuse unless the standby model has this generation; 0: any */
    const mgeo_gate *gate;      /* or NULL */
    const mgeo_watch *watch;    /* or NULL */
    const char *actor;          /* for the journal; NULL: the engine's actor, "" */
    const char *reason;
} mgeo_swap_options;

typedef struct mgeo_swap_receipt {
    size_t struct_size;
    uint64_t from_generation;
    uint64_t to_generation;
    uint64_t calls_in_flight; /* calls that the former model was still answering after the cut-over,
                                 those of jobs left out */
    int32_t from_slot;        /* an mgeo_slot */
    int32_t to_slot;          /* an mgeo_slot */
    char from_version[64];
    char to_version[64];
    double turn_seconds;    /* how long the cut-over itself took, for this thread */
    double stall_seconds;   /* longest delay so far of a call that met the cut-over */
    uint64_t journal_line;  /* the line that records this; 0: none was written */
    int32_t journal_status; /* an mgeo_status; MGEO_OK also where the engine has no journal */
    uint32_t check_count;
    mgeo_check checks[MGEO_MAX_CHECKS]; /* the gate's figures and limits */
    char journal_hash[72];              /* that line's SHA-256, in hex */
} mgeo_swap_receipt;

/* Cuts traffic over to the standby model in one atomic step: calls that begin later are answered by
 * it, calls in flight end on the model they began with. The former model stays resident on standby;
 * a second call cuts back over. The shares of canary and shadow become 0. options and receipt may
 * be NULL. Without a gate it never waits for scoring. Any thread.
 *
 * With a gate, both models are compared first (mgeo_compare), and traffic is cut over only if every
 * limit holds. Nothing else may change meanwhile: loads wait with their last step; other swaps,
 * unloads and canary changes answer MGEO_E_BUSY. Only a roll-back and the end of a canary are
 * accepted, and the gate then refuses.
 * A watch begins at the cut-over (mgeo_get_watch).
 *
 * The receipt is filled on success and on MGEO_E_REFUSED. A journal that cannot be written does not
 * prevent the cut-over: journal_status says so.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL, MGEO_E_REFUSED (expect_generation, the gate),
 * MGEO_E_BUSY, MGEO_E_FORKED; with a watch also MGEO_E_MEMORY; with a gate also those of
 * mgeo_compare. */
MGEO_API mgeo_status mgeo_swap_model(mgeo_engine *engine, const mgeo_swap_options *options,
                                     mgeo_swap_receipt *receipt, mgeo_error *error);

typedef struct mgeo_roll_back_options {
    size_t struct_size;
    const char *actor; /* for the journal; NULL: the engine's actor, "" */
    const char *reason;
} mgeo_roll_back_options;

/* Cuts traffic back over to the model that was live before the last swap, and sets the shares of
 * canary and shadow to 0. Where only a canary runs, that is all it does: the receipt then names the
 * same model for from and to. Accepted at any time while the former model is resident, also during
 * a load, a gate's check or a watch. options and receipt may be NULL. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL (no model to roll back to: none was swapped out, or it
 * was unloaded or replaced), MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_roll_back(mgeo_engine *engine, const mgeo_roll_back_options *options,
                                    mgeo_swap_receipt *receipt, mgeo_error *error);

/* ---- Watching ----------------------------------------------------------------------------- */

/* How the last watch stands, or how it ended. */
#define MGEO_WATCH_STATE_LIST(X)                                                                   \
    X(MGEO_WATCH_NONE, 0, "none")               /* no watch was asked for yet */                   \
    X(MGEO_WATCH_RUNNING, 1, "running")         /* the window is open */                           \
    X(MGEO_WATCH_PASSED, 2, "passed")           /* the window is over, every limit held */         \
    X(MGEO_WATCH_TURNED_BACK, 3, "turned_back") /* a limit was broken: the former model answers */ \
    X(MGEO_WATCH_ENDED, 4, "ended")             /* ended by another change of the rollout */

typedef enum mgeo_watch_state { MGEO_WATCH_STATE_LIST(MGEO_ENUMERATOR) } mgeo_watch_state;

/* "turned_back"; "unknown" for a number that is no state. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_watch_state_name(int32_t state);

typedef struct mgeo_watch_report {
    size_t struct_size;
    int32_t state; /* an mgeo_watch_state */
    uint32_t check_count;
    uint64_t generation;                /* the model that is or was watched */
    uint64_t former_generation;         /* the one it is compared with */
    uint64_t calls;                     /* that the watched model answered in the window */
    double seconds;                     /* since the window began, or its whole length */
    mgeo_check checks[MGEO_MAX_CHECKS]; /* as measured last: error_rate, not_finite_rate,
                                           latency_ratio, psi */
    char reason[256];                   /* empty, or one line: why traffic was rolled back, what
                                           ended the watch, or that there were too few calls */
} mgeo_watch_report;

/* Reports the state of the last watch. Any thread. Errors: MGEO_E_ARGUMENT, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_watch(mgeo_engine *engine, mgeo_watch_report *report,
                                    mgeo_error *error);

/* ---- Canary: a share of the calls --------------------------------------------------------- */

enum { MGEO_SHARE_ALL = 10000 }; /* shares are in 1/10,000 */
#define MGEO_SHARE_ALL 10000u

typedef struct mgeo_canary_options {
    size_t struct_size;
    uint64_t expect_generation; /* refuse unless the standby model has this generation; 0: any */
    const mgeo_watch *watch; /* or NULL. A broken limit sets the share to 0; the canary is compared
                                with the live model. Not with share 0 */
    const char *actor;       /* for the journal; NULL: the engine's actor, "" */
    const char *reason;
} mgeo_canary_options;

/* Sets the share of calls that the standby model answers, in 1/10,000. Calls are chosen by
 * scores->route_key, or else by the pairs' texts, so that the same key or pair always meets the
 * same model, and a larger share keeps the calls of a smaller one. Each call is still answered by
 * one model, and each model keeps its own counters. A swap, a roll-back and a broken limit set the
 * share to 0. options may be NULL. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL (no standby model; never for share 0), MGEO_E_REFUSED
 * (expect_generation), MGEO_E_BUSY (a load will replace the standby model; a gate's check runs;
 * never for share 0), MGEO_E_MEMORY (with a watch), MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_set_canary(mgeo_engine *engine, uint32_t share,
                                     const mgeo_canary_options *options, mgeo_error *error);

/* ---- Shadow calls ------------------------------------------------------------------------- */

typedef struct mgeo_shadow_options {
    size_t struct_size;
    uint64_t queue_rows;  /* pairs that may wait for the standby model, at most 65,536, with 4 KiB
                             of texts each on average; 0: 1,024 */
    uint32_t worst_pairs; /* pairs to keep with their texts, at most 1,024; 0: 16 */
    uint32_t full_speed;  /* 1: at normal priority; 0: only with time that live traffic leaves */
    const char *actor;    /* for the journal; NULL: the engine's actor, "" */
    const char *reason;
} mgeo_shadow_options;

/* Sets the share of live calls, in 1/10,000, whose pairs are also scored by the standby model:
 * after the live answer, in a thread of its own. Its answers are discarded, their differences
 * recorded. Calls are sampled evenly from the successful ones of the live model, without those of a
 * canary or a job. Pairs that the thread cannot keep up with are dropped and counted: no live
 * answer ever waits. A share above 0 resets the figures; share 0 stops the thread, after a few
 * pairs at most, and keeps them. A swap, a roll-back, a load or an unload of the standby model sets
 * the share to 0. options may be NULL. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_NO_MODEL (never for share 0), MGEO_E_BUSY (a load
 * will replace the standby model, a gate's check runs, or traffic was cut over meanwhile; never for
 * share 0), MGEO_E_DEVICE, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_set_shadow(mgeo_engine *engine, uint32_t share,
                                     const mgeo_shadow_options *options, mgeo_error *error);

enum { MGEO_SHADOW_BINS = 20 };
#define MGEO_SHADOW_BINS 20

/* What the shadow calls have shown so far; shifts and labels as in mgeo_compare_report. Figures of
 * shifts are NaN until a pair was compared. */
typedef struct mgeo_shadow_report {
    size_t struct_size;
    uint64_t live_generation;
    uint64_t standby_generation;
    uint64_t calls;              /* live calls that were chosen */
    uint64_t pairs;              /* their pairs, those without an answer left out */
    uint64_t dropped;            /* pairs that were not scored: the queue was full or in use, no
                                    memory, a text longer than 64 KiB, or traffic was cut over
                                    first */
    uint64_t failed;             /* pairs that were not scored: the standby model failed */
    uint64_t waiting;            /* pairs in the queue now */
    uint64_t compared;           /* pairs scored by both; pairs = dropped + failed + waiting + lost
                                    + compared, once the thread is idle */
    uint64_t lost;               /* scored by the live model only */
    uint64_t standby_not_finite; /* of which NaN or infinity */
    uint64_t flips;
    double shift_mean;
    double shift_p50; /* to within 0.005 */
    double shift_p99;
    double shift_max;
    double shift_signed_mean;
    double psi;
    uint32_t share; /* now */
    uint32_t worst_count;
    uint32_t live_label_count;
    uint32_t standby_label_count;
    uint64_t shift_histogram[MGEO_SHADOW_BINS]; /* of signed shifts: bin i begins at -1 + i/10 */
    uint64_t flip_matrix[MGEO_MAX_LABELS * MGEO_MAX_LABELS];
    char live_labels[MGEO_MAX_LABELS][64];
    char standby_labels[MGEO_MAX_LABELS][64];
} mgeo_shadow_report;

/* Reports what the shadow calls have shown. Any thread. Errors: MGEO_E_ARGUMENT, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_shadow(mgeo_engine *engine, mgeo_shadow_report *report,
                                     mgeo_error *error);

/* Copies pair number `rank` (0: the largest shift) with its texts, NUL-terminated, each cut to its
 * capacity and to 1,023 bytes at a character's end. shift->index counts chosen pairs from 0. shift,
 * a and b may be NULL. Any thread. Errors: MGEO_E_ARGUMENT (no such rank), MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_shadow_pair(mgeo_engine *engine, uint32_t rank, mgeo_shift *shift,
                                          char *a, size_t a_capacity, char *b, size_t b_capacity,
                                          mgeo_error *error);

/* ---- Queries ------------------------------------------------------------------------------ */

/* Describes the model in `slot` (an mgeo_slot). Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                                   mgeo_error *error);

/* Copies the name of unused tensor `index` (0 .. unused_tensors-1, in the files' order) of the
 * model in `slot` (an mgeo_slot), NUL-terminated, cut to `capacity` bytes. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index,
                                            char *name, size_t capacity, mgeo_error *error);

/* A field of a model directory's JSON files that decided nothing. Texts are printable, with
 * \xNN for each byte of what is not, and cut to their sizes. */
typedef struct mgeo_unused_field {
    size_t struct_size;
    int32_t harmless; /* 1: it is known to change no score; 0: look at it */
    uint32_t reserved;
    char file[64];    /* "config.json" */
    char name[128];   /* "use_cache"; "model.type" where it lies inside another */
    char reason[128]; /* why it is harmless, or was not used; empty: libmgeo does not know it */
} mgeo_unused_field;

/* Describes unused field `index` (0 .. unused_fields-1, in the files' order) of the model in `slot`
 * (an mgeo_slot). Fields that would change a score and cannot be honoured are none of them: such a
 * directory is refused by mgeo_load. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_unused_field(mgeo_engine *engine, int32_t slot, uint64_t index,
                                           mgeo_unused_field *field, mgeo_error *error);

/* Counters since the model was loaded. */
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
    double call_p50; /* seconds, arrival to answer, to within 5%; 0: no calls */
    double call_p95;
    double call_p99;
    double wait_p50; /* seconds a row waited in the queue */
    double wait_p99;
    double batch_fill;            /* mean share of the token budget that batches used, 0..1 */
    uint64_t not_finite_rows;     /* of bad_rows: the model answered NaN or infinity */
    uint64_t failed_by[16];       /* failed_calls by mgeo_status */
    uint64_t unknown_rows;        /* of pairs: MGEO_ROW_UNKNOWN_CHARACTERS */
    uint64_t unknown_differ_rows; /* of pairs: MGEO_ROW_UNKNOWN_DIFFER */
    uint64_t capped_rows;         /* of pairs: MGEO_ROW_CAPPED */
} mgeo_stats;

/* Copies the counters of the model in `slot` (an mgeo_slot). They are read one by one while calls
 * run: each is exact, but they are not of one instant. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_NO_MODEL, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                                    mgeo_error *error);

/* The state of the engine: which models answer, and what happened so far. */
typedef struct mgeo_rollout {
    size_t struct_size;
    int32_t live_slot;     /* an mgeo_slot: MGEO_BLUE, MGEO_GREEN; -1: no model is loaded */
    uint32_t canary_share; /* in 1/10,000 */
    uint32_t shadow_share;
    int32_t watch_state;         /* an mgeo_watch_state */
    uint64_t live_generation;    /* 0: none */
    uint64_t standby_generation; /* 0: none */
    uint64_t former_generation;  /* what mgeo_roll_back would cut over to; 0: nothing */
    uint64_t loads;              /* successful ones */
    uint64_t failed_loads;
    uint64_t unloads;
    uint64_t swaps; /* roll-backs not counted */
    uint64_t refused_swaps;
    uint64_t roll_backs;       /* by calls and by watches */
    uint64_t watch_roll_backs; /* of which by watches */
    uint64_t jobs;             /* running now */
    uint64_t journal_failures; /* lines that could not be written */
    double stall_seconds_max;  /* longest delay of a call that met a cut-over */
} mgeo_rollout;

/* Reports the state of the engine. Any thread. Errors: MGEO_E_ARGUMENT, MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_get_rollout(mgeo_engine *engine, mgeo_rollout *rollout,
                                      mgeo_error *error);

/* The formats that mgeo_write_metrics knows. */
#define MGEO_METRICS_FORMAT_LIST(X)                                                                \
    X(MGEO_METRICS_OPENMETRICS, 0, "openmetrics") /* OpenMetrics 1.0, ends in "# EOF" */           \
    X(MGEO_METRICS_PROMETHEUS, 1, "prometheus")   /* Prometheus text format 0.0.4 */

typedef enum mgeo_metrics_format { MGEO_METRICS_FORMAT_LIST(MGEO_ENUMERATOR) } mgeo_metrics_format;

/* "prometheus"; "unknown" for a number that is no format. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_metrics_format_name(int32_t format);

/* Writes all counters of the engine and of both models as metrics text in `format` (an
 * mgeo_metrics_format), NUL-terminated. *length is the text's length in bytes without the NUL, also
 * if it did not fit: a call with capacity 0 and text NULL only asks for it (it may grow until the
 * next call: leave room). docs/metrics.md lists the metrics. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_CAPACITY (text is then empty), MGEO_E_FORKED. */
MGEO_API mgeo_status mgeo_write_metrics(mgeo_engine *engine, int32_t format, char *text,
                                        size_t capacity, size_t *length, mgeo_error *error);

/* ---- The journal -------------------------------------------------------------------------- */

/* An append-only file of JSON lines: loads, swaps, refusals, canary and shadow changes, roll-backs,
 * unloads, with time, actor, reason, models and figures. Each line carries the SHA-256 of the line
 * before it and is on disk (fsync) before the call returns. "FILE.head" names the last line, so
 * that a truncation shows. docs/journal.md describes the lines. One engine at a time writes a
 * journal; later engines and processes continue it. */

typedef struct mgeo_journal_report {
    size_t struct_size;
    uint64_t lines;    /* valid lines, from the first on */
    uint64_t bad_line; /* number of the first line that is not valid, from 1; 0: all are */
    int32_t torn;      /* 1: the last line is incomplete, as after a crash of the machine */
    uint32_t reserved;
    char last_hash[72]; /* SHA-256 of the last valid line, in hex: keep it elsewhere, and a later
                           state of the journal must still contain it */
    char reason[256];   /* empty, or one line: what is wrong and where */
} mgeo_journal_report;

/* Reads a journal and checks that no line was cut, edited, added or moved. report is required and
 * is filled on MGEO_OK and on MGEO_E_FORMAT. Any thread, also while an engine writes it.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_IO, MGEO_E_FORMAT (not valid; the report says
 * where). */
MGEO_API mgeo_status mgeo_journal_verify(const char *path, mgeo_journal_report *report,
                                         mgeo_error *error);

/* ==== III. Match =========================================================================== */

/* From tables to pairs worth scoring, and from scored pairs to clusters. None of this needs an
 * engine or a model. docs/matching.md is the guide. */

/* ---- The normal form ---------------------------------------------------------------------- */

/* Writes the form of an address that ways of writing it share: full width, traditional characters,
 * numerals, synonyms of units, brackets and noise are one way, and administrative names are written
 * out (docs/normal-form.md has the rules). Two texts with the same form name the same place as far
 * as writing goes; the form itself is for comparing, not for reading. NUL-terminated. *length is
 * its length in bytes without the NUL, also if it did not fit: a call with capacity 0 and form NULL
 * only asks for it. An empty form means a text in which nothing names a place. Any thread.
 * Errors: MGEO_E_ARGUMENT (not UTF-8), MGEO_E_MEMORY, MGEO_E_CAPACITY (form is then empty). */
MGEO_API mgeo_status mgeo_normal_form(const char *text, size_t text_len, char *form,
                                      size_t capacity, size_t *length, mgeo_error *error);

/* ---- The index ---------------------------------------------------------------------------- */

/* Addresses that can be searched: in memory or mapped from a file. Its contents at one moment are a
 * generation; every change makes a new one beside the old and puts it in place in one atomic step,
 * so that searches never wait for a change, and one that has begun ends in the generation that it
 * began in. */
typedef struct mgeo_index mgeo_index;

/* An address as a table holds it. */
typedef struct mgeo_record {
    const char *id;   /* UTF-8, not empty; unlike all others in its index; borrowed for the call */
    size_t id_len;    /* bytes, or MGEO_NUL_TERMINATED */
    const char *text; /* UTF-8 */
    size_t text_len;
} mgeo_record;

typedef struct mgeo_index_options {
    size_t struct_size;
    uint32_t threads; /* that build; 0: as many as the process may use; at most MGEO_MAX_THREADS */
    uint32_t reserved;
    uint64_t memory_limit; /* most bytes that a change may take beside what there is, but for a bit
                              a record where some are removed; 0: not limited. More:
                              MGEO_E_MEMORY before anything is changed */
    mgeo_progress
        *progress; /* of changes, or NULL; stages MGEO_STAGE_READING, in records, and
                      MGEO_STAGE_PLACING, in terms. Cancelling leaves the index as it was */
} mgeo_index_options;

/* What an index holds. */
typedef struct mgeo_index_info {
    size_t struct_size;
    uint64_t generation; /* 1, 2, 3 … in order of changes to this index */
    uint64_t records;    /* that searches find */
    uint64_t removed;    /* removed or replaced, and still taking room until the next compaction */
    uint64_t terms;
    uint64_t segments;     /* parts that are searched one after the other; 1 after a compaction */
    uint64_t bytes_mapped; /* of the file, shared with other processes */
    uint64_t bytes_memory; /* of this process alone */
    uint64_t previous_records; /* of the index that mgeo_index_roll_back would put back; 0: none */
    char path[1024];           /* of the file that is mapped, as given; empty: none */
} mgeo_index_info;

/* Makes an empty index. options may be NULL; they hold for all changes to this index. On success
 * *index is the caller's and freed by mgeo_index_destroy; on failure it is NULL.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY. */
MGEO_API mgeo_status mgeo_index_create(const mgeo_index_options *options, mgeo_index **index,
                                       mgeo_error *error);

/* Makes an index of a file that mgeo_index_save wrote. The file is mapped, not read; all of it is
 * checked first, since it may come from anywhere. It must not be changed in place while it is
 * mapped; mgeo_index_save replaces it by a new one.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_IO, MGEO_E_FORMAT (not an index, damaged or cut;
 * the line says where), MGEO_E_UNSUPPORTED (of a later libmgeo). */
MGEO_API mgeo_status mgeo_index_open(const char *path, const mgeo_index_options *options,
                                     mgeo_index **index, mgeo_error *error);

/* Frees the index. No other call on it may be running or come later; candidates that were found in
 * it stay valid until they are destroyed. NULL is ignored. */
MGEO_API void mgeo_index_destroy(mgeo_index *index);

/* Adds `count` records; one whose id is there already replaces the former. Of records with one id
 * the last counts. All are put in or, on failure, none. Many at once cost far less than one by one.
 * Changes to one index wait for each other. Any thread.
 * Errors: MGEO_E_ARGUMENT (a text that is not UTF-8, an empty id; the line names the record),
 * MGEO_E_MEMORY, MGEO_E_CANCELLED, MGEO_E_UNSUPPORTED (more than 2^31 records). */
MGEO_API mgeo_status mgeo_index_put(mgeo_index *index, const mgeo_record *records, size_t count,
                                    mgeo_error *error);

/* Removes the records with these ids; only their ids are read. *removed (or NULL) is how many were
 * there. Any thread. Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY. */
MGEO_API mgeo_status mgeo_index_remove(mgeo_index *index, const mgeo_record *records, size_t count,
                                       uint64_t *removed, mgeo_error *error);

/* Makes one segment of all, without what was removed, and weighs the terms anew: after it, the
 * index is what mgeo_index_put makes of the same records in the same order at once. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_CANCELLED, MGEO_E_UNSUPPORTED (2^32 - 1 terms, or
 * more). */
MGEO_API mgeo_status mgeo_index_compact(mgeo_index *index, mgeo_error *error);

/* Writes the index to a file: under another name beside it, to disk (fsync), and then in place of
 * `path` in one step, so that the file is the old or the new one, whenever the process is killed.
 * Compacts what is written, as mgeo_index_compact does. Any thread; changes need not wait for it.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_IO, MGEO_E_CANCELLED, MGEO_E_UNSUPPORTED. */
MGEO_API mgeo_status mgeo_index_save(mgeo_index *index, const char *path, mgeo_error *error);

/* Opens the file as mgeo_index_open does and puts its records in place of all that is there, in one
 * atomic step, with no search waiting or failing. What was there stays ready for
 * mgeo_index_roll_back until the next swap. On failure nothing has changed. Any thread.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_IO, MGEO_E_FORMAT, MGEO_E_UNSUPPORTED. */
MGEO_API mgeo_status mgeo_index_swap(mgeo_index *index, const char *path, mgeo_error *error);

/* Puts back what the last mgeo_index_swap put aside, as it was then, and puts aside what is there.
 * Any thread. Errors: MGEO_E_ARGUMENT, MGEO_E_REFUSED (nothing was swapped). */
MGEO_API mgeo_status mgeo_index_roll_back(mgeo_index *index, mgeo_error *error);

/* Tells what the index holds. Any thread; never waits for changes. Errors: MGEO_E_ARGUMENT. */
MGEO_API mgeo_status mgeo_index_get_info(mgeo_index *index, mgeo_index_info *info,
                                         mgeo_error *error);

/* ---- Candidates --------------------------------------------------------------------------- */

enum { MGEO_MAX_CANDIDATES = 1000 };
#define MGEO_MAX_CANDIDATES 1000

/* What is true of a candidate beside its score. */
#define MGEO_CANDIDATE_FLAG_LIST(X)                                                                \
    X(MGEO_CANDIDATE_SAME_TEXT, 1, "same_text")                                                    \
    X(MGEO_CANDIDATE_SAME_FORM, 2, "same_form") /* the same normal form, which is not empty */

typedef enum mgeo_candidate_flag { MGEO_CANDIDATE_FLAG_LIST(MGEO_ENUMERATOR) } mgeo_candidate_flag;

/* "same_form"; "unknown" for a number that is no flag. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_candidate_flag_name(uint32_t flag);

/* A record that may name the place of a query. */
typedef struct mgeo_candidate {
    const char *id; /* NUL-terminated as well; valid until the candidates are destroyed */
    size_t id_len;
    const char *text; /* as it was put in; the same */
    size_t text_len;
    uint64_t row;   /* of the record in its generation: from 0, in the order they were put in */
    float score;    /* 0..1, and 1 for the same form: orders the candidates of one index, by what a
                       small network learnt of terms that matching addresses share. It is no
                       model's similarity, and falls where an index is small: score the pairs */
    uint32_t flags; /* of mgeo_candidate_flag, added */
} mgeo_candidate;

typedef struct mgeo_text {
    const char *text; /* UTF-8; borrowed for the call */
    size_t text_len;  /* bytes, or MGEO_NUL_TERMINATED */
} mgeo_text;

typedef struct mgeo_search_options {
    size_t struct_size;
    uint32_t top;     /* candidates for a query at most; 0: 20; at most MGEO_MAX_CANDIDATES */
    uint32_t threads; /* that search, the caller's among them; 0: 1, the caller's alone */
    uint32_t effort;  /* how many records are looked at, in percent of the usual number: more find
                         more and take longer; 0: 100 */
    float least;      /* candidates with a lower score are left out */
    mgeo_progress *progress; /* or NULL; MGEO_STAGE_SCORING, in queries */
} mgeo_search_options;

/* What a search found, for all its queries; it keeps its generation's records in memory. */
typedef struct mgeo_candidates mgeo_candidates;

/* Finds for each query the records with the best scores, best first; equal ones in the order of
 * their rows. options may be NULL. A query that is not UTF-8 or names nothing has no candidates.
 * On success *candidates is the caller's and freed by mgeo_candidates_destroy; on failure NULL.
 * The answer does not depend on threads or on other queries. Any thread; never waits for changes.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_CANCELLED. */
MGEO_API mgeo_status mgeo_index_search(mgeo_index *index, const mgeo_text *queries, size_t count,
                                       const mgeo_search_options *options,
                                       mgeo_candidates **candidates, mgeo_error *error);

/* The same for `count` records of the index itself, from row `first` on, as queries: to find
 * duplicates. A record is never its own candidate. With `later` 1 only rows after the query's are
 * found, so that each pair comes once. Removed records have no candidates.
 * *generation is 0 for the current one, or asks for one that an earlier call reported here, so that
 * a walk through the rows meets no change.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_CANCELLED, MGEO_E_REFUSED (the generation is no
 * longer there). */
MGEO_API mgeo_status mgeo_index_search_rows(mgeo_index *index, uint64_t first, size_t count,
                                            int32_t later, uint64_t *generation,
                                            const mgeo_search_options *options,
                                            mgeo_candidates **candidates, mgeo_error *error);

/* The candidates of query number `query`, from 0: their array, and in *count how many. NULL and 0
 * for a number that is none. Valid until mgeo_candidates_destroy. Any thread. */
MGEO_API const mgeo_candidate *mgeo_candidates_of(const mgeo_candidates *candidates, size_t query,
                                                  size_t *count);

/* Frees what a search found. NULL is ignored. Any thread. */
MGEO_API void mgeo_candidates_destroy(mgeo_candidates *candidates);

/* ---- Clusters ----------------------------------------------------------------------------- */

/* Two rows that may name one place, and how sure that is. */
typedef struct mgeo_link {
    uint64_t a; /* rows, from 0 */
    uint64_t b;
    float score;       /* finite; NaN is no link */
    uint32_t reserved; /* 0 */
} mgeo_link;

/* How a component that links hold together is cut where it does not keep the guards. Without guards
 * components stay whole, whatever the cut. */
#define MGEO_CUT_LIST(X)                                                                           \
    X(MGEO_CUT_CENTER, 0, "center") /* best-linked rows are centres; the others join one */        \
    X(MGEO_CUT_CORRELATION, 1, "correlation") /* then rows move to where their links agree most */ \
    X(MGEO_CUT_NONE, 2, "none")               /* not cut: no guard may be given */

typedef enum mgeo_cut { MGEO_CUT_LIST(MGEO_ENUMERATOR) } mgeo_cut;

/* "center"; "unknown" for a number that is no cut. Static, never NULL. Any thread. */
MGEO_API const char *mgeo_cut_name(int32_t cut);

typedef struct mgeo_cluster_options {
    size_t struct_size;
    float threshold;        /* links below it hold nothing together; those inside a component still
                               speak against its rows, where it is cut and for least_link */
    int32_t cut;            /* an mgeo_cut; it is made only where a guard below does not hold */
    uint32_t max_size;      /* guard: rows in a cluster at most; 0: not limited */
    float least_link;       /* guard: a row stays only if its mean link to the others, where links
                               were given, is at least that; 0: not asked */
    const uint32_t *source; /* [rows]: the table that each row comes from; any numbers */
    uint32_t one_to_one;    /* guard, with source: 1: at most one row of each source in a cluster;
                               the best links are made first */
    uint32_t reserved;
} mgeo_cluster_options;

/* What is known of a row after clustering. */
typedef struct mgeo_member {
    uint64_t cluster;        /* the smallest row of its cluster */
    uint64_t representative; /* the row with the greatest sum of links to the others; of several the
                                smallest */
    uint64_t size;           /* rows in the cluster */
    float weakest;           /* the weakest link that holds the cluster together (the least of its
                                maximum spanning tree); NaN in a cluster of one */
    float link;              /* this row's best link inside the cluster; NaN in a cluster of one */
} mgeo_member;

/* Clusters `rows` rows by `count` links and fills members [rows]. Of links between the same two
 * rows the best counts, in whichever order they name them; one of a row to itself is ignored. The
 * same links in any order give the same clusters, and every cluster is held together by links of at
 * least the threshold. options may be NULL: components of all links from 0 on. Takes about 24 bytes
 * a link and 20 to 90 bytes a row beside what is passed, and time in proportion to links and rows.
 * Any thread. On failure members is as it was. Errors: MGEO_E_ARGUMENT (a link to a row that is
 * none, an infinite score, something reserved), MGEO_E_MEMORY, MGEO_E_UNSUPPORTED (2^32 - 1 rows or
 * links, or more). */
MGEO_API mgeo_status mgeo_cluster(const mgeo_link *links, size_t count, uint64_t rows,
                                  const mgeo_cluster_options *options, mgeo_member *members,
                                  mgeo_error *error);

#undef MGEO_ENUMERATOR

#ifdef __cplusplus
}
#endif

#endif
