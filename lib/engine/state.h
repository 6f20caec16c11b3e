/* What an engine is made of: shared by the files of lib/engine alone. */
#ifndef MGI_ENGINE_STATE_H
#define MGI_ENGINE_STATE_H

#include "core/log.h"
#include "engine/engine.h"
#include "engine/slots.h"
#include "run/runner.h"

#include <pthread.h>

/* A model in its slot. Written only while the slot serves nobody and nobody holds it; read by
 * whoever holds a pin, or the engine's mutex. */
typedef struct mgi_resident {
    mgi_runner *runner; /* NULL: the slot is empty */
    mgeo_model_info info;
} mgi_resident;

struct mgeo_engine {
    uint64_t process; /* mgi_process_token of the creator */
    mgi_log log;
    uint32_t queue_rows;
    double patience; /* seconds; mgi_await_idle_standby says for what */
    mgi_slots slots;

    pthread_mutex_t mutex; /* guards what follows, and turns of the slots; held for moments only */
    mgi_resident residents[MGI_SLOTS];
    bool emptying; /* the standby slot waits for its last calls and may not go live */
    bool loading;
    uint64_t generations; /* successful loads so far */

    pthread_mutex_t emptier; /* held, before `mutex`, by the one who empties the standby slot */
};

static inline const char *mgi_slot_name(int32_t slot) {
    return slot == MGEO_BLUE ? "blue" : "green";
}

/* The slot that serves nobody: the first load's choice too. The mutex is held. */
static inline int32_t mgi_standby(const mgeo_engine *engine) {
    return mgi_slots_live(&engine->slots) == MGEO_BLUE ? MGEO_GREEN : MGEO_BLUE;
}

/* Puts `next` into the standby slot, and makes it live if nothing is; its slot, generation and live
 * are filled in. NULL empties the slot. First waits until the last call of the model that stood by
 * there is done. Returns that model's runner, which the caller destroys, or NULL. */
mgi_runner *mgi_standby_exchange(mgeo_engine *engine, mgi_resident *next);

/* Runs body(argument) and waits for it, in a thread of low priority if `aside`. */
void mgi_run_aside(bool aside, void (*body)(void *), void *argument);

#endif
