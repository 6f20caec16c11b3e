/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and opens the backends that are modules: libmgeo-cuda.so, libmgeo-torch.so.
 *
 * A file is looked for in the folders of MGEO_MODULE_PATH (with colons between; not in a program
 * that runs with more rights than its caller has), then beside the file that holds this code
 * (libmgeo.so, or the program that libmgeo.a is linked into), in libmgeo/ beside it, and where
 * modules are installed. The first that is there counts, whatever is wrong with it.
 *
 * A module that has been opened stays for the life of the process: libtorch cannot be unloaded. A
 * failure is not kept: the next call looks again, and succeeds once the cause is gone. Any thread
 * may call at any time; there is no lock that a fork could leave taken. */
#ifndef MGI_BACKEND_MODULES_H
#define MGI_BACKEND_MODULES_H

#include "backend/backend.h"

/* The i-th module's name, which is the device's too; NULL after the last. */
const char *mgi_modules_name(unsigned i);

/* Is its file there? Nothing is opened. */
bool mgi_modules_exists(const char *name);

/* Is it worth opening where no one has asked for it by name? Its file must be there, and the
 * driver of its device. */
bool mgi_modules_is_promising(const char *name);

/* Opens a module by its name. Errors: MGEO_E_DEVICE (it is missing, of another build, or cannot be
 * opened: which file, why, and what to do), MGEO_E_MEMORY. */
mgeo_status mgi_modules_open(const char *name, const mgi_backend **backend, mgeo_error *error);

#endif
