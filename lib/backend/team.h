/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that compute one batch together: what a runner lends to a backend for one call. */
#ifndef MGI_BACKEND_TEAM_H
#define MGI_BACKEND_TEAM_H

#include <stddef.h>

typedef struct mgi_team mgi_team;

struct mgi_team {
    unsigned cores; /* threads that may work on the batch, the caller's among them; at least 1 */

    /* Calls work(context, part) once for each part 0 .. parts-1 and returns when all are done: in
     * the caller's thread, and in those of the others that have come by then. None need come: the
     * caller's thread then does all parts. Only the thread that was lent the team calls it; work
     * does not. NULL: there is no other thread. */
    void (*share)(mgi_team *team, unsigned parts, void (*work)(void *context, unsigned part),
                  void *context);
};

static inline void mgi_team_share(mgi_team *team, unsigned parts,
                                  void (*work)(void *context, unsigned part), void *context) {
    if (parts > 1 && team->share != NULL) {
        team->share(team, parts, work, context);
        return;
    }
    for (unsigned part = 0; part < parts; part++) work(context, part);
}

#endif
