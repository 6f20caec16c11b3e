/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: pins, turns, shares, holds and drains, one at a time and under threads. */
#define _GNU_SOURCE
#include "engine/slots.h"

#include "support/check.h"
#include "support/threads.h"

#include <stdatomic.h>

static void test_nothing_is_live_at_first(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    assert_int_equal(mgi_slots_live(&slots), -1);
    mgi_pin pin = mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL);
    assert_int_equal(pin.slot, -1);
    mgi_slots_unpin(&slots, pin);
    assert_int_equal(mgi_slots_pins(&slots, 0), 0);
    mgi_slots_drain(&slots, 0);
}

static void test_pins_stay_where_they_were_taken(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    mgi_slots_set_route(&slots, 1, 0);
    mgi_pin first = mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL);
    mgi_pin second = mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL);
    assert_int_equal(first.slot, 1);
    assert_int_equal(mgi_slots_pins(&slots, 1), 2);
    mgi_slots_set_route(&slots, 0, 0);
    assert_int_equal(mgi_slots_live(&slots), 0);
    mgi_pin third = mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL);
    assert_int_equal(third.slot, 0);
    mgi_slots_unpin(&slots, first);
    assert_int_equal(mgi_slots_pins(&slots, 1), 1);
    mgi_slots_unpin(&slots, second);
    mgi_slots_drain(&slots, 1);
    assert_int_equal(mgi_slots_pins(&slots, 0), 1);
    mgi_slots_unpin(&slots, third);
}

/* Also where a turn changes nothing, and with the largest share, which must not reach the count. */
static void test_every_turn_is_a_word_of_its_own(void **state) {
    (void)state;
    static const uint32_t shares[] = {0, 1, 2500, MGI_SLOTS_SHARE_ALL, MGI_SLOTS_SHARE_ALL};
    mgi_slots slots;
    mgi_slots_init(&slots);
    uint64_t before = mgi_slots_route(&slots);
    for (int i = 0; i < 300; i++) {
        int32_t slot = i % 7 < 3;
        uint32_t share = shares[i % 5];
        mgi_slots_set_route(&slots, slot, share);
        uint64_t route = mgi_slots_route(&slots);
        assert_int_equal(route >> 15, (before >> 15) + 1);
        assert_int_equal(mgi_slots_live(&slots), slot);
        assert_int_equal(mgi_slots_share(&slots), share);
        before = route;
    }
}

static int32_t slot_of_point(mgi_slots *slots, uint32_t point) {
    mgi_pin pin = mgi_slots_pin(slots, point);
    assert_int_equal(pin.attempts, 1); /* nobody turns */
    assert_int_equal(mgi_slots_pins(slots, pin.slot), 1);
    mgi_slots_unpin(slots, pin);
    return pin.slot;
}

static void test_a_share_is_the_points_below_it(void **state) {
    (void)state;
    static const uint32_t shares[] = {0, 1, 37, 5000, 9999, MGI_SLOTS_SHARE_ALL};
    mgi_slots slots;
    mgi_slots_init(&slots);
    for (int32_t live = 0; live < MGI_SLOTS; live++) {
        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
            mgi_slots_set_route(&slots, live, shares[i]);
            for (uint32_t point = 0; point < MGI_SLOTS_SHARE_ALL; point++) {
                int32_t expected = point < shares[i] ? 1 - live : live;
                if (slot_of_point(&slots, point) != expected) fail_msg("point %u", point);
            }
            /* Who has no point is no part of any canary. */
            assert_int_equal(slot_of_point(&slots, MGI_SLOTS_SHARE_ALL), live);
        }
    }
}

/* However the share moves: a point is the canary's exactly while the share is above it, so a
 * greater share keeps the points of a smaller one and a share that comes back brings back its
 * points. */
static void test_points_are_stable_as_the_share_moves(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    uint32_t random = 4;
    for (int i = 0; i < 2000; i++) {
        random = random * 1664525u + 1013904223u;
        uint32_t share = (random >> 8) % (MGI_SLOTS_SHARE_ALL + 1);
        mgi_slots_set_route(&slots, 0, share);
        if (share > 0) assert_int_equal(slot_of_point(&slots, share - 1), 1);
        assert_int_equal(slot_of_point(&slots, share), 0);
        assert_int_equal(slot_of_point(&slots, 1234), 1234 < share);
    }
}

