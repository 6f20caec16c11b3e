# SPDX-License-Identifier: Apache-2.0
"""Reads include/mgeo.h: the one parser of the header in this tree.

`read(path)` answers a dict of what the header declares, as mgeo.json holds it, still without sizes.
The header keeps to a small part of C, and anything beyond it is an error here: what this parser
cannot read, a binding of another language could not either.
"""
import re

NUMBERS = {"char", "int", "int32_t", "int64_t", "uint32_t", "uint64_t", "size_t", "float", "double"}
# Structs that other headers may have declared before: each such block guards itself.
SHARED_GUARD = re.compile(r"#ifndef (ARROW_C_\w+_INTERFACE)\b")
ITEM = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<comment>/\*.*?\*/)"
    r"|(?P<directive>#(?:[^\n]*\\\n)*[^\n]*)"
    r"|(?P<linkage>extern \"C\" \{|\})"
    r"|(?P<declaration>[A-Za-z][^;{]*(?:\{[^}]*\}[^;]*)?;)(?:[ \t]*(?P<trailing>/\*.*?\*/))?", re.S)
SECTION = re.compile(r"/\* ([-=])\1\1\1 (.+?) \1+ \*/")
VARIABLE = re.compile(r"^(?P<type>.*?[\s*])(?P<name>\w+)(?P<array>(?:\[[^\]]+\])*)$")
ENTRY = re.compile(r"X\((\w+), (?:(-?\d+), )?\"((?:[^\"\\]|\\.)*)\"\)[ \t]*(/\*.*?\*/)?", re.S)


class HeaderError(Exception):
    """A declaration that bindings cannot read."""


def plain(comment):
    """A comment's words on one line."""
    text = re.sub(r"^/\*|\*/$", "", comment or "")
    return " ".join(re.sub(r"\\?\n\s*\*?", " ", text).split())


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def one_line(text):
    return " ".join(without_comments(text).split())


