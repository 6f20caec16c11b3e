/* Every interleaving of lib/engine/slots.c, step by step: callers pin, look at their model and
 * unpin while a writer turns, drains and empties. slots.c is compiled into this file with its
 * atomic operations replaced by ones that let a scheduler choose who goes next; all choices are
 * tried. Variants that are broken on purpose show that a hole would be found. */
#define _GNU_SOURCE
#include "support/check.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

static void model_step(const volatile void *address);
static uint64_t model_saw(uint64_t value);
static void model_changed(void);
static void model_wait(void);

#undef atomic_load
#undef atomic_store
#undef atomic_fetch_add
#undef atomic_fetch_sub
#define atomic_load(word)                                                                          \
    (model_step(word), model_saw((uint64_t)atomic_load_explicit(word, memory_order_seq_cst)))
#define atomic_store(word, value)                                                                  \
    (model_step(word), model_saw(0), atomic_store_explicit(word, value, memory_order_seq_cst))
#define atomic_fetch_add(word, value)                                                              \
    (model_step(word), model_saw(0), atomic_fetch_add_explicit(word, value, memory_order_seq_cst))
#define atomic_fetch_sub(word, value)                                                              \
    (model_step(word), model_saw(0), model_changed(),                                              \
     atomic_fetch_sub_explicit(word, value, memory_order_seq_cst))
#define nanosleep(time, left) model_wait()
#include "engine/slots.c"

/* ---- the scheduler --------------------------------------------------------------------------- */

enum { ACTORS = 3, DEEPEST = 500, STACK_BYTES = 65536, STATES_MOST = 1 << 18 };

static struct {
    ucontext_t scheduler;
    ucontext_t actors[ACTORS];
    char stacks[ACTORS][STACK_BYTES];
    void (*bodies[ACTORS])(void);
    bool done[ACTORS];
    bool waiting[ACTORS]; /* for another actor's change */
    bool joined;          /* the next step belongs to the one before: nobody can go in between */
    uint64_t history[ACTORS]; /* a hash of all that the actor saw: where it is */
    int running;
    int count;
    int choices[DEEPEST]; /* the path that this run takes */
    int options[DEEPEST]; /* how many ways there were at each step */
    int depth;
    uint64_t seen[STATES_MOST]; /* a hash set of states; 0: free */
    unsigned long states;
} model;

static mgi_slots slots;
static bool slot_full[MGI_SLOTS];
static unsigned violations;

static uint64_t model_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

static uint64_t model_saw(uint64_t value) {
    uint64_t *history = &model.history[model.running];
    *history = model_mix(*history, value + 1);
    return value;
}

static void model_yield(void) { swapcontext(&model.actors[model.running], &model.scheduler); }

/* Stripes that nobody counts on are no steps: all actors are one thread and share a stripe. */
static void model_step(const volatile void *address) {
    uint32_t stripe = mgi_own_stripe();
    if (model.joined) {
        model.joined = false;
        return;
    }
    if (address == &slots.route || address == &slots.stripes[0][stripe].pins ||
        address == &slots.stripes[1][stripe].pins) {
        model_yield();
    }
}

static void model_changed(void) {
    for (int i = 0; i < model.count; i++) model.waiting[i] = false;
}

static void model_wait(void) {
    model.waiting[model.running] = true;
    model_yield();
}

static void model_actor(void) {
    model.bodies[model.running]();
    model.done[model.running] = true;
    model_changed();
    model_yield();
}

/* The nth actor that can go on, or -1; *options is their number. */
static int model_choose(int nth, int *options) {
    int chosen = -1;
    *options = 0;
    for (int i = 0; i < model.count; i++) {
        if (model.done[i] || model.waiting[i]) continue;
        if ((*options)++ == nth) chosen = i;
    }
    return chosen;
}

static void model_start(int actor) {
    getcontext(&model.actors[actor]);
    model.actors[actor].uc_stack.ss_sp = model.stacks[actor];
    model.actors[actor].uc_stack.ss_size = STACK_BYTES;
    model.actors[actor].uc_link = NULL;
    makecontext(&model.actors[actor], model_actor, 0);
    model.done[actor] = model.waiting[actor] = false;
    model.history[actor] = 1;
}

static uint64_t model_state(void) {
    uint32_t stripe = mgi_own_stripe();
    uint64_t hash = atomic_load_explicit(&slots.route, memory_order_seq_cst);
    for (int i = 0; i < MGI_SLOTS; i++) {
        hash = model_mix(hash, (uint64_t)atomic_load_explicit(&slots.stripes[i][stripe].pins,
                                                              memory_order_seq_cst));
        hash = model_mix(hash, slot_full[i]);
    }
    for (int i = 0; i < model.count; i++) {
        hash = model_mix(hash, model.history[i]);
        hash = model_mix(hash, (uint64_t)model.done[i] * 2 + model.waiting[i]);
    }
    return hash | 1;
}

/* Has this state been come to before? All that can follow from it has then been tried. */
static bool model_is_known(void) {
    uint64_t state = model_state();
    size_t at = state % STATES_MOST;
    while (model.seen[at] != 0 && model.seen[at] != state) at = (at + 1) % STATES_MOST;
    if (model.seen[at] == state) return true;
    model.seen[at] = state;
    assert_true(++model.states < STATES_MOST / 2);
    return false;
}