static void test_a_share_ends_with_the_next_turn(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    assert_int_equal(mgi_slots_share(&slots), 0);
    mgi_slots_set_route(&slots, 0, 7000);
    mgi_slots_set_route(&slots, 1, 0);
    assert_int_equal(mgi_slots_share(&slots), 0);
    assert_int_equal(slot_of_point(&slots, 0), 1);
    mgi_slots_set_route(&slots, 1, 42);
    mgi_slots_set_route(&slots, 1, 0);
    assert_int_equal(mgi_slots_share(&slots), 0);
    assert_int_equal(slot_of_point(&slots, 0), 1);
}

/* A canary's calls keep its slot too, after its share is gone as well. */
static void test_a_canary_call_keeps_its_slot(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    mgi_slots_set_route(&slots, 0, 100);
    mgi_pin pin = mgi_slots_pin(&slots, 99);
    assert_int_equal(pin.slot, 1);
    mgi_slots_set_route(&slots, 0, 0);
    assert_int_equal(mgi_slots_pins(&slots, 1), 1);
    mgi_slots_unpin(&slots, pin);
    mgi_slots_drain(&slots, 1);
    assert_int_equal(mgi_slots_pins(&slots, 0), 0);
}

static void test_holds_take_the_slot_they_name(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    mgi_pin early = mgi_slots_pin_slot(&slots, 1); /* nothing is live */
    mgi_slots_set_route(&slots, 0, MGI_SLOTS_SHARE_ALL);
    mgi_pin live = mgi_slots_pin_slot(&slots, 0); /* though all calls go to the other */
    assert_int_equal(early.slot, 1);
    assert_int_equal(live.slot, 0);
    assert_int_equal(mgi_slots_pins(&slots, 0), 1);
    assert_int_equal(mgi_slots_pins(&slots, 1), 1);
    mgi_slots_set_route(&slots, 1, 0);
    mgi_slots_unpin(&slots, live);
    assert_int_equal(mgi_slots_pins(&slots, 0), 0);
    assert_int_equal(mgi_slots_pins(&slots, 1), 1);
    mgi_slots_unpin(&slots, early);
    assert_int_equal(mgi_slots_pins(&slots, 1), 0);
}

typedef struct handed_over {
    mgi_slots *slots;
    mgi_pin pin;
} handed_over;

static void *unpin_here(void *argument) {
    handed_over *over = argument;
    mgi_slots_unpin(over->slots, over->pin);
    return NULL;
}

/* A pin says on which stripe it counts: a job may begin in one thread and end in another. */
static void test_another_thread_may_unpin(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    mgi_slots_set_route(&slots, 0, 0);
    handed_over over[24];
    test_threads threads = {0};
    for (int i = 0; i < 24; i++) {
        over[i] = (handed_over){&slots, mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL)};
    }
    assert_int_equal(mgi_slots_pins(&slots, 0), 24);
    for (int i = 0; i < 24; i++) test_threads_start(&threads, unpin_here, &over[i]);
    test_threads_join(&threads);
    mgi_slots_drain(&slots, 0);
    for (int i = 0; i < MGI_SLOTS_PIN_STRIPES; i++) {
        assert_int_equal(atomic_load(&slots.stripes[0][i].pins), 0);
    }
}

typedef struct drain_case {
    mgi_slots *slots;
    atomic_bool drained;
} drain_case;

static void *drain_blue(void *argument) {
    drain_case *drain = argument;
    mgi_slots_drain(drain->slots, 0);
    atomic_store(&drain->drained, true);
    return NULL;
}

/* No call is sent to blue any more; `pin` is the last that keeps it. */
static void await_drain_of_blue(mgi_slots *slots, mgi_pin pin) {
    drain_case drain = {.slots = slots};
    test_threads threads = {0};
    test_threads_start(&threads, drain_blue, &drain);
    test_sleep(20);
    assert_false(atomic_load(&drain.drained));
    mgi_slots_unpin(slots, pin);
    test_threads_join(&threads);
    assert_true(atomic_load(&drain.drained));
}

