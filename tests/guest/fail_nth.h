/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the nth request for memory or for a thread fail, whoever in the process makes it, and keeps
 * account of what is not given back. */
#ifndef TEST_GUEST_FAIL_NTH_H
#define TEST_GUEST_FAIL_NTH_H

#include <stdbool.h>
#include <stddef.h>

/* Requests are those of malloc and its family, mmap and pthread_create, from any thread: this file
 * defines these functions for the whole program. Where a sanitizer has them, requests are those of
 * core/alloc alone. */

/* The nth request from now on fails (1: the next), and if `on` all after it as well. 0: none. */
void fail_nth_begin(long nth, bool on);

/* From now on nothing fails. Returns how many requests have. */
long fail_nth_end(void);

/* Requests since fail_nth_begin. */
long fail_nth_count(void);

/* Blocks and mappings that were requested since fail_nth_watch and not given back, with a line to
 * stderr for each of the first few. What pthread_create keeps for the next thread is left out. 0
 * where a sanitizer looks for leaks. */
void fail_nth_watch(void);
size_t fail_nth_leaks(void);

#endif
