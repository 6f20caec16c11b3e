/* SPDX-License-Identifier: Apache-2.0 */
/* The engine, as the public functions see it: created and destroyed. */
#include "engine/engine.h"

#include "api/check.h"

#include <string.h>

enum { ACTOR_BYTES = 127, MAX_QUEUE_ROWS = 1 << 24 };

static mgeo_status check_options(const mgeo_engine_options *options, mgeo_error *error) {
    if (options->actor != NULL && strlen(options->actor) > ACTOR_BYTES) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_engine_options.actor has %zu bytes: at most %d",
                        strlen(options->actor), ACTOR_BYTES);
    }
    if (options->queue_rows > MAX_QUEUE_ROWS) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_engine_options.queue_rows is %llu: at most %d",
                        (unsigned long long)options->queue_rows, MAX_QUEUE_ROWS);
    }
    return MGEO_OK;
}

mgeo_status mgeo_engine_create(const mgeo_engine_options *options, mgeo_engine **engine,
                               mgeo_error *error) {
    if (engine == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "engine is NULL");
    *engine = NULL;
    mgeo_engine_options known;
    mgeo_status status = mgi_abi_read(&known, sizeof known, options, "mgeo_engine_options", error);
    if (status == MGEO_OK) status = check_options(&known, error);
    if (status == MGEO_OK) status = mgi_engine_create(&known, engine, error);
    return mgi_check_conclude(status, error);
}

void mgeo_engine_destroy(mgeo_engine *engine) { mgi_engine_destroy(engine); }
