/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out int8 weights. */
#include "backend/cpu/kernels/int8.h"
#include "backend/cpu/kernels/int8_layout.h"

size_t mgk_int8_stride(size_t inputs) {
    return (inputs + MGK_INT8_INPUT_STEP - 1) / MGK_INT8_INPUT_STEP * MGK_INT8_INPUT_STEP;
}

size_t mgk_int8_panels(size_t outputs) { return (outputs + MGK_INT8_PANEL - 1) / MGK_INT8_PANEL; }

size_t mgk_int8_bytes(size_t outputs, size_t inputs) {
    size_t panels = outputs / MGK_INT8_PANEL + 1, groups = inputs / MGK_INT8_GROUP + 1;
    if (panels > SIZE_MAX / (MGK_INT8_PANEL * MGK_INT8_GROUP) / groups) return 0;
    return mgk_int8_panels(outputs) * MGK_INT8_PANEL *
           ((inputs + MGK_INT8_GROUP - 1) / MGK_INT8_GROUP) * MGK_INT8_GROUP;
}

void mgk_int8_put(const mgk_int8 *kernels, mgk_int8_weight *weight, size_t output,
                  const int8_t *row) {
    size_t groups = (weight->inputs + MGK_INT8_GROUP - 1) / MGK_INT8_GROUP,
           columns = kernels->columns;
    size_t column = output % columns;
    uint8_t *to = weight->panels + ((output - column) * groups + column) * MGK_INT8_GROUP;
    for (size_t i = 0; i < weight->inputs; i++) {
        to[i / MGK_INT8_GROUP * columns * MGK_INT8_GROUP + i % MGK_INT8_GROUP] =
            (uint8_t)row[i] ^ kernels->flip;
    }
}
