/* SPDX-License-Identifier: Apache-2.0 */
/* The checks that every public function begins with. */
#include "api/check.h"

mgeo_status mgi_check_engine(const mgeo_engine *engine, mgeo_error *error) {
    if (engine == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "engine is NULL");
    if (mgi_engine_is_forked(engine)) {
        return mgi_fail(error, MGEO_E_FORKED,
                        "the engine was created by the parent process: create one after fork()");
    }
    return MGEO_OK;
}

mgeo_status mgi_check_array(size_t count, size_t size, const char *what, mgeo_error *error) {
    size_t bytes;
    if (!__builtin_mul_overflow(count, size, &bytes) && bytes <= PTRDIFF_MAX) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "%zu %s: no array is that large", count, what);
}

/* No object is larger than PTRDIFF_MAX: a length beyond it is a negative number. */
static mgeo_status check_length(size_t index, const char *text, size_t length, const char *name,
                                mgeo_error *error) {
    if (text == NULL && length != 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "pairs[%zu].%s is NULL and its length is not 0",
                        index, name);
    }
    if (length <= PTRDIFF_MAX || length == MGEO_NUL_TERMINATED) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "pairs[%zu].%s_len is %zu: no text is that long", index,
                    name, length);
}

mgeo_status mgi_check_pairs(const mgeo_pair *pairs, size_t count, mgeo_error *error) {
    if (count > 0 && pairs == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "pairs is NULL");
    mgeo_status status = mgi_check_array(count, sizeof *pairs, "pairs", error);
    for (size_t i = 0; i < count && status == MGEO_OK; i++) {
        status = check_length(i, pairs[i].a, pairs[i].a_len, "a", error);
        if (status == MGEO_OK) status = check_length(i, pairs[i].b, pairs[i].b_len, "b", error);
    }
    return status;
}

mgeo_status mgi_check_output(const void *output, const char *name, const char *type,
                             mgeo_error *error) {
    if (output == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "%s is NULL", name);
    return mgi_abi_check(output, type, error);
}

mgeo_status mgi_check_switch(uint32_t value, const char *name, mgeo_error *error) {
    if (value <= 1) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "%s is %u: 0 or 1", name, value);
}

mgeo_status mgi_check_conclude(mgeo_status status, mgeo_error *error) {
    return status == MGEO_OK ? mgi_succeed(error) : status;
}
