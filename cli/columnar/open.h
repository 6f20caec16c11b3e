/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and opens the module libmgeo-columnar.so, once it is needed. */
#ifndef CLI_COLUMNAR_OPEN_H
#define CLI_COLUMNAR_OPEN_H

#include "columnar/module.h"
#include "common/error.h"

/* The module, which stays open from then on. `what` is what needs it: "pairs.parquet". Looked for
 * in the folders of MGEO_MODULE_PATH, beside the program, and where libmgeo's modules are
 * installed. NULL with a line that says what is missing and what to do. Any thread. */
const struct columnar_module *columnar_open(const char *what, struct error *error);

#endif
