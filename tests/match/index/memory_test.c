/* SPDX-License-Identifier: Apache-2.0 */
/* What changes of an index take: memory within the limit, and no threads that have nothing to do.
 * The linker puts the functions below before those that they are called after. */
#include "index_fixture.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is taken --------------------------------------------------------------------------- */

static atomic_size_t held, most_held;
static atomic_int threads_started;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void __real_free(void *memory);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*body)(void *), void *argument);

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void __wrap_free(void *memory);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*body)(void *), void *argument);

static void *note_taken(void *memory) {
    const size_t bytes = malloc_usable_size(memory);
    const size_t now = atomic_fetch_add(&held, bytes) + bytes;
    size_t known = atomic_load(&most_held);
    while (now > known && !atomic_compare_exchange_weak(&most_held, &known, now)) {
    }
    return memory;
}

void *__wrap_malloc(size_t bytes) { return note_taken(__real_malloc(bytes)); }

void *__wrap_calloc(size_t count, size_t size) { return note_taken(__real_calloc(count, size)); }

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
    return note_taken(__real_aligned_alloc(alignment, bytes));
}

/* Old and new may be there side by side. */
void *__wrap_realloc(void *memory, size_t bytes) {
    const size_t before = malloc_usable_size(memory);
    void *moved = __real_realloc(memory, bytes);
    if (moved == NULL) return NULL;
    note_taken(moved);
    atomic_fetch_sub(&held, before);
    return moved;
}

void __wrap_free(void *memory) {
    atomic_fetch_sub(&held, malloc_usable_size(memory));
    __real_free(memory);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*body)(void *), void *argument) {
    atomic_fetch_add(&threads_started, 1);
    return __real_pthread_create(thread, attributes, body, argument);
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Texts of so many characters at random, which have twice as many terms. */
static void lengthen_texts(addresses *made, size_t characters, char **memory) {
    uint32_t seed = 61;
    char *at = *memory = malloc(made->count * (3 * characters + 1));
    assert_non_null(at);
    for (size_t i = 0; i < made->count; i++) {
        made->records[i].text = at;
        made->records[i].text_len = 3 * characters;
        for (size_t k = 0; k < characters; k++) {
            const uint32_t character = 0x4E00 + next_random(&seed) % 0x200;
            *at++ = (char)(0xE0 | character >> 12);
            *at++ = (char)(0x80 | (character >> 6 & 0x3F));
            *at++ = (char)(0x80 | (character & 0x3F));
        }
    }
}

/* What a test changes: an index that holds `before`, then `made` is put in. */
typedef struct changing {
    const addresses *before, *made;
    size_t taken; /* at most, beside what there was */
} changing;

static bool put_within(changing *it, uint64_t limit) {
    mgeo_index_options options = {.struct_size = sizeof options, .threads = 1};
    mgeo_index *index = create_index(&options);
    mgeo_error error;
    if (it->before->count > 0) put_all(index, it->before);
    index->options.memory_limit = limit;
    const size_t begin = atomic_load(&held);
    atomic_store(&most_held, begin);
    const mgeo_status status = mgi_index_put(index, it->made->records, it->made->count, &error);
    it->taken = atomic_load(&most_held) - begin;
    assert_true(status == MGEO_OK || status == MGEO_E_MEMORY);
    mgi_index_destroy(index);
    return status == MGEO_OK;
}

/* The least limit, to 16 KiB, under which it is put in. */
static uint64_t find_least_limit(changing *it) {
    enum { STEP = 1 << 14 };
    uint64_t low = 0, high = UINT64_C(1) << 30;
    while (high - low > STEP) {
        const uint64_t middle = low + (high - low) / 2;
        if (put_within(it, middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    assert_true(put_within(it, high));
    return high;
}

enum { SMALL_THINGS = 1 << 16 }; /* a snapshot, one text's terms, what the allocator rounds up */

static void check_limit_is_kept(size_t before, size_t count, size_t characters) {
    addresses there = make_addresses(before, 0, 62), made = make_addresses(count, 5000, 63);
    char *texts = NULL;
    changing it = {&there, &made, 0};
    if (characters > 0) lengthen_texts(&made, characters, &texts);
    const uint64_t limit = find_least_limit(&it);
    if (it.taken > limit + SMALL_THINGS) {
        fail_msg("%zu bytes taken, the limit is %zu", it.taken, (size_t)limit);
    }
    /* Nor is it refused where it would do with far less. */
    assert_true(it.taken > limit / 2);
    free(texts);
    free_addresses(&there);
    free_addresses(&made);
}

static void test_a_put_keeps_to_its_limit(void **state) {
    (void)state;
    check_limit_is_kept(0, 3000, 0);
    check_limit_is_kept(0, 1000, 500); /* the terms of a worker's documents */
    check_limit_is_kept(0, 3, 100000); /* the form of a text */
}

static void test_what_is_merged_counts(void **state) {
    (void)state;
    check_limit_is_kept(2500, 3000, 0);
    check_limit_is_kept(10, 1000, 500);
}

/* What was removed is not needed once more. */
static void test_a_compaction_is_not_refused_for_what_is_removed(void **state) {
    (void)state;
    addresses made = make_addresses(3000, 0, 64);
    mgeo_index *index = create_filled(&made);
    mgeo_error error;
    uint64_t removed;
    assert_int_equal(mgi_index_remove(index, made.records, 2990, &removed, &error), MGEO_OK);
    index->options.memory_limit = info_of(index).bytes_memory / 4;
    assert_int_equal(mgi_index_compact(index, &error), MGEO_OK);
    assert_int_equal(info_of(index).records, 10);
    mgi_index_destroy(index);
    free_addresses(&made);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void test_a_small_put_starts_no_threads(void **state) {
    (void)state;
    const mgeo_index_options options = {.struct_size = sizeof options, .threads = 64};
    addresses made = make_addresses(5000, 0, 65);
    mgeo_index *index = create_index(&options);
    atomic_store(&threads_started, 0);
    put_one(index, "a", "张江路12号");
    put_one(index, "b", "张江路13号");
    assert_int_equal(mgi_index_compact(index, NULL), MGEO_OK);
    assert_int_equal(atomic_load(&threads_started), 0);
    put_all(index, &made);
    assert_true(atomic_load(&threads_started) > 0);
    mgi_index_destroy(index);
    free_addresses(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_put_keeps_to_its_limit),
        cmocka_unit_test(test_what_is_merged_counts),
        cmocka_unit_test(test_a_compaction_is_not_refused_for_what_is_removed),
        cmocka_unit_test(test_a_small_put_starts_no_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
