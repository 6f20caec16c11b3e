#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finds a libtorch and prints what meson.build needs of it as lines of key=value: origin, include
# (once for each folder), libdir, version, std (of C++), link (once for each argument), compile
# (likewise) and blas: what it multiplies matrices with.
# Order: the folder given as $1, $LIBTORCH, the system's package, python3's torch. Exit status 1: there is
# none; 2: a folder was named that is none.
set -eu

fail() { # exit status, line
    status=$1
    shift
    printf '%s\n' "$*" >&2
    exit "$status"
}

is_libtorch() { # folder
    [ -f "$1/include/ATen/ATen.h" ] && [ -f "$1/lib/libtorch_cpu.so" ]
}

# The archive and the Python package say more than the header does: "2.11.0+cpu".
version_of() { # include folder, file with a version or empty
    if [ -n "$2" ] && [ -f "$2" ]; then
        case "$2" in
        *.py) sed -n "s/^__version__ = '\([^']*\)'.*/\1/p" "$2" ;;
        *) sed -n 1p "$2" ;;
        esac
        return
    fi
    for header in "$1/torch/headeronly/version.h" "$1/torch/csrc/api/include/torch/version.h"; do
        [ -f "$header" ] || continue
        awk '/#define TORCH_VERSION_MAJOR/ {a = $3} /#define TORCH_VERSION_MINOR/ {b = $3}
             /#define TORCH_VERSION_PATCH/ {c = $3} END {print a "." b "." c}' "$header"
        return
    done
    echo unknown
}

standard_of() { # include folder
    if grep -q '__cplusplus < 202002L' "$1/ATen/ATen.h"; then echo c++20; else echo c++17; fi
}

# Some archives were built with the old std::string: our C++ must be compiled to match.
string_abi_of() { # library folder
    if grep -aqE '_ZN3c105ErrorC[12]E[A-Za-z0-9_]*__cxx11' "$1/libc10.so"; then
        echo -D_GLIBCXX_USE_CXX11_ABI=1
    else
        echo -D_GLIBCXX_USE_CXX11_ABI=0
    fi
}

# "own" when libtorch brings its matrix products along, "openblas", "reference", or a file's name.
blas_of() { # library folder
    blas=$(ldd "$1/libtorch_cpu.so" 2>/dev/null |
        awk '$1 ~ /^lib(blas|openblas|mkl_rt|blis)[.-]/ && $3 ~ /^\// {print $3; exit}')
    [ -n "$blas" ] || { echo own; return; }
    real=$(readlink -f "$blas")
    case "$real" in
    *openblas*) echo openblas ;;
    *) if grep -aq openblas "$real"; then echo openblas
       elif grep -aqE 'mkl_|bli_|ATL_' "$real"; then basename "$real"
       else echo reference; fi ;;
    esac
}

print_facts() { # origin, library folder, version, folder of ATen/, include folders …
    printf 'origin=%s\nlibdir=%s\nversion=%s\n' "$1" "$2" "$3"
    printf 'std=%s\ncompile=%s\nblas=%s\n' "$(standard_of "$4")" "$(string_abi_of "$2")" \
        "$(blas_of "$2")"
    printf 'link=-ltorch_cpu\nlink=-lc10\n'
    shift 4
    printf 'include=%s\n' "$@"
}

# A folder as the libtorch archive and the Python package lay it out.
describe() { # origin, folder
    is_libtorch "$2" || return 1
    folder=$(cd "$2" && pwd)
    version_file="$folder/build-version"
    [ -f "$folder/version.py" ] && version_file="$folder/version.py"
    printf 'link=%s\n' "-L$folder/lib" "-Wl,-rpath,$folder/lib"
    print_facts "$1" "$folder/lib" "$(version_of "$folder/include" "$version_file")" \
        "$folder/include" "$folder/include" "$folder/include/torch/csrc/api/include"
}

# Debian's headers say 1.13.0 in a package that is 1.13.1: ask the package first.
system_version() {
    package=$(dpkg-query -W -f '${Version}' libtorch-dev 2>/dev/null || true)
    if [ -n "$package" ]; then
        printf '%s\n' "$package" | sed 's/[+~-].*//'
    else
        version_of /usr/include ''
    fi
}

describe_system() {
    [ -f /usr/include/ATen/ATen.h ] || return 1
    library=$(${CC:-cc} -print-file-name=libtorch_cpu.so 2>/dev/null || true)
    case "$library" in
    /*) ;;
    *) return 1 ;;
    esac
    libdir=$(cd "$(dirname "$library")" && pwd)
    print_facts "the system's package" "$libdir" "$(system_version)" /usr/include \
        /usr/include/torch/csrc/api/include
}

if [ -n "${1:-}" ]; then
    describe "-Dlibtorch" "$1" ||
        fail 2 "-Dlibtorch=$1 is not a libtorch: it needs include/ATen/ATen.h and lib/libtorch_cpu.so"
    exit 0
fi
if [ -n "${LIBTORCH:-}" ]; then
    describe "LIBTORCH in the environment" "$LIBTORCH" ||
        fail 2 "LIBTORCH=$LIBTORCH is not a libtorch: it needs include/ATen/ATen.h and lib/libtorch_cpu.so"
    exit 0
fi
describe_system && exit 0
python_torch=$(python3 -c 'import importlib.util as u, os
s = u.find_spec("torch")
print(os.path.dirname(s.origin) if s and s.origin else "")' 2>/dev/null || true)
if [ -n "$python_torch" ] && is_libtorch "$python_torch"; then
    describe "python3's torch" "$python_torch"
    exit 0
fi
fail 1 "No libtorch found. Give one of these four, looked for in this order: -Dlibtorch=DIR (not given);" \
    "LIBTORCH=DIR in the environment (not set); the system's package (Debian: apt-get install" \
    "libtorch-dev); python3's torch (pip install torch). Or configure with -Dtorch=disabled."
