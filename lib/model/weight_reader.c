/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a model's tensors from their files into memory, each when the backend takes it in. */
#define _GNU_SOURCE
#include "model/weight_reader.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/lock.h"
#include "core/pathname.h"
#include "core/progress.h"
#include "model/weight_memory.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PIECE = 1 << 20,       /* read and hashed while it lies in the processor's caches */
    AHEAD_BYTES = 32 << 20 /* of tensors that were hashed ahead of their turn may stay in memory */
};

typedef struct tensor_slot {
    char name[64]; /* as the fingerprint knows it */
    const mgi_stored_tensor *stored;
    mgi_tensor tensor;
    size_t room; /* bytes of address space */
    uint32_t users;
    bool present; /* its bytes are in memory */
    uint64_t hash;
} tensor_slot;

struct mgi_weight_reader {
    mgi_tensor_source source; /* what tensors point to: stands first */
    mgi_lock mutex;           /* guards the slots but for their addresses, and what follows */
    const mgi_tensor_index *index;
    mgi_weight_memory memory;
    mgi_fingerprint *fingerprint;
    mgeo_progress *progress;
    tensor_slot *slots; /* in the checkpoint's order */
    size_t count, capacity;
    size_t hashed; /* slots before this one are in the fingerprint */
    size_t ahead;  /* bytes of those that are present without a user */
    mgeo_error failure;
};

/* ---- memory ---------------------------------------------------------------------------------- */

