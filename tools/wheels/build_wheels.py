#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the wheels of the Python package for glibc 2.28 and newer, whatever this machine's glibc is.

    tools/wheels/build_wheels.py [--out FOLDER] [x86_64|aarch64 …]        default: both

The compiler is zig's (the PyPI package ziglang of the Python that runs this, or a zig in PATH), which knows every
glibc's symbols. utf8proc and xxHash go into libmgeo.so from this machine's static libraries (Debian: libutf8proc-dev
and libxxhash-dev, for aarch64 those of :arm64). What is built stays in FOLDER/ARCHITECTURE for the next time."""
import argparse
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bindings" / "python" / "build_backend"))
import mgeo_build  # noqa: E402

GLIBC = "2.28"
ARCHITECTURES = ("x86_64", "aarch64")
# What is linked into libmgeo.so: its name, and its headers.
STATIC = {"utf8proc": ("utf8proc.h",), "xxhash": ("xxhash.h", "xxh3.h")}

# zig wants to be told what standard input is, says a name of its linker's that older mesons do not know, and takes
# what clang calls an architecture as a processor.
COMPILER = """#!/bin/sh
for argument; do
    shift
    case "$argument" in
    -Wl,--version) echo "LLD, zig's"; exit 0 ;;
    -march=armv8.2-a+*) argument="-mcpu=generic+v8_2a+${{argument#*+}}" ;;
    -) set -- -x c "$@" ;;
    esac
    set -- "$@" "$argument"
done
exec '{zig}' cc -target {architecture}-linux-gnu.{glibc} "$@"
"""
CROSS = """[binaries]
c = '{folder}/cc'
ar = ['{zig}', 'ar']
pkgconfig = 'pkg-config'

[properties]
pkg_config_libdir = ['{folder}/static/lib/pkgconfig']

[host_machine]
system = 'linux'
cpu_family = '{architecture}'
cpu = '{architecture}'
endian = 'little'
"""
PC = """Name: lib{name}
Description: to be linked into libmgeo.so
Version: {version}
Cflags: -I{folder}/include
Libs: {folder}/lib/lib{name}.a
"""


def fail(line):
    sys.exit(f"build_wheels: {line}")


def find_zig():
    found = importlib.util.find_spec("ziglang")
    path = pathlib.Path(found.origin).parent / "zig" if found is not None and found.origin else shutil.which("zig")
    if not path:
        fail(f"no zig: {sys.executable} -m pip install ziglang, or put a zig into PATH")
    return path


def carry_static(architecture, folder):
    """This machine's static libraries, with their headers apart from those of its glibc."""
    libraries = pathlib.Path(f"/usr/lib/{architecture}-linux-gnu")
    (folder / "include").mkdir(parents=True, exist_ok=True)
    (folder / "lib" / "pkgconfig").mkdir(parents=True, exist_ok=True)
    for name, headers in STATIC.items():
        wanted = [libraries / f"lib{name}.a"] + [pathlib.Path("/usr/include") / header for header in headers]
        for file in wanted:
            if not file.exists():
                port = ":arm64" if architecture == "aarch64" else ""
                fail(f"{file} is missing (Debian: apt-get install lib{name}-dev{port})")
            shutil.copy(file, folder / ("lib" if file.suffix == ".a" else "include"))
        asked = subprocess.run(["pkg-config", "--modversion", f"lib{name}"], stdout=subprocess.PIPE, text=True)
        text = PC.format(name=name, folder=folder, version=asked.stdout.strip() or "0")
        (folder / "lib" / "pkgconfig" / f"lib{name}.pc").write_text(text)


def build(architecture, out, zig):
    folder = out / architecture
    folder.mkdir(parents=True, exist_ok=True)
    carry_static(architecture, folder / "static")
    values = {"zig": zig, "folder": folder, "architecture": architecture, "glibc": GLIBC}
    compiler = folder / "cc"
    compiler.write_text(COMPILER.format(**values))
    compiler.chmod(0o755)
    (folder / "cross.ini").write_text(CROSS.format(**values))
    os.environ.setdefault("ZIG_GLOBAL_CACHE_DIR", str(out / "zig-cache"))
    os.environ.setdefault("ZIG_LOCAL_CACHE_DIR", str(out / "zig-cache"))
    library = mgeo_build.compile_library(
        folder / "build", ("--cross-file", str(folder / "cross.ini"), "-Dprefix=/usr", "-Dlibdir=lib", "-Dc_link_args=-Wl,-s"))
    tag = f"py3-none-manylinux_{GLIBC.replace('.', '_')}_{architecture}"
    return mgeo_build.pack(library, out, tag, grafted=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", metavar="ARCHITECTURE", help="x86_64, aarch64; default: both")
    parser.add_argument("--out", default="build-wheels", help="folder for wheels and builds (default: build-wheels)")
    options = parser.parse_args()
    for architecture in options.architectures:
        if architecture not in ARCHITECTURES:
            fail(f"{architecture} is neither of {', '.join(ARCHITECTURES)}")
    zig = find_zig()
    out = pathlib.Path(options.out).resolve()
    try:
        for architecture in options.architectures or ARCHITECTURES:
            path = build(architecture, out, zig)
            print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    except mgeo_build.BuildError as problem:
        fail(problem)


if __name__ == "__main__":
    main()