/* One run along model.choices, which grows by first choices where it ends. */
static void model_run(int known) {
    mgi_slots_init(&slots);
    atomic_store_explicit(&slots.route, 2, memory_order_seq_cst); /* blue is live */
    slot_full[0] = slot_full[1] = true;
    for (int i = 0; i < model.count; i++) {
        model_start(i);
        model.running = i; /* up to its first step, before which it touches nothing shared */
        swapcontext(&model.scheduler, &model.actors[i]);
    }
    for (model.depth = 0;; model.depth++) {
        assert_true(model.depth < DEEPEST);
        if (model.depth >= known) {
            model.choices[model.depth] = 0;
            if (model.depth > 0 && model_is_known()) return;
        }
        model.running = model_choose(model.choices[model.depth], &model.options[model.depth]);
        if (model.running < 0) break;
        swapcontext(&model.scheduler, &model.actors[model.running]);
    }
    for (int i = 0; i < model.count; i++) assert_true(model.done[i]); /* else: all wait forever */
}

/* Tries all interleavings of the actors; returns how many runs that took. */
static unsigned long model_explore(void) {
    unsigned long runs = 0;
    int known = 0;
    violations = 0;
    model.states = 0;
    memset(model.seen, 0, sizeof model.seen);
    do {
        model_run(known);
        runs++;
        known = model.depth;
        while (known > 0 && model.choices[known - 1] + 1 >= model.options[known - 1]) known--;
        if (known > 0) model.choices[known - 1]++;
    } while (known > 0);
    return runs;
}

/* ---- actors ---------------------------------------------------------------------------------- */

static void use(mgi_pin pin) {
    if (pin.slot < 0) {
        violations++; /* something is live in every model here */
        return;
    }
    violations += !slot_full[pin.slot];
    model_yield();
    model_saw(0);
    violations += !slot_full[pin.slot];
    model.joined = true;
    mgi_slots_unpin(&slots, pin);
}

static void caller(void) { use(mgi_slots_pin(&slots)); }

static void caller_twice(void) {
    caller();
    caller();
}

/* "Load the pointer, then count it". */
static void caller_without_second_look(void) {
    mgi_pin pin = {.stripe = mgi_own_stripe()};
    pin.slot = mgi_routed_slot(atomic_load(&slots.route));
    atomic_fetch_add(&slots.stripes[pin.slot][pin.stripe].pins, 1);
    use(pin);
}

/* Looks twice, but counts after both. */
static void caller_counting_late(void) {
    mgi_pin pin = {.stripe = mgi_own_stripe()};
    uint64_t route;
    do {
        route = atomic_load(&slots.route);
        pin.slot = mgi_routed_slot(route);
    } while (atomic_load(&slots.route) != route);
    atomic_fetch_add(&slots.stripes[pin.slot][pin.stripe].pins, 1);
    use(pin);
}

/* Reading the route is no step of its own for the only one who writes it. */
static void turn(int32_t slot) {
    model.joined = true;
    mgi_slots_turn(&slots, slot);
}

static void writer(void) {
    turn(1);
    mgi_slots_drain(&slots, 0);
    slot_full[0] = false;
}

/* Empties blue, fills it again, turns back and empties green. */
static void writer_there_and_back(void) {
    writer();
    slot_full[0] = true;
    turn(0);
    mgi_slots_drain(&slots, 1);
    slot_full[1] = false;
}

static void writer_draining_first(void) {
    mgi_slots_drain(&slots, 0);
    turn(1);
    slot_full[0] = false;
}

static void writer_not_draining(void) {
    turn(1);
    slot_full[0] = false;
}

/* Returns how many states there are. */
static unsigned long explore(void (*first)(void), void (*second)(void), void (*third)(void)) {
    model.bodies[0] = first;
    model.bodies[1] = second;
    model.bodies[2] = third;
    model.count = third == NULL ? 2 : 3;
    unsigned long runs = model_explore();
    print_message("%lu states in %lu runs, %u violations\n", model.states, runs, violations);
    return model.states;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_two_callers_and_a_turn(void **state) {
    (void)state;
    assert_true(explore(caller, caller, writer) > 500);
    assert_int_equal(violations, 0);
}

static void test_two_callers_and_turns_there_and_back(void **state) {
    (void)state;
    assert_true(explore(caller_twice, caller, writer_there_and_back) > 10000);
    assert_int_equal(violations, 0);
}

static void test_broken_variants_are_found(void **state) {
    (void)state;
    explore(caller_without_second_look, writer, NULL);
    assert_true(violations > 0);
    explore(caller_counting_late, writer, NULL);
    assert_true(violations > 0);
    explore(caller, writer_draining_first, NULL);
    assert_true(violations > 0);
    explore(caller, writer_not_draining, NULL);
    assert_true(violations > 0);
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
        cmocka_unit_test(test_two_callers_and_a_turn),
        cmocka_unit_test(test_two_callers_and_turns_there_and_back),
        cmocka_unit_test(test_broken_variants_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
