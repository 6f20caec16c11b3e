/* SPDX-License-Identifier: Apache-2.0 */
/* Readiness, and the descriptions of models, kept by generation. */
#include "serve/service.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Of the process's one engine. A swap needs two, a load between the lookups of one answer a third.
 */
enum { KEPT = 8 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static mgeo_model_info kept[KEPT];
static unsigned next_place;

/* ---- readiness ------------------------------------------------------------------------------- */

bool service_is_ready(const struct service *service, char *reason, size_t capacity) {
    mgeo_model_info info = {.struct_size = sizeof info};
    if (atomic_load(&service->draining)) {
        snprintf(reason, capacity, "the server is draining: it will end soon");
        return false;
    }
    if (mgeo_get_info(service->engine, MGEO_LIVE, &info, NULL) != MGEO_OK) {
        snprintf(reason, capacity, "no model is live yet");
        return false;
    }
    if (atomic_load(&service->starting)) {
        snprintf(reason, capacity, "the load of the first model is not over yet");
        return false;
    }
    if (info.healthy == 0) {
        snprintf(reason, capacity, "the device %s of the live model failed", info.device);
        return false;
    }
    if (capacity > 0) reason[0] = '\0';
    return true;
}

/* ---- descriptions ---------------------------------------------------------------------------- */

/* The mutex is held. */
static const mgeo_model_info *find(uint64_t generation) {
    for (unsigned i = 0; i < KEPT; i++) {
        if (kept[i].generation == generation) return &kept[i];
    }
    return NULL;
}

static bool copy_kept(uint64_t generation, mgeo_model_info *info) {
    pthread_mutex_lock(&mutex);
    const mgeo_model_info *found = generation != 0 ? find(generation) : NULL;
    if (found != NULL) *info = *found;
    pthread_mutex_unlock(&mutex);
    return found != NULL;
}

static void keep(const mgeo_model_info *info) {
    pthread_mutex_lock(&mutex);
    if (find(info->generation) == NULL) kept[next_place++ % KEPT] = *info;
    pthread_mutex_unlock(&mutex);
}

bool service_live_info(const struct service *service, mgeo_model_info *info) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    if (mgeo_get_rollout(service->engine, &rollout, NULL) != MGEO_OK) return false;
    return rollout.live_generation != 0 && service_info_of(service, rollout.live_generation, info);
}

bool service_info_of(const struct service *service, uint64_t generation, mgeo_model_info *info) {
    if (copy_kept(generation, info)) return true;
    for (int32_t slot = MGEO_BLUE; slot <= MGEO_GREEN; slot++) {
        mgeo_model_info found = {.struct_size = sizeof found};
        if (mgeo_get_info(service->engine, slot, &found, NULL) != MGEO_OK) continue;
        keep(&found);
    }
    return copy_kept(generation, info);
}
