/* SPDX-License-Identifier: Apache-2.0 */
/* Versioned structs: what a caller compiled against an older or newer header may pass. */
#include "api/abi.h"

#include <stdbool.h>
#include <string.h>

/* No struct of any version is this large: a bigger number is an uninitialised struct_size. */
enum { ABI_LARGEST = 65536 };

static size_t declared_size(const void *structure) {
    size_t size;
    memcpy(&size, structure, sizeof size);
    return size;
}

/* ---- sizes that a struct may have ------------------------------------------------------------ */

typedef struct abi_sizes {
    const char *type;
    const size_t *sizes;
    size_t count;
} abi_sizes;

#include <mgeo_abi_sizes.h>

/* Every struct ends where a size_t could begin. */
static bool is_aligned(size_t size) { return size % sizeof(size_t) == 0; }

/* An older header's struct ends where a member of ours begins: a size in between would cut one in
 * half. Of a newer one only the alignment is known. */
static bool could_be(const abi_sizes *known, size_t size) {
    if (size > known->sizes[known->count - 1]) return true;
    for (size_t i = 0; i < known->count; i++) {
        if (known->sizes[i] == size) return true;
    }
    return false;
}

static bool is_possible(const char *type, size_t size) {
    if (size < sizeof(size_t) || size > ABI_LARGEST || !is_aligned(size)) return false;
    for (size_t i = 0; i < sizeof known_structs / sizeof *known_structs; i++) {
        if (strcmp(known_structs[i].type, type) == 0) return could_be(&known_structs[i], size);
    }
    return true;
}

mgeo_status mgi_abi_check(const void *destination, const char *type, mgeo_error *error) {
    if (destination == NULL) return MGEO_OK;
    size_t size = declared_size(destination);
    if (is_possible(type, size)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "%s.struct_size is %zu: zero the struct and set it to sizeof(%s)", type, size,
                    type);
}

/* ---- copies ---------------------------------------------------------------------------------- */

mgeo_status mgi_abi_read(void *known, size_t known_size, const void *source, const char *type,
                         mgeo_error *error) {
    memset(known, 0, known_size);
    memcpy(known, &known_size, sizeof known_size);
    if (source == NULL) return MGEO_OK;
    mgeo_status status = mgi_abi_check(source, type, error);
    if (status != MGEO_OK) return status;
    size_t size = declared_size(source);
    const unsigned char *bytes = source;
    for (size_t i = known_size; i < size; i++) {
        if (bytes[i] != 0) {
            return mgi_fail(
                error, MGEO_E_ARGUMENT,
                "%s: a member at byte %zu is set that libmgeo %s does not know: zero it "
                "or use a newer library",
                type, i, MGEO_VERSION);
        }
    }
    size_t shared = size < known_size ? size : known_size;
    memcpy((unsigned char *)known + sizeof(size_t), bytes + sizeof(size_t),
           shared - sizeof(size_t));
    return MGEO_OK;
}

mgeo_status mgi_abi_write(void *destination, const void *known, size_t known_size, const char *type,
                          mgeo_error *error) {
    if (destination == NULL) return MGEO_OK;
    mgeo_status status = mgi_abi_check(destination, type, error);
    if (status != MGEO_OK) return status;
    size_t size = declared_size(destination);
    size_t shared = size < known_size ? size : known_size;
    unsigned char *bytes = destination;
    memcpy(bytes + sizeof(size_t), (const unsigned char *)known + sizeof(size_t),
           shared - sizeof(size_t));
    if (size > shared) memset(bytes + shared, 0, size - shared);
    return MGEO_OK;
}
