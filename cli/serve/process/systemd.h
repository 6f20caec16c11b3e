/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager is told, and the sockets that it hands over; without libsystemd. */
#ifndef CLI_SERVE_PROCESS_SYSTEMD_H
#define CLI_SERVE_PROCESS_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* Sends lines such as "READY=1\nSTATUS=…" to $NOTIFY_SOCKET; nothing if it is not set. Any thread.
 */
void systemd_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "RELOADING=1" with the time it began. */
void systemd_notify_reloading(void);

/* Nanoseconds within which "WATCHDOG=1" is to be sent again; 0: nobody waits for it. */
uint64_t systemd_watchdog(void);

enum { SYSTEMD_FIRST_SOCKET = 3 };

/* Looks at the sockets that were handed over, from descriptor 3 on; they are closed on exec from
 * now on. The variables are removed, so that a child does not take them for its own. Before any
 * thread, and before anything else is opened. False with an error: one is no listening socket. */
bool systemd_take_sockets(struct error *error);

/* How many they are. */
unsigned systemd_sockets(void);

/* Whether socket `number` has this name (FileDescriptorName=). After systemd_take_sockets. */
bool systemd_socket_is(unsigned number, const char *name);

#endif
