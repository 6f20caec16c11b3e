/* SPDX-License-Identifier: Apache-2.0 */
/* Engines, jobs and indexes of one environment, so that a worker that ends leaves no threads
 * behind. */
#include "addon.h"

#include <stdlib.h>

typedef struct owned owned;
struct owned {
    owned *next; /* older: jobs come before their engines */
    void *pointer;
    void (*free)(void *pointer);
};

typedef struct environment {
    owned *first;
} environment;

static void free_engine(void *engine) { mgeo_engine_destroy(engine); }

static void free_job(void *job) { mgeo_job_end(job); }

static void free_index(void *index) { mgeo_index_destroy(index); }

/* Runs once the environment's calls on the pool have ended. */
static void finish(napi_env env, void *data, void *hint) {
    (void)env, (void)hint;
    environment *own = data;
    for (owned *each = own->first, *next; each != NULL; each = next) {
        next = each->next;
        each->free(each->pointer);
        free(each);
    }
    free(own);
}

int mgn_owned_init(napi_env env) {
    environment *own = calloc(1, sizeof *own);
    if (own != NULL && napi_set_instance_data(env, own, finish, NULL) == napi_ok) return 1;
    free(own);
    mgn_throw(env, "mgeo: no memory for the addon");
    return 0;
}

static environment *own(napi_env env) {
    void *data = NULL;
    napi_get_instance_data(env, &data);
    return data;
}

static napi_value adopt(napi_env env, napi_callback_info info, void (*free_it)(void *)) {
    napi_value address;
    if (!mgn_arguments(env, info, 1, &address)) return NULL;
    owned *entry = malloc(sizeof *entry);
    if (entry == NULL) {
        free_it(mgn_pointer(env, address));
        return mgn_throw(env, "mgeo: no memory for an engine or an index");
    }
    environment *holder = own(env);
    *entry = (owned){holder->first, mgn_pointer(env, address), free_it};
    holder->first = entry;
    return NULL;
}

napi_value mgn_adopt_engine(napi_env env, napi_callback_info info) {
    return adopt(env, info, free_engine);
}

napi_value mgn_adopt_job(napi_env env, napi_callback_info info) {
    return adopt(env, info, free_job);
}

napi_value mgn_adopt_index(napi_env env, napi_callback_info info) {
    return adopt(env, info, free_index);
}

/* Takes the entry of this address out; NULL: there is none. */
static owned *take_out(environment *holder, const void *pointer) {
    for (owned **at = &holder->first; *at != NULL; at = &(*at)->next) {
        owned *entry = *at;
        if (entry->pointer != pointer) continue;
        *at = entry->next;
        return entry;
    }
    return NULL;
}

/* ---- Freed on the pool: an engine's threads are joined -------------------------------------- */

typedef struct farewell_work {
    owned *entry;
    napi_async_work work;
    napi_deferred deferred;
} farewell_work;

static void run_farewell(napi_env env, void *data) {
    (void)env;
    owned *entry = ((farewell_work *)data)->entry;
    entry->free(entry->pointer);
}

static void settle_farewell(napi_env env, napi_status ran, void *data) {
    (void)ran;
    farewell_work *farewell = data;
    napi_value undefined = NULL;
    napi_get_undefined(env, &undefined);
    napi_resolve_deferred(env, farewell->deferred, undefined);
    napi_delete_async_work(env, farewell->work);
    free(farewell->entry);
    free(farewell);
}

/* freeOwned(address): a promise of the end of an engine, a job or an index. Where that cannot be
 * promised, it is freed at once. */
napi_value mgn_free_owned(napi_env env, napi_callback_info info) {
    napi_value address, promise = NULL, name = NULL;
    if (!mgn_arguments(env, info, 1, &address)) return NULL;
    owned *entry = take_out(own(env), mgn_pointer(env, address));
    if (entry == NULL) return mgn_throw(env, "mgeo: freed twice");
    farewell_work *farewell = calloc(1, sizeof *farewell);
    napi_create_string_utf8(env, "mgeo", NAPI_AUTO_LENGTH, &name);
    if (farewell == NULL || napi_create_async_work(env, NULL, name, run_farewell, settle_farewell,
                                                   farewell, &farewell->work) != napi_ok) {
        entry->free(entry->pointer);
        free(entry);
        free(farewell);
        return NULL;
    }
    farewell->entry = entry;
    napi_create_promise(env, &farewell->deferred, &promise);
    napi_queue_async_work(env, farewell->work);
    return promise;
}
