#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a Python with the modules that tests of bindings and engines need, and prints its path:
#   meson setup build -Dpython=$(tools/test-venv.sh ~/mgeo-venv)
# Without network access it prints the system's python3, and tests that miss a module are skipped.
set -eu
folder=$1
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$(dirname "$folder")"
folder=$(cd "$(dirname "$folder")" && pwd)/$(basename "$folder")
wanted=$here/tests/requirements.txt

if ! cmp -s "$wanted" "$folder/requirements.txt"; then
    if python3 -m venv "$folder" >&2 && "$folder/bin/python" -m pip install -q -r "$wanted" >&2; then
        cp "$wanted" "$folder/requirements.txt"
    else
        echo "test-venv: no modules could be installed; tests that need them will be skipped" >&2
        command -v python3
        exit 0
    fi
fi
echo "$folder/bin/python"
