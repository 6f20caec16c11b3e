#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The crates are as rustfmt and clippy want them: lint_test.sh CARGO. A tool that is not there is left out; without
# both this is skipped. Runs in the workspace.
set -eu
checked=
if "$1" fmt --version >/dev/null 2>&1; then
    "$1" fmt --all --check
    checked=yes
fi
if "$1" clippy --version >/dev/null 2>&1; then
    "$1" clippy --offline --locked --all-targets -- -D warnings
    checked=yes
fi
if [ -z "$checked" ]; then
    echo "skipped: neither rustfmt nor clippy"
    exit 77
fi
