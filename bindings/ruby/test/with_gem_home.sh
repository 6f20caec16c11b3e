#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command whose gems are installed into a folder of its own: with_gem_home.sh COMMAND …
set -eu

GEM_HOME=$(mktemp -d)
export GEM_HOME
trap 'rm -rf "$GEM_HOME"' EXIT
"$@"
