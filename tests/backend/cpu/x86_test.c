/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor is asked and what the kernel lists of it in /proc/cpuinfo are the same:
 * whatever compiler made the library, it must choose the same kernels. */
#include "backend/cpu/kernels/dispatch.h"
#include "backend/cpu/kernels/isa_variant.h"
#include "backend/cpu/kernels/x86.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The line of /proc/cpuinfo that begins with `key`, a space at its end; empty: there is none. */
static void read_line(const char *key, char *line, int capacity) {
    FILE *file = fopen("/proc/cpuinfo", "r");
    assert_non_null(file);
    bool found = false;
    while (!found && fgets(line, capacity, file) != NULL) {
        found = strncmp(line, key, strlen(key)) == 0;
    }
    fclose(file);
    char *newline = strchr(line, '\n');
    if (newline != NULL) *newline = ' ';
    if (!found) line[0] = '\0';
}

static bool lists(const char *flags, const char *wanted) {
    char words[128], spaced[64];
    snprintf(words, sizeof words, "%s", wanted);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        snprintf(spaced, sizeof spaced, " %s ", word);
        if (strstr(flags, spaced) == NULL) return false;
    }
    return true;
}

static void as_the_kernel_lists(void **state) {
    (void)state;
    static char flags[16384], vendor[256];
    read_line("flags", flags, sizeof flags);
    read_line("vendor_id", vendor, sizeof vendor);
    if (flags[0] == '\0') skip();
    const char *avx2 = "avx2 fma f16c",
               *avx512 = "avx2 fma f16c avx512f avx512bw avx512dq avx512vl";
    assert_int_equal(mgk_x86_has_avx2(), lists(flags, avx2));
    assert_int_equal(mgk_x86_has_avxvnni(), lists(flags, avx2) && lists(flags, "avx_vnni"));
    assert_int_equal(mgk_x86_has_avx512(), lists(flags, avx512));
    assert_int_equal(mgk_x86_has_avx512vnni(), lists(flags, avx512) && lists(flags, "avx512_vnni"));
    assert_int_equal(mgk_x86_has_avx512bf16(), lists(flags, avx512) && lists(flags, "avx512_bf16"));
    assert_int_equal(mgk_x86_is_intel(), strstr(vendor, "GenuineIntel") != NULL);
}

static void chooses_the_best(void **state) {
    (void)state;
    if (getenv("MGEO_CPU_ISA") != NULL) skip();
    const char *expected = mgk_x86_has_avx512() ? "AVX-512"
                           : mgk_x86_has_avx2() ? "AVX2"
                                                : "portable";
    assert_string_equal(mgk_dispatch_kernels()->name, expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_kernel_lists),
        cmocka_unit_test(chooses_the_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
