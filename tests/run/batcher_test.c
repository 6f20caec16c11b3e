/* SPDX-License-Identifier: Apache-2.0 */
/* The batcher: which rows go together, how they lie, and who gets how many cores. */
#include "run/batcher.h"

#include "core/alloc.h"
#include "support/check.h"

enum { LENGTHS = 32 };

static void put(mgi_queue *queue, mgi_queue_source *source, size_t index, uint32_t length) {
    uint32_t count;
    mgi_queue_row *row = mgi_queue_claim(queue, 1, &count);
    assert_int_equal(count, 1);
    row->index = index;
    row->length = length;
    row->flags = 0;
    for (uint32_t i = 0; i < length; i++) {
        row->ids[i] = (int32_t)(index * 100 + i);
        row->types[i] = (uint8_t)(i % 2);
    }
    mgi_queue_put(queue, source, row);
}

/* Every packed row is whole and where the offsets say, and lengths do not decrease. */
static void check_batch(const mgi_batcher *batcher, uint32_t rows) {
    const mgi_batch *batch = &batcher->batch;
    assert_int_equal(batch->rows, rows);
    assert_int_equal(batch->offsets[0], 0);
    assert_int_equal(batch->offsets[rows], batch->tokens);
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t start = batch->offsets[row];
        uint32_t length = batch->offsets[row + 1] - start;
        assert_int_equal(length, batcher->entries[row].length);
        if (row > 0) assert_true(length >= batcher->entries[row - 1].length);
        for (uint32_t i = 0; i < length; i++) {
            assert_int_equal(batch->ids[start + i], batcher->entries[row].index * 100 + i);
            assert_int_equal(batch->types[start + i], i % 2);
        }
    }
}

typedef struct bench {
    mgi_queue queue;
    mgi_batcher batcher;
    mgi_queue_source source;
} bench;

static void begin(bench *b, uint32_t batch_tokens) {
    *b = (bench){0};
    assert_true(mgi_queue_init(&b->queue, 64, LENGTHS));
    assert_true(mgi_batcher_init(&b->batcher, batch_tokens, 64, false));
}

static void end(bench *b) {
    mgi_batcher_finish(&b->batcher);
    mgi_queue_finish(&b->queue);
}

static void test_rows_of_like_length_go_together(void **state) {
    (void)state;
    bench b;
    begin(&b, 64);
    const uint32_t lengths[] = {10, 30, 11, 29, 10, 31, 9, 12};
    for (size_t i = 0; i < 8; i++) put(&b.queue, &b.source, i, lengths[i]);
    mgi_batcher_fill(&b.batcher, &b.queue, 64);
    check_batch(&b.batcher, 5); /* 9 10 10 11 12: 52 tokens, and no other row fits */
    assert_int_equal(b.batcher.entries[0].index, 6);
    assert_int_equal(b.batcher.entries[4].index, 7);
    mgi_batcher_fill(&b.batcher, &b.queue, 64);
    check_batch(&b.batcher, 2); /* 29 30 */
    mgi_batcher_fill(&b.batcher, &b.queue, 64);
    check_batch(&b.batcher, 1);
    assert_int_equal(b.queue.waiting_rows, 0);
    assert_int_equal(b.queue.free_count, 64);
    end(&b);
}

static void test_the_row_whose_turn_it_is_always_goes(void **state) {
    (void)state;
    bench b;
    begin(&b, 32);
    for (size_t i = 0; i < 20; i++) put(&b.queue, &b.source, i, 5);
    mgi_queue_source other = {0};
    put(&b.queue, &other, 50, 32);
    mgi_batcher_fill(&b.batcher, &b.queue, 32);
    check_batch(&b.batcher, 6);
    mgi_batcher_fill(&b.batcher, &b.queue, 32);
    check_batch(&b.batcher, 1);
    assert_int_equal(b.batcher.entries[0].index, 50);
    assert_ptr_equal(b.batcher.entries[0].source, &other);
    end(&b);
}

static void test_rows_of_any_length_go_in_turn(void **state) {
    (void)state;
    bench b;
    begin(&b, 64);
    b.batcher.mixed_lengths = true;
    const uint32_t lengths[] = {10, 30, 11, 29, 10};
    for (size_t i = 0; i < 5; i++) put(&b.queue, &b.source, i, lengths[i]);
    mgi_batcher_fill(&b.batcher, &b.queue, 64);
    check_batch(&b.batcher, 3); /* 10 11 30: the next one does not fit, and no other passes it */
    assert_int_equal(b.batcher.entries[0].index, 0);
    assert_int_equal(b.batcher.entries[1].index, 2);
    assert_int_equal(b.batcher.entries[2].index, 1);
    mgi_batcher_fill(&b.batcher, &b.queue, 64);
    check_batch(&b.batcher, 2);
    assert_int_equal(b.queue.waiting_rows, 0);
    end(&b);
}

