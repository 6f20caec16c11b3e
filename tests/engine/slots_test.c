/* Slots: pins, turns and drains, one at a time and under threads. */
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
    mgi_pin pin = mgi_slots_pin(&slots);
    assert_int_equal(pin.slot, -1);
    mgi_slots_unpin(&slots, pin);
    assert_int_equal(mgi_slots_pins(&slots, 0), 0);
    mgi_slots_drain(&slots, 0);
}

static void test_pins_stay_where_they_were_taken(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    mgi_slots_turn(&slots, 1);
    mgi_pin first = mgi_slots_pin(&slots);
    mgi_pin second = mgi_slots_pin(&slots);
    assert_int_equal(first.slot, 1);
    assert_int_equal(mgi_slots_pins(&slots, 1), 2);
    mgi_slots_turn(&slots, 0);
    assert_int_equal(mgi_slots_live(&slots), 0);
    mgi_pin third = mgi_slots_pin(&slots);
    assert_int_equal(third.slot, 0);
    mgi_slots_unpin(&slots, first);
    assert_int_equal(mgi_slots_pins(&slots, 1), 1);
    mgi_slots_unpin(&slots, second);
    mgi_slots_drain(&slots, 1);
    assert_int_equal(mgi_slots_pins(&slots, 0), 1);
    mgi_slots_unpin(&slots, third);
}

static void test_every_turn_is_a_word_of_its_own(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    uint64_t before = 0;
    for (int i = 0; i < 100; i++) {
        mgi_slots_turn(&slots, i % 3 == 0);
        uint64_t route = atomic_load(&slots.route);
        assert_true(route > before);
        before = route;
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

static void test_drain_waits_for_the_last_pin(void **state) {
    (void)state;
    mgi_slots slots;
    mgi_slots_init(&slots);
    mgi_slots_turn(&slots, 0);
    mgi_pin pin = mgi_slots_pin(&slots);
    mgi_slots_turn(&slots, 1);
    drain_case drain = {.slots = &slots};
    test_crew crew = {0};
    test_crew_start(&crew, drain_blue, &drain);
    test_sleep(20);
    assert_false(atomic_load(&drain.drained));
    mgi_slots_unpin(&slots, pin);
    test_crew_join(&crew);
    assert_true(atomic_load(&drain.drained));
}

/* Callers look at a plain variable of the pinned slot, which the writer clears after draining: a
 * hole shows as a wrong value, and as a race to ThreadSanitizer. */
typedef struct stress {
    mgi_slots slots;
    int content[MGI_SLOTS];
    atomic_bool over;
    atomic_ulong wrong;
    atomic_ulong pins;
} stress;

static void *pin_and_look(void *argument) {
    stress *shared = argument;
    while (!atomic_load(&shared->over)) {
        mgi_pin pin = mgi_slots_pin(&shared->slots);
        if (shared->content[pin.slot] != 1) atomic_fetch_add(&shared->wrong, 1);
        mgi_slots_unpin(&shared->slots, pin);
        atomic_fetch_add(&shared->pins, 1);
    }
    return NULL;
}

static void test_threads_never_see_an_emptied_slot(void **state) {
    (void)state;
    static stress shared;
    mgi_slots_init(&shared.slots);
    shared.content[0] = 1;
    mgi_slots_turn(&shared.slots, 0);
    test_crew crew = {0};
    for (int i = 0; i < 4; i++) test_crew_start(&crew, pin_and_look, &shared);
    int live = 0;
    for (int i = 0; i < 5000 || atomic_load(&shared.pins) < 1000; i++) {
        shared.content[1 - live] = 1;
        mgi_slots_turn(&shared.slots, 1 - live);
        mgi_slots_drain(&shared.slots, live);
        shared.content[live] = 0;
        live = 1 - live;
    }
    atomic_store(&shared.over, true);
    test_crew_join(&crew);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    assert_int_equal(mgi_slots_pins(&shared.slots, 0) + mgi_slots_pins(&shared.slots, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_live_at_first),
        cmocka_unit_test(test_pins_stay_where_they_were_taken),
        cmocka_unit_test(test_every_turn_is_a_word_of_its_own),
        cmocka_unit_test(test_drain_waits_for_the_last_pin),
        cmocka_unit_test(test_threads_never_see_an_emptied_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
