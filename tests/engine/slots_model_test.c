/* SPDX-License-Identifier: Apache-2.0 */
/* Every interleaving of lib/engine/slots.c, step by step: callers and holders take their slot, look
 * at its model and let go while writers turn, change the canary's share, drain, empty and fill.
 * slots.c is compiled into this file with its atomic operations replaced by ones where a scheduler
 * chooses who goes next; all choices are tried. Variants that are broken on purpose show that a
 * hole would be found. tests/engine/slots.pml goes further with a model written by hand. */
#define _GNU_SOURCE
#include "interleave.h"
#include "support/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static void step_at(const volatile void *address);
static uintptr_t own_thread(void);

#undef atomic_load
#undef atomic_store
#undef atomic_fetch_add
#undef atomic_fetch_sub
#define atomic_load(word)                                                                          \
    (step_at(word), interleave_saw((uint64_t)atomic_load_explicit(word, memory_order_seq_cst)))
#define atomic_store(word, value)                                                                  \
    (step_at(word), interleave_saw(0), atomic_store_explicit(word, value, memory_order_seq_cst))
#define atomic_fetch_add(word, value)                                                              \
    (step_at(word), interleave_saw(0), atomic_fetch_add_explicit(word, value, memory_order_seq_cst))
#define atomic_fetch_sub(word, value)                                                              \
    (step_at(word), interleave_saw(0), interleave_changed(),                                       \
     atomic_fetch_sub_explicit(word, value, memory_order_seq_cst))
#define nanosleep(time, left) interleave_wait()
#define pthread_self() own_thread()
#include "engine/slots.c"

/* ---- what the actors share ------------------------------------------------------------------- */

enum { EMPTY = 0, CANARY_POINT = 0, CANARY_SHARE = 1 };

/* As in lib/engine/state.h: slots, models, and what the engine's mutex guards. Blue is live and
 * green stands by at first. */
static mgi_slots slots;
static int models[MGI_SLOTS];
static bool locked;
static bool emptying;
static unsigned holds[MGI_SLOTS];
static bool stripes_apart; /* each actor counts on a stripe of its own; else all count on one */

static uintptr_t own_thread(void) { return stripes_apart ? (uintptr_t)interleave_self() + 1 : 1; }

