/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that ends the program cleanly when memory is out. */
#include "common/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/interrupt.h"
#include "common/message.h"

static void out_of_memory(void) {
    static const char line[] = ": out of memory\n";
    const char *name = message_program();
    interrupt_remove_guarded();
    if (write(STDERR_FILENO, name, strlen(name)) < 0 ||
        write(STDERR_FILENO, line, sizeof line - 1) < 0) { /* nothing is left to try */
    }
    _exit(2);
}

void *memory_resize(void *block, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) out_of_memory();
    size_t bytes = count * size;
    void *moved = realloc(block, bytes > 0 ? bytes : 1);
    if (moved == NULL) out_of_memory();
    return moved;
}

/* Written and not calloc'd: the pages are there before the first use. */
void *memory_zeroed(size_t count, size_t size) {
    void *block = memory_resize(NULL, count, size);
    memset(block, 0, count * size);
    return block;
}

char *memory_copy(const char *text, size_t length) {
    char *copy = memory_resize(NULL, length + 1, 1);
    if (length > 0) memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
