/* SPDX-License-Identifier: Apache-2.0 */
/* A small C interface to libtorch: the only way the rest of libmgeo sees it.
 *
 * Nothing here throws or aborts. Weights are created and destroyed; what is computed belongs to a
 * scope and goes with it. A scope's status is sticky: after a failed operation the next ones do
 * nothing and answer NULL, and the error is read once, when the scope is left. All that is computed
 * is fp32, [rows, columns]; only products may round what they multiply. */
#ifndef MGI_BACKEND_TORCH_TORCH_C_H
#define MGI_BACKEND_TORCH_TORCH_C_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "backend/backend.h"

typedef struct mgt_scope mgt_scope;   /* one run of operations on one thread */
typedef struct mgt_tensor mgt_tensor; /* numbers that a scope has computed */
typedef struct mgt_weight mgt_weight; /* a model's tensor; immutable */

/* How a weight's numbers are kept, and with it how a product with them is made. */
typedef enum mgt_form {
    MGT_AS_IS, /* as the file has them: tables, of which rows are taken */
    MGT_FP32,
    MGT_BF16, /* both sides of the product are rounded to bf16; it is added up in fp32 */
    MGT_INT8, /* both sides in whole steps of a scale for each output and each row; sums are exact
               */
} mgt_form;

/* "libtorch 1.13.1"; written to text, cut to capacity. */
void mgt_version(char *text, size_t capacity);

/* Does libtorch carry Intel's MKL inside, so that no other BLAS matters? */
bool mgt_has_mkl(void);

/* The address of one of libtorch's functions, by which its file can be found. */
const void *mgt_address(void);

/* Copies a tensor whose bytes are there. Errors: MGEO_E_MEMORY, MGEO_E_DEVICE. */
mgeo_status mgt_weight_create(const mgi_tensor *from, mgt_form form, mgt_weight **weight,
                              mgeo_error *error);
void mgt_weight_destroy(mgt_weight *weight);

/* ---- scopes ---- */

/* A scope serves one thread at a time. NULL when out of memory. */
mgt_scope *mgt_scope_create(void);
void mgt_scope_destroy(mgt_scope *scope);

/* Every entered scope must be left, on the same thread. In between, operations use up to `cores`
 * threads; the calling thread's own setting comes back when the scope is left. */
void mgt_scope_enter(mgt_scope *scope, unsigned cores);
mgeo_status mgt_scope_leave(mgt_scope *scope, mgeo_error *error);

/* Lets all that the scope has computed go, but for one tensor, which is returned. */
mgt_tensor *mgt_scope_keep(mgt_scope *scope, mgt_tensor *tensor);

/* Copies a tensor's numbers out, unless the scope has failed. */
void mgt_scope_read(mgt_scope *scope, const mgt_tensor *tensor, float *to);

/* ---- operations ---- */

/* Rows of a table, one for each number. */
mgt_tensor *mgt_embed_ids(mgt_scope *scope, const mgt_weight *table, const int32_t *ids,
                          size_t count);
mgt_tensor *mgt_embed_types(mgt_scope *scope, const mgt_weight *table, const uint8_t *types,
                            size_t count);
/* One for each token of rows that begin at `offsets` [rows + 1], from 0 on in each. */
mgt_tensor *mgt_embed_positions(mgt_scope *scope, const mgt_weight *table, const uint32_t *offsets,
                                size_t rows);

/* x weightᵀ + bias */
mgt_tensor *mgt_linear(mgt_scope *scope, const mgt_tensor *x, const mgt_weight *weight,
                       const mgt_weight *bias);
mgt_tensor *mgt_layer_norm(mgt_scope *scope, const mgt_tensor *x, const mgt_weight *weight,
                           const mgt_weight *bias, float eps);
mgt_tensor *mgt_add(mgt_scope *scope, const mgt_tensor *a, const mgt_tensor *b);
mgt_tensor *mgt_activate(mgt_scope *scope, mgi_activation activation, const mgt_tensor *x);

/* softmax(query keyᵀ / √width) value for each head of each row, in groups of rows as long. */
mgt_tensor *mgt_attention(mgt_scope *scope, const mgt_tensor *query, const mgt_tensor *key,
                          const mgt_tensor *value, const uint32_t *offsets, size_t rows,
                          size_t heads);

/* The rows of x at these indices. */
mgt_tensor *mgt_rows(mgt_scope *scope, const mgt_tensor *x, const uint32_t *indices, size_t count);

#ifdef __cplusplus
}
#endif

#endif
