/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in memory as standard input, which comes in pieces as a pipe's does: read() and poll() of
 * descriptor 0 are answered here (the linker's --wrap). */
#ifndef TESTS_FUZZ_PIECES_H
#define TESTS_FUZZ_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What standard input gives from now on. `longest`: bytes of a piece at most, 0: no limit.
 * `hesitates`: now and then there is nothing yet for who does not wait. The data is borrowed. */
void fuzz_pieces_begin(const uint8_t *data, size_t size, size_t longest, bool hesitates);

#endif
