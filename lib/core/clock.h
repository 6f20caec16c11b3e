/* SPDX-License-Identifier: Apache-2.0 */
/* The clock by which the library measures and waits. */
#ifndef MGI_CORE_CLOCK_H
#define MGI_CORE_CLOCK_H

/* Seconds on a clock that only goes forward, whatever is done to the time of day. */
double mgi_clock_now(void);

#endif
