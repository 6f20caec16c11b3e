#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is in Go is as gofmt and go vet want it: format_test.sh GO FOLDER …
set -eu
go=$1
shift
gofmt=$("$go" env GOROOT)/bin/gofmt
for folder; do
    cd "$folder"
    unformatted=$("$gofmt" -l .)
    if [ -n "$unformatted" ]; then
        echo "$folder: not as gofmt has them: $unformatted" >&2
        exit 1
    fi
    "$go" vet ./...
done
