/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that are read whole, by programs that must not wait for anybody. */
#ifndef CLI_COMMON_FILES_REGULAR_FILE_H
#define CLI_COMMON_FILES_REGULAR_FILE_H

#include <stdio.h>
#include <sys/stat.h>

#include "common/error.h"

/* Opens it for reading, closed on exec; the caller closes it. Never waits: a named pipe or a device
 * is refused. `about`, unless NULL, gets what fstat says. NULL with an error that names the path.
 * Any thread. */
FILE *regular_file_open(const char *path, struct stat *about, struct error *error);

#endif
