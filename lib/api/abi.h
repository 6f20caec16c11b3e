/* SPDX-License-Identifier: Apache-2.0 */
/* Versioned structs: what a caller compiled against an older or newer header may pass. */
#ifndef MGI_API_ABI_H
#define MGI_API_ABI_H

#include "core/status.h"

#include <stddef.h>

/* Copies a caller's option struct of its own size into `known` of `known_size` bytes, which is
 * zeroed first. source NULL leaves all zero. Members beyond known_size must be zero.
 * The first member of both is size_t struct_size. Errors: MGEO_E_ARGUMENT. */
mgeo_status mgi_abi_read(void *known, size_t known_size, const void *source, const char *type,
                         mgeo_error *error);

/* Copies `known` into the caller's output struct up to the size the caller declared, keeping its
 * struct_size, and zeroes any bytes beyond ours. destination NULL does nothing. */
mgeo_status mgi_abi_write(void *destination, const void *known, size_t known_size, const char *type,
                          mgeo_error *error);

/* Checks an output struct's declared size without writing: before work that could not be undone. */
mgeo_status mgi_abi_check(const void *destination, const char *type, mgeo_error *error);

#endif
