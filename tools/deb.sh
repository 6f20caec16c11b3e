#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages into a folder: deb.sh FOLDER [torch] [cuda]. With a module's name its package is built too.
# Needs no root and no network once the build dependencies are installed: apt-get build-dep, or what dpkg-buildpackage names.
# The tree stays as it is: a copy of it is built, with packaging/debian as its debian/. DEBFULLNAME and DEBEMAIL, where both are
# set, are the packages' maintainer.
set -eu

out=${1:?usage: tools/deb.sh FOLDER [torch] [cuda]}
shift
profiles=
for module in "$@"; do
    case "$module" in
    torch | cuda) profiles="$profiles pkg.libmgeo.$module" ;;
    *)
        echo "deb.sh: there is no module $module: write torch or cuda" >&2
        exit 2
        ;;
    esac
done
for program in dpkg-buildpackage dh; do
    command -v "$program" >/dev/null || {
        echo "deb.sh: no $program here: install dpkg-dev and debhelper" >&2
        exit 1
    }
done
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")/.."

version=$(sed -n '1s/.*(\(.*\)-[^-]*).*/\1/p' packaging/debian/changelog)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' HUP INT TERM
copy="$stage/libmgeo-$version"
mkdir "$copy"
# New files count before they are added; a tree that came as an archive has no git.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard | while read -r file; do
        if [ -e "$file" ]; then printf '%s\n' "$file"; fi
    done
else
    find . -path './build*' -prune -o -type f -print
fi | tar -cf - -T - | tar -xf - -C "$copy"
mv "$copy/packaging/debian" "$copy/debian"

if [ -n "${DEBFULLNAME:-}" ] && [ -n "${DEBEMAIL:-}" ]; then
    contact="$DEBFULLNAME <$DEBEMAIL>"
    awk -v contact="$contact" '/^Maintainer:/ { $0 = "Maintainer: " contact } { print }' "$copy/debian/control" >"$stage/control"
    awk -v contact="$contact" '/^ -- / { sub(/ -- .*>  /, ""); $0 = " -- " contact "  " $0 } { print }' \
        "$copy/debian/changelog" >"$stage/changelog"
    cp "$stage/control" "$stage/changelog" "$copy/debian/"
fi

cd "$copy"
export DEB_BUILD_PROFILES="${DEB_BUILD_PROFILES:-}$profiles"
export DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-parallel=$(nproc)}"
dpkg-buildpackage -us -uc -b
cd "$stage"
# Ubuntu and old tools call debug symbols .ddeb.
find . -maxdepth 1 -type f \( -name '*.deb' -o -name '*.ddeb' -o -name '*.changes' -o -name '*.buildinfo' \) -exec mv {} "$out" \;
ls -l "$out"
