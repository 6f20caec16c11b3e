/* SPDX-License-Identifier: Apache-2.0 */
/* Versioned structs: what a caller compiled against an older or newer header may pass. */
#include "api/abi.h"

#include <string.h>

/* No struct of any version is this large: a bigger number is an uninitialised struct_size. */
enum { ABI_LARGEST = 65536 };

static size_t declared_size(const void *structure) {
    size_t size;
    memcpy(&size, structure, sizeof size);
    return size;
}

mgeo_status mgi_abi_check(const void *destination, const char *type, mgeo_error *error) {
    if (destination == NULL) return MGEO_OK;
    size_t size = declared_size(destination);
    if (size >= sizeof(size_t) && size <= ABI_LARGEST) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "%s.struct_size is %zu: zero the struct and set it to sizeof(%s)", type, size,
                    type);
}

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