/* Stripes on which nobody counts are no steps. */
static void step_at(const volatile void *address) {
    static const uintptr_t threads[] = {1, 2, 3};
    bool shared = address == &slots.route;
    for (size_t i = 0; i < sizeof threads / sizeof *threads && !shared; i++) {
        uint32_t stripe =
            (uint32_t)((threads[i] * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % MGI_SLOTS_PIN_STRIPES;
        shared = (stripes_apart || i == 0) && (address == &slots.stripes[0][stripe].pins ||
                                               address == &slots.stripes[1][stripe].pins);
    }
    if (shared) interleave_step();
}

static void begin(void) {
    mgi_slots_init(&slots);
    atomic_store_explicit(&slots.route, UINT64_C(1) << COUNT_SHIFT, memory_order_seq_cst);
    models[0] = 1;
    models[1] = 2;
    locked = emptying = false;
    holds[0] = holds[1] = 0;
}

static uint64_t state_of_all(void) {
    uint64_t hash = atomic_load_explicit(&slots.route, memory_order_seq_cst);
    for (int slot = 0; slot < MGI_SLOTS; slot++) {
        for (int i = 0; i < MGI_SLOTS_PIN_STRIPES; i++) {
            hash = interleave_mix(hash, (uint64_t)atomic_load_explicit(&slots.stripes[slot][i].pins,
                                                                       memory_order_seq_cst));
        }
        hash = interleave_mix(hash, (uint64_t)models[slot]);
        hash = interleave_mix(hash, holds[slot]);
    }
    return interleave_mix(hash, (uint64_t)locked * 2 + emptying);
}

/* A read of what no atomic operation guards. */
static int read_plain(int value) { return (int)interleave_saw((uint64_t)value); }

static void lock(void) {
    interleave_step();
    while (locked) interleave_wait();
    locked = true;
    interleave_saw(0);
}

static void unlock(void) {
    locked = false;
    interleave_changed();
}

static int32_t live_slot(void) {
    interleave_join();
    return mgi_slots_live(&slots);
}

/* Reading the route is no step of its own for those who write it under the mutex. */
static void turn(int32_t slot, uint32_t share) {
    interleave_join();
    mgi_slots_set_route(&slots, slot, share);
}

/* ---- callers --------------------------------------------------------------------------------- */

/* The model is there, and stays the same one. */
static void look(int32_t slot) {
    int model = read_plain(models[slot]);
    interleave_check(model != EMPTY);
    interleave_step();
    interleave_check(read_plain(models[slot]) == model);
}

static void use(mgi_pin pin) {
    uint64_t turns = atomic_load_explicit(&slots.route, memory_order_seq_cst) >> COUNT_SHIFT;
    interleave_check(pin.attempts <= turns); /* only a turn makes a caller look again */
    interleave_check(pin.slot >= 0);         /* something is live in every model here */
    if (pin.slot < 0) return;
    look(pin.slot);
    interleave_join();
    mgi_slots_unpin(&slots, pin);
}

static void caller(void) { use(mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL)); }

static void canary_caller(void) { use(mgi_slots_pin(&slots, CANARY_POINT)); }

static void caller_twice(void) {
    caller();
    canary_caller();
}

static mgi_pin pin_of(uint64_t route, uint32_t point) {
    return (mgi_pin){.slot = route_choose(route, point), .stripe = own_stripe()};
}

/* Broken: "load the pointer, then count it". */
static void caller_without_second_look(void) {
    mgi_pin pin = pin_of(atomic_load(&slots.route), MGI_SLOTS_SHARE_ALL);
    count_pin(&slots, pin);
    use(pin);
}

/* Broken: looks twice, but counts after both. */
static void caller_counting_late(void) {
    uint64_t route;
    do {
        route = atomic_load(&slots.route);
    } while (atomic_load(&slots.route) != route);
    mgi_pin pin = pin_of(route, MGI_SLOTS_SHARE_ALL);
    count_pin(&slots, pin);
    use(pin);
}

/* Broken: the second look is at the live slot alone, which a canary's end leaves as it was. */
static void canary_caller_looking_at_live(void) {
    for (;;) {
        uint64_t route = atomic_load(&slots.route);
        mgi_pin pin = pin_of(route, CANARY_POINT);
        count_pin(&slots, pin);
        if (mgi_route_live(atomic_load(&slots.route)) == mgi_route_live(route)) {
            use(pin);
            return;
        }
        mgi_slots_unpin(&slots, pin);
    }
}

/* Sound, if by a hair: the second look is at the choice and not at the whole word. What keeps pins
 * safe is that the slot was still chosen after the count; that turns are counted in the word is for
 * those who ask whether anything turned. */
static void canary_caller_looking_at_choice(void) {
    for (;;) {
        mgi_pin pin = pin_of(atomic_load(&slots.route), CANARY_POINT);
        count_pin(&slots, pin);
        if (route_choose(atomic_load(&slots.route), CANARY_POINT) == pin.slot) {
            use(pin);
            return;
        }
        mgi_slots_unpin(&slots, pin);
    }
}

/* Broken: gives back the other slot. */
static void caller_unpinning_other(void) {
    mgi_pin pin = mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL);
    look(pin.slot);
    pin.slot = 1 - pin.slot;
    mgi_slots_unpin(&slots, pin);
}

/* Broken: gives back the right slot where another thread counts. */
static void caller_unpinning_elsewhere(void) {
    mgi_pin pin = mgi_slots_pin(&slots, MGI_SLOTS_SHARE_ALL);
    look(pin.slot);
    pin.stripe = (pin.stripe + 1) % MGI_SLOTS_PIN_STRIPES;
    mgi_slots_unpin(&slots, pin);
}

/* ---- holders, as mgi_job_begin and mgi_lease_return of lib/engine
 * --------------------------------- */

static bool may_hold(int32_t slot) {
    return read_plain(models[slot]) != EMPTY && !read_plain(emptying);
}

static void hold_standby(bool (*allowed)(int32_t slot)) {
    lock();
    int32_t slot = 1 - live_slot();
    bool taken = allowed(slot);
    mgi_pin pin = {.slot = -1};
    if (taken) {
        holds[slot]++;
        interleave_join();
        pin = mgi_slots_pin_slot(&slots, slot);
    }
    unlock();
    if (!taken) return;
    look(slot);
    lock();
    holds[slot]--;
    interleave_join();
    mgi_slots_unpin(&slots, pin);
    unlock();
}

