#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes bindings/csharp/src/Abi.cs: enums, structs as formatted classes, and functions. emit_csharp.py MGEO_JSON OUT"""
import re
from xml.sax.saxutils import escape

import description
import members

# Structs that a caller fills in or reads become public classes; the others are written by hand in Native.cs.
BY_HAND = ("mgeo_scores", "mgeo_arrow_options", "mgeo_pair", "mgeo_progress", "mgeo_error")
NUMBERS = {"int32_t": "int", "uint32_t": "uint", "uint64_t": "ulong", "size_t": "UIntPtr", "float": "float",
           "double": "double", "mgeo_limit": "double", "int": "int"}
HANDLES = {"mgeo_engine": "EngineHandle", "mgeo_job": "JobHandle"}


def pascal(name):
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[_ ]", re.sub(r"^mgeo_", "", name)))


def type_name(name):
    """mgeo_row_flag holds sums of its values: RowFlags."""
    return pascal(name) + ("s" if name in description.FLAG_SETS else "")


def summary(text, indent):
    return [f"{indent}/// <summary>{escape(text[:1].upper() + text[1:])}</summary>"] if text else []


def enum_lines(enum):
    name, sums = enum["name"], type_name(enum["name"]) != pascal(enum["name"])
    lines = summary(enum.get("doc", ""), "    ") + (["    [Flags]"] if sums else [])
    lines.append(f"    public enum {type_name(name)} : {'uint' if sums else 'int'}")
    lines.append("    {")
    for value in enum["values"]:
        word = description.enumerator(name, value["name"]).lower() if name == "mgeo_status" else value["text"]
        lines.append(f"        {pascal(word)} = {value['value']},")
    return lines + ["    }", ""]


def field(attribute, access, kind, name, end=";"):
    marshal = f"[MarshalAs(UnmanagedType.{attribute})] " if attribute else ""
    return f"        {marshal}{access} {kind} {name}{end}"


def strings_lines(struct, member, name):
    rows, width = member["array"]
    count = description.length_member(struct, member)
    used = f"(int){pascal(count)}" if count else str(rows)
    bytes_name = name + "Bytes"
    return [field(f"ByValArray, SizeConst = {rows * width}", "private", "byte[]", bytes_name),
            f"        public string[] {name} {{ get {{ return Text.Rows({bytes_name}, {width}, {used}); }} }}"]


def array_lines(struct, member, name, kind):
    element = pascal(member["base"]) if kind == "structs" else NUMBERS[member["base"]]
    count = description.length_member(struct, member)
    if not count:
        return [field(f"ByValArray, SizeConst = {member['array'][0]}", "public", element + "[]", name)]
    hidden = "All" + name
    return [field(f"ByValArray, SizeConst = {member['array'][0]}", "private", element + "[]", hidden),
            f"        public {element}[] {name} {{ get {{ return Text.First({hidden}, (int){pascal(count)}); }} }}"]


def member_lines(struct, member):
    name, kind = pascal(member["name"]), members.kind(member)
    doc = summary(member["doc"], "        ")
    if member["name"] == "struct_size":
        made = pascal(struct["name"])
        return [f"        internal UIntPtr StructSize = (UIntPtr)Marshal.SizeOf(typeof({made}));"]
    if member["name"] == "reserved":
        return ["        private uint Reserved;"]
    if member["base"] == "mgeo_log_fn" or (member["pointers"] and kind != "text"):
        return [f"        internal IntPtr {name}Pointer;"]
    if member["base"] == "size_t":
        return [f"        internal UIntPtr {name}Size;"]
    if kind == "text":
        return doc + [field("LPStr", "public", "string", name)]
    if kind == "string":
        return doc + [field(f"ByValTStr, SizeConst = {member['array'][0]}", "public", "string", name)]
    if kind == "strings":
        return doc + strings_lines(struct, member, name)
    if kind in ("structs", "numbers"):
        return doc + array_lines(struct, member, name, kind)
    if description.is_flag(member):
        return doc + [field("Bool", "public", "bool", name)]
    if member.get("enum"):
        return doc + [field("", "public", type_name(member["enum"]), name)]
    return doc + [field("", "public", NUMBERS[member["base"]], name)]


