/* SPDX-License-Identifier: Apache-2.0 */
/* The addon's exports: calls into libmgeo by number, here or on the thread pool, and memory by its
 * address. */
#include "addon.h"
#include "calls.h"

#include <stdlib.h>

enum { MOST_ARGUMENTS = 8 };

/* ---- Values ------------------------------------------------------------------------------- */

napi_value mgn_throw(napi_env env, const char *message) {
    napi_throw_type_error(env, NULL, message);
    return NULL;
}

int mgn_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
    size_t given = count;
    if (napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given == count) {
        return 1;
    }
    mgn_throw(env, "mgeo: a native function was called with other arguments");
    return 0;
}

void *mgn_pointer(napi_env env, napi_value value) {
    uint64_t address = 0;
    bool lossless = false;
    if (napi_get_value_bigint_uint64(env, value, &address, &lossless) != napi_ok) return NULL;
    return (void *)(uintptr_t)address;
}

napi_value mgn_address(napi_env env, const void *pointer) {
    napi_value value = NULL;
    napi_create_bigint_uint64(env, (uint64_t)(uintptr_t)pointer, &value);
    return value;
}

/* {status, message}; undefined for MGEO_OK. */
static napi_value outcome(napi_env env, mgeo_status status, const mgeo_error *error) {
    napi_value made = NULL, number = NULL, message = NULL;
    if (status == MGEO_OK) {
        napi_get_undefined(env, &made);
        return made;
    }
    napi_create_object(env, &made);
    napi_create_int32(env, (int32_t)status, &number);
    napi_create_string_utf8(env, error->message, NAPI_AUTO_LENGTH, &message);
    napi_set_named_property(env, made, "status", number);
    napi_set_named_property(env, made, "message", message);
    return made;
}

/* ---- Calls by number ---------------------------------------------------------------------- */

typedef struct numbered_call {
    const mgb_call *function;
    uint64_t arguments[MOST_ARGUMENTS];
    mgeo_status status;
    mgeo_error error;
    napi_async_work work;
    napi_deferred deferred;
    napi_ref kept; /* the memory that the call reads and writes */
} numbered_call;

/* The number of a function, and its arguments in a BigUint64Array; 0 with an exception. */
static int read_call(napi_env env, napi_value number, napi_value arguments, numbered_call *call) {
    uint32_t index = 0;
    napi_typedarray_type type = napi_int8_array;
    size_t length = 0;
    void *data = NULL;
    if (napi_get_value_uint32(env, number, &index) != napi_ok ||
        index >= sizeof mgb_calls / sizeof *mgb_calls ||
        napi_get_typedarray_info(env, arguments, &type, &length, &data, NULL, NULL) != napi_ok ||
        type != napi_biguint64_array || length != mgb_calls[index].count ||
        length > MOST_ARGUMENTS) {
        mgn_throw(env, "mgeo: a native function was called with other arguments");
        return 0;
    }
    call->function = &mgb_calls[index];
    for (size_t i = 0; i < length; i++) call->arguments[i] = ((const uint64_t *)data)[i];
    return 1;
}

static napi_value call_here(napi_env env, napi_callback_info info) {
    napi_value given[2];
    numbered_call call = {0};
    if (!mgn_arguments(env, info, 2, given) || !read_call(env, given[0], given[1], &call)) {
        return NULL;
    }
    mgeo_status status = call.function->run(call.arguments, &call.error);
    return outcome(env, status, &call.error);
}

static void run_on_pool(napi_env env, void *data) {
    (void)env;
    numbered_call *call = data;
    call->status = call->function->run(call->arguments, &call->error);
}

static void settle(napi_env env, napi_status ran, void *data) {
    (void)ran; /* nobody cancels the work itself: the call ends by its progress block */
    numbered_call *call = data;
    napi_resolve_deferred(env, call->deferred, outcome(env, call->status, &call->error));
    napi_delete_reference(env, call->kept);
    napi_delete_async_work(env, call->work);
    free(call);
}

