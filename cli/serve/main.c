/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-serve: answers over HTTP, with libmgeo inside. */
#include "common/files/standard_streams.h"
#include "common/message.h"
#include "serve/process/lifecycle.h"
#include "serve/process/probe.h"
#include "serve/settings.h"

static int act(struct settings_store *store, const struct settings *settings) {
    switch (settings->action) {
    case SETTINGS_HELP:
        return option_table_print_help(&settings_table) ? LIFECYCLE_ENDED : LIFECYCLE_COULD_NOT;
    case SETTINGS_VERSION:
        return option_table_print_version(&settings_table) ? LIFECYCLE_ENDED : LIFECYCLE_COULD_NOT;
    case SETTINGS_HEALTH: return probe_run(settings);
    case SETTINGS_CHECK_CONFIG: message_print("the configuration is sound"); return LIFECYCLE_ENDED;
    default: return lifecycle_serve(store);
    }
}

int main(int argc, char **argv) {
    struct error error = {""};
    standard_streams_hold();
    message_set_program("mgeo-serve");
    struct settings_store *store = settings_store_create(argc, argv, &error);
    if (store == NULL) {
        message_print("%s", error.line);
        return LIFECYCLE_COULD_NOT;
    }
    const struct settings *settings = settings_hold(store);
    int status = act(store, settings);
    settings_release(store, settings);
    settings_store_destroy(store);
    return status;
}
