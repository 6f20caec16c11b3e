#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what bindings are made from, out of mgeo.h:

  mgeo_ffi.h        the header without comments, macros and attributes, for parsers of plain C
  mgeo.json         structs with offsets, enums with names, constants, functions with their words
  bindings_check.c  assertions that a compiler finds the same as mgeo.json says, in either header

usage: write_bindings.py HEADER POINTER_BYTES ALIGN_UINT64 ALIGN_DOUBLE VERSION SOVERSION FFI JSON CHECK

Sizes and alignments are those of the target, so that nothing has to run on it.
"""
import json
import sys

from read_header import read

SIZES = {"char": 1, "int": 4, "int32_t": 4, "uint32_t": 4, "float": 4}


# ---- sizes ------------------------------------------------------------------------------------

class Layout:
    """Where members lie, by the rule that all ABIs of C share: each at the next multiple of its
    alignment."""

    def __init__(self, header, pointer, align_uint64, align_double):
        self.known = {name: (size, size) for name, size in SIZES.items()}
        self.known.update({"size_t": (pointer, pointer), "uint64_t": (8, align_uint64),
                           "int64_t": (8, align_uint64), "double": (8, align_double)})
        self.pointer = (pointer, pointer)
        for callback in header["callbacks"]:
            self.known[callback["name"]] = self.pointer
        for alias in header["aliases"]:
            self.known[alias["name"]] = self.known[alias["type"]]
        for struct in header["structs"]:
            self.place(struct)

    def place(self, struct):
        end, widest = 0, 1
        for member in struct["members"]:
            size, alignment = self.pointer if member["pointers"] else self.known[member["base"]]
            for count in member["array"]:
                size *= count
            member["offset"] = -(-end // alignment) * alignment
            member["size"] = size
            end, widest = member["offset"] + size, max(widest, alignment)
        struct["size"], struct["alignment"] = -(-end // widest) * widest, widest
        self.known[struct["name"]] = (struct["size"], widest)


def settle_size_t(header, pointer):
    """The one constant of type size_t is its largest value."""
    for constant in header["constants"]:
        if constant["type"] == "size_t":
            constant["value"] %= 1 << (8 * pointer)


# ---- C ----------------------------------------------------------------------------------------

def c_type(kind, name):
    return f"{kind}{name}" if kind.endswith("*") else f"{kind} {name}"


def c_variable(variable):
    if variable["base"] == "function":
        return variable["type"].replace("(*)", f"(*{variable['name']})", 1)
    return c_type(variable["type"], variable["name"]) + "".join(f"[{n}]" for n in variable["array"])


def c_parameters(function, named=True):
    parts = [c_variable(p) if named else p["type"] for p in function["parameters"]]
    return ", ".join(parts) or "void"


def c_struct(struct):
    """The struct's name as a type."""
    return f"struct {struct['name']}" if struct.get("tag") else struct["name"]


def struct_definition(struct):
    members = "\n".join(f"    {c_variable(member)};" for member in struct["members"])
    if struct.get("tag"):
        return f"struct {struct['name']} {{\n{members}\n}};"
    return f"typedef struct {struct['name']} {{\n{members}\n}} {struct['name']};"


def ffi_constants(header):
    """Those that every parser can hold: LuaJIT's has 32 bits for a constant, and none has strings."""
    return [constant for constant in header["constants"] if constant["type"] == "int"]


def ffi_header(header):
    lines = [f"enum {{ {constant['name']} = {constant['value']} }};" for constant in ffi_constants(header)]
    for enum in header["enums"]:
        values = ",\n".join(f"    {value['name']} = {value['value']}" for value in enum["values"])
        lines.append(f"typedef enum {enum['name']} {{\n{values}\n}} {enum['name']};")
    lines += [f"typedef {alias['type']} {alias['name']};" for alias in header["aliases"]]
    lines += [f"typedef struct {opaque['name']} {opaque['name']};" for opaque in header["opaque"]]
    lines += [f"typedef {call['returns']} (*{call['name']})({c_parameters(call)});" for call in header["callbacks"]]
    lines += [struct_definition(struct) for struct in header["structs"]]
    lines += [c_type(function["returns"], f"{function['name']}({c_parameters(function)});")
              for function in header["functions"]]
    return "\n".join(lines) + "\n"


def checks(header):
    """Conditions, as C spells them."""
    for constant in ffi_constants(header):
        yield f"{constant['name']} == {constant['value']}"
    for enum in header["enums"]:
        for value in enum["values"]:
            yield f"{value['name']} == {value['value']}"
    for struct in header["structs"]:
        name = c_struct(struct)
        yield f"sizeof({name}) == {struct['size']}"
        yield f"_Alignof({name}) == {struct['alignment']}"
        for member in struct["members"]:
            array = "".join(f"[{n}]" for n in member["array"])
            pointer = c_type(member["type"], f"(*){array}" if array else "*")
            if member["base"] == "function":
                pointer = member["type"].replace("(*)", "(**)", 1)
            yield f"offsetof({name}, {member['name']}) == {member['offset']}"
            yield f"sizeof((({name} *)0)->{member['name']}) == {member['size']}"
            yield f"_Generic(&(({name} *)0)->{member['name']}, {pointer}: 1, default: 0)"
    for function in header["functions"]:
        pointer = c_type(function["returns"], f"(*)({c_parameters(function, named=False)})")
        yield f"_Generic(&{function['name']}, {pointer}: 1, default: 0)"


def check_source(header):
    lines = ["/* Generated: what mgeo.json says, as a compiler finds it in either header. */",
             "#include <stddef.h>", "#include <stdint.h>",
             "#ifdef MGEO_CHECK_FFI", "#include <mgeo_ffi.h>", "#else", "#include <mgeo.h>"]
    lines += [f"_Static_assert({constant['name']} == {constant['value']}u, \"mgeo.json\");"
              for constant in header["constants"] if constant["type"] == "size_t"]
    lines.append("#endif")
    lines += [f"_Static_assert({check}, \"mgeo.json\");" for check in checks(header)]
    return "\n".join(lines) + "\n"


def sizes_source(header):
    """The sizes that each struct which grows has had, or could have had: up to a member's begin."""
    lines = ["/* Generated from mgeo.h: included by lib/api/abi.c. */"]
    tables = []
    for struct in header["structs"]:
        name, members = struct["name"], struct["members"]
        if members[0]["name"] != "struct_size":
            continue
        ends = [f"offsetof({name}, {member['name']})" for member in members[1:]] + [f"sizeof({name})"]
        lines.append(f"static const size_t {name}_sizes[] = {{{', '.join(ends)}}};")
        tables.append(f'    {{"{name}", {name}_sizes, {len(ends)}}},')
    lines += ["static const abi_sizes known_structs[] = {", *tables, "};"]
    return "\n".join(lines) + "\n"


# ---- the files --------------------------------------------------------------------------------

def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    source, pointer, align_uint64, align_double, version, soversion, ffi, description, check, sizes = sys.argv[1:]
    header = read(source)
    Layout(header, int(pointer), int(align_uint64), int(align_double))
    settle_size_t(header, int(pointer))
    about = {"library": f"libmgeo.so.{soversion}", "version": version, "pointer_bytes": int(pointer)}
    write(ffi, ffi_header(header))
    write(description, json.dumps({**about, **header}, indent=1, ensure_ascii=False) + "\n")
    write(check, check_source(header))
    write(sizes, sizes_source(header))


if __name__ == "__main__":
    main()
