/* SPDX-License-Identifier: Apache-2.0 */
/* What an x86-64 processor can do and its system keeps, asked of the processor itself. */
#include "backend/cpu/kernels/x86.h"

#if defined(__x86_64__)

#include <cpuid.h>

/* Leaves, and their bits by the names of the manuals. */
enum { BASIC = 1, BASIC_C_FMA = 1 << 12, BASIC_C_OSXSAVE = 1 << 27, BASIC_C_F16C = 1 << 29 };
enum { MORE = 7, MORE_B_AVX2 = 1 << 5, MORE_C_AVX512VNNI = 1 << 11 };
enum { MORE_B_AVX512F = 1 << 16, MORE_B_AVX512DQ = 1 << 17, MORE_B_AVX512BW = 1 << 30 };
#define MORE_B_AVX512VL (1u << 31)
enum { MORE_1_A_AVXVNNI = 1 << 4, MORE_1_A_AVX512BF16 = 1 << 5 };
/* Parts of XCR0: SSE and AVX; these with masks and both halves of the wide vectors. */
enum { AVX_STATE = 0x06, AVX512_STATE = 0xe6 };

static bool has_bits(unsigned value, unsigned bits) { return (value & bits) == bits; }

mgk_x86_leaf mgk_x86_ask(unsigned leaf, unsigned part) {
    mgk_x86_leaf r = {0};
    if (!__get_cpuid_count(leaf, part, &r.a, &r.b, &r.c, &r.d)) return (mgk_x86_leaf){0};
    return r;
}

bool mgk_x86_system_keeps(uint32_t parts) {
    if (!has_bits(mgk_x86_ask(BASIC, 0).c, BASIC_C_OSXSAVE)) return false;
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return has_bits(low, parts);
}

/* Part 1 of leaf 7; all 0 where the processor has only part 0. */
static mgk_x86_leaf ask_more_1(void) {
    return mgk_x86_ask(MORE, 0).a >= 1 ? mgk_x86_ask(MORE, 1) : (mgk_x86_leaf){0};
}

bool mgk_x86_has_avx2(void) {
    return has_bits(mgk_x86_ask(BASIC, 0).c, BASIC_C_FMA | BASIC_C_F16C) &&
           has_bits(mgk_x86_ask(MORE, 0).b, MORE_B_AVX2) && mgk_x86_system_keeps(AVX_STATE);
}

bool mgk_x86_has_avxvnni(void) {
    return mgk_x86_has_avx2() && has_bits(ask_more_1().a, MORE_1_A_AVXVNNI);
}

bool mgk_x86_has_avx512(void) {
    const unsigned wanted = MORE_B_AVX512F | MORE_B_AVX512DQ | MORE_B_AVX512BW | MORE_B_AVX512VL;
    return mgk_x86_has_avx2() && has_bits(mgk_x86_ask(MORE, 0).b, wanted) &&
           mgk_x86_system_keeps(AVX512_STATE);
}

bool mgk_x86_has_avx512vnni(void) {
    return mgk_x86_has_avx512() && has_bits(mgk_x86_ask(MORE, 0).c, MORE_C_AVX512VNNI);
}

bool mgk_x86_has_avx512bf16(void) {
    return mgk_x86_has_avx512() && has_bits(ask_more_1().a, MORE_1_A_AVX512BF16);
}

bool mgk_x86_is_intel(void) {
    const mgk_x86_leaf name = mgk_x86_ask(0, 0);
    return name.b == signature_INTEL_ebx && name.c == signature_INTEL_ecx &&
           name.d == signature_INTEL_edx;
}

#else

mgk_x86_leaf mgk_x86_ask(unsigned leaf, unsigned part) {
    (void)leaf, (void)part;
    return (mgk_x86_leaf){0};
}

bool mgk_x86_system_keeps(uint32_t parts) {
    (void)parts;
    return false;
}

bool mgk_x86_has_avx2(void) { return false; }
bool mgk_x86_has_avxvnni(void) { return false; }
bool mgk_x86_has_avx512(void) { return false; }
bool mgk_x86_has_avx512vnni(void) { return false; }
bool mgk_x86_has_avx512bf16(void) { return false; }
bool mgk_x86_is_intel(void) { return false; }

#endif
