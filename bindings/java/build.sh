#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes mgeo.jar: the classes, and what they call, for this machine.
#
# usage: build.sh [--no-bundle] [OUT.jar]
#
# libmgeo is the one that pkg-config finds. It goes into the jar with the two small libraries that it needs and the
# bundled model; with --no-bundle only the JNI part does, and programs name a libmgeo by -Dmgeo.library.path.
# Environment: CC, CFLAGS, JAVACFLAGS, JAVA_HOME, PKG_CONFIG_PATH, and MGEO_MODELS, the folder that has the bundled
# model as mini/ where it is not installed. Needs a JDK from 17 on. Nothing is written beside
# the sources.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

bundle=yes
if [ "${1:-}" = --no-bundle ]; then
    bundle=no
    shift
fi
out=${1:-mgeo.jar}
fail() {
    echo "build.sh: $1" >&2
    exit 1
}

pkg-config --exists libmgeo ||
    fail 'pkg-config does not find libmgeo: install it, or put the folder of libmgeo.pc into PKG_CONFIG_PATH'
javac=${JAVA_HOME:+$JAVA_HOME/bin/}javac
jar=${JAVA_HOME:+$JAVA_HOME/bin/}jar
command -v "$javac" >/dev/null || fail 'no javac: install a JDK from 17 on, or set JAVA_HOME'
jdk=$(dirname "$(dirname "$(readlink -f "$(command -v "$javac")")")")
[ -f "$jdk/include/jni.h" ] || fail "no include/jni.h in $jdk: install the whole JDK, not its headless runtime alone"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
platform=linux-$(uname -m)
native=$work/classes/mgeo/native/$platform
mkdir -p "$native/lib"

# shellcheck disable=SC2046,SC2086 # flags are words
${CC:-cc} -std=c11 -O2 -fPIC -fvisibility=hidden -shared ${CFLAGS:-} -I"$here/../common" -I"$jdk/include" \
    -I"$jdk/include/linux" $(pkg-config --cflags libmgeo) -o "$native/lib/libmgeo_jni.so" \
    "$here/native/mgeo_jni.c" "$here/native/streams.c" "$here/../common/texts.c" \
    -L"$(pkg-config --variable=libdir libmgeo)" -lmgeo

# What the jar's libraries are made of, dependencies first; the loader goes by this order.
index() {
    for file in "$@"; do
        printf '%s %s\n' "$(sha256sum "$native/$file" | cut -d' ' -f1)" "$file"
    done >"$native/index.txt"
}

# The folder of the bundled model: as installed, else as told, else that of this source tree.
bundled_model() {
    for folder in "$(pkg-config --variable=prefix libmgeo)/share/libmgeo/models/mini" "${MGEO_MODELS:-$here/../../models}/mini"; do
        if [ -f "$folder/config.json" ]; then
            echo "$folder"
            return
        fi
    done
    fail 'the bundled model is not installed: use --no-bundle, or install it'
}

# What the libraries in the jar are licensed under, where this system says so.
licenses() {
    mkdir -p "$work/classes/META-INF/licenses"
    for name in libutf8proc libxxhash; do
        for told in /usr/share/doc/"$name"*/copyright; do
            if [ -f "$told" ]; then cp "$told" "$work/classes/META-INF/licenses/$name"; fi
        done
    done
}

if [ "$bundle" = yes ]; then
    library=$(pkg-config --variable=libdir libmgeo)/libmgeo.so.0
    files=
    for needed in $(ldd "$library" | sed -n 's/^\t\(lib\(utf8proc\|xxhash\)[^ ]*\) => \([^ ]*\) .*/\3/p'); do
        cp -L "$needed" "$native/lib/"
        files="$files lib/$(basename "$needed")"
    done
    cp -L "$library" "$native/lib/"
    mkdir -p "$native/share/libmgeo/models/mini"
    model=$(bundled_model)
    for file in config.json tokenizer_config.json vocab.txt model.safetensors MODEL_CARD.md; do
        cp "$model/$file" "$native/share/libmgeo/models/mini/"
    done
    licenses
    # shellcheck disable=SC2086 # names without spaces
    index $files lib/libmgeo.so.0 lib/libmgeo_jni.so \
        $(cd "$native" && find share -type f | sort)
else
    index lib/libmgeo_jni.so
fi

find "$here/src" "$here/generated" -name '*.java' >"$work/sources"
# shellcheck disable=SC2086 # flags are words
"$javac" --release 17 -encoding UTF-8 ${JAVACFLAGS:-} -d "$work/classes" "@$work/sources"
"$jar" --create --file "$out" -C "$work/classes" .
