#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Formats every source as .clang-format says; with --check it changes nothing and names what it would.
set -eu
cd "$(dirname "$0")/.."

case "${1:-}" in
'') set -- -i ;;
--check) set -- --dry-run --Werror ;;
*)
    echo "usage: tools/format.sh [--check]" >&2
    exit 2
    ;;
esac
# Releases differ in taste: another one than CI's may find fault with a tree that is formatted.
tools/sources.sh all | xargs clang-format "$@"
