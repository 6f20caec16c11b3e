#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The binding is as gofmt and go vet want it: format_test.sh GO. Runs in the binding's folder.
set -eu
unformatted=$("$(dirname "$("$1" env GOROOT)/bin/gofmt")/gofmt" -l .)
if [ -n "$unformatted" ]; then
    echo "not as gofmt has them: $unformatted" >&2
    exit 1
fi
"$1" vet ./...
