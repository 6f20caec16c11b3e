/* SPDX-License-Identifier: Apache-2.0 */
/* Where output goes: standard output, or a file that appears whole or not at all. */
#ifndef CLI_COMMON_SINK_H
#define CLI_COMMON_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct sink;

/* Opens the output. NULL is standard output. A regular file is written under a temporary name in
 * its folder and guarded against signals; a device, a pipe or anything under /dev is written
 * as it is, and so is a standard descriptor, by any of its names. NULL on failure. */
struct sink *sink_open(const char *path, struct error *error);

/* The same with a temporary name that is made with `tag`, and no other each time: what a run leaves
 * that is killed is taken up by the next one. The caller sees to it that no two at once use one. */
struct sink *sink_open_tagged(const char *path, const char *tag, struct error *error);

/* Goes on writing a file that an earlier run began and that sink_abandon leaves: its first `length`
 * bytes stay, the rest is cut off. sink_commit moves it to `place`, which is on the same file
 * system; NULL: it stays where it is. NULL on failure. */
struct sink *sink_continue(const char *place, const char *part, uint64_t length,
                           struct error *error);

/* False on failure; then only sink_abandon is useful. sink_broken_pipe tells why. */
bool sink_write(struct sink *sink, const char *bytes, size_t length, struct error *error);

/* What was written so far outlives a power cut. */
bool sink_sync(struct sink *sink, struct error *error);

/* Whether the reader of a pipe has gone away. */
bool sink_broken_pipe(const struct sink *sink);

/* Where a file will really lie: links are followed, so that what they lead to is replaced and not
 * the link; also where it is not there yet. The caller frees it. */
char *sink_place(const char *path);

/* Whether the path would be written beside its place, and not as it is. */
bool sink_is_replacing(const char *path);

/* Makes a folder's new names outlive a power cut, where the file system can. */
void sink_sync_folder(const char *folder);

/* Makes the file durable, moves it to its place and frees the sink. On failure the place is as it
 * was, the temporary file is gone and the sink is freed too. What is
 * written in place is only closed, which may tell of a write that failed late. */
bool sink_commit(struct sink *sink, struct error *error);

/* Removes the temporary file and frees the sink. NULL is ignored. */
void sink_abandon(struct sink *sink);

#endif
