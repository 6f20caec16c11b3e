/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolic links followed one at a time, so that where a dangling one leads is known too. */
#ifndef CLI_COMMON_FILES_LINK_H
#define CLI_COMMON_FILES_LINK_H

#include <stdbool.h>

enum { LINK_MOST = 40 }; /* steps after which links count as a loop, as in the kernel */

/* If *path is a symbolic link, puts what it points at in its place, which is freed. False: it is
 * none. */
bool link_follow(char **path);

/* The last place that links lead to, whether or not something is there. The caller frees it. */
char *link_end(const char *path);

/* The folder that a path's last name lies in: "." or "/" or what stands before it. Freed by the
 * caller. */
char *link_folder(const char *path);

#endif
