/* SPDX-License-Identifier: Apache-2.0 */
/* Cards: their names as users write them, what they can do, and what their errors mean. */
#ifndef MGI_BACKEND_CUDA_DEVICE_H
#define MGI_BACKEND_CUDA_DEVICE_H

#include "core/status.h"

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MGI_CUDA_MAX_CARDS = 16 };

typedef struct mgi_cuda_card {
    int ordinal;
    int capability; /* 90 for 9.0 */
    int multiprocessors;
    char name[64];
} mgi_cuda_card;

typedef struct mgi_cuda_cards {
    uint32_t count;
    mgi_cuda_card card[MGI_CUDA_MAX_CARDS];
} mgi_cuda_cards;

/* "cuda", "cuda:1", "cuda:0,cuda:1", "cuda:*": is that how a card or cards are named? */
bool mgi_cuda_device_is_name(const char *device);

/* The cards behind a name. Errors: MGEO_E_DEVICE, in one line each: no driver, a driver too old,
 * no card, no such card, a card too old; MGEO_E_ARGUMENT: a card named twice. */
mgeo_status mgi_cuda_device_find(const char *device, mgi_cuda_cards *cards, mgeo_error *error);

/* "cuda:0,cuda:1". */
void mgi_cuda_device_name(const mgi_cuda_cards *cards, char *name, size_t capacity);

/* The line for a call that failed: MGEO_E_MEMORY where the card has none left, else
 * MGEO_E_DEVICE. */
mgeo_status mgi_cuda_device_fail(mgeo_error *error, const mgi_cuda_card *card, int code,
                                 const char *what);

/* Makes the card the calling thread's own; returns the one that was, for mgi_cuda_device_leave: the
 * thread may be the host's, which has a choice of its own. */
int mgi_cuda_device_enter(const mgi_cuda_card *card);
void mgi_cuda_device_leave(int former);

#endif
