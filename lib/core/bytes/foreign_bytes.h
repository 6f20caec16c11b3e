/* SPDX-License-Identifier: Apache-2.0 */
/* Names what a file is by its first bytes, where it is not what its name says. */
#ifndef MGI_CORE_BYTES_FOREIGN_BYTES_H
#define MGI_CORE_BYTES_FOREIGN_BYTES_H

#include <stdbool.h>
#include <stddef.h>

enum { MGI_FOREIGN_BYTES_LOOK = 128 };

/* What the first `size` bytes (MGI_FOREIGN_BYTES_LOOK are enough) begin, and what to do: "a Git LFS
 * pointer, and not the file itself: fetch it with git lfs pull"; NULL: nothing known.
 * `archive`: a zip archive is what is expected. */
const char *mgi_foreign_bytes_name(const void *bytes, size_t size, bool archive);

#endif
