/* SPDX-License-Identifier: Apache-2.0 */
/* A module in the shape of libmgeo's, to be opened by module_test.c: good, of another build, or no
 * module of libmgeo's at all, as FAKE_MAGIC and FAKE_BUILD say. */
#include "backend/module.h"

#include <string.h>

static bool serves(const char *device) { return strcmp(device, "torch") == 0; }

static const mgi_backend backend = {.name = "fake module", .serves = serves};

__attribute__((visibility("default"))) const mgi_module *mgeo_module_entry(void);

const mgi_module *mgeo_module_entry(void) {
    static const mgi_module module = {
        .magic = FAKE_MAGIC, .build = FAKE_BUILD, .backend = &backend};
    return &module;
}
