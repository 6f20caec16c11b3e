/* SPDX-License-Identifier: Apache-2.0 */
/* Detached threads that are counted. */
#include "serve/tasks.h"

#include <stdlib.h>

#include "common/memory.h"

struct task {
    struct tasks *tasks;
    tasks_function *function;
    struct service *service;
    struct http_exchange *exchange;
};

void tasks_init(struct tasks *tasks) {
    pthread_mutex_init(&tasks->mutex, NULL);
    pthread_cond_init(&tasks->ended, NULL);
    tasks->running = 0;
}

void tasks_finish(struct tasks *tasks) {
    pthread_mutex_lock(&tasks->mutex);
    while (tasks->running > 0) pthread_cond_wait(&tasks->ended, &tasks->mutex);
    pthread_mutex_unlock(&tasks->mutex);
    pthread_mutex_destroy(&tasks->mutex);
    pthread_cond_destroy(&tasks->ended);
}

static void end(struct tasks *tasks) {
    pthread_mutex_lock(&tasks->mutex);
    tasks->running--;
    pthread_cond_broadcast(&tasks->ended);
    pthread_mutex_unlock(&tasks->mutex);
}

static void *run(void *argument) {
    struct task *task = argument;
    struct tasks *tasks = task->tasks;
    task->function(task->service, task->exchange);
    free(task);
    end(tasks);
    return NULL;
}

static bool begin(struct tasks *tasks, unsigned most) {
    pthread_mutex_lock(&tasks->mutex);
    bool room = tasks->running < most;
    if (room) tasks->running++;
    pthread_mutex_unlock(&tasks->mutex);
    return room;
}

bool tasks_start(struct tasks *tasks, unsigned most, tasks_function *function,
                 struct service *service, struct http_exchange *exchange) {
    if (!begin(tasks, most)) return false;
    struct task *task = memory_zeroed(1, sizeof *task);
    *task = (struct task){tasks, function, service, exchange};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &attributes, run, task) == 0;
    pthread_attr_destroy(&attributes);
    if (started) return true;
    free(task);
    end(tasks);
    return false;
}

unsigned tasks_running(struct tasks *tasks) {
    pthread_mutex_lock(&tasks->mutex);
    unsigned running = tasks->running;
    pthread_mutex_unlock(&tasks->mutex);
    return running;
}