static void holder(void) { hold_standby(may_hold); }

static bool may_hold_if_filled(int32_t slot) { return read_plain(models[slot]) != EMPTY; }

/* Broken: takes a slot that is being emptied. */
static void holder_ignoring_emptying(void) { hold_standby(may_hold_if_filled); }

/* Broken: asks and takes without the mutex, and so may come after the drain. */
static void holder_without_mutex(void) {
    int32_t slot = 1 - mgi_slots_live(&slots);
    interleave_step();
    if (!may_hold(slot)) return;
    use(mgi_slots_pin_slot(&slots, slot));
}

/* ---- writers that are alone ------------------------------------------------------------------ */

static void empty(int32_t slot) {
    mgi_slots_drain(&slots, slot);
    models[slot] = EMPTY;
}

static void writer(void) {
    turn(1, 0);
    empty(0);
}

/* Empties blue, fills it again, turns back and empties green. */
static void writer_there_and_back(void) {
    writer();
    models[0] = 3;
    turn(0, 0);
    empty(1);
}

/* Gives green a share, takes it back and empties it. */
static void canary_writer(void) {
    turn(0, CANARY_SHARE);
    turn(0, 0);
    empty(1);
}

/* A canary that fails, another that goes live. */
static void canary_writer_twice(void) {
    canary_writer();
    models[1] = 3;
    turn(0, CANARY_SHARE);
    turn(1, 0);
    empty(0);
}

/* Broken. */
static void writer_draining_first(void) {
    mgi_slots_drain(&slots, 0);
    turn(1, 0);
    models[0] = EMPTY;
}

/* Broken. */
static void writer_not_draining(void) {
    turn(1, 0);
    models[0] = EMPTY;
}

/* Broken: the canary's calls are waited for while more may come. */
static void canary_writer_draining_first(void) {
    turn(0, CANARY_SHARE);
    mgi_slots_drain(&slots, 1);
    turn(0, 0);
    models[1] = EMPTY;
}

/* Broken: the share stays. */
static void canary_writer_leaving_share(void) {
    turn(0, CANARY_SHARE);
    empty(1);
}

/* Broken: looks at one stripe alone. */
static void writer_draining_own_stripe(void) {
    turn(1, 0);
    while (atomic_load(&slots.stripes[0][own_stripe()].pins) != 0) interleave_wait();
    models[0] = EMPTY;
}

/* ---- writers beside each other, as mgi_standby_unload, _swap and _set_canary -------------------
 */

static bool may_empty(int32_t slot) {
    interleave_join();
    return mgi_slots_share(&slots) == 0 && read_plain((int)holds[slot]) == 0;
}

static void take_out_standby(bool (*allowed)(int32_t slot)) {
    lock();
    int32_t slot = 1 - live_slot();
    bool goes = read_plain(models[slot]) != EMPTY && allowed(slot);
    emptying = goes;
    unlock();
    if (!goes) return;
    mgi_slots_drain(&slots, slot);
    lock();
    models[slot] = EMPTY;
    emptying = false;
    unlock();
}

static void emptier(void) { take_out_standby(may_empty); }

static bool may_always(int32_t slot) {
    (void)slot;
    return true;
}

/* Broken: the standby model goes though a canary's calls come to it. */
static void emptier_ignoring_share(void) { take_out_standby(may_always); }

static void turn_if(bool (*allowed)(int32_t slot), bool swap) {
    lock();
    int32_t live = live_slot();
    if (allowed(1 - live)) turn(swap ? 1 - live : live, swap ? 0 : CANARY_SHARE);
    unlock();
}

static void swapper(void) { turn_if(may_hold, true); }

static void canary_setter(void) {
    turn_if(may_hold, false);
    lock();
    turn(live_slot(), 0);
    unlock();
}

/* Broken: a slot that is being emptied goes live, or gets a share. */
static void swapper_ignoring_emptying(void) { turn_if(may_hold_if_filled, true); }
static void canary_setter_ignoring_emptying(void) { turn_if(may_hold_if_filled, false); }

/* ---- tests ----------------------------------------------------------------------------------- */

