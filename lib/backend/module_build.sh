#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the text by which library and modules of one build know each other: module_build.sh VERSION
# HEADER … The headers are those that make up the ABI between them (module.h).
set -eu

version=$1
shift
digest=$(cat "$@" | sha256sum | cut -c 1-16)
cat <<END
/* SPDX-License-Identifier: Apache-2.0 */
/* Which build this is; written by lib/backend/module_build.sh. */
#include "backend/module.h"

const char mgi_module_build[] = "$version-$digest";
END