static void test_calls_take_turns_in_mixed_batches(void **state) {
    (void)state;
    bench b;
    begin(&b, 32);
    b.batcher.mixed_lengths = true;
    mgi_queue_source other = {0};
    for (size_t i = 0; i < 4; i++) put(&b.queue, &b.source, i, 10);
    put(&b.queue, &other, 50, 12);
    mgi_batcher_fill(&b.batcher, &b.queue, 32);
    check_batch(&b.batcher, 3);
    assert_int_equal(b.batcher.entries[2].index, 50);
    end(&b);
}

static void test_one_row_is_taken_whatever_the_grant(void **state) {
    (void)state;
    bench b;
    begin(&b, 32);
    put(&b.queue, &b.source, 0, 20);
    put(&b.queue, &b.source, 1, 20);
    mgi_batcher_fill(&b.batcher, &b.queue, 1);
    check_batch(&b.batcher, 1);
    end(&b);
}

static void test_random_rows_all_go_once(void **state) {
    (void)state;
    bench b;
    uint32_t random = 12345;
    for (uint32_t budget = 1; budget <= 128; budget += 9) {
        begin(&b, 128);
        b.batcher.mixed_lengths = budget % 2 == 0;
        bool seen[64] = {false};
        for (size_t i = 0; i < 64; i++) {
            random = random * 1664525u + 1013904223u;
            put(&b.queue, &b.source, i, 1 + (random >> 16) % LENGTHS);
        }
        while (b.queue.waiting_rows > 0) {
            mgi_batcher_fill(&b.batcher, &b.queue, budget);
            check_batch(&b.batcher, b.batcher.batch.rows);
            assert_true(b.batcher.batch.tokens <= budget || b.batcher.batch.rows == 1);
            for (uint32_t i = 0; i < b.batcher.batch.rows; i++) {
                assert_false(seen[b.batcher.entries[i].index]);
                seen[b.batcher.entries[i].index] = true;
            }
        }
        for (int i = 0; i < 64; i++) assert_true(seen[i]);
        end(&b);
    }
}

/* ---- grants ---------------------------------------------------------------------------------- */

static mgi_batcher_demand idle_demand(uint32_t rows, uint64_t tokens, uint32_t calls) {
    return (mgi_batcher_demand){.waiting_rows = rows,
                                .waiting_tokens = tokens,
                                .calls = calls,
                                .free_workers = 4,
                                .cores = 4};
}

static void test_a_single_row_gets_all_cores(void **state) {
    (void)state;
    mgi_batcher_demand demand = idle_demand(1, 40, 1);
    mgi_batcher_grant grant = mgi_batcher_grant_for(&demand, 512, 0);
    assert_int_equal(grant.cores, 4);
    assert_int_equal(grant.tokens, 40);
}

static void test_rows_for_all_leave_one_core_each(void **state) {
    (void)state;
    mgi_batcher_demand demand = idle_demand(1000, 40000, 1);
    mgi_batcher_grant grant = mgi_batcher_grant_for(&demand, 512, 0);
    assert_int_equal(grant.cores, 1);
    assert_int_equal(grant.tokens, 512);
}

static void test_few_rows_are_split_evenly(void **state) {
    (void)state;
    mgi_batcher_demand demand = idle_demand(8, 320, 1);
    mgi_batcher_grant grant = mgi_batcher_grant_for(&demand, 512, 0);
    assert_int_equal(grant.tokens, 80);
    assert_int_equal(grant.cores, 1);
    demand = idle_demand(2, 80, 1);
    grant = mgi_batcher_grant_for(&demand, 512, 0);
    assert_int_equal(grant.tokens, 40);
    assert_int_equal(grant.cores, 2);
    demand = (mgi_batcher_demand){.waiting_rows = 1,
                                  .waiting_tokens = 40,
                                  .calls = 1,
                                  .free_workers = 3,
                                  .busy_workers = 1,
                                  .cores = 4,
                                  .busy_cores = 2};
    grant = mgi_batcher_grant_for(&demand, 512, 0);
    assert_int_equal(grant.cores, 2);
}

static void test_other_callers_are_expected(void **state) {
    (void)state;
    mgi_batcher_demand demand = idle_demand(1, 40, 4);
    assert_int_equal(mgi_batcher_grant_for(&demand, 512, 0).cores, 1);
    demand = idle_demand(1, 40, 2);
    assert_int_equal(mgi_batcher_grant_for(&demand, 512, 0).cores, 2);
}

