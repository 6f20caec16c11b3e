/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-serve: answers over HTTP, with libmgeo inside. */
#include "common/files/standard_streams.h"
#include "common/message.h"
#include "serve/process/config_check.h"
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
    case SETTINGS_CHECK_CONFIG: return config_check_run(settings);
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
    bool starts = settings->action == SETTINGS_SERVE || settings->action == SETTINGS_CHECK_CONFIG;
    if (starts) settings_warn_of_variables();
    int status = act(store, settings);
    settings_release(store, settings);
    settings_store_destroy(store);
    return status;
}
