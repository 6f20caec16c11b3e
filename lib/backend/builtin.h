/* SPDX-License-Identifier: Apache-2.0 */
/* The table of backends that a program is built with. */
#ifndef MGI_BACKEND_BUILTIN_H
#define MGI_BACKEND_BUILTIN_H

#include "backend/backend.h"

/* Ends with NULL; the first that serves a device's name wins. libmgeo's table is in builtin.c; a
 * test that is built without libtorch brings its own. */
extern const mgi_backend *const mgi_builtin_backends[];

#endif
