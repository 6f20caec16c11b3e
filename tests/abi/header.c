/* SPDX-License-Identifier: Apache-2.0 */
/* The public header alone, included twice: compiled as C11 and as C++17 with every warning an
 * error. */
#include <mgeo.h>

int mgeo_header_compiles(void);
int mgeo_header_compiles(void) {
    mgeo_error error = {0, ""};
    return mgeo_load(0, 0, 0, 0, &error) == MGEO_OK;
}
