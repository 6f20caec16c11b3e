# SPDX-License-Identifier: Apache-2.0
"""Reads mgeo.h into ctypes: what any binding of another language has to do, and proof that it can.

Structs are fixed arrays, numbers, pointers and other structs; nothing else may stand in the header.
"""
import ctypes as c
import re

NUMBERS = {
    "size_t": c.c_size_t, "int32_t": c.c_int32, "uint32_t": c.c_uint32, "uint64_t": c.c_uint64,
    "float": c.c_float, "double": c.c_double, "char": c.c_char, "mgeo_limit": c.c_double,
    "mgeo_log_fn": c.c_void_p,
}
MEMBER = re.compile(r"^(?:const )?(?:struct )?(\w+) ?((?:\*|const|\s)*)(\w+)((?:\[[^\]]+\])*)$")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def constants(text):
    """#define and enum numbers."""
    known = {}
    for name, value in re.findall(r"^#define (MGEO_\w+) (\d+)u?$", text, re.M):
        known[name] = int(value)
    for name, value in re.findall(r"\b(MGEO_\w+) = (\d+)", text):
        known[name] = int(value)
    for name, value in re.findall(r"X\((MGEO_\w+), (\d+),", text):
        known[name] = int(value)
    return known


def member_type(base, stars, sizes, structs, known):
    if "*" in stars:
        kind = c.c_char_p if base == "char" and stars.count("*") == 1 else c.c_void_p
    elif base in structs:
        kind = structs[base]
    else:
        kind = NUMBERS[base]
    for size in reversed(re.findall(r"\[([^\]]+)\]", sizes)):
        for name, value in known.items():
            size = re.sub(rf"\b{name}\b", str(value), size)
        kind = kind * eval(size, {"__builtins__": {}})
    return kind


def members(body, structs, known):
    fields = []
    for line in filter(None, (re.sub(r"\s+", " ", part).strip() for part in body.split(";"))):
        first, *more = line.split(",")
        found = MEMBER.match(first)
        if not found:
            raise ValueError(f"a member that a binding cannot read: {line}")
        base, stars, name, sizes = found.groups()
        fields.append((name, member_type(base, stars, sizes, structs, known)))
        for other in more:
            fields.append((other.strip(), member_type(base, stars, "", structs, known)))
    return fields


def bind(path):
    """The header's structs by name, and its numbers."""
    text = without_comments(open(path, encoding="utf-8").read())
    known, structs = constants(text), {}
    for body, name in re.findall(r"typedef struct(?: \w+)? \{(.*?)\} (\w+);", text, re.S):
        structs[name] = type(name, (c.Structure,), {"_fields_": members(body, structs, known)})
    return structs, known


def functions(path):
    """The names of all functions."""
    text = without_comments(open(path, encoding="utf-8").read())
    return re.findall(r"^MGEO_API\s[^;(]*?\b(mgeo_\w+)\s*\(", text, re.M)