static interleave_result explore(void (*first)(void), void (*second)(void), void (*third)(void)) {
    interleave_model model = {
        .actors = {first, second, third}, .begin = begin, .state = state_of_all};
    interleave_result result = interleave_explore(&model);
    print_message("%lu states in %lu runs, %lu violations, %lu stuck\n", result.states, result.runs,
                  result.violations, result.stuck);
    return result;
}

static int together(void **state) {
    (void)state;
    stripes_apart = false;
    return 0;
}

static int apart(void **state) {
    (void)state;
    stripes_apart = true;
    return 0;
}

static void expect_sound(void (*first)(void), void (*second)(void), void (*third)(void),
                         unsigned long states_least) {
    interleave_result result = explore(first, second, third);
    assert_true(result.states >= states_least);
    assert_int_equal(result.violations, 0);
    assert_int_equal(result.stuck, 0);
}

static void expect_broken(void (*first)(void), void (*second)(void), void (*third)(void)) {
    interleave_result result = explore(first, second, third);
    assert_true(result.violations > 0 || result.stuck > 0);
}

static void test_callers_and_turns(void **state) {
    (void)state;
    expect_sound(caller, caller, writer, 500);
    expect_sound(caller_twice, caller, writer_there_and_back, 10000);
}

static void test_callers_and_a_canary(void **state) {
    (void)state;
    expect_sound(canary_caller, caller, canary_writer, 1000);
    expect_sound(canary_caller, canary_caller, canary_writer, 1000);
    expect_sound(canary_caller, canary_writer_twice, NULL, 500);
    expect_sound(canary_caller_looking_at_choice, canary_writer_twice, NULL, 500);
}

static void test_drains_go_from_stripe_to_stripe(void **state) {
    (void)state;
    expect_sound(caller, caller, writer, 500);
    expect_sound(canary_caller, caller, canary_writer, 1000);
    expect_sound(holder, caller, emptier, 60);
}

static void test_writers_beside_each_other(void **state) {
    (void)state;
    expect_sound(caller, emptier, swapper, 60);
    expect_sound(canary_caller, emptier, canary_setter, 300);
    expect_sound(holder, emptier, swapper, 60);
    expect_sound(holder, emptier, canary_setter, 60);
}

static void test_broken_pins_are_found(void **state) {
    (void)state;
    expect_broken(caller_without_second_look, writer, NULL);
    expect_broken(caller_counting_late, writer, NULL);
    expect_broken(canary_caller_looking_at_live, canary_writer, NULL);
    expect_broken(caller_unpinning_other, caller, writer);
}

static void test_broken_drains_are_found(void **state) {
    (void)state;
    expect_broken(caller, writer_draining_first, NULL);
    expect_broken(caller, writer_not_draining, NULL);
    expect_broken(canary_caller, canary_writer_draining_first, NULL);
    expect_broken(canary_caller, canary_writer_leaving_share, NULL);
}

static void test_broken_uses_of_stripes_are_found(void **state) {
    (void)state;
    expect_broken(caller_unpinning_elsewhere, writer, NULL);
    expect_broken(caller, writer_draining_own_stripe, NULL);
}

static void test_broken_writers_and_holders_are_found(void **state) {
    (void)state;
    expect_broken(caller, emptier, swapper_ignoring_emptying);
    expect_broken(canary_caller, emptier, canary_setter_ignoring_emptying);
    expect_broken(canary_caller, emptier_ignoring_share, canary_setter);
    expect_broken(holder_without_mutex, emptier, NULL);
    expect_broken(holder_ignoring_emptying, emptier, NULL);
}

int main(void) {
#if defined(__SANITIZE_THREAD__)
    return 77; /* skipped: ThreadSanitizer cannot follow coroutines */
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return 77;
#endif
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_callers_and_turns, together),
        cmocka_unit_test_setup(test_callers_and_a_canary, together),
        cmocka_unit_test_setup(test_drains_go_from_stripe_to_stripe, apart),
        cmocka_unit_test_setup(test_writers_beside_each_other, together),
        cmocka_unit_test_setup(test_broken_pins_are_found, together),
        cmocka_unit_test_setup(test_broken_drains_are_found, together),
        cmocka_unit_test_setup(test_broken_uses_of_stripes_are_found, apart),
        cmocka_unit_test_setup(test_broken_writers_and_holders_are_found, together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
