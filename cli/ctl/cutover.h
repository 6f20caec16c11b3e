/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a swap that swap, canary and deploy share: gate, watch, and waiting for its end. */
#ifndef CLI_CTL_CUTOVER_H
#define CLI_CTL_CUTOVER_H

#include "ctl/pairs.h"
#include "ctl/remote.h"

/* Appends "gate" and "watch" as the options have them; `pairs` NULL: no gate. */
void cutover_write_gate(const struct options *options, const struct pairs *pairs,
                        struct string_buffer *body);
void cutover_write_watch(const struct options *options, struct string_buffer *body);

/* "v1 → v2 in 21 µs, 3 calls in flight; gate: flip_share 0.015 of 0.02". */
void cutover_show_receipt(struct string_buffer *text, const json_t *reply);

/* Asks for the status until the watch on `generation` is over; a ctl_exit. *reply is the last
 * status, the caller's to finish; what it came to is said on standard error if it is no success. */
int cutover_wait(struct remote *remote, long long generation, struct remote_reply *reply);

/* The rest of a change that was made: waits for its watch on `generation` where --wait asks for
 * that, whose end becomes a line more, or a member of `reply`; with --json prints `reply`. A
 * ctl_exit: `result`, or what came of these. */
int cutover_conclude(struct remote *remote, int result, long long generation, json_t *reply);

/* "passed after 600 s and 12345 calls: error_rate 0 of 0.01"; "not judged after 600 s and 3 calls:
 * too few calls …" where the window ended before anything could be judged. */
void cutover_show_watch(struct string_buffer *text, const json_t *watch);

#endif
