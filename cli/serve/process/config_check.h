/* SPDX-License-Identifier: Apache-2.0 */
/* --check-config: looks at the files that the settings name. */
#ifndef CLI_SERVE_PROCESS_CONFIG_CHECK_H
#define CLI_SERVE_PROCESS_CONFIG_CHECK_H

#include "serve/settings.h"

/* Says one line for each file or folder that cannot be used, or that all is sound. A status of
 * mgeo-serve (serve/process/lifecycle.h). Loads and writes nothing. */
int config_check_run(const struct settings *settings);

#endif
