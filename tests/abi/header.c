/* SPDX-License-Identifier: Apache-2.0 */
/* The public header alone, included twice: compiled as C11 and as C++17 with every warning an
 * error. */
#include <mgeo.h>

/* What programs did with constants while they were macros alone. */
#if !defined(MGEO_ROW_SKIPPED) || MGEO_ROW_BAD != 30 || MGEO_ROW_EMPTY != 4 ||                     \
    MGEO_SHADOW_BINS != 20 || MGEO_MAX_LABELS < 1 || MGEO_MAX_CHECKS < 9 ||                        \
    MGEO_SHARE_ALL != 10000
#error "a constant is no macro"
#endif

uint32_t mgeo_header_clears(uint32_t flags);
uint32_t mgeo_header_clears(uint32_t flags) {
    return flags & ~(MGEO_ROW_TRUNCATED | MGEO_ROW_EMPTY);
}

uint32_t mgeo_header_share(uint32_t share);
uint32_t mgeo_header_share(uint32_t share) {
    return share < MGEO_SHARE_ALL ? share : MGEO_SHARE_ALL;
}

int mgeo_header_compiles(void);
int mgeo_header_compiles(void) {
    mgeo_error error = {0, ""};
    return mgeo_load(0, 0, 0, 0, &error) == MGEO_OK;
}