class Reader:
    def __init__(self, text):
        self.text = text
        self.depth = 0  # of #if; the include guard is the first
        self.part = self.section = self.doc = ""
        self.lists = {}
        self.header = {key: [] for key in (
            "constants", "enums", "lists", "aliases", "opaque", "callbacks", "structs", "functions")}
        self.numbers = {}
        self.tags = set()  # of structs without a typedef

    def fail(self, what, start):
        line = self.text.count("\n", 0, start) + 1
        raise HeaderError(f"line {line}: bindings cannot read this: {one_line(what)[:120]}")

    # ---- items --------------------------------------------------------------------------------

    def read(self):
        at = 0
        while at < len(self.text):
            item = ITEM.match(self.text, at)
            if not item:
                self.fail(self.text[at:at + 200], at)
            at = item.end()
            self.take(item)
        return self.header

    def take(self, item):
        kind = item.lastgroup if item.lastgroup != "trailing" else "declaration"
        if kind == "space":
            if item.group().count("\n") > 1:
                self.doc = ""
        elif kind == "comment":
            self.comment(item.group())
        elif kind == "directive":
            self.directive(item.group(), item.start())
        elif kind == "declaration" and self.depth <= 1:
            self.declaration(item.group("declaration"), item.group("trailing"), item.start())
        elif kind == "declaration" and re.search(r"\b(MGEO_API|typedef)\b", item.group("declaration")):
            self.fail(item.group("declaration"), item.start())

    def comment(self, text):
        rule = SECTION.match(text)
        if not rule:
            self.doc = plain(text)
        elif rule.group(1) == "=":
            self.part = rule.group(2)
        else:
            self.section, self.doc = rule.group(2), ""

    def directive(self, text, start):
        word = re.match(r"#\s*(\w+)", text).group(1)
        if word.startswith("if"):
            self.depth += 0 if SHARED_GUARD.match(text) else 1
        elif word == "endif":
            self.depth -= 0 if "ARROW_C_" in text else 1
        elif word == "define" and self.depth == 1:
            self.define(text, start)
        elif word not in ("define", "undef", "include", "error", "else", "elif"):
            self.fail(text, start)

    def define(self, text, start):
        found = re.match(r"#define (\w+)(\(\w+(?:, \w+)*\))?(.*)", text, re.S)
        name, parameters, body = found.groups()
        known = {constant["name"] for constant in self.header["constants"]} | set(self.numbers)
        if parameters == "(X)":
            self.lists[name] = [self.entry(*entry) for entry in ENTRY.findall(body)]
            if len(self.lists[name]) != len(re.findall(r"\bX\s*\(", without_comments(body))):
                self.fail(text, start)
            if "" in [entry["value"] for entry in self.lists[name]]:
                self.members_list(name)
            elif self.doc:
                self.lists[name][0]["list_doc"] = self.doc
        elif parameters or name == "MGEO_H" or name in known or re.fullmatch(r"ARROW_C_\w+", name):
            return
        else:
            self.macro(name, one_line(body), start)

    def entry(self, name, number, text, comment):
        return {"name": name, "value": int(number) if number else "", "text": text, "doc": plain(comment)}

    def members_list(self, name):
        entries = [{"member": entry["name"], "text": entry["text"]} for entry in self.lists.pop(name)]
        self.header["lists"].append({"name": name, "doc": self.doc, "entries": entries})

    def macro(self, name, value, start):
        if re.fullmatch(r"\d+", value):
            self.constant(name, "int", int(value), "")
        elif re.fullmatch(r'"[^"\\]*"', value):
            self.constant(name, "char *", value[1:-1], "")
        else:
            self.fail(f"#define {name} {value}", start)

    def constant(self, name, kind, value, comment):
        self.header["constants"].append(
            {"name": name, "type": kind, "value": value, "doc": plain(comment) or self.doc})
        if kind == "int":
            self.numbers[name] = value

    # ---- declarations -------------------------------------------------------------------------

    def declaration(self, text, trailing, start):
        forms = (
            (r"typedef enum (\w+) \{ (\w+)\(MGEO_ENUMERATOR\) \} \1;", self.enum),
            (r"enum \{ (\w+) = (-?\d+) \};", lambda name, value: self.constant(
                name, "int", int(value), trailing)),
            (r"static const size_t (\w+) = SIZE_MAX;", lambda name: self.constant(
                name, "size_t", -1, trailing)),
            (r"typedef struct (\w+) \1;", self.opaque),
            (r"typedef (\w+) (\w+);", self.alias),
            (r"typedef void \(\*(\w+)\)\((.*)\);", self.callback),
            (r"MGEO_API (.*?)(\w+)\((.*)\);", self.function),
        )
        body = re.fullmatch(r"typedef struct (\w+) \{(.*)\} \1;", text, re.S)
        if body:
            return self.struct(*body.groups(), start)
        body = re.fullmatch(r"struct (\w+) \{(.*)\};", text, re.S)
        if body:
            return self.tagged_struct(*body.groups())
        for form, read in forms:
            found = re.fullmatch(form, one_line(text))
            if found:
                return read(*found.groups())
        return self.fail(text, start)

    def place(self, name):
        return {"name": name, "part": self.part, "section": self.section, "doc": self.doc}

    def enum(self, name, list_name):
        values = self.lists.pop(list_name)
        doc = values[0].pop("list_doc", "")
        for value in values:
            self.numbers[value["name"]] = value["value"]
        self.header["enums"].append(
            {**self.place(name), "doc": self.doc or doc, "list": list_name, "values": values})

    def opaque(self, name):
        self.header["opaque"].append(self.place(name))

    def alias(self, kind, name):
        self.header["aliases"].append({**self.place(name), "type": kind})

    def callback(self, name, parameters):
        self.header["callbacks"].append(
            {**self.place(name), "returns": "void", "parameters": self.parameters(parameters)})

    def function(self, returns, name, parameters):
        doc = self.doc
        errors = re.findall(r"\bMGEO_E_\w+", doc[doc.find("Errors:"):]) if "Errors:" in doc else []
        self.header["functions"].append({
            **self.place(name), "returns": returns.strip(), "can_fail": returns.strip() == "mgeo_status",
            "errors": sorted(set(errors), key=errors.index), "parameters": self.parameters(parameters, name)})

    def parameters(self, text, function=""):
        if text == "void":
            return []
        found = [self.variable(part.strip(), "") for part in text.split(",")]
        for parameter in found:
            told = re.search(rf"`{parameter['name']}` \(an? (mgeo_\w+)\)", self.doc)
            enum = told.group(1) if told else re.sub(r"_(name|text)$", "", function)
            self.name_enum(parameter, enum)
        return found

    def struct(self, name, body, start):
        members = []
        for text, comment in re.findall(r"([^;/]+);[ \t]*(/\*.*?\*/)?", body, re.S):
            if "," in text or "(" in text:
                self.fail(text, start)
            member = self.variable(one_line(text), comment)
            for enum in re.findall(r"\bmgeo_\w+", member["doc"]):
                self.name_enum(member, enum)
            members.append(member)
        versioned = members[0]["name"] == "struct_size"
        self.header["structs"].append({**self.place(name), "versioned": versioned, "members": members})

    def tagged_struct(self, name, body):
        """A struct without a typedef, whose members may be pointers to functions: Arrow's."""
        self.tags.add(name)
        members = []
        for text in filter(None, map(one_line, body.split(";"))):
            function = re.fullmatch(r"(.+?)\(\*(\w+)\)\((.*)\)", text)
            if function:
                returns, member, parameters = function.groups()
                kind = f"{returns.strip()} (*)({parameters})"
                members.append({"name": member, "type": kind, "base": "function", "pointers": 1, "array": [],
                                "doc": ""})
            else:
                members.append(self.variable(text, ""))
        self.header["structs"].append(
            {**self.place(name), "versioned": False, "tag": "struct", "members": members})

    def name_enum(self, variable, enum):
        if variable["base"] in ("int32_t", "uint32_t") and enum in [e["name"] for e in self.header["enums"]]:
            variable["enum"] = enum

    def variable(self, text, comment):
        """A member or parameter: its type in C, and the same in parts."""
        found = VARIABLE.match(text)
        if not found:
            raise HeaderError(f"bindings cannot read this: {text}")
        kind = found.group("type").strip()
        base = re.sub(r"\bconst\b|\*", " ", kind).split()
        if base[:1] == ["struct"] and base[1] in self.tags:
            base = base[1:]
        if len(base) != 1 or not (base[0] in NUMBERS | self.tags or base[0].startswith("mgeo_") or base[0] == "void"):
            raise HeaderError(f"bindings cannot read the type of {text}")
        sizes = re.findall(r"\[([^\]]+)\]", found.group("array"))
        return {"name": found.group("name"), "type": kind, "base": base[0], "pointers": kind.count("*"),
                "array": [self.number(size) for size in sizes], "doc": plain(comment)}

    def number(self, text):
        product = 1
        for factor in text.split("*"):
            factor = factor.strip()
            if not factor.isdigit() and factor not in self.numbers:
                raise HeaderError(f"an array's length that bindings cannot read: {text}")
            product *= int(factor) if factor.isdigit() else self.numbers[factor]
        return product


def read(path):
    with open(path, encoding="utf-8") as file:
        return Reader(file.read()).read()
