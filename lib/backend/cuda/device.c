/* SPDX-License-Identifier: Apache-2.0 */
/* Cards: their names as users write them, what they can do, and what their errors mean. */
#include "backend/cuda/device.h"

#include "core/fixed_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLDEST = 75, ALL = -1 };

/* ---- names ---- */

/* Reads "cuda", "cuda:3" or "cuda:*" up to a comma or the end. */
static const char *read_one(const char *at, int *ordinal) {
    enum { MAX_DIGITS = 4 };
    if (strncmp(at, "cuda", 4) != 0) return NULL;
    at += 4;
    *ordinal = 0;
    if (*at != ':') return at;
    at++;
    if (*at == '*') {
        *ordinal = ALL;
        return at + 1;
    }
    const char *first = at;
    for (; *at >= '0' && *at <= '9' && at - first < MAX_DIGITS; at++) {
        *ordinal = *ordinal * 10 + (*at - '0');
    }
    return at == first ? NULL : at;
}

/* The ordinals that a name stands for, or ALL by itself. Returns how many; 0: not a CUDA name. */
static uint32_t read_name(const char *device, int ordinals[MGI_CUDA_MAX_CARDS]) {
    uint32_t count = 0;
    while (device != NULL && count < MGI_CUDA_MAX_CARDS) {
        device = read_one(device, &ordinals[count]);
        if (device == NULL) return 0;
        count++;
        if (*device == '\0') return ordinals[count - 1] == ALL && count > 1 ? 0 : count;
        if (*device != ',' || ordinals[count - 1] == ALL) return 0;
        device++;
    }
    return 0;
}

bool mgi_cuda_device_is_name(const char *device) {
    int ordinals[MGI_CUDA_MAX_CARDS];
    return read_name(device, ordinals) > 0;
}

void mgi_cuda_device_name(const mgi_cuda_cards *cards, char *name, size_t capacity) {
    size_t length = 0;
    name[0] = '\0';
    for (uint32_t i = 0; i < cards->count && length + 1 < capacity; i++) {
        int more = snprintf(name + length, capacity - length, "%scuda:%d", i == 0 ? "" : ",",
                            cards->card[i].ordinal);
        length += more > 0 ? (size_t)more : 0;
    }
}

/* ---- cards ---- */

static mgeo_status count_cards(int *count, mgeo_error *error) {
    int driver = 0, runtime = 0;
    cudaError_t code = cudaGetDeviceCount(count);
    if (code == cudaSuccess && *count > 0) return MGEO_OK;
    cudaGetLastError(); /* not for the host's next call to find */
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    if (driver == 0) {
        return mgi_fail(error, MGEO_E_DEVICE,
                        "no NVIDIA driver is installed: install one for CUDA %d.%d or later, or "
                        "load with device \"cpu\"",
                        runtime / 1000, runtime % 1000 / 10);
    }
    if (code == cudaErrorInsufficientDriver) {
        return mgi_fail(error, MGEO_E_DEVICE,
                        "the NVIDIA driver is too old: it serves CUDA %d.%d and this build needs "
                        "%d.%d: update the driver, or load with device \"cpu\"",
                        driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    }
    return mgi_fail(error, MGEO_E_DEVICE,
                    "no CUDA device: %s; load with device \"cpu\", or make a card visible to this "
                    "process",
                    code == cudaSuccess ? "the driver shows none" : cudaGetErrorString(code));
}

static mgeo_status describe(int ordinal, int visible, mgi_cuda_card *card, mgeo_error *error) {
    if (ordinal >= visible) {
        return mgi_fail(error, MGEO_E_DEVICE,
                        "no device \"cuda:%d\": this process sees %d, \"cuda:0\" to \"cuda:%d\"",
                        ordinal, visible, visible - 1);
    }
    struct cudaDeviceProp found;
    cudaError_t code = cudaGetDeviceProperties(&found, ordinal);
    if (code != cudaSuccess) {
        return mgi_fail(error, MGEO_E_DEVICE, "device \"cuda:%d\": %s", ordinal,
                        cudaGetErrorString(code));
    }
    card->ordinal = ordinal;
    card->capability = found.major * 10 + found.minor;
    card->multiprocessors = found.multiProcessorCount;
    mgi_fixed_text_copy(card->name, sizeof card->name, found.name);
    if (card->capability < OLDEST) {
        return mgi_fail(error, MGEO_E_DEVICE,
                        "device \"cuda:%d\" (%s) has compute capability %d.%d: 7.5 or later is "
                        "needed; load with device \"cpu\"",
                        ordinal, card->name, found.major, found.minor);
    }
    return MGEO_OK;
}

static bool has_twice(const int *ordinals, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (ordinals[i] == ordinals[j]) return true;
        }
    }
    return false;
}

mgeo_status mgi_cuda_device_find(const char *device, mgi_cuda_cards *cards, mgeo_error *error) {
    int ordinals[MGI_CUDA_MAX_CARDS], visible = 0;
    memset(cards, 0, sizeof *cards);
    uint32_t count = read_name(device, ordinals);
    if (count == 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "\"%.64s\" names no CUDA device: write \"cuda\", \"cuda:1\", "
                        "\"cuda:0,cuda:1\" or \"cuda:*\"",
                        device != NULL ? device : "");
    }
    if (has_twice(ordinals, count)) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "\"%.64s\" names a device twice", device);
    }
    mgeo_status status = count_cards(&visible, error);
    if (status != MGEO_OK) return status;
    if (ordinals[0] == ALL) {
        count = visible < MGI_CUDA_MAX_CARDS ? (uint32_t)visible : MGI_CUDA_MAX_CARDS;
        for (uint32_t i = 0; i < count; i++) ordinals[i] = (int)i;
    }
    for (uint32_t i = 0; i < count && status == MGEO_OK; i++) {
        status = describe(ordinals[i], visible, &cards->card[i], error);
    }
    cards->count = count;
    return status;
}

mgeo_status mgi_cuda_device_fail(mgeo_error *error, const mgi_cuda_card *card, int code,
                                 const char *what) {
    const char *reason = cudaGetErrorString((cudaError_t)code);
    cudaGetLastError();
    if (code == (int)cudaErrorMemoryAllocation) {
        return mgi_fail(error, MGEO_E_MEMORY,
                        "device \"cuda:%d\" is out of memory: %s; a smaller batch_tokens or "
                        "another precision needs less",
                        card->ordinal, what);
    }
    return mgi_fail(error, MGEO_E_DEVICE,
                    "device \"cuda:%d\" (%s) failed: %s: %s; load the model again on a device that "
                    "works and swap, or roll back",
                    card->ordinal, card->name, what, reason);
}

int mgi_cuda_device_enter(const mgi_cuda_card *card) {
    int former = card->ordinal;
    if (cudaGetDevice(&former) != cudaSuccess) former = card->ordinal;
    if (former != card->ordinal) cudaSetDevice(card->ordinal);
    return former;
}

void mgi_cuda_device_leave(int former) {
    int now = former;
    if (cudaGetDevice(&now) == cudaSuccess && now != former) cudaSetDevice(former);
}
