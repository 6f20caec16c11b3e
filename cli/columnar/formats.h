/* SPDX-License-Identifier: Apache-2.0 */
/* Files of columns by their first bytes and by their names, and how they may be compressed. */
#ifndef CLI_COLUMNAR_FORMATS_H
#define CLI_COLUMNAR_FORMATS_H

#include <stddef.h>

#include "columnar/module.h"

/* "a Parquet file", by the enumerator. */
extern const char *const columnar_kinds[];

/* As options write them, by enum columnar_compression; NULL ends them. */
extern const char *const columnar_compression_names[];

/* What these are the beginning of; COLUMNAR_NONE: none of them, or too few bytes. */
enum columnar_format columnar_by_content(const char *bytes, size_t length);

/* What a file of that name is to be: .parquet .pq, .arrow .feather .ipc, .arrows. path may be NULL.
 */
enum columnar_format columnar_by_name(const char *path);

#endif
