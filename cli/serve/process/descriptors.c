/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_NOFILE → connections. Without this, clients of scores could take the descriptors that the
 * operating side needs, whatever room was reserved for it. */
#include "serve/process/descriptors.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "common/message.h"
#include "serve/router.h"

enum { TURNED_AWAY = 256, FILES = 64, BESIDES = ROUTER_CONNECTIONS + TURNED_AWAY + FILES };

static uint64_t raise_limit(uint64_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    if (limit.rlim_cur >= wanted) return wanted;
    struct rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

uint32_t descriptors_for(uint32_t wanted) {
    uint64_t needed = (uint64_t)wanted + BESIDES;
    uint64_t limit = raise_limit(needed);
    if (limit >= needed) return wanted;
    uint64_t room = limit > 2 * BESIDES ? limit - BESIDES : limit / 2;
    if (room == 0) room = 1;
    if (room >= wanted) return wanted;
    message_print("warning: %" PRIu64 " descriptors are enough for %" PRIu64
                  " connections, not %" PRIu32 ": raise the limit (ulimit -n, LimitNOFILE=) or "
                  "lower --max-connections",
                  limit, room, wanted);
    return (uint32_t)room;
}
