/* SPDX-License-Identifier: Apache-2.0 */
/* A server from its start to its end: signals, reload, drain, the service manager. */
#ifndef CLI_SERVE_PROCESS_LIFECYCLE_H
#define CLI_SERVE_PROCESS_LIFECYCLE_H

#include "serve/settings.h"

/* The statuses of mgeo-serve. */
enum { LIFECYCLE_ENDED = 0, LIFECYCLE_NOT_READY = 1, LIFECYCLE_COULD_NOT = 2 };

/* Serves until a signal ends it. What went wrong was said. */
int lifecycle_serve(struct settings_store *settings);

#endif
