/* Threads for tests. */
#ifndef TEST_SUPPORT_THREADS_H
#define TEST_SUPPORT_THREADS_H

#include <pthread.h>

enum { TEST_THREADS_MOST = 64 };

typedef struct test_crew {
    pthread_t threads[TEST_THREADS_MOST];
    unsigned count;
} test_crew;

/* Starts one more thread; fails the running test if it cannot be. */
void test_crew_start(test_crew *crew, void *(*body)(void *), void *argument);
void test_crew_join(test_crew *crew);

/* Sleeps this many milliseconds. */
void test_sleep(unsigned milliseconds);

#endif
