/* SPDX-License-Identifier: Apache-2.0 */
/* An empty table of built-in backends, for tests that are built without libtorch: they register
 * the fake one. */
#include "backend/builtin.h"

const mgi_backend *const mgi_builtin_backends[] = {NULL};
