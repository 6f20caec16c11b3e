/* SPDX-License-Identifier: Apache-2.0 */
/* The one connection of this backend to mgeo-serve: kept between calls, and never waited for
 * without an eye on interrupts. "postgres.h" stands before this. */
#ifndef MGEO_POSTGRESQL_CONNECTION_H
#define MGEO_POSTGRESQL_CONNECTION_H

#include "datatype/timestamp.h"

/* Connects, unless there is a connection that the server has not closed. True: it is a new one. */
bool connection_open(TimestampTz deadline);
void connection_close(void);

/* False: the server has closed the connection. A deadline that is over, and a cancelled query, end
 * the call as an error. */
bool connection_send(const char *bytes, size_t length, TimestampTz deadline);
/* Answers how many bytes came, at least one; 0: the server has closed the connection. */
size_t connection_receive(char *bytes, size_t capacity, TimestampTz deadline);

/* When a request that begins now is late; and what is left until then, 0: no limit. */
TimestampTz connection_deadline(void);
long connection_milliseconds_left(TimestampTz deadline);

#endif
