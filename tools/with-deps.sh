#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command with the libraries that tools/carry-deps.sh put into a folder:
#
#     MGEO_DEPS=FOLDER tools/with-deps.sh COMMAND …
#
# Without MGEO_DEPS it runs the command as it is. What the machine itself has comes second for the
# build. When programs run it comes first: an older library before the machine's own would
# break its other programs.
set -eu

if [ -z "${MGEO_DEPS:-}" ]; then exec "$@"; fi
deps=$(cd "$MGEO_DEPS" && pwd) || exit 1
[ -f "$deps/lib/pkgconfig/libutf8proc.pc" ] || {
    echo "with-deps: MGEO_DEPS=$MGEO_DEPS was not made by tools/carry-deps.sh" >&2
    exit 1
}

is_on_machine() { # soname
    /sbin/ldconfig -p 2>/dev/null | awk '{print $1}' | grep -qxF "$1"
}

# Links to those libraries that the machine lacks.
lacking=$(mktemp -d)
trap 'rm -rf "$lacking"' EXIT
for file in "$deps"/lib/*.so.*; do
    is_on_machine "$(basename "$file")" || ln -s "$file" "$lacking/"
done

prepend() { # folder, list
    printf '%s' "$1${2:+:$2}"
}
PKG_CONFIG_PATH=$(prepend "$deps/lib/pkgconfig" "${PKG_CONFIG_PATH:-}")
CPATH=$(prepend "$deps/include" "${CPATH:-}")
LIBRARY_PATH=$(prepend "$deps/lib" "${LIBRARY_PATH:-}")
LD_LIBRARY_PATH=$(prepend "$lacking" "${LD_LIBRARY_PATH:-}")
export PKG_CONFIG_PATH CPATH LIBRARY_PATH LD_LIBRARY_PATH
command -v pkg-config >/dev/null 2>&1 || PATH="$PATH:$deps/bin"
status=0
"$@" || status=$?
exit $status
