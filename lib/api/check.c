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

mgeo_status mgi_check_pairs(const mgeo_pair *pairs, size_t count, mgeo_error *error) {
    if (count > 0 && pairs == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "pairs is NULL");
    for (size_t i = 0; i < count; i++) {
        bool no_a = pairs[i].a == NULL && pairs[i].a_len != 0;
        bool no_b = pairs[i].b == NULL && pairs[i].b_len != 0;
        if (no_a || no_b) {
            return mgi_fail(error, MGEO_E_ARGUMENT, "pairs[%zu].%s is NULL and its length is not 0",
                            i, no_a ? "a" : "b");
        }
    }
    return MGEO_OK;
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
