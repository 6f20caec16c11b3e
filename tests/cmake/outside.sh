#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs into a folder of its own, which moves the prefix, and builds examples/embed.c there by find_package(mgeo), shared
# and static; asks for versions and components that must be refused. Needs SOURCE and BUILD, the prefix as configured, and
# the library folder below it.
set -eu

source=$1
build=$2
prefix=$3
libdir=$4
command -v cmake >/dev/null || { echo "no cmake here"; exit 77; }
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR="$stage/staged" meson install -C "$build" --no-rebuild --quiet
# Once more moved: nothing may remember the folder it was installed into.
mv "$stage/staged$prefix" "$stage/moved here"
root="$stage/moved here"
if grep -F "$prefix/" "$root/$libdir"/cmake/mgeo/*.cmake; then
    echo "the package names the prefix it was configured for"
    exit 1
fi

configure() { # folder, what is asked for, targets
    cmake -S "$source/tests/cmake" -B "$stage/$1" -DCMAKE_PREFIX_PATH="$root" -DCMAKE_BUILD_TYPE=Release \
        -DSOURCE="$source" -DWANTED="$2" -DTARGETS="$3" >"$stage/log" 2>&1
}

accepts() { # folder, what is asked for, targets
    configure "$1" "$2" "$3" || { echo "find_package(mgeo $2) failed:"; cat "$stage/log"; exit 1; }
}

refuses() { # what is asked for, part of the message
    if configure refused "$1" ''; then
        echo "find_package(mgeo $1) was accepted"
        exit 1
    fi
    tr -s ' \n' ' ' <"$stage/log" | grep -qF "$2" || { echo "find_package(mgeo $1) does not say: $2"; cat "$stage/log"; exit 1; }
    rm -rf "$stage/refused"
}

version=$(sed -n 's/^#define MGEO_VERSION "\(.*\)"/\1/p' "$source/include/mgeo.h")
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}

accepts both "$version" 'mgeo;mgeo_static'
cmake --build "$stage/both" >"$stage/log" 2>&1 || { cat "$stage/log"; exit 1; }
for target in mgeo mgeo_static; do
    "$stage/both/embed_$target" "$root/share/libmgeo/models/mini" >"$stage/$target.txt"
done
# The program with the archive needs no libmgeo.so; the other one takes it from the moved prefix. Where neither is given a
# model, the library finds the bundled one in its own prefix; the archive has none.
"$stage/both/embed_mgeo" | cmp - "$stage/mgeo.txt"
cmp "$stage/mgeo.txt" "$stage/mgeo_static.txt"
readelf -d "$stage/both/embed_mgeo" | grep -q 'NEEDED.*libmgeo\.so\.'
! readelf -d "$stage/both/embed_mgeo_static" | grep -q 'NEEDED.*libmgeo' || { echo "static is not"; exit 1; }
cat "$stage/mgeo.txt"

accepts any '' mgeo
accepts older "$major.0" mgeo
accepts exact "$version;EXACT" mgeo
accepts range "$major.0...<$((major + 1))" mgeo
accepts components "$version;COMPONENTS;shared;static" 'mgeo;mgeo_static'
refuses "$major.$((minor + 1))" "version: $version"
refuses "$((major + 1)).0" "version: $version"
refuses "$major.0;EXACT" "version: $version"
refuses "$major.0...<$version" "version: $version"
refuses 'COMPONENTS;gpu' 'there is no component gpu: write shared or static'
rm "$root/$libdir/libmgeo.a"
refuses 'COMPONENTS;static' 'libmgeo.a is not there'
accepts shared-alone '' mgeo
rm "$root/$libdir"/libmgeo.so*
refuses 'COMPONENTS;shared' 'is not there'
refuses '' 'is not there'
echo "found, moved, and refused where it must be"
