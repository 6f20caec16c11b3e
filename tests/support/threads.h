/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for tests. */
#ifndef TEST_SUPPORT_THREADS_H
#define TEST_SUPPORT_THREADS_H

#include <pthread.h>

enum { MAX_TEST_THREADS = 64 };

typedef struct test_threads {
    pthread_t threads[MAX_TEST_THREADS];
    unsigned count;
} test_threads;

/* Starts one more thread; fails the running test if it cannot be. */
void test_threads_start(test_threads *crew, void *(*body)(void *), void *argument);
void test_threads_join(test_threads *crew);

/* Sleeps this many milliseconds. */
void test_sleep(unsigned milliseconds);

#endif
