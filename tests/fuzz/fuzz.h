/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzz target: one function over foreign bytes, and what must hold of whatever they are.
 *
 * The same target is linked with libFuzzer, which searches for inputs (-Dfuzz=true, `make fuzz`),
 * and with replay.c, which tries the corpus and damaged copies of it with any compiler. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The target. libFuzzer gives the name; 0: the input may stay in the corpus. The bytes lie in a
 * block of their exact size, so that a sanitizer sees one read too far. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program with the reason where something does not hold. */
#define FUZZ_REQUIRE(condition, reason)                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, reason);                            \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
