/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo_precision → name. */
#include "common/precision.h"

#include <mgeo.h>

const char *precision_name(int32_t precision) {
    switch (precision) {
    case MGEO_FP32: return "fp32";
    case MGEO_BF16: return "bf16";
    case MGEO_FP16: return "fp16";
    case MGEO_INT8: return "int8";
    case MGEO_FP8: return "fp8";
    default: return "auto";
    }
}
