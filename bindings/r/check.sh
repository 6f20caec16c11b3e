#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the package in a folder of its own and checks it as R does, with its tests: check.sh FOLDER_OF_THE_PACKAGE
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r "$1" "$folder/mgeo"
cd "$folder"
# As in a prefix of its own: what was built must know where the library lies.
unset LD_LIBRARY_PATH
R CMD build mgeo
R CMD check --no-manual mgeo_*.tar.gz | tee checked || {
    tail -n 40 mgeo.Rcheck/tests/*.fail mgeo.Rcheck/00install.out 2>/dev/null
    exit 1
}
if ! grep -q '^Status: OK' checked && grep -Eq 'WARNING|ERROR' checked; then
    echo "R CMD check has found something" >&2
    exit 1
fi
