/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bundled model lies. */
#ifndef MGI_MODEL_BUNDLED_H
#define MGI_MODEL_BUNDLED_H

#include "core/status.h"

/* Sets *path to fresh memory (mgi_free). A library inside its build tree takes the source tree's
 * model; any other takes the one installed beside it, else the one at the prefix it was built for,
 * so that an installed library never reads a build tree. Errors: MGEO_E_IO (lists where it looked),
 * MGEO_E_MEMORY. */
mgeo_status mgi_bundled_find(char **path, mgeo_error *error);

#endif
