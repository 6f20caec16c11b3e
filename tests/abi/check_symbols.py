#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that header, symbol map, shared and static library name the same functions and no others, that modules
show their entry alone, and that the shared library needs little."""
import json
import re
import subprocess
import sys

PREFIXES = ("mgeo_", "mgi_", "mgt_", "mgk_")
ENTRY = "mgeo_module_entry"
GUESTS = re.compile(r"lib(stdc\+\+|gomp|omp|iomp5|torch|c10|cuda|cublas|\w*blas|mkl)[\w.+-]*\.so")
MOST_LIBRARIES = 10  # lines of ldd


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def header_functions(path):
    """Those of mgeo.json, which is made from the header."""
    with open(path, encoding="utf-8") as file:
        return {function["name"] for function in json.load(file)["functions"]}


def map_functions(path):
    """Version node of every function that the map names."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/|#[^\n]*", "", file.read(), flags=re.S)
    named = {}
    for node, body in re.findall(r"([\w.]+)\s*\{(.*?)\}", text, re.S):
        shown = re.sub(r"local\s*:.*", "", body, flags=re.S).replace("global:", "")
        for name in re.findall(r"[\w*]+", shown):
            named[name] = node
    return named


def shared_functions(path):
    """Version node of every symbol that the shared library defines for others."""
    exported = {}
    for line in run("nm", "-D", "--defined-only", "--with-symbol-versions", path).splitlines():
        kind, name = line.split()[-2:]
        name, _, node = name.partition("@@")
        if kind != "A":  # the version nodes themselves
            exported[name] = node
    return exported


def archive_strangers(path):
    """Symbols of the archive that could clash with a host's. Weak ones are C++ inline functions,
    which the linker merges by design."""
    strangers = set()
    for line in run("nm", "-g", "--defined-only", path).splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] not in "WVu" and not fields[2].startswith(PREFIXES):
            strangers.add(fields[2])
    return strangers


def compare(what, expected, found):
    return [f"{what}: missing {name}" for name in sorted(expected - found)] + [
        f"{what}: not in the header: {name}" for name in sorted(found - expected)
    ]


def check_stays(path, dynamic):
    """The library's handlers of forks cannot be taken back, nor can libtorch and CUDA be unloaded."""
    return [] if "NODELETE" in dynamic else [f"{path} may be unloaded (-z nodelete is missing)"]


def check_needs(path):
    """A guest brings few libraries into the house, and none of the large ones, which are the modules'."""
    lines = run("ldd", path).splitlines()
    problems = [f"{path} needs {line.split()[0]}" for line in lines if GUESTS.search(line)]
    if len(lines) > MOST_LIBRARIES:
        problems.append(f"{path} needs {len(lines)} libraries, more than {MOST_LIBRARIES}")
    return problems


def check_module(path):
    shown = set(shared_functions(path))
    problems = [] if shown == {ENTRY} else [f"{path} shows {sorted(shown)}, not {ENTRY} alone"]
    return problems + check_stays(path, run("readelf", "-dW", path))


def check_dynamic(path):
    dynamic = run("readelf", "-dW", path)
    problems = check_needs(path)
    if not re.search(r"SONAME.*\[libmgeo\.so\.\d+\]", dynamic):
        problems.append(f"{path} has no SONAME libmgeo.so.N")
    problems += check_stays(path, dynamic)
    if "TEXTREL" in dynamic:
        problems.append(f"{path} has text relocations")
    stack = re.search(r"GNU_STACK.*", run("readelf", "-lW", path))
    if not stack or "E" in stack.group().split()[-2]:
        problems.append(f"{path} asks for an executable stack")
    return problems


def main():
    header, symbol_map, shared, archive, *modules = sys.argv[1:]
    declared, mapped, exported = header_functions(header), map_functions(symbol_map), shared_functions(shared)
    problems = [] if declared else [f"{header}: no function found"]
    problems += compare(symbol_map, declared, set(mapped))
    problems += compare(shared, declared, set(exported))
    problems += [
        f"{name} is in node {mapped[name]} of the map and {exported[name]} of the library"
        for name in sorted(declared & set(mapped) & set(exported))
        if mapped[name] != exported[name]
    ]
    problems += [f"{archive}: {name} lacks our prefix" for name in sorted(archive_strangers(archive))]
    problems += check_dynamic(shared)
    for module in modules:
        problems += check_module(module)
    print("\n".join(problems) or f"{len(declared)} functions, the same everywhere")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
