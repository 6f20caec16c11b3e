/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that a reload replaces while others use them: each holder keeps what it took. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "serve/settings.h"

/* Settings and how many hold them; the store itself is one. */
struct held {
    struct settings settings; /* first: a holder's pointer is this one's */
    unsigned holders;
};

struct settings_store {
    pthread_mutex_t mutex;
    struct held *current;
    int argc;
    char **argv;
};

static struct held *read_held(int argc, char **argv, struct error *error) {
    struct held *held = memory_zeroed(1, sizeof *held);
    held->holders = 1;
    if (settings_read(&held->settings, argc, argv, error)) return held;
    free(held);
    return NULL;
}

struct settings_store *settings_store_create(int argc, char **argv, struct error *error) {
    struct held *held = read_held(argc, argv, error);
    if (held == NULL) return NULL;
    struct settings_store *store = memory_zeroed(1, sizeof *store);
    *store = (struct settings_store){
        .mutex = PTHREAD_MUTEX_INITIALIZER, .current = held, .argc = argc, .argv = argv};
    return store;
}

static void let_go(struct settings_store *store, struct held *held) {
    pthread_mutex_lock(&store->mutex);
    bool last = --held->holders == 0;
    pthread_mutex_unlock(&store->mutex);
    if (!last) return;
    settings_finish(&held->settings);
    free(held);
}

void settings_store_destroy(struct settings_store *store) {
    if (store == NULL) return;
    let_go(store, store->current);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

const struct settings *settings_hold(struct settings_store *store) {
    pthread_mutex_lock(&store->mutex);
    struct held *held = store->current;
    held->holders++;
    pthread_mutex_unlock(&store->mutex);
    return &held->settings;
}

void settings_release(struct settings_store *store, const struct settings *settings) {
    let_go(store, (struct held *)settings);
}

/* ---- reload ---------------------------------------------------------------------------------- */

bool settings_store_reload(struct settings_store *store, struct string_buffer *unchanged,
                           const struct settings_acceptance *accepts, struct error *error) {
    struct held *fresh = read_held(store->argc, store->argv, error);
    if (fresh == NULL) return false;
    const struct settings *now = settings_hold(store);
    bool sound = settings_keep_fixed(&fresh->settings, now, unchanged, error);
    settings_release(store, now);
    if (sound && accepts != NULL) sound = accepts->take(accepts->user, &fresh->settings, error);
    struct held *old = fresh;
    if (sound) {
        pthread_mutex_lock(&store->mutex);
        old = store->current;
        store->current = fresh;
        pthread_mutex_unlock(&store->mutex);
    }
    let_go(store, old);
    return sound;
}
