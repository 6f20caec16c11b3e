/* SPDX-License-Identifier: Apache-2.0 */
/* --health: asks a running server whether it is ready, as a container's probe does. */
#ifndef CLI_SERVE_PROCESS_PROBE_H
#define CLI_SERVE_PROCESS_PROBE_H

#include "serve/settings.h"

/* A status of mgeo-serve (serve/process/lifecycle.h). Says one line. */
int probe_run(const struct settings *settings);

#endif