def struct_lines(struct, kind):
    lines = summary(struct["doc"], "    ")
    lines += ["    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Ansi)]",
              f"    public {kind} {pascal(struct['name'])}", "    {"]
    for member in struct["members"]:
        lines += member_lines(struct, member)
    if kind != "struct" and any(line.endswith("Pointer;") for line in lines):
        made = pascal(struct["name"])
        lines.append(f"        internal {made} Copy() {{ return ({made})MemberwiseClone(); }}")
    return lines + ["    }", ""]


# ---- functions --------------------------------------------------------------------------------


def parameter(of, classes):
    base, pointers, constant = of["base"], of["pointers"], of["type"].startswith("const ")
    name = "@" + of["name"] if of["name"] in ("params", "ref", "out") else of["name"]
    if base in HANDLES:
        return f"{HANDLES[base]} {name}" if pointers == 1 else f"out IntPtr {name}"
    if base == "mgeo_error":
        return f"out ErrorRecord {name}"
    if base == "mgeo_scores":
        return f"ref ScoresRecord {name}"
    if base == "mgeo_arrow_options":
        return f"ref ArrowOptionsRecord {name}"
    if base == "mgeo_shift":
        return f"out Shift {name}"
    if base in classes:
        return f"{'[In]' if constant else '[In, Out]'} {pascal(base)} {name}"
    if base == "char":
        return f"[MarshalAs(UnmanagedType.LPStr)] string {name}" if constant else f"byte[] {name}"
    if pointers == 2 and not constant:
        return f"out IntPtr {name}"
    if pointers:
        return f"out {NUMBERS[base]} {name}" if base in NUMBERS and not constant else f"IntPtr {name}"
    return f"{type_name(of['enum']) if of.get('enum') else NUMBERS[base]} {name}"


def function_lines(function, classes):
    returns = "IntPtr" if "*" in function["returns"] else {"void": "void", "mgeo_status": "Status"}[function["returns"]]
    parameters = function["parameters"]
    if function["name"] in ("mgeo_engine_destroy", "mgeo_job_end"):  # called by the handles themselves
        words = "IntPtr handle"
    else:
        words = ", ".join(parameter(of, classes) for of in parameters)
    return ["        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]",
            f"        internal static extern {returns} {function['name']}({words});"]


def emit(description_path):
    described = description.load(description_path)
    structs = [struct for struct in description.versioned(described) if struct["name"] not in BY_HAND]
    classes = {struct["name"] for struct in structs}
    lines = ["// SPDX-License-Identifier: Apache-2.0", "// Enums, structs and functions of mgeo.h.",
             "// Generated by tools/bindings/emit_csharp.py from mgeo.json.",
             "#pragma warning disable 169, 414, 649 // what only the library reads or writes",
             "using System;", "using System.Runtime.InteropServices;", "", "namespace Mgeo", "{"]
    for enum in described["enums"]:
        lines += enum_lines(enum)
    for name in ("mgeo_shift", "mgeo_check"):
        lines += struct_lines(description.struct_named(described, name), "struct")
    for struct in structs:
        lines += struct_lines(struct, "sealed class")
    lines += ["    /// <summary>What the C compiler finds, for tests.</summary>", "    internal static class NativeSizes", "    {",
              *(f"        internal const int {pascal(struct['name'])} = {struct['size']};" for struct in structs),
              "    }", ""]
    lines += ["    internal static class Native", "    {",
              f'        private const string Library = "{described["library"]}";']
    for function in described["functions"]:
        lines += [""] + function_lines(function, classes)
    return "\n".join(lines + ["    }", "}", ""])


if __name__ == "__main__":
    description.main(emit)
