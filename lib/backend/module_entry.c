/* SPDX-License-Identifier: Apache-2.0 */
/* The function that a module shows; compiled into each module with the name of its backend. */
#include "backend/module.h"

__attribute__((visibility("default"))) const mgi_module *mgeo_module_entry(void);

const mgi_module *mgeo_module_entry(void) {
    static const mgi_module module = {
        .magic = MGI_MODULE_MAGIC, .build = mgi_module_build, .backend = &MGI_MODULE_BACKEND};
    return &module;
}
