/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of scores that tell when they are released. */
#ifndef MGEO_JAVA_STREAMS_H
#define MGEO_JAVA_STREAMS_H

#include <mgeo.h>

/* Replaces the stream by one that does the same, and calls released(user) once it has been
 * released, in the thread that does so. 0: no memory, and the stream is as it was. */
int mgj_stream_hold(struct ArrowArrayStream *stream, void (*released)(void *user), void *user);

#endif
