#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the walk-through: walkthrough_test.sh PROXY MGEO_SERVE MODEL BAD_MODEL. The second directory is a copy of the first.
set -eu
for program in "$1" curl flock setsid python3; do
    command -v "$program" >/dev/null || { echo "$program is not installed"; exit 77; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r "$3" "$folder/mini-2"
"$(dirname "$0")/../../../examples/blue-green/walkthrough.sh" --proxy "$1" --server "$2" "$3" "$folder/mini-2" "$4"
