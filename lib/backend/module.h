/* SPDX-License-Identifier: Apache-2.0 */
/* What a module shows to the library: the private ABI between libmgeo and libmgeo-NAME.so.
 *
 * A module is one backend in a file of its own, so that a process carries its libraries (libtorch,
 * CUDA) only when it asks for that device. modules.h finds and opens them. The contract is
 * backend.h, passed as it is, so that library and module must come out of one build: each carries
 * a text made from the headers that both were compiled with, and the library refuses another one.
 *
 * A module links what it needs of lib/core and lib/backend into itself, and shows one function.
 * What exists twice in the process by that:
 * - the count of forks (core/process.h): each copy has its own handler and its own tokens, and a
 *   module compares those of its own copy alone;
 * - the account of locks in debug builds (core/lock.h): the one lock that a module has, the CUDA
 *   encoder's, is held for moments in which the module calls nothing of the library's;
 * - the hook that makes allocations fail (core/alloc.h) and pretended memory (core/memory.h): tests
 *   that use them link the backend instead of opening the module.
 * All else that both use has no state, or has it in what the caller passes. */
#ifndef MGI_BACKEND_MODULE_H
#define MGI_BACKEND_MODULE_H

#include "backend/backend.h"

#define MGI_MODULE_MAGIC "libmgeo backend module"
#define MGI_MODULE_ENTRY "mgeo_module_entry"

/* magic and build stay where they are in every version, so that a refusal can name the build. */
typedef struct mgi_module {
    char magic[24];
    const char *build;
    const mgi_backend *backend;
} mgi_module;

/* The one function that a module shows. Its answer is constant. */
typedef const mgi_module *mgi_module_entry(void);

/* Of this build: version and a digest of the ABI's headers (module_build.sh). */
extern const char mgi_module_build[];

#endif
