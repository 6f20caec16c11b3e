/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for tests. */
#define _GNU_SOURCE
#include "threads.h"

#include "check.h"

#include <time.h>

void test_threads_start(test_threads *crew, void *(*body)(void *), void *argument) {
    assert_true(crew->count < MAX_TEST_THREADS);
    assert_int_equal(pthread_create(&crew->threads[crew->count], NULL, body, argument), 0);
    crew->count++;
}

void test_threads_join(test_threads *crew) {
    for (unsigned i = 0; i < crew->count; i++) pthread_join(crew->threads[i], NULL);
    crew->count = 0;
}

void test_sleep(unsigned milliseconds) {
    nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000,
                                 .tv_nsec = (long)(milliseconds % 1000) * 1000000L},
              NULL);
}
