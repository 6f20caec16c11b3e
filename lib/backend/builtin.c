/* The backends that libmgeo is built with. */
#include "backend/builtin.h"

const mgi_backend *const mgi_builtin_backends[] = {&mgi_torch_backend, NULL};