static size_t whole_pages(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

static void *address_of(const tensor_slot *slot) { return (void *)(uintptr_t)slot->tensor.data; }

/* The mutex is held, as in all that follows until acquire. */
static void drop(mgi_weight_reader *reader, tensor_slot *slot) {
    slot->present = false;
    mgi_weight_memory_empty(&reader->memory, address_of(slot), slot->room);
}

static mgeo_status make_room(mgi_weight_reader *reader, const tensor_slot *slot,
                             mgeo_error *error) {
    if (mgi_weight_memory_fill(&reader->memory, address_of(slot), slot->room)) return MGEO_OK;
    return mgi_fail_memory(error, slot->name, slot->room);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

typedef void (*hash_function)(mgi_fingerprint *fingerprint, const void *bytes, size_t size);

static mgeo_status read_pieces(mgi_weight_reader *reader, const tensor_slot *slot,
                               hash_function hash, mgeo_error *error) {
    unsigned char *to = address_of(slot);
    const mgi_regular_file *file = &slot->stored->file->input;
    for (size_t at = 0; at < slot->tensor.bytes;) {
        size_t piece = slot->tensor.bytes - at < PIECE ? slot->tensor.bytes - at : PIECE;
        mgeo_status status = mgi_progress_check(reader->progress, error);
        if (status != MGEO_OK) return status;
        status = mgi_regular_file_read(file, slot->stored->offset + at, piece, to + at, error);
        if (status != MGEO_OK) return status;
        hash(reader->fingerprint, to + at, piece);
        at += piece;
    }
    return MGEO_OK;
}

static mgeo_status read_first(mgi_weight_reader *reader, tensor_slot *slot, mgeo_error *error) {
    mgi_fingerprint_begin(reader->fingerprint, slot->name,
                          mgi_stored_dtype_name(slot->stored->type), &slot->tensor);
    mgeo_status status = read_pieces(reader, slot, mgi_fingerprint_add, error);
    slot->hash = mgi_fingerprint_end(reader->fingerprint);
    return status;
}

static mgeo_status read_again(mgi_weight_reader *reader, const tensor_slot *slot,
                              mgeo_error *error) {
    mgi_fingerprint_begin_again(reader->fingerprint);
    mgeo_status status = read_pieces(reader, slot, mgi_fingerprint_add_again, error);
    if (status != MGEO_OK) return status;
    if (mgi_fingerprint_end(reader->fingerprint) == slot->hash) return MGEO_OK;
    return mgi_fail(error, MGEO_E_IO,
                    "%s: tensor %s: it was changed while the model was loaded: replace model "
                    "directories by renaming, never in place",
                    mgi_pathname_shown(slot->stored->file->path), slot->name);
}

static mgeo_status bring_in(mgi_weight_reader *reader, tensor_slot *slot, mgeo_error *error) {
    bool first = (size_t)(slot - reader->slots) == reader->hashed;
    mgeo_status status = make_room(reader, slot, error);
    if (status != MGEO_OK) return status;
    status = first ? read_first(reader, slot, error) : read_again(reader, slot, error);
    if (status != MGEO_OK) {
        drop(reader, slot);
        return status;
    }
    slot->present = true;
    reader->hashed += first;
    return MGEO_OK;
}

static mgeo_status hash_before(mgi_weight_reader *reader, size_t number, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    while (reader->hashed < number && status == MGEO_OK) {
        tensor_slot *slot = &reader->slots[reader->hashed];
        status = bring_in(reader, slot, error);
        if (status != MGEO_OK) return status;
        if (slot->tensor.bytes <= AHEAD_BYTES - reader->ahead) {
            reader->ahead += slot->tensor.bytes;
        } else {
            drop(reader, slot);
        }
    }
    return status;
}

/* ---- what backends do ------------------------------------------------------------------------ */

static tensor_slot *find_slot(mgi_weight_reader *reader, const mgi_tensor *tensor) {
    for (size_t i = 0; i < reader->count; i++) {
        if (reader->slots[i].tensor.data == tensor->data) return &reader->slots[i];
    }
    return NULL;
}

static mgeo_status take_in(mgi_weight_reader *reader, tensor_slot *slot, mgeo_error *error) {
    if (slot == NULL || reader->index == NULL) {
        return mgi_fail(error, MGEO_E_INTERNAL, "a tensor is acquired when no load is under way");
    }
    mgeo_status status = MGEO_OK;
    if (slot->present && slot->users == 0) {
        reader->ahead -= slot->tensor.bytes;
    } else if (!slot->present) {
        status = hash_before(reader, (size_t)(slot - reader->slots), error);
        if (status == MGEO_OK && !slot->present) status = bring_in(reader, slot, error);
    }
    slot->users += status == MGEO_OK;
    return status;
}

/* A tensor of which half is in the fingerprint cannot be read once more: the first failure stays.
 */
static mgeo_status acquire(mgi_tensor_source *source, const mgi_tensor *tensor, mgeo_error *error) {
    mgi_weight_reader *reader = (mgi_weight_reader *)source;
    mgeo_error why = {0};
    mgi_lock_acquire(&reader->mutex);
    if (reader->failure.status == MGEO_OK) {
        mgeo_status status = take_in(reader, find_slot(reader, tensor), &why);
        if (status != MGEO_OK) reader->failure = why;
    }
    why = reader->failure;
    mgi_lock_release(&reader->mutex);
    if (why.status == MGEO_OK) return MGEO_OK;
    return mgi_fail(error, (mgeo_status)why.status, "%s", why.message);
}

static void release(mgi_tensor_source *source, const mgi_tensor *tensor) {
    mgi_weight_reader *reader = (mgi_weight_reader *)source;
    mgi_lock_acquire(&reader->mutex);
    tensor_slot *slot = find_slot(reader, tensor);
    if (slot != NULL && slot->users > 0 && --slot->users == 0) drop(reader, slot);
    mgi_lock_release(&reader->mutex);
}

/* ---- life ------------------------------------------------------------------------------------ */

mgeo_status mgi_weight_reader_create(const mgi_tensor_index *index, size_t most,
                                     mgi_weight_reader **reader, mgeo_error *error) {
    *reader = NULL;
    mgi_weight_reader *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a reader of weights", sizeof *made);
    *made = (mgi_weight_reader){
        .source = {.acquire = acquire, .release = release}, .index = index, .capacity = most};
    if (mgi_lock_init(&made->mutex, MGI_LOCK_WEIGHTS) != 0) {
        mgi_free(made);
        return mgi_fail(error, MGEO_E_MEMORY, "a mutex cannot be made");
    }
    made->fingerprint = mgi_fingerprint_create();
    made->slots = mgi_calloc(most, sizeof *made->slots);
    if (made->fingerprint == NULL || made->slots == NULL) {
        mgi_weight_reader_destroy(made);
        return mgi_fail_memory(error, "a checkpoint", most * sizeof *made->slots);
    }
    *reader = made;
    return MGEO_OK;
}

void mgi_weight_reader_destroy(mgi_weight_reader *reader) {
    if (reader == NULL) return;
    for (size_t i = 0; reader->slots != NULL && i < reader->count; i++) {
        munmap(address_of(&reader->slots[i]), reader->slots[i].room);
    }
    mgi_fingerprint_destroy(reader->fingerprint);
    mgi_lock_finish(&reader->mutex);
    mgi_free(reader->slots);
    mgi_free(reader);
}

mgeo_status mgi_weight_reader_add(mgi_weight_reader *reader, const char *name,
                                  const mgi_stored_tensor *stored, mgi_tensor *tensor,
                                  mgeo_error *error) {
    tensor_slot *slot = &reader->slots[reader->count];
    slot->room = whole_pages(tensor->bytes > 0 ? tensor->bytes : 1);
    tensor->data = mgi_weight_memory_reserve(slot->room);
    if (tensor->data == NULL) return mgi_fail_memory(error, "the address of a tensor", slot->room);
    tensor->source = &reader->source;
    slot->stored = stored;
    slot->tensor = *tensor;
    mgi_fixed_text_copy(slot->name, sizeof slot->name, name);
    reader->count++;
    return MGEO_OK;
}

void mgi_weight_reader_begin(mgi_weight_reader *reader, mgeo_progress *progress) {
    reader->progress = progress;
}

/* ---- the end of a load ----------------------------------------------------------------------- */

static mgeo_status hash_rest(mgi_weight_reader *reader, mgeo_error *error) {
    uint64_t bytes = 0;
    for (size_t i = reader->hashed; i < reader->count; i++) bytes += reader->slots[i].tensor.bytes;
    if (bytes > 0) mgi_progress_stage(reader->progress, MGEO_STAGE_HASHING, bytes);
    mgeo_status status = MGEO_OK;
    while (reader->hashed < reader->count && status == MGEO_OK) {
        tensor_slot *slot = &reader->slots[reader->hashed];
        status = bring_in(reader, slot, error);
        if (status == MGEO_OK) drop(reader, slot);
        mgi_progress_add(reader->progress, slot->tensor.bytes);
    }
    return status;
}

/* A young file may have been written to without a trace: what was read is read once more. */
static mgeo_status read_young_again(mgi_weight_reader *reader, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    for (size_t i = 0; i < reader->count && status == MGEO_OK; i++) {
        tensor_slot *slot = &reader->slots[i];
        if (!slot->stored->file->input.young || slot->users > 0) continue;
        if (slot->present) drop(reader, slot);
        status = bring_in(reader, slot, error);
        if (status == MGEO_OK) drop(reader, slot);
    }
    return status;
}

static mgeo_status end_reading(mgi_weight_reader *reader, mgeo_error *error) {
    mgeo_status status = hash_rest(reader, error);
    if (status == MGEO_OK) status = read_young_again(reader, error);
    for (size_t i = 0; i < reader->index->file_count && status == MGEO_OK; i++) {
        status = mgi_regular_file_check(&reader->index->files[i]->input, error);
    }
    for (size_t i = 0; i < reader->count; i++) {
        tensor_slot *slot = &reader->slots[i];
        if (slot->present && slot->users == 0) drop(reader, slot);
    }
    mgi_weight_memory_trim(&reader->memory);
    reader->index = NULL;
    reader->progress = NULL;
    return status;
}

mgeo_status mgi_weight_reader_finish(mgi_weight_reader *reader, char hex[MGI_FINGERPRINT_SIZE],
                                     mgeo_error *error) {
    mgi_lock_acquire(&reader->mutex);
    mgeo_status status = end_reading(reader, error);
    if (status == MGEO_OK) mgi_fingerprint_write(reader->fingerprint, hex);
    mgi_lock_release(&reader->mutex);
    return status;
}
