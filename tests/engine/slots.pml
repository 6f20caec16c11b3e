/* The swap as a SPIN model: pins, turns, canary shares, holds, drains, filling and emptying.
 *
 * How it maps to the code:
 *   route              mgi_slots.route. One number: (turns * SHARES + share) * 2 + live; 0: nothing
 *                      is live. Reading or storing it is one step, as the atomic word is.
 *   pins[]             mgi_slots.stripes: each slot has STRIPES counters; a caller or holder counts
 *                      on the stripe of its own number. Each count and uncount is one step.
 *   caller             mgi_slots_pin and _unpin around a call, as in mgi_engine_score. Its point is
 *                      any; points and shares have SHARES - 1 levels instead of 10,000.
 *   holder             mgi_job_begin and mgi_lease_return: mgi_slots_pin_slot under the mutex.
 *   emptier            mgi_standby_fill (a load's last step) and mgi_standby_unload: check and mark
 *                      under the mutex, mgi_slots_drain without it, empty and fill under it.
 *                      drain() waits for one stripe after the other.
 *   turner             mgi_swap_model, _roll_back, _set_canary and mgi_roll_back_for_watch (a watch's).
 *   atomic             the engine's mutex. What is done under it has at most one operation that
 *                      those without the mutex can see (the store of the route, or a count), so it
 *                      is one step. One emptier: engine.emptier keeps others out.
 *   model[]            residents[].runner: 0: empty, else a number of its own for each load.
 *   using[]            no part of the code: who looks at a slot's model now.
 *
 * What is claimed:
 *   - who uses a slot finds a model there, the same one from pin to unpin (assertions in use());
 *   - a slot is emptied or filled only while nobody uses it (assertion in emptier);
 *   - no count goes below 0; nobody waits for ever (SPIN's invalid end states);
 *   - LTL `drains_end`: under weak fairness every drain ends, while callers go on for ever.
 *
 * Bounds: CALLERS callers (without end), one holder (without end), one emptier, one turner, MOST
 * turns of the route, LOADS loads. Memory is sequentially consistent, as are the atomics in slots.c.
 *
 * Each of these, given to spin as -D, breaks the algorithm in one place, and an assertion or the LTL
 * formula must fail: see run_spin.py. */

#ifndef CALLERS
#define CALLERS 2
#endif
#ifndef MOST
#define MOST 4 /* turns of the route */
#endif
#ifndef LOADS
#define LOADS 3
#endif
#ifndef HOLDERS
#define HOLDERS 1
#endif
#define STRIPES 2
#define SHARES 3 /* levels of the canary's share: 0, 1, 2; points: 0, 1, and 2: never the canary's */

byte route = 0;
short pins[2 * STRIPES];
byte model[2];
byte using[2];
bool emptying, draining;
byte holds[2];
byte loads;
byte former; /* what a roll-back turns to; 0: nothing */
byte watched; /* the route under a watch; 0: none */

#define LIVE(word) ((word) % 2)
#define SHARE(word) (((word) / 2) % SHARES)
#define TURNS(word) ((word) / (2 * SHARES))
#define CHOICE(word, point) (((point) < SHARE(word)) -> 1 - LIVE(word) : LIVE(word))
#define WORD(turns, share, live) (((turns) * SHARES + (share)) * 2 + (live))
#define STANDBY ((route != 0 && LIVE(route) == 0) -> 1 : 0)
#define PINS(slot, stripe) pins[(slot) * STRIPES + (stripe)]

/* mgi_slots_set_route: reads and stores, but nobody else turns meanwhile. */
#define turn(slot, share) route = WORD(TURNS(route) + 1, share, slot)

inline count(slot, stripe) { PINS(slot, stripe)++ }

inline uncount(slot, stripe) {
    atomic {
        PINS(slot, stripe)--;
        assert(PINS(slot, stripe) >= 0)
    }
}

/* The last step of taking a slot, and what a call does there. */
inline begin_use(slot, mine) {
    mine = model[slot];
    assert(mine != 0);
    using[slot]++
}

inline end_use(slot, mine) {
    atomic {
        assert(model[slot] == mine);
        using[slot]--;
        mine = 0
    }
}

/* ---- callers --------------------------------------------------------------------------------- */

#ifdef NO_SECOND_LOOK /* "load the pointer, then count it" */
#define IS_UNCHANGED true
#endif
#ifdef LOOK_AT_LIVE /* the live slot alone: a canary's end leaves it as it was */
#define IS_UNCHANGED (LIVE(route) == LIVE(seen))
#endif
#ifndef IS_UNCHANGED
#define IS_UNCHANGED (route == seen)
#endif

