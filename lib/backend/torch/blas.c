/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the BLAS behind libtorch, without linking to any. */
#define _GNU_SOURCE /* dladdr */
#include "backend/torch/blas.h"

#include "backend/torch/torch_c.h"
#include "core/alloc.h"
#include "core/clock.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef void sgemm_function(const char *, const char *, const int *, const int *, const int *,
                            const float *, const float *, const int *, const float *, const int *,
                            const float *, float *, const int *);

/* Functions by which fast libraries are known. */
static const struct {
    const char *symbol, *name;
} known[] = {
    {"openblas_get_config", "OpenBLAS"},
    {"bli_info_get_version_str", "BLIS"},
    {"MKL_Get_Version", "MKL"},
    {"ATL_buildinfo", "ATLAS"},
    {"armpl_version", "Arm Performance Libraries"},
};

/* A handle on the loaded file that holds an address, to look for symbols in it and in what it
 * needs. NULL if there is none; else dlclose it. */
static void *file_of(const void *address) {
    Dl_info info;
    if (address == NULL || !dladdr(address, &info) || info.dli_fname == NULL) return NULL;
    return dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
}

static const char *name_of(void *file) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (dlsym(file, known[i].symbol) != NULL) return known[i].name;
    }
    return NULL;
}

/* OpenBLAS chooses its kernels by processor when it is loaded, and takes a processor that it does
 * not know for an older one: which one is worth telling. */
static void name_with_kernels(void *file, const char *found, char *name, size_t capacity) {
    typedef char *corename_function(void);
    corename_function *corename = NULL;
    void *symbol = dlsym(file, "openblas_get_corename");
    memcpy(&corename, &symbol, sizeof corename);
    const char *core = corename != NULL ? corename() : NULL;
    if (core != NULL) {
        snprintf(name, capacity, "%s (%s)", found, core);
    } else {
        snprintf(name, capacity, "%s", found);
    }
}

/* 10^9 operations a second of a small product, the best of three. */
static double speed_of(sgemm_function *sgemm) {
    enum { SIZE = 160 };
    const int n = SIZE;
    const float one = 1, zero = 0;
    double best = 0;
    float *memory = mgi_alloc_aligned(3 * SIZE * SIZE, sizeof(float));
    if (memory == NULL) return 0;
    for (int i = 0; i < 3; i++) {
        double start = mgi_clock_now();
        sgemm("T", "N", &n, &n, &n, &one, memory, &n, memory + SIZE * SIZE, &n, &zero,
              memory + 2 * SIZE * SIZE, &n);
        double seconds = mgi_clock_now() - start;
        double speed = 2e-9 * SIZE * SIZE * SIZE / (seconds > 1e-9 ? seconds : 1e-9);
        if (speed > best) best = speed;
    }
    mgi_free(memory);
    return best;
}

void mgi_torch_blas_describe(char *name, size_t name_capacity, char *warning,
                             size_t warning_capacity) {
    warning[0] = '\0';
    snprintf(name, name_capacity, "%s", mgt_has_mkl() ? "MKL" : "its own products");
    if (mgt_has_mkl()) return;
    void *torch = file_of(mgt_address());
    if (torch == NULL) return;
    void *symbol = dlsym(torch, "sgemm_");
    void *file = file_of(symbol);
    const char *found = file != NULL ? name_of(file) : NULL;
    if (found != NULL) {
        name_with_kernels(file, found, name, name_capacity);
    } else if (symbol != NULL) {
        sgemm_function *sgemm;
        memcpy(&sgemm, &symbol, sizeof sgemm); /* ISO C has no cast from an object to a function */
        double speed = speed_of(sgemm);
        snprintf(name, name_capacity, speed < 8 ? "reference BLAS" : "unknown BLAS");
        if (speed < 8) {
            snprintf(warning, warning_capacity,
                     "libtorch multiplies with a reference BLAS (%.1f GFLOP/s), up to 80 times "
                     "slower than need be: install OpenBLAS (Debian: apt-get install "
                     "libopenblas0-openmp) and start again",
                     speed);
        }
    }
    if (file != NULL) dlclose(file);
    dlclose(torch);
}
