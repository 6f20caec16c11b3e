/* SPDX-License-Identifier: Apache-2.0 */
/* The backends that libmgeo is built with. */
#include "backend/builtin.h"

const mgi_backend *const mgi_builtin_backends[] = {
#ifdef MGI_HAVE_CUDA
    &mgi_cuda_backend,
#endif
    &mgi_cpu_backend,
    &mgi_torch_backend,
    NULL,
};
