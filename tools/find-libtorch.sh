#!/bin/sh
# Finds a libtorch and prints seven lines for meson.build: where it comes from, include folders (':'
# between), library folder, version, C++ standard, link arguments, further compile arguments.
# Order: the folder given as $1, $LIBTORCH, the system's package, python3's torch.
set -eu

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

version_of() { # include folder
    sed -n 's/^#define TORCH_VERSION "\([^"]*\)".*/\1/p' "$1/torch/version.h" 2>/dev/null |
        grep . ||
        awk '/#define TORCH_VERSION_MAJOR/ {a = $3} /#define TORCH_VERSION_MINOR/ {b = $3}
             /#define TORCH_VERSION_PATCH/ {c = $3} END {print a "." b "." c}' \
            "$1/torch/csrc/api/include/torch/version.h"
}

# A folder as the libtorch archive and the Python package lay it out.
describe() { # origin, folder
    [ -f "$2/include/ATen/ATen.h" ] || return 1
    [ -f "$2/lib/libtorch_cpu.so" ] || return 1
    echo "$1"
    echo "$2/include:$2/include/torch/csrc/api/include"
    echo "$2/lib"
    version_of "$2/include"
    echo c++17
    echo "-L$2/lib -Wl,-rpath,$2/lib -Wl,--no-as-needed -ltorch_cpu -lc10 -Wl,--as-needed"
    # Old archives were built with the old std::string; the new ABI is everybody else's default.
    if [ -f "$2/share/cmake/Torch/TorchConfig.cmake" ] &&
        grep -q 'GLIBCXX_USE_CXX11_ABI=0' "$2/share/cmake/Torch/TorchConfig.cmake"; then
        echo "-D_GLIBCXX_USE_CXX11_ABI=0"
    else
        echo "-DMGI_TORCH_STANDARD_ABI"
    fi
}

describe_system() {
    [ -f /usr/include/ATen/ATen.h ] || return 1
    libdir=$(dirname "$(ldconfig -p 2>/dev/null | awk '/libtorch_cpu\.so$/ {print $NF; exit}')")
    [ -f "$libdir/libtorch_cpu.so" ] || return 1
    echo "the system's package"
    echo "/usr/include/torch/csrc/api/include"
    echo "$libdir"
    version_of /usr/include
    echo c++17
    echo "-L$libdir -ltorch_cpu -lc10"
    echo "-DMGI_TORCH_STANDARD_ABI"
}

if [ -n "${1:-}" ]; then
    describe "-Dlibtorch" "$1" ||
        fail "-Dlibtorch=$1 is not a libtorch: include/ATen/ATen.h or lib/libtorch_cpu.so is missing there"
    exit 0
fi
if [ -n "${LIBTORCH:-}" ]; then
    describe "LIBTORCH in the environment" "$LIBTORCH" ||
        fail "LIBTORCH=$LIBTORCH is not a libtorch: include/ATen/ATen.h or lib/libtorch_cpu.so is missing there"
    exit 0
fi
describe_system && exit 0
python_torch=$(python3 -c 'import importlib.util as u, os; s = u.find_spec("torch"); print(os.path.dirname(s.origin) if s else "")' 2>/dev/null || true)
if [ -n "$python_torch" ]; then
    describe "python3's torch" "$python_torch" && exit 0
fi
fail "No libtorch found. Looked at -Dlibtorch=DIR (not given), the environment's LIBTORCH (not set), the system's package (Debian: apt-get install libtorch-dev), and python3's torch (pip install torch). Provide one of these."
