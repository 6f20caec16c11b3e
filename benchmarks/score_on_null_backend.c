/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-score with one more device, "null" (null_backend.h): `score_on_null_backend -d null
 * pairs.tsv` shows the program's own rate. */
#include "null_backend.h"

__attribute__((constructor)) static void add_device(void) { mgi_backend_register(&null_backend); }
