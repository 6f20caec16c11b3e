/* SPDX-License-Identifier: Apache-2.0 */
/* An array that grows, written in the order in which it grew. */
#include "match/dedupe/link_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "scoring/resume/paths.h"

_Static_assert(sizeof(struct link_log_pair) == 32, "no gap, whose bytes would differ");

void link_log_finish(struct link_log *log) {
    free(log->pairs);
    memset(log, 0, sizeof *log);
}

static void reach(struct link_log *log, size_t count) {
    if (count <= log->capacity) return;
    log->capacity = count < 4096 ? 8192 : count + count / 2;
    log->pairs = memory_resize(log->pairs, log->capacity, sizeof *log->pairs);
}

struct link_log_pair *link_log_add(struct link_log *log) {
    reach(log, log->count + 1);
    struct link_log_pair *pair = &log->pairs[log->count++];
    memset(pair, 0, sizeof *pair);
    return pair;
}

bool link_log_write(struct link_log *log, struct sink *sink, struct error *error) {
    size_t count = log->count - log->written;
    const char *bytes = (const char *)(log->pairs + log->written);
    if (count == 0) return true;
    log->written = log->count;
    return sink_write(sink, bytes, count * sizeof *log->pairs, error);
}

void link_log_add_query(struct link_log *log, uint32_t a, const struct batch *batch, size_t query,
                        int32_t positive) {
    size_t count;
    const mgeo_candidate *candidates = mgeo_candidates_of(batch->found, query, &count);
    for (size_t i = 0; i < count; i++) {
        struct batch_pair scored;
        if (!batch_pair_at(batch, query, i, positive, &scored)) continue;
        *link_log_add(log) = (struct link_log_pair){.a = a,
                                                    .b = (uint32_t)candidates[i].row,
                                                    .rank = (uint32_t)i + 1,
                                                    .flags = candidates[i].flags,
                                                    .score = candidates[i].score,
                                                    .similarity = scored.similarity,
                                                    .label = scored.label,
                                                    .reason = scored.reason};
    }
}

static bool read_all(struct link_log *log, const char *path, uint64_t bytes, struct error *error) {
    uint64_t have = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    while (descriptor >= 0 && have < bytes) {
        ssize_t got = read(descriptor, (char *)log->pairs + have, (size_t)(bytes - have));
        if (got <= 0) break;
        have += (uint64_t)got;
    }
    int failure = errno;
    if (descriptor >= 0) close(descriptor);
    return have == bytes || error_set(error, "%s: cannot read: %s", path, strerror(failure));
}

bool link_log_continue(struct link_log *log, const char *folder, uint64_t count,
                       struct error *error) {
    char *path = paths_join(folder, "output");
    reach(log, (size_t)count + 1);
    bool done = read_all(log, path, count * sizeof *log->pairs, error);
    if (done) log->count = log->written = (size_t)count;
    free(path);
    return done;
}
