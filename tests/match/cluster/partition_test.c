/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters as rings: rows that move and clusters that merge stay counted, and guards are asked. */
#include "match/cluster/partition.h"
#include "support/check.h"

enum { ROWS = 12 };

/* Every row is met once on the walk through the cluster that it says it is in. */
static void check_rings(const mgi_partition *partition) {
    uint32_t met[ROWS] = {0};
    for (uint32_t cluster = 0; cluster < ROWS; cluster++) {
        uint32_t row = partition->at[cluster].first;
        for (uint32_t i = 0; i < partition->at[cluster].size; i++, row = partition->at[row].next) {
            assert_int_equal(partition->at[row].label, cluster);
            assert_int_equal(partition->at[partition->at[row].next].previous, row);
            met[row]++;
        }
        if (partition->at[cluster].size > 0) assert_int_equal(row, partition->at[cluster].first);
    }
    for (uint32_t row = 0; row < ROWS; row++) assert_int_equal(met[row], 1);
}

static void moved_rows_stay_in_rings(void **state) {
    (void)state;
    mgi_partition partition;
    assert_int_equal(mgi_partition_init(&partition, ROWS, UINT32_MAX, NULL, NULL), MGEO_OK);
    uint32_t number = 1;
    for (int step = 0; step < 2000; step++) {
        number = number * 1103515245 + 12345;
        mgi_partition_move(&partition, (number >> 16) % ROWS, (number >> 20) % ROWS);
        check_rings(&partition);
    }
    mgi_partition_finish(&partition);
}

/* Whether a row may come, and whether two may be one, told by looking at all rows. */
static bool takes(const mgi_partition *partition, uint32_t cluster, uint32_t row) {
    for (uint32_t other = 0; other < ROWS; other++) {
        if (partition->at[other].label == cluster &&
            partition->at[other].source == partition->at[row].source) {
            return false;
        }
    }
    return true;
}

static bool may_merge(const mgi_partition *partition, uint32_t a, uint32_t b) {
    for (uint32_t row = 0; row < ROWS; row++) {
        if (partition->at[row].label == a && !takes(partition, b, row)) return false;
    }
    return true;
}

static void sources_are_known_however_rows_move(void **state) {
    (void)state;
    static const uint32_t sources[ROWS] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 4, 5};
    mgi_partition partition;
    assert_int_equal(mgi_partition_init(&partition, ROWS, UINT32_MAX, sources, NULL), MGEO_OK);
    uint32_t number = 1;
    for (int step = 0; step < 20000; step++) {
        number = number * 1103515245 + 12345;
        const uint32_t a = (number >> 16) % ROWS, b = (number >> 20) % ROWS;
        if (partition.at[a].label != b) {
            assert_int_equal(mgi_partition_takes(&partition, b, a), takes(&partition, b, a));
            if (takes(&partition, b, a)) mgi_partition_move(&partition, a, b);
        }
        const uint32_t c = (number >> 24) % ROWS;
        if (a != c) {
            assert_int_equal(mgi_partition_may_merge(&partition, a, c),
                             may_merge(&partition, a, c));
        }
        check_rings(&partition);
    }
    mgi_partition_finish(&partition);
}

static void the_smaller_cluster_goes_into_the_larger(void **state) {
    (void)state;
    mgi_partition partition;
    assert_int_equal(mgi_partition_init(&partition, ROWS, UINT32_MAX, NULL, NULL), MGEO_OK);
    assert_int_equal(mgi_partition_merge(&partition, 3, 5), 5);
    assert_int_equal(mgi_partition_merge(&partition, 1, 3), 1);
    assert_int_equal(partition.at[3].size, 3);
    assert_int_equal(partition.at[1].size, 0);
    check_rings(&partition);
    mgi_partition_finish(&partition);
}

static void full_clusters_take_nobody(void **state) {
    (void)state;
    mgi_partition partition;
    assert_int_equal(mgi_partition_init(&partition, ROWS, 2, NULL, NULL), MGEO_OK);
    assert_true(mgi_partition_takes(&partition, 0, 1));
    assert_true(mgi_partition_may_merge(&partition, 0, 1));
    mgi_partition_move(&partition, 1, 0);
    assert_false(mgi_partition_takes(&partition, 0, 2));
    assert_false(mgi_partition_may_merge(&partition, 0, 2));
    mgi_partition_finish(&partition);
}

static void a_source_comes_once(void **state) {
    (void)state;
    static const uint32_t sources[ROWS] = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
    mgi_partition partition;
    assert_int_equal(mgi_partition_init(&partition, ROWS, UINT32_MAX, sources, NULL), MGEO_OK);
    mgi_partition_move(&partition, 1, 0);
    assert_false(mgi_partition_takes(&partition, 0, 3));
    assert_false(mgi_partition_takes(&partition, 0, 4));
    assert_true(mgi_partition_takes(&partition, 0, 5));
    for (int i = 0; i < 3; i++) { /* the second time a conflict is remembered */
        assert_false(mgi_partition_may_merge(&partition, 0, 3));
        assert_false(mgi_partition_may_merge(&partition, 3, 0));
        assert_true(mgi_partition_may_merge(&partition, 0, 5));
    }
    mgi_partition_move(&partition, 0, 2); /* who spoke against it has gone */
    assert_true(mgi_partition_may_merge(&partition, 0, 3));
    assert_false(mgi_partition_may_merge(&partition, 2, 3));
    mgi_partition_finish(&partition);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moved_rows_stay_in_rings),
        cmocka_unit_test(sources_are_known_however_rows_move),
        cmocka_unit_test(the_smaller_cluster_goes_into_the_larger),
        cmocka_unit_test(full_clusters_take_nobody),
        cmocka_unit_test(a_source_comes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
