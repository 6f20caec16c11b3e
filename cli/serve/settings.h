/* SPDX-License-Identifier: Apache-2.0 */
/* What the server was told: by flags, MGEO_… variables and a file, in this order of weight. */
#ifndef CLI_SERVE_SETTINGS_H
#define CLI_SERVE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/option_table.h"

enum settings_action {
    SETTINGS_SERVE,
    SETTINGS_HELP,
    SETTINGS_VERSION,
    SETTINGS_HEALTH,
    SETTINGS_CHECK_CONFIG
};

/* Zero-terminated strings are kept by the settings. Times are in seconds. */
struct settings {
    int action; /* a settings_action */
    /* the model */
    const char *model; /* NULL: the bundled one */
    const char *model_version;
    const char *model_name;  /* of the Open Inference Protocol: "mgeo" */
    const char *model_store; /* folder of model directories, for /v2/repository; NULL: none */
    const char *device;
    const char *positive_label;
    double partial_weight;
    int32_t precision;
    uint32_t threads, max_length, batch_tokens;
    bool tf32, keep_unknown;
    /* listening */
    const char *listen[8]; /* NULL after the last */
    const char *operate;   /* NULL: none */
    const char *operate_token_file;
    uint32_t operate_mode; /* of a Unix socket's file */
    /* serving */
    double max_queue_delay; /* how long a pair may wait for others to join its batch */
    uint32_t max_queue;     /* requests that wait; more: 429 */
    double timeout;         /* from a request's first byte to its answer; 0: none */
    uint32_t max_pairs;     /* of one request */
    uint64_t max_body;      /* bytes of one request's body; NDJSON: of one line */
    uint64_t max_buffered;  /* bytes of all bodies in memory */
    uint32_t max_connections;
    uint32_t max_streams; /* NDJSON streams at once */
    uint32_t scorers;     /* threads that call the library; 0: by the CPU */
    double idle_timeout, head_timeout, body_timeout, write_timeout;
    double drain_time;
    const char *access_log; /* a file, "-": standard output; NULL: none */
    const char *journal;
    const char *actor;
    const char *config; /* the file */
};

extern const struct option_table settings_table;

/* The settings that hold now; they are replaced by a reload, so hold them while they are used. */
struct settings_store;
const struct settings *settings_hold(struct settings_store *store);
void settings_release(struct settings_store *store, const struct settings *settings);

#endif
