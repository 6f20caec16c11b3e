/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs from a table, for "parity". */
#ifndef MGEO_BENCH_GPU_TABLE_H
#define MGEO_BENCH_GPU_TABLE_H

#include "texts.h"

/* Reads a TSV file whose header has columns sentence1 and sentence2; further columns are left out.
 * false: it cannot be read, has other columns, or has no rows. */
bool table_read(const char *path, texts *read);

#endif
