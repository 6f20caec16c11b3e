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

enum { SETTINGS_LISTENERS = 8 };

/* Where a value came from; a later one outweighs those before it. */
enum settings_source { SETTINGS_DEFAULT, SETTINGS_FILE, SETTINGS_ENVIRONMENT, SETTINGS_FLAG };

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
    const char *listen[SETTINGS_LISTENERS + 1]; /* NULL after the last */
    const char *operate;                        /* NULL: none */
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
    /* Each row of settings_table as it was given, for /info; NULL: not given, and no default. */
    char *texts[OPTION_ROWS];
    unsigned char sources[OPTION_ROWS]; /* a settings_source */
    char *words;                        /* what `listen` points into */
};

extern const struct option_table settings_table;

/* "default", "file", "environment", "flag". */
const char *settings_source_name(unsigned source);

/* Reads all of them. argv is borrowed. False with one line that says what is wrong and where; the
 * settings are then empty. settings_finish frees what they keep. */
bool settings_read(struct settings *settings, int argc, char **argv, struct error *error);
void settings_finish(struct settings *settings);

/* Says a line for each MGEO_ variable of the environment that nothing of this project reads. */
void settings_warn_of_variables(void);

/* Whether a row asks for something else than serving: --help, --check-config … It stands on the
 * command line alone. */
bool settings_is_action(const struct option_row *row);

/* Whether a row's value can change while the server runs. */
bool settings_can_change(const struct option_row *row);

/* Gives `fresh` the values of `former` where they cannot change, and appends the names of those
 * that would have to `unchanged`: "--listen, --model". False with an error. */
bool settings_keep_fixed(struct settings *fresh, const struct settings *former,
                         struct string_buffer *unchanged, struct error *error);

/* ---- settings that are replaced while they are used ------------------------------------------ */

/* The settings that hold now; they are replaced by a reload, so hold them while they are used. All
 * functions: any thread. */
struct settings_store;

/* NULL with an error. argv is borrowed for as long as the store is there. */
struct settings_store *settings_store_create(int argc, char **argv, struct error *error);
void settings_store_destroy(struct settings_store *store);

const struct settings *settings_hold(struct settings_store *store);
void settings_release(struct settings_store *store, const struct settings *settings);

/* Who has to do something that can fail before new settings hold, such as to open a file. */
struct settings_acceptance {
    void *user;
    bool (*take)(void *user, const struct settings *fresh, struct error *error);
};

/* Reads file and environment anew. What cannot change keeps its value, and `unchanged` gets the
 * names of the options that would have ("--listen, --model"), or "". `accepts` is asked last, and
 * may be NULL. False with an error: a value is wrong or was not accepted, and all stays as it was.
 */
bool settings_store_reload(struct settings_store *store, struct string_buffer *unchanged,
                           const struct settings_acceptance *accepts, struct error *error);

#endif
