/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out the weights of products. */
#include "backend/cpu/kernels/gemm.h"

#include <string.h>

enum { LINE = 64, ONCE = 16 }; /* bytes of a cache line; groups of a row that are moved together */

static size_t rounded(size_t count, size_t step) { return (count + step - 1) / step * step; }

size_t mgk_gemm_panels(const mgk_gemm *gemm, size_t outputs) {
    return (outputs + gemm->layout.columns - 1) / gemm->layout.columns;
}

size_t mgk_gemm_panel_bytes(const mgk_gemm *gemm, size_t outputs, size_t inputs) {
    const mgk_gemm_layout *l = &gemm->layout;
    size_t size = mgk_kernels_dtype_bytes(gemm->kind);
    if (outputs > SIZE_MAX - l->columns || inputs > SIZE_MAX - l->inputs_step) return 0;
    size_t columns = rounded(outputs, l->columns), height = rounded(inputs, l->inputs_step);
    if (columns == 0 || height == 0 || height > SIZE_MAX / size / columns) return 0;
    return columns * height * size;
}

size_t mgk_gemm_input_stride(const mgk_gemm *gemm, size_t inputs) {
    size_t size = mgk_kernels_dtype_bytes(gemm->dtype);
    size_t bytes = rounded(inputs, gemm->layout.inputs_step) * size;
    size_t lines = (bytes + LINE - 1) / LINE;
    return (lines | 1) * LINE / size; /* an odd number of lines: each row on other cache sets */
}

static uint8_t *panel_of(const mgk_gemm *gemm, const mgk_gemm_weight *weight, size_t panel) {
    size_t height = rounded(weight->inputs, gemm->layout.inputs_step);
    return (uint8_t *)weight->panels +
           panel * gemm->layout.columns * height * mgk_kernels_dtype_bytes(gemm->kind);
}

void mgk_gemm_clear_panels(const mgk_gemm *gemm, mgk_gemm_weight *weight, size_t from, size_t to) {
    const mgk_gemm_layout *l = &gemm->layout;
    size_t line = l->columns * mgk_kernels_dtype_bytes(gemm->kind); /* of one input */
    size_t whole = weight->inputs / l->group * l->group;
    size_t height = rounded(weight->inputs, l->inputs_step);
    for (size_t panel = from; panel < to; panel++) {
        size_t used = (panel + 1) * l->columns <= weight->outputs ? whole : 0;
        memset(panel_of(gemm, weight, panel) + used * line, l->flip, (height - used) * line);
    }
}

/* Some groups of some columns of one panel: to[group][column] = from[column][group]. */
typedef struct part {
    uint8_t *to;
    const uint8_t *from;
    size_t columns, groups;
    size_t from_stride, to_stride; /* bytes from column to column, and from group to group */
    uint8_t flip;
} part;

#define MOVE(name, unit)                                                                           \
    static void name(const part *p) {                                                              \
        unit flip = (unit)(p->flip * (UINT64_MAX / 255)); /* in every byte */                      \
        for (size_t c = 0; c < p->columns; c++) {                                                  \
            for (size_t g = 0; g < p->groups; g++) {                                               \
                unit x;                                                                            \
                memcpy(&x, p->from + c * p->from_stride + g * sizeof x, sizeof x);                 \
                x ^= flip;                                                                         \
                memcpy(p->to + g * p->to_stride + c * sizeof x, &x, sizeof x);                     \
            }                                                                                      \
        }                                                                                          \
    }

MOVE(move_bytes, uint8_t)
MOVE(move_2_bytes, uint16_t)
MOVE(move_4_bytes, uint32_t)
MOVE(move_8_bytes, uint64_t)

static void move(const part *p, size_t group_bytes) {
    switch (group_bytes) {
    case 1: move_bytes(p); break;
    case 2: move_2_bytes(p); break;
    case 4: move_4_bytes(p); break;
    default: move_8_bytes(p); break;
    }
}

/* What is left of a row when its inputs do not fill the last group. */
static void move_rest(const part *p, size_t group_bytes, size_t rest) {
    for (size_t c = 0; c < p->columns; c++) {
        for (size_t i = 0; i < rest; i++) {
            p->to[c * group_bytes + i] = p->from[c * p->from_stride + i] ^ p->flip;
        }
    }
}

static void pack_panel(part p, size_t group_bytes, size_t row_bytes) {
    size_t groups = row_bytes / group_bytes, rest = row_bytes % group_bytes;
    for (size_t at = 0; at < groups; at += ONCE) {
        p.groups = groups - at < ONCE ? groups - at : ONCE;
        move(&p, group_bytes);
        p.from += p.groups * group_bytes;
        p.to += p.groups * p.to_stride;
    }
    if (rest > 0) move_rest(&p, group_bytes, rest);
}

void mgk_gemm_pack(const mgk_gemm *gemm, mgk_gemm_weight *weight, size_t first, size_t count,
                   const void *rows, size_t stride) {
    const mgk_gemm_layout *l = &gemm->layout;
    size_t size = mgk_kernels_dtype_bytes(gemm->kind), group = l->group * size;
    part p = {.from = rows, .from_stride = stride * size, .flip = l->flip};
    p.to_stride = l->columns * group;
    while (count > 0) {
        size_t column = first % l->columns;
        p.columns = l->columns - column < count ? l->columns - column : count;
        p.to = panel_of(gemm, weight, first / l->columns) + column * group;
        pack_panel(p, group, weight->inputs * size);
        p.from += p.columns * p.from_stride;
        first += p.columns;
        count -= p.columns;
    }
}
