/* SPDX-License-Identifier: Apache-2.0 */
/* A small C interface to libtorch: the only way the rest of libmgeo sees it.
 *
 * Nothing here throws or aborts. Objects that are created are destroyed by their name; temporaries
 * belong to a scope and go when it is left. A scope's status is sticky: after a failed operation
 * the next ones do nothing, and the error is read once, when the scope is left. */
#ifndef MGI_BACKEND_TORCH_TORCH_C_H
#define MGI_BACKEND_TORCH_TORCH_C_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "core/status.h"

typedef struct mgt_scope mgt_scope; /* one run of operations on one thread */
typedef struct mgt_tensor
    mgt_tensor; /* a matrix within a scope, over the caller's memory or its own */
typedef struct mgt_weight
    mgt_weight; /* the right-hand side of products, ready for use; immutable */

typedef enum mgt_dtype { MGT_F32, MGT_BF16 } mgt_dtype;

/* "libtorch 1.13.1"; written to text, cut to capacity. */
void mgt_version(char *text, size_t capacity);

/* What oneDNN keeps for each bf16 product of other sizes, code and all: measured with
 * benchmarks/memory_bench. 0: bf16 products are not oneDNN's on this processor. */
size_t mgt_program_bytes(void);

/* Does libtorch carry Intel's MKL inside, so that no other BLAS matters? */
bool mgt_has_mkl(void);

/* The address of one of libtorch's functions, by which its file can be found. */
const void *mgt_address(void);

/* Makes a weight of [outputs, inputs] numbers, row-major, aligned to their size and borrowed until
 * mgt_weight_destroy. Errors: MGEO_E_MEMORY, MGEO_E_DEVICE. */
mgeo_status mgt_weight_create(mgt_dtype dtype, const void *data, size_t outputs, size_t inputs,
                              mgt_weight **weight, mgeo_error *error);
void mgt_weight_destroy(mgt_weight *weight);

/* A scope serves one thread at a time. NULL when out of memory. */
mgt_scope *mgt_scope_create(void);
void mgt_scope_destroy(mgt_scope *scope);

/* Every entered scope must be left, on the same thread. In between, operations use up to `cores`
 * threads; the calling thread's own setting comes back when the scope is left. */
void mgt_scope_enter(mgt_scope *scope, unsigned cores);
mgeo_status mgt_scope_leave(mgt_scope *scope, mgeo_error *error);
bool mgt_scope_ok(const mgt_scope *scope);

/* A view of the caller's rows, `stride` elements apart; F32 or BF16. NULL once the scope failed. */
mgt_tensor *mgt_view(mgt_scope *scope, mgt_dtype dtype, void *data, size_t rows, size_t columns,
                     size_t stride);

/* out = input weightᵀ, without a bias; all of one dtype. */
void mgt_gemm(mgt_scope *scope, const mgt_tensor *input, const mgt_weight *weight, mgt_tensor *out);

/* Calls work(context, part) for part 0..parts-1, on the scope's threads where there are several.
 * work must not use the scope. Does nothing once the scope failed. */
void mgt_parallel(mgt_scope *scope, unsigned parts, void (*work)(void *context, unsigned part),
                  void *context);

#ifdef __cplusplus
}
#endif

#endif
