/* SPDX-License-Identifier: Apache-2.0 */
/* The backends that libmgeo has in itself; others are modules. */
#include "backend/builtin.h"

const mgi_backend *const mgi_builtin_backends[] = {
    &mgi_cpu_backend,
    NULL,
};