/* callOnPool(number, arguments, kept): a promise of what call answers; `kept` lives until then. */
static napi_value call_on_pool(napi_env env, napi_callback_info info) {
    napi_value given[3], promise = NULL, name = NULL;
    if (!mgn_arguments(env, info, 3, given)) return NULL;
    numbered_call *call = calloc(1, sizeof *call);
    if (call == NULL) return mgn_throw(env, "mgeo: no memory for a call");
    if (!read_call(env, given[0], given[1], call)) {
        free(call);
        return NULL;
    }
    napi_create_string_utf8(env, "mgeo", NAPI_AUTO_LENGTH, &name);
    if (napi_create_reference(env, given[2], 1, &call->kept) != napi_ok ||
        napi_create_async_work(env, NULL, name, run_on_pool, settle, call, &call->work) !=
            napi_ok) {
        if (call->kept != NULL) napi_delete_reference(env, call->kept);
        free(call);
        return mgn_throw(env, "mgeo: no memory for a call");
    }
    napi_create_promise(env, &call->deferred, &promise);
    napi_queue_async_work(env, call->work);
    return promise;
}

/* ---- Memory and progress ------------------------------------------------------------------ */

static napi_value address_of(napi_env env, napi_callback_info info) {
    napi_value buffer;
    void *data = NULL;
    size_t length = 0;
    if (!mgn_arguments(env, info, 1, &buffer)) return NULL;
    if (napi_get_arraybuffer_info(env, buffer, &data, &length) != napi_ok) {
        return mgn_throw(env, "mgeo: no ArrayBuffer");
    }
    return mgn_address(env, data);
}

static napi_value version(napi_env env, napi_callback_info info) {
    (void)info;
    napi_value text = NULL;
    napi_create_string_utf8(env, mgeo_version(), NAPI_AUTO_LENGTH, &text);
    return text;
}

static napi_value cancel(napi_env env, napi_callback_info info) {
    napi_value progress;
    if (mgn_arguments(env, info, 1, &progress)) mgeo_progress_cancel(mgn_pointer(env, progress));
    return NULL;
}

/* [stage, done, total] */
static napi_value read_progress(napi_env env, napi_callback_info info) {
    napi_value progress, made = NULL;
    if (!mgn_arguments(env, info, 1, &progress)) return NULL;
    int32_t stage = 0;
    uint64_t done = 0, total = 0;
    mgeo_progress_read(mgn_pointer(env, progress), &stage, &done, &total);
    const double values[] = {stage, (double)done, (double)total};
    napi_create_array_with_length(env, 3, &made);
    for (uint32_t i = 0; i < 3; i++) {
        napi_value value = NULL;
        napi_create_double(env, values[i], &value);
        napi_set_element(env, made, i, value);
    }
    return made;
}

/* Releases what a call answered by Arrow's C data interface. */
static napi_value release_arrow(napi_env env, napi_callback_info info) {
    napi_value given[2];
    if (!mgn_arguments(env, info, 2, given)) return NULL;
    struct ArrowSchema *schema = mgn_pointer(env, given[0]);
    struct ArrowArray *array = mgn_pointer(env, given[1]);
    if (schema != NULL && schema->release != NULL) schema->release(schema);
    if (array != NULL && array->release != NULL) array->release(array);
    return NULL;
}

NAPI_MODULE_INIT() {
    static const struct {
        const char *name;
        napi_callback function;
    } functions[] = {
        {"address", address_of},
        {"adoptEngine", mgn_adopt_engine},
        {"adoptIndex", mgn_adopt_index},
        {"adoptJob", mgn_adopt_job},
        {"call", call_here},
        {"callOnPool", call_on_pool},
        {"cancel", cancel},
        {"candidatesFree", mgn_candidates_free},
        {"candidatesOf", mgn_candidates_of},
        {"freeLog", mgn_free_log},
        {"freeOwned", mgn_free_owned},
        {"logFunction", mgn_log_function},
        {"makeLog", mgn_make_log},
        {"readProgress", read_progress},
        {"releaseArrow", release_arrow},
        {"textsAdd", mgn_texts_add},
        {"textsCreate", mgn_texts_create},
        {"textsFree", mgn_texts_free},
        {"textsPairs", mgn_texts_pairs},
        {"version", version},
    };
    if (!mgn_owned_init(env)) return NULL;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        napi_value function = NULL;
        napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL,
                             &function);
        napi_set_named_property(env, exports, functions[i].name, function);
    }
    return exports;
}
