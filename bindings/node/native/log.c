/* SPDX-License-Identifier: Apache-2.0 */
/* The library's log, from any of its threads to a function of JavaScript in the environment's own
 * thread. */
#include "addon.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Made before its engine, freed after it. */
typedef struct log_sink {
    pthread_mutex_t lock;
    napi_threadsafe_function function; /* under the lock; NULL: the environment has ended */
} log_sink;

typedef struct log_line {
    int32_t level;
    char text[];
} log_line;

/* The library's mgeo_log_fn: takes a copy along and does not wait. */
static void on_log(void *user, int32_t level, const char *text) {
    log_sink *sink = user;
    size_t size = strlen(text) + 1;
    log_line *copy = malloc(sizeof *copy + size);
    if (copy == NULL) return;
    copy->level = level;
    memcpy(copy->text, text, size);
    pthread_mutex_lock(&sink->lock);
    if (sink->function == NULL ||
        napi_call_threadsafe_function(sink->function, copy, napi_tsfn_nonblocking) != napi_ok) {
        free(copy);
    }
    pthread_mutex_unlock(&sink->lock);
}

/* What the function throws is an uncaught exception, as from any callback. */
static void deliver(napi_env env, napi_value function, void *context, void *data) {
    (void)context;
    log_line *line = data;
    if (env != NULL) {
        napi_value given[2], undefined;
        napi_get_undefined(env, &undefined);
        napi_create_int32(env, line->level, &given[0]);
        napi_create_string_utf8(env, line->text, NAPI_AUTO_LENGTH, &given[1]);
        napi_call_function(env, undefined, function, 2, given, NULL);
    }
    free(line);
}

static void let_go(void *data) {
    log_sink *sink = data;
    pthread_mutex_lock(&sink->lock);
    napi_threadsafe_function function = sink->function;
    sink->function = NULL;
    pthread_mutex_unlock(&sink->lock);
    if (function != NULL) napi_release_threadsafe_function(function, napi_tsfn_release);
}

napi_value mgn_log_function(napi_env env, napi_callback_info info) {
    (void)info;
    napi_value value = NULL;
    napi_create_bigint_uint64(env, (uint64_t)(uintptr_t)on_log, &value);
    return value;
}

/* makeLog(function): the log's user. */
napi_value mgn_make_log(napi_env env, napi_callback_info info) {
    napi_value function, name = NULL;
    if (!mgn_arguments(env, info, 1, &function)) return NULL;
    log_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL) return mgn_throw(env, "mgeo: no memory for a log");
    napi_create_string_utf8(env, "mgeo", NAPI_AUTO_LENGTH, &name);
    if (napi_create_threadsafe_function(env, function, NULL, name, 0, 1, NULL, NULL, NULL, deliver,
                                        &sink->function) != napi_ok) {
        free(sink);
        return mgn_throw(env, "mgeo: log is no function");
    }
    pthread_mutex_init(&sink->lock, NULL);
    /* A log keeps no program running. The hook runs before Node.js ends the function: it is the
     * younger one. */
    napi_unref_threadsafe_function(env, sink->function);
    napi_add_env_cleanup_hook(env, let_go, sink);
    return mgn_address(env, sink);
}

/* freeLog(user), once its engine is gone. */
napi_value mgn_free_log(napi_env env, napi_callback_info info) {
    napi_value address;
    if (!mgn_arguments(env, info, 1, &address)) return NULL;
    log_sink *sink = mgn_pointer(env, address);
    napi_remove_env_cleanup_hook(env, let_go, sink);
    let_go(sink);
    pthread_mutex_destroy(&sink->lock);
    free(sink);
    return NULL;
}
