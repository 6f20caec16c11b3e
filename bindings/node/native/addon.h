/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the addon share. Addresses are BigInts in JavaScript. */
#ifndef MGEO_NODE_ADDON_H
#define MGEO_NODE_ADDON_H

#define NAPI_VERSION 8
#include <mgeo.h>
#include <node_api.h>

/* Makes a TypeError pending; always NULL. */
napi_value mgn_throw(napi_env env, const char *message);

/* Reads exactly `count` arguments; 0 with an exception. */
int mgn_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);

/* What lies at an address, and the address. */
void *mgn_pointer(napi_env env, napi_value value);
napi_value mgn_address(napi_env env, const void *pointer);

/* owned.c: what the environment (the process or a worker) frees at its end, if nobody does before.
 */
int mgn_owned_init(napi_env env);
napi_value mgn_adopt_engine(napi_env env, napi_callback_info info);
napi_value mgn_adopt_job(napi_env env, napi_callback_info info);
napi_value mgn_adopt_index(napi_env env, napi_callback_info info);
napi_value mgn_free_owned(napi_env env, napi_callback_info info);

/* log.c: lines of the library's threads on their way to a function of JavaScript. */
napi_value mgn_log_function(napi_env env, napi_callback_info info);
napi_value mgn_make_log(napi_env env, napi_callback_info info);
napi_value mgn_free_log(napi_env env, napi_callback_info info);

/* strings.c: arrays of strings become pairs. */
napi_value mgn_texts_create(napi_env env, napi_callback_info info);
napi_value mgn_texts_add(napi_env env, napi_callback_info info);
napi_value mgn_texts_pairs(napi_env env, napi_callback_info info);
napi_value mgn_texts_free(napi_env env, napi_callback_info info);

/* candidates.c: what a search found becomes objects. */
napi_value mgn_candidates_of(napi_env env, napi_callback_info info);
napi_value mgn_candidates_free(napi_env env, napi_callback_info info);

#endif
