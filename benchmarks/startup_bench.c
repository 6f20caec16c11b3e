/* SPDX-License-Identifier: Apache-2.0 */
/* What a program costs from exec to exit: seconds, processor time and resident memory at most. It
 * is started by this small program and not by an interpreter, whose own memory would count as the
 * child's. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

typedef struct cost {
    double wall, processor; /* milliseconds */
    double resident;        /* MB */
} cost;

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double milliseconds(struct timeval time) {
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

/* Ends this program if the other one does not end well: such a figure would tell nothing. */
static cost run_once(char **command, const posix_spawn_file_actions_t *quiet) {
    pid_t child = 0;
    int status = 0;
    struct rusage used;
    double begin = now_ms();
    int failed = posix_spawn(&child, command[0], quiet, NULL, command, environ);
    if (failed != 0) {
        fprintf(stderr, "startup_bench: %s: %s\n", command[0], strerror(failed));
        exit(2);
    }
    while (wait4(child, &status, 0, &used) < 0 && errno == EINTR) continue;
    double wall = now_ms() - begin;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "startup_bench: %s did not end with status 0\n", command[0]);
        exit(2);
    }
    return (cost){.wall = wall,
                  .processor = milliseconds(used.ru_utime) + milliseconds(used.ru_stime),
                  .resident = (double)used.ru_maxrss * 1024 / 1e6};
}

static int by_wall(const void *a, const void *b) {
    double x = ((const cost *)a)->wall, y = ((const cost *)b)->wall;
    return (x > y) - (x < y);
}

static double highest_resident(const cost *costs, int count) {
    double most = 0;
    for (int i = 0; i < count; i++) {
        if (costs[i].resident > most) most = costs[i].resident;
    }
    return most;
}

static double least_processor(const cost *costs, int count) {
    double least = costs[0].processor;
    for (int i = 1; i < count; i++) {
        if (costs[i].processor < least) least = costs[i].processor;
    }
    return least;
}

int main(int argc, char **argv) {
    enum { RUNS = 30, WARM = 3 };
    cost costs[RUNS];
    posix_spawn_file_actions_t quiet;
    if (argc < 2) {
        fprintf(stderr, "usage: startup_bench PROGRAM [ARGUMENT…]\n");
        return 2;
    }
    if (posix_spawn_file_actions_init(&quiet) != 0 ||
        posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0) {
        return 2;
    }
    for (int i = 0; i < WARM; i++) run_once(argv + 1, &quiet);
    for (int i = 0; i < RUNS; i++) costs[i] = run_once(argv + 1, &quiet);
    posix_spawn_file_actions_destroy(&quiet);
    qsort(costs, RUNS, sizeof *costs, by_wall);
    printf(
        "%d runs: %.1f ms in the fastest, %.1f in the median; %.1f ms of processor time at least; "
        "at most %.1f MB resident\n",
        RUNS, costs[0].wall, costs[RUNS / 2].wall, least_processor(costs, RUNS),
        highest_resident(costs, RUNS));
    return 0;
}
