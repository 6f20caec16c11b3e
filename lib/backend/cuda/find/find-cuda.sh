#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finds the CUDA toolkit and prints what meson.build needs of it as lines of key=value: nvcc, version,
# include (once for each folder with headers), library (once for each file to link) and libdir (once
# for each folder in which they lie).
# find-cuda.sh with-driver|any: with-driver finds none where there is no NVIDIA driver.
# Order: $CUDA_HOME, nvcc on the PATH, /usr/local/cuda; libraries also from python3's packages.
set -eu

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

find_nvcc() {
    for nvcc in ${CUDA_HOME:+"$CUDA_HOME/bin/nvcc"} "$(command -v nvcc || true)" \
        /usr/local/cuda/bin/nvcc; do
        if [ -n "$nvcc" ] && [ -x "$nvcc" ]; then
            readlink -f "$nvcc"
            return
        fi
    done
    fail "No nvcc found: set CUDA_HOME, put nvcc on the PATH, or configure with -Dcuda=disabled."
}

# Folders in which a toolkit, or Python's packages of it, keep headers and libraries.
folders() { # "include" or "lib"
    printf '%s\n' "$root/$1" "$root/${1}64" "$root"/targets/*/"$1"
    python3 -c 'import glob, importlib.util as u, os, sys
spec = u.find_spec("nvidia")
for folder in (spec.submodule_search_locations if spec else []):
    print("\n".join(sorted(glob.glob(os.path.join(folder, "*", sys.argv[1])))))' "$1" 2>/dev/null || true
}

first_with() { # "include" or "lib", name with wildcards
    folders "$1" | while read -r folder; do
        for file in "$folder"/$2; do
            if [ -e "$file" ]; then
                printf '%s\n' "$file"
                return
            fi
        done
    done | sed -n 1p
}

need() { # "include" or "lib", name
    found=$(first_with "$1" "$2")
    [ -n "$found" ] || fail "$nvcc is there, but $2 is not: install the CUDA toolkit's $3."
    printf '%s\n' "$found"
}

has_driver() {
    [ -e /dev/nvidiactl ] || [ -e /dev/dxg ] || /sbin/ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1'
}

[ "$1" = any ] || has_driver || fail "No NVIDIA driver found."
nvcc=$(find_nvcc)
root=$(dirname "$(dirname "$nvcc")")
version=$("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/\1/p')
runtime_header=$(need include cuda_runtime_api.h 'headers')
blas_header=$(need include cublasLt.h 'cuBLAS headers')
runtime=$(need lib 'libcudart.so*' 'runtime library')
blas=$(need lib 'libcublasLt.so*' 'cuBLAS library')
printf 'nvcc=%s\nversion=%s\n' "$nvcc" "$version"
printf 'include=%s\n' "$(dirname "$runtime_header")" "$(dirname "$blas_header")"
printf 'library=%s\n' "$runtime" "$blas"
printf 'libdir=%s\n' "$(dirname "$runtime")" "$(dirname "$blas")"
