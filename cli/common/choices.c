/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of values. */
#include "common/choices.h"

#include <mgeo.h>
#include <stddef.h>

const char *const choices_precisions[] = {
    [MGEO_PRECISION_AUTO] = "auto", [MGEO_FP32] = "fp32", [MGEO_BF16] = "bf16",
    [MGEO_FP16] = "fp16",           [MGEO_INT8] = "int8", [MGEO_FP8] = "fp8",
    [MGEO_FP8 + 1] = NULL};

const char *const choices_devices[] = {"auto", "cpu", "cuda", "cuda:0", "cuda:*", NULL};

const char *choices_precision_name(int32_t precision) {
    return choices_precisions[precision >= 0 && precision <= MGEO_FP8 ? precision : 0];
}