static void test_a_worker_always_has_a_core(void **state) {
    (void)state;
    mgi_batcher_demand demand = {.waiting_rows = 5,
                                 .waiting_tokens = 100,
                                 .calls = 9,
                                 .free_workers = 1,
                                 .busy_workers = 3,
                                 .cores = 4,
                                 .busy_cores = 4};
    mgi_batcher_grant grant = mgi_batcher_grant_for(&demand, 64, 0);
    assert_int_equal(grant.cores, 1);
    assert_int_equal(grant.tokens, 64);
}

static void test_small_batches_stay_whole(void **state) {
    (void)state;
    enum { BATCH = 20000, WHOLE = 6000 };
    mgi_batcher_demand demand = idle_demand(64, 2900, 64);
    assert_int_equal(mgi_batcher_split_count(&demand, WHOLE), 1);
    assert_int_equal(mgi_batcher_grant_for(&demand, BATCH, WHOLE).tokens, 2900);
    demand = idle_demand(250, 11999, 1); /* two parts would be smaller */
    assert_int_equal(mgi_batcher_split_count(&demand, WHOLE), 1);
    assert_int_equal(mgi_batcher_grant_for(&demand, BATCH, WHOLE).tokens, 11999);
    demand = idle_demand(250, 12000, 1);
    assert_int_equal(mgi_batcher_split_count(&demand, WHOLE), 2);
    assert_int_equal(mgi_batcher_grant_for(&demand, BATCH, WHOLE).tokens, 6000);
    demand = idle_demand(2000, 90000, 1);
    assert_int_equal(mgi_batcher_split_count(&demand, WHOLE), 4);
    assert_int_equal(mgi_batcher_grant_for(&demand, BATCH, WHOLE).tokens, BATCH);
    demand.free_workers = 1;
    assert_int_equal(mgi_batcher_split_count(&demand, WHOLE), 1);
    demand.free_workers = 0; /* as a caller sees it; a worker that asks is one */
    assert_int_equal(mgi_batcher_split_count(&demand, WHOLE), 1);
}

static void test_grants_keep_their_bounds(void **state) {
    (void)state;
    uint32_t random = 99;
    for (int i = 0; i < 20000; i++) {
        uint32_t draw[6];
        for (int d = 0; d < 6; d++) draw[d] = (random = random * 1664525u + 1013904223u) >> 8;
        uint32_t rows = 1 + draw[0] % 500, workers = 1 + draw[1] % 6;
        uint32_t busy = draw[3] % workers;
        mgi_batcher_demand demand = {.waiting_rows = rows,
                                     .waiting_tokens = rows + draw[2] % (rows * 40),
                                     .free_workers = workers - busy,
                                     .busy_workers = busy,
                                     .cores = 1};
        uint32_t batch = 128 + draw[4] % 20000, whole = draw[5] % batch;
        uint32_t taken = mgi_batcher_grant_for(&demand, batch, whole).tokens;
        uint32_t sharers = mgi_batcher_split_count(&demand, whole);
        uint64_t least = demand.waiting_tokens < whole ? demand.waiting_tokens : whole;
        assert_true(taken >= least && taken <= batch);
        assert_true(sharers >= 1 && sharers <= demand.free_workers && sharers <= rows);
        assert_true(sharers == 1 || demand.waiting_tokens / sharers >= whole);
        assert_true((uint64_t)taken * sharers >= demand.waiting_tokens || taken == batch);
    }
}

static void test_every_failed_allocation_is_survived(void **state) {
    (void)state;
    mgi_batcher batcher;
    long nth = 1;
    for (;; nth++) {
        mgi_alloc_fail_at(nth);
        bool made = mgi_batcher_init(&batcher, 64, 8, false);
        mgi_batcher_finish(&batcher);
        if (made) break;
    }
    mgi_alloc_fail_at(0);
    assert_int_equal(nth, 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_like_length_go_together),
        cmocka_unit_test(test_the_row_whose_turn_it_is_always_goes),
        cmocka_unit_test(test_rows_of_any_length_go_in_turn),
        cmocka_unit_test(test_calls_take_turns_in_mixed_batches),
        cmocka_unit_test(test_one_row_is_taken_whatever_the_grant),
        cmocka_unit_test(test_random_rows_all_go_once),
        cmocka_unit_test(test_a_single_row_gets_all_cores),
        cmocka_unit_test(test_rows_for_all_leave_one_core_each),
        cmocka_unit_test(test_few_rows_are_split_evenly),
        cmocka_unit_test(test_other_callers_are_expected),
        cmocka_unit_test(test_a_worker_always_has_a_core),
        cmocka_unit_test(test_small_batches_stay_whole),
        cmocka_unit_test(test_grants_keep_their_bounds),
        cmocka_unit_test(test_every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