static void test_drain_waits_for_the_last_pin(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    mgi_slots_set_route(&slots, 0, 0);
    mgi_pin pin = mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL);
    mgi_slots_set_route(&slots, 1, 0);
    await_drain_of_blue(&slots, pin);
}

static void test_drain_waits_for_a_hold(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    mgi_slots_set_route(&slots, 1, 0);
    mgi_pin pin = mgi_slots_pin_slot(&slots, 0);
    await_drain_of_blue(&slots, pin);
}

/* Callers look at a plain variable of the pinned slot, which the writer clears after draining: a
 * hole shows as a wrong value, and as a race to ThreadSanitizer. */
typedef struct stress {
    mgi_slots slots;
    int content[MGI_SLOTS];
    atomic_bool over;
    atomic_ulong wrong;
    atomic_ulong pins[MGI_SLOTS];
} stress;

static stress shared;

static void *pin_and_look(void *argument) {
    uint32_t random = *(uint32_t *)argument;
    while (!atomic_load(&shared.over)) {
        random = random * 1664525u + 1013904223u;
        mgi_pin pin = mgi_slots_pin(&shared.slots, (random >> 8) % (MGI_SLOTS_SHARE_ALL + 1));
        if (shared.content[pin.slot] != 1) atomic_fetch_add(&shared.wrong, 1);
        atomic_fetch_add(&shared.pins[pin.slot], 1);
        mgi_slots_unpin(&shared.slots, pin);
    }
    return NULL;
}

static void fill(int32_t slot) { shared.content[slot] = 1; }

static void empty(int32_t slot) {
    mgi_slots_drain(&shared.slots, slot);
    shared.content[slot] = 0;
}

/* Fills the slot that stands by, gives it shares of the calls or all of them, and empties the one
 * that is left. */
static int32_t roll_out(int32_t live, int round) {
    int32_t next = 1 - live;
    fill(next);
    if (round % 2 == 0) {
        mgi_slots_set_route(&shared.slots, live, 5000);
        mgi_slots_set_route(&shared.slots, live, round % 4 == 0 ? MGI_SLOTS_SHARE_ALL : 300);
    }
    if (round % 3 == 0) { /* it was a canary only */
        mgi_slots_set_route(&shared.slots, live, 0);
        empty(next);
        return live;
    }
    mgi_slots_set_route(&shared.slots, next, 0);
    empty(live);
    return next;
}

static void test_threads_never_see_an_emptied_slot(void **state) {
    (void)state;
    mgi_slots_init(&shared.slots);
    fill(0);
    mgi_slots_set_route(&shared.slots, 0, 0);
    test_threads threads = {0};
    uint32_t seeds[4] = {1, 2, 3, 4};
    for (int i = 0; i < 4; i++) test_threads_start(&threads, pin_and_look, &seeds[i]);
    int32_t live = 0;
    for (int i = 0;
         i < 3000 || atomic_load(&shared.pins[0]) < 500 || atomic_load(&shared.pins[1]) < 500;
         i++) {
        live = roll_out(live, i);
    }
    atomic_store(&shared.over, true);
    test_threads_join(&threads);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    assert_int_equal(mgi_slots_pins(&shared.slots, 0) + mgi_slots_pins(&shared.slots, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_live_at_first),
        cmocka_unit_test(test_pins_stay_where_they_were_taken),
        cmocka_unit_test(test_every_turn_is_a_word_of_its_own),
        cmocka_unit_test(test_a_share_is_the_points_below_it),
        cmocka_unit_test(test_points_are_stable_as_the_share_moves),
        cmocka_unit_test(test_a_share_ends_with_the_next_turn),
        cmocka_unit_test(test_a_canary_call_keeps_its_slot),
        cmocka_unit_test(test_holds_take_the_slot_they_name),
        cmocka_unit_test(test_another_thread_may_unpin),
        cmocka_unit_test(test_drain_waits_for_the_last_pin),
        cmocka_unit_test(test_drain_waits_for_a_hold),
        cmocka_unit_test(test_threads_never_see_an_emptied_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
