/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of files: joined, and shown in error lines. */
#ifndef MGI_CORE_PATHNAME_H
#define MGI_CORE_PATHNAME_H

/* Joins "directory/name" into fresh memory (mgi_free), or NULL when out of memory. */
char *mgi_pathname_join(const char *directory, const char *name);

/* The path as error lines show it: its last part, where it is too long for one line. */
const char *mgi_pathname_shown(const char *path);

#endif