proctype caller(byte stripe) {
    byte seen, slot, point, mine;
end:
    do
    :: atomic {
            if
            :: point = 0
            :: point = 1
            :: point = 2
            fi
        };
again:
        atomic {
            seen = route;
            if
            :: seen == 0 -> goto skip_call /* MGEO_E_NO_MODEL */
            :: else -> slot = CHOICE(seen, point)
            fi
        }
#ifdef COUNT_LATE /* looks twice, then counts */
        if
        :: route == seen
        :: else -> goto again
        fi;
        atomic { count(slot, stripe); begin_use(slot, mine) }
#else
        count(slot, stripe);
        if
        :: atomic { IS_UNCHANGED -> begin_use(slot, mine) }
        :: atomic { !(IS_UNCHANGED) -> skip };
            uncount(slot, stripe);
            goto again
        fi;
#endif
        end_use(slot, mine);
#ifdef UNPIN_OTHER
        slot = 1 - slot;
#endif
        uncount(slot, stripe);
skip_call:
        atomic { seen = 0; slot = 0; point = 0 }
    od
}

/* ---- holders --------------------------------------------------------------------------------- */

#ifdef HOLD_EMPTYING /* takes a slot that is being emptied */
#define MAY_HOLD (model[slot] != 0)
#else
#define MAY_HOLD (model[slot] != 0 && (slot == LIVE(route) || !emptying))
#endif

proctype holder(byte stripe) {
    byte slot, mine;
end:
    do
    :: atomic {
            if
            :: slot = 0
            :: slot = 1
            fi;
            if
            :: route != 0 && MAY_HOLD
            :: else -> goto refused
            fi;
#ifdef HOLD_WITHOUT_MUTEX /* others go in between the question and the count */
        };
        atomic {
#endif
            holds[slot]++;
            count(slot, stripe);
            begin_use(slot, mine)
        };
        end_use(slot, mine);
        atomic {
            holds[slot]--;
            uncount(slot, stripe)
        };
refused:
        slot = 0
    od
}

/* ---- filling and emptying -------------------------------------------------------------------- */

inline drain(slot) {
#ifdef NO_DRAIN
    skip
#else
    PINS(slot, 0) == 0;
#ifndef ONE_STRIPE
    PINS(slot, 1) == 0
#endif
#endif
}

#ifdef EMPTY_UNDER_SHARE /* a canary's calls come to it */
#define MAY_EMPTY(slot) (holds[slot] == 0)
#else
#define MAY_EMPTY(slot) (SHARE(route) == 0 && holds[slot] == 0)
#endif

proctype emptier() {
    byte slot;
end:
    do
    :: atomic {
            MAY_EMPTY(STANDBY) && (model[STANDBY] != 0 || loads < LOADS) ->
            slot = STANDBY;
            emptying = true;
            draining = true
        };
        drain(slot);
        atomic {
            draining = false;
            emptying = false;
            assert(using[slot] == 0);
            model[slot] = 0;
            former = 0;
            if
            :: true -> skip /* an unload */
            :: loads < LOADS ->
                loads++;
                model[slot] = loads;
                if
                :: route == 0 -> turn(slot, 0) /* the first goes live */
                :: else
                fi
            fi;
            slot = 0
        }
    od
}

/* ---- turning --------------------------------------------------------------------------------- */

#ifdef TURN_EMPTYING /* a slot that is being emptied goes live */
#define MAY_TURN (model[STANDBY] != 0)
#else
#define MAY_TURN (model[STANDBY] != 0 && !emptying)
#endif
#ifdef SHARE_EMPTYING /* a slot that is being emptied gets a share */
#define MAY_SHARE (model[STANDBY] != 0)
#else
#define MAY_SHARE (model[STANDBY] != 0 && !emptying)
#endif
/* What a watch asks besides whether its route still stands. */
#ifdef TURN_BACK_BLINDLY /* the former model may be gone, and nothing turned when it went */
#define MAY_TURN_BACK true
#else
#define MAY_TURN_BACK (SHARE(route) > 0 || (MAY_TURN && former == model[STANDBY]))
#endif

proctype turner() {
end:
    do
    :: atomic {
            route != 0 && TURNS(route) < MOST ->
            if
            :: MAY_TURN -> /* a swap, watched or not */
                former = model[LIVE(route)];
                turn(STANDBY, 0);
                if
                :: watched = route
                :: watched = 0
                fi
            :: MAY_TURN && former == model[STANDBY] -> /* a roll-back */
                former = 0;
                turn(STANDBY, 0)
            :: MAY_SHARE -> turn(LIVE(route), 1)
            :: MAY_SHARE -> turn(LIVE(route), 2); watched = route
            :: SHARE(route) > 0 -> turn(LIVE(route), 0)
            :: watched != 0 && watched == route && MAY_TURN_BACK ->
                if
                :: SHARE(route) > 0 -> turn(LIVE(route), 0) /* former stays */
                :: else -> former = 0; turn(STANDBY, 0)
                fi
            fi
        }
    od
}

init {
    atomic {
        byte i = 0;
        do
        :: i < CALLERS -> run caller(i % STRIPES); i++
        :: else -> break
        od;
        if
        :: HOLDERS > 0 -> run holder(1)
        :: else
        fi;
        run emptier();
        run turner()
    }
}

#ifdef LIVENESS
ltl drains_end { [](draining -> <>!draining) }
#endif
