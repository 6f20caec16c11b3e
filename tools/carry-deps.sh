#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copies what a build needs of this machine's libraries into a folder: headers, shared libraries and
# .pc files that find them wherever the folder lies. For a machine that has no package source, as
# GPU machines often are: copy the folder there and build with MGEO_DEPS=FOLDER (tools/with-deps.sh).
# The other machine needs the same processor family and at least this one's glibc. libtorch and the
# compiler are not carried.
set -eu

[ $# -eq 1 ] || {
    echo "usage: tools/carry-deps.sh FOLDER" >&2
    exit 2
}
mkdir -p "$1/include" "$1/lib/pkgconfig" "$1/bin"
folder=$(cd "$1" && pwd)
cc=${CC:-cc}
glibc=0.0

fail() {
    echo "carry-deps: $*" >&2
    exit 1
}

# Where the compiler finds a header.
header_path() { # include name, pkg-config module
    # shellcheck disable=SC2046  # a list of flags
    printf '#include <%s>\n' "$1" |
        $cc $(pkg-config --cflags "$2") -include stddef.h -include stdarg.h -include stdint.h \
            -include setjmp.h -M -x c - | tr ' ' '\n' | grep "/$1\$" | head -n 1
}

# The newest glibc that any carried file asks for.
note_glibc() { # file
    asked=$(objdump -T "$1" | grep -o 'GLIBC_2[.0-9]*' | sed 's/GLIBC_//')
    glibc=$(printf '%s\n' "$glibc" "$asked" | sort -V | tail -n 1)
}

# The library under its soname, and the name that the linker looks for.
carry_library() { # name without lib and .so
    file=$($cc -print-file-name="lib$1.so")
    [ "$file" != "lib$1.so" ] || fail "no lib$1.so here"
    soname=$(objdump -p "$file" | awk '$1 == "SONAME" {print $2}')
    cp -fL "$file" "$folder/lib/$soname"
    [ "$soname" = "lib$1.so" ] || ln -sf "$soname" "$folder/lib/lib$1.so"
    note_glibc "$file"
}

# Written anew: this machine's .pc files name its own folders, some of them without a prefix.
write_pc() { # module
    {
        # shellcheck disable=SC2016  # pkg-config's variables
        printf 'prefix=${pcfiledir}/../..\nName: %s\nDescription: carried from another machine\n' "$1"
        printf 'Version: %s\n' "$(pkg-config --modversion "$1")"
        # shellcheck disable=SC2016
        printf 'Cflags: -I${prefix}/include %s\n' "$(pkg-config --cflags-only-other "$1")"
        # shellcheck disable=SC2016
        printf 'Libs: -L${prefix}/lib %s\n' "$(pkg-config --libs-only-l "$1")"
    } >"$folder/lib/pkgconfig/$1.pc"
}

carry() { # module, library, headers …
    module=$1
    pkg-config --exists "$module" || fail "pkg-config knows no $module: run tools/bootstrap.sh check"
    carry_library "$2"
    shift 2
    for header; do
        path=$(header_path "$header" "$module")
        [ -n "$path" ] || fail "no header $header of $module"
        cp -fL "$path" "$folder/include/"
    done
    write_pc "$module"
}

# pkg-config itself, for a machine that has none: meson asks it for everything above.
carry_pkg_config() {
    program=$(readlink -f "$(command -v pkg-config)")
    cp -fL "$program" "$folder/bin/pkg-config.real"
    note_glibc "$program"
    ldd "$program" | awk '$1 ~ /pkgconf/ && $3 ~ /^\// {print $3}' | while read -r library; do
        cp -fL "$library" "$folder/lib/"
    done
    cat >"$folder/bin/pkg-config" <<'SCRIPT'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
LD_LIBRARY_PATH="$here/../lib" exec "$here/pkg-config.real" "$@"
SCRIPT
    chmod +x "$folder/bin/pkg-config"
}

carry libutf8proc utf8proc utf8proc.h
carry jansson jansson jansson.h jansson_config.h
carry libxxhash xxhash xxhash.h xxh3.h
carry cmocka cmocka cmocka.h
carry zlib z zlib.h zconf.h
carry libzstd zstd zstd.h zstd_errors.h
carry_pkg_config
echo "carry-deps: $folder ($(du -sh "$folder" | cut -f 1)), for $(uname -m) with glibc $glibc or later"
