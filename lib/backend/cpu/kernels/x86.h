/* SPDX-License-Identifier: Apache-2.0 */
/* What an x86-64 processor can do and its system keeps, asked of the processor itself: not every
 * compiler's runtime answers __builtin_cpu_supports (zig's says no to everything). */
#ifndef MGI_BACKEND_CPU_KERNELS_X86_H
#define MGI_BACKEND_CPU_KERNELS_X86_H

#include <stdbool.h>
#include <stdint.h>

/* Leaf `leaf`, part `part` of CPUID; all 0 where the processor has no such leaf. */
typedef struct mgk_x86_leaf {
    unsigned a, b, c, d;
} mgk_x86_leaf;

mgk_x86_leaf mgk_x86_ask(unsigned leaf, unsigned part);

/* Whether the system saves all of these parts of a thread's registers (bits of XCR0). */
bool mgk_x86_system_keeps(uint32_t parts);

/* Each with what its kernels use besides: AVX2 with FMA and F16C, AVX-512 with F, BW, DQ and VL. */
bool mgk_x86_has_avx2(void);
bool mgk_x86_has_avxvnni(void);
bool mgk_x86_has_avx512(void);
bool mgk_x86_has_avx512vnni(void);
bool mgk_x86_has_avx512bf16(void);

bool mgk_x86_is_intel(void);

#endif
