#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the man pages of section 3 from mgeo.h: libmgeo(3), a page for each function, and for each type a link to the
page that describes it, which is that of the first function that needs it.

usage: emit_man.py HEADER EXAMPLE FOLDER

EXAMPLE is the program that libmgeo(3) shows. FOLDER is written anew.
"""
import os
import re
import shutil
import sys

from read_header import Reader
from roff import Paragraph, Words, code, escape, escape_code, paragraphs
from write_bindings import c_parameters, c_type, c_variable, struct_definition

WIDTH = 76
# Every function answers with these: they have their place in libmgeo(3).
COMMON = ("mgeo_error", "mgeo_status")
OPENING = re.compile(r"/\*\n \* libmgeo:.*?\*/", re.S)


class ParagraphReader(Reader):
    """The header's reader, which keeps the paragraphs that comments are made of."""

    def __init__(self, text):
        super().__init__(text)
        self.raw, self.lists_told = "", {}

    def comment(self, text):
        super().comment(text)
        self.raw = text

    def define(self, text, start):
        listed = re.match(r"#define (\w+)\(X\)", text)
        if listed and self.doc:
            self.lists_told[listed.group(1)] = paragraphs(self.raw)
        super().define(text, start)

    def enum(self, name, list_name):
        super().enum(name, list_name)
        entry = self.header["enums"][-1]
        entry["paragraphs"] = entry["paragraphs"] or self.lists_told.get(list_name, [])

    def place(self, name):
        return {**super().place(name), "paragraphs": paragraphs(self.raw) if self.doc else []}


class Manual:
    def __init__(self, text, example):
        self.header = ParagraphReader(text).read()
        self.text, self.example = text, example
        self.version = next(c["value"] for c in self.header["constants"] if c["name"] == "MGEO_VERSION")
        self.pages = self.group()
        self.types = {entry["name"]: (kind, entry) for kind in ("structs", "enums", "callbacks", "aliases", "opaque")
                      for entry in self.header[kind]}
        self.homes = {name: "libmgeo" for name in COMMON}
        for page, functions in self.pages.items():
            for function in functions:
                for name in self.needs(self.variables(function)):
                    self.homes.setdefault(name, page)
        constants = [constant["name"] for constant in self.header["constants"]]
        values = [value["name"] for enum in self.header["enums"] for value in enum["values"]]
        functions = [function["name"] for function in self.header["functions"]]
        self.words = Words(functions, functions + constants + values + list(self.types))

    def group(self):
        """Functions by page: those that share a comment share a page, under the first one's name."""
        pages, last = {}, None
        for function in self.header["functions"]:
            if last is None or function["doc"] != pages[last][0]["doc"]:
                last = function["name"]
            pages.setdefault(last, []).append(function)
        return pages

    def variables(self, function):
        """Its parameters, and what it returns."""
        return [*function["parameters"], {"base": function["returns"].replace("const ", "").split()[0]}]

    def needs(self, variables):
        """The library's types that the variables are made of, those inside others behind them."""
        found = []
        for variable in variables:
            for name in (variable.get("enum"), variable["base"]):
                if name not in self.types or name in found:
                    continue
                found.append(name)
                kind, entry = self.types[name]
                inner = entry.get("members", []) if kind == "structs" else entry.get("parameters", [])
                found += [one for one in self.needs([v for v in inner if v["base"] != name]) if one not in found]
        return found

    # ---- parts of a page ----------------------------------------------------------------------

    def title(self, name, names, what):
        return [f'.TH {name} 3 "" "libmgeo {self.version}" "Library Functions"',
                ".SH NAME", f"{', '.join(names)} \\- {escape(what)}",
                ".SH LIBRARY", "libmgeo", "(\\fIpkg\\-config \\-\\-cflags \\-\\-libs libmgeo\\fR)"]

    def prototype(self, function):
        """The declaration, in lines of WIDTH at most."""
        begin = c_type(function["returns"], function["name"]) + "("
        lines, line = [], begin
        for parameter in function["parameters"]:
            word = c_variable(parameter) + ("" if parameter is function["parameters"][-1] else ",")
            if len(line) + len(word) > WIDTH and line.strip() and line != begin:
                lines, line = lines + [line.rstrip()], " " * min(len(begin), 12)
            line += word + " "
        if not function["parameters"]:
            line += "void"
        names = [parameter["name"] for parameter in function["parameters"]]
        bold = [f"\\fB{escape_code(one)}\\fR" for one in lines + [line.rstrip() + ");"]]
        return [re.sub(r"(?<=[ *])(" + "|".join(names) + r")(?=,|\);)", r"\\fI\1\\fB", one) if names else one for one in bold]

    def synopsis(self, functions):
        lines = [".SH SYNOPSIS", ".nf", ".B #include <mgeo.h>"]
        for function in functions:
            lines += [".PP", *self.prototype(function)]
        return lines + [".fi"]

    def description(self, function):
        """Its paragraphs without the sentence on errors, and that sentence."""
        kept, errors = [], ""
        for paragraph in function["paragraphs"]:
            before, _, after = paragraph.text.partition("Errors: ") if paragraph.kind == "words" else ("", "", "")
            if not after:
                kept.append(paragraph)
                continue
            errors, _, threads = after.partition(" Any thread.")
            rest = (before + (" Any thread." if _ else "")).strip() + threads
            kept += [Paragraph("words", rest)] if rest else []
        return kept, errors

    def one_type(self, name):
        kind, entry = self.types[name]
        lines = [f".SS {name}", *self.words.block(entry["paragraphs"])]
        if kind == "structs":
            lines += self.struct(entry)
        elif kind == "enums":
            for value in entry["values"]:
                lines += [".TP", f".BR {value['name']} \" ({value['value']})\"",
                          self.words.format(f"\"{value['text']}\"" + (f": {value['doc']}" if value["doc"] else ""))]
        elif kind == "callbacks":
            lines += code([f"typedef {entry['returns']} (*{name})({c_parameters(entry)});"])
        elif kind == "aliases":
            lines += code([f"typedef {entry['type']} {name};"])
        else:
            lines += [".PP"] if lines[1:] else []
            lines += code([f"typedef struct {name} {name};"])
        return lines

    def struct(self, entry):
        lines = [".PP"] if entry["paragraphs"] else []
        lines += code(struct_definition(entry).split("\n"))
        for member in entry["members"]:
            if member["doc"]:
                lines += [".TP", f".I {member['name']}", self.words.format(member["doc"])]
        members = {member["name"] for member in entry["members"]}
        for checks in self.header["lists"]:
            if {one["member"] for one in checks["entries"]} <= members:
                texts = ", ".join(one["text"] for one in checks["entries"])
                lines += [".PP", self.words.format(f"{checks['doc']} {checks['name']}: {texts}.")]
        return lines

    def type_sections(self, page, functions):
        """Types at home here, and where the others are described."""
        needed = []
        for function in functions:
            needed += [name for name in self.needs(self.variables(function)) if name not in needed]
        own = [name for name in needed if self.homes[name] == page]
        lines = [".SH TYPES"] if own else []
        for name in own:
            lines += self.one_type(name)
        return lines, sorted({self.homes[name] for name in needed} - {page})

    def returned(self, function):
        if function["can_fail"]:
            return ("MGEO_OK (0) on success. Otherwise another mgeo_status, and error, where it is not NULL, "
                    "holds it and one line of text.")
        if function["returns"].endswith("char *"):
            return "A static string, never NULL, which is not to be freed."
        return "" if function["returns"] == "void" else f"A value of type {function['returns']}."

    def errors(self, function, told):
        if not function["can_fail"]:
            return []
        lines = [".SH ERRORS"]
        if told:
            lines.append(self.words.format(told[:1].upper() + told[1:]))
        else:
            model = re.match(r"As (mgeo_\w+)", function["doc"])
            lines.append(self.words.format(f"Those of {model.group(1)}." if model else "Those of libmgeo(3)."))
        status = {value["name"]: value["text"] for value in self.types["mgeo_status"][1]["values"]}
        for name in function["errors"]:
            lines += [".TP", f".B {name}", escape(status[name][:1].upper() + status[name][1:]) + "."]
        return lines

    def see_also(self, page, functions, homes):
        section = functions[0]["section"]
        near = {name for name, group in self.pages.items() if group[0]["section"] == section}
        told = {word for word in re.findall(r"\bmgeo_\w+", functions[0]["doc"])}
        near |= {self.homes.get(word, word) for word in told if word in self.pages or word in self.homes}
        names = sorted((near | set(homes)) - {page, "libmgeo"}) + ["libmgeo", "mgeo"]
        return [".SH SEE ALSO", *[f".BR {name} ({7 if name == 'mgeo' else 3})" + "," * (name != "mgeo") for name in names]]

    # ---- pages --------------------------------------------------------------------------------

    def summary(self, functions):
        doc, name = functions[0]["doc"], functions[0]["name"]
        if doc.startswith('"'):
            return f"the name of an {name[:-len('_name')]}"
        first = re.split(r"(?<=[a-z0-9)\]\"])[.:;](?: |$)", doc)[0].replace("`", "")
        return first[:1].lower() + first[1:]

    def page(self, name):
        functions = self.pages[name]
        types, homes = self.type_sections(name, functions)
        own = [one["name"] for one in functions] + [
            one for one in self.homes if self.homes[one] == name and one.startswith("mgeo_")]
        kept, told = self.description(functions[0])
        lines = self.title(name, own, self.summary(functions)) + self.synopsis(functions)
        lines += [".SH DESCRIPTION", *self.words.block(kept), *types]
        returned = self.returned(functions[0])
        lines += [".SH RETURN VALUE", self.words.format(returned)] if returned else []
        return lines + self.errors(functions[0], told) + self.see_also(name, functions, homes)

    def overview(self):
        opening = OPENING.search(self.text).group().replace("from this file", "from mgeo.h")
        before, _, after = opening.partition("\n * Contents\n")
        conventions = "/*" + after.partition("\n * Conventions\n")[2]
        intro = paragraphs(before + " */")
        lines = self.title("libmgeo", ["libmgeo", *COMMON], intro[0].text.partition(": ")[2])
        lines += [".SH SYNOPSIS", ".nf", ".B #include <mgeo.h>", ".PP",
                  "\\fBcc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs libmgeo)\\fR", ".PP",
                  "CMake: \\fBfind_package(mgeo CONFIG REQUIRED)\\fR, \\fBmgeo::mgeo\\fR or \\fBmgeo::mgeo_static\\fR", ".fi"]
        lines += [".SH DESCRIPTION", *self.words.block(intro[1:]), ".SS Conventions", *self.words.block(paragraphs(conventions))]
        lines += [".SH FUNCTIONS", *self.contents(), ".SH TYPES", *self.one_type("mgeo_error"), *self.constants()]
        lines += [".SH ERRORS", *self.one_type("mgeo_status")[1:]]
        lines += [".SH EXAMPLES", "Loads the bundled model, or the one given, and scores two pairs:", ".PP", *code(self.example)]
        return lines + [".SH SEE ALSO", ".BR mgeo (7),", ".BR mgeo\\-score (1),", ".BR pkg\\-config (1)"]

    def contents(self):
        lines, sections = [], {}
        for name, functions in self.pages.items():
            sections.setdefault(functions[0]["section"], []).extend(one["name"] for one in functions)
        for section, names in sections.items():
            lines += [".TP", escape(section)]
            lines += [f".BR {name} (3)" + "," * (name != names[-1]) for name in names]
        return lines

    def constants(self):
        lines = [".SS Constants"]
        for constant in self.header["constants"]:
            value = "SIZE_MAX" if constant["type"] == "size_t" else constant["value"]
            lines += [".TP", f".BR {constant['name']} \" ({value})\"",
                      self.words.format(constant["doc"] or "Of type " + constant["type"] + ".")]
        return lines

    def files(self):
        yield "libmgeo", self.overview()
        for name, functions in self.pages.items():
            yield name, self.page(name)
            for other in functions[1:]:
                yield other["name"], [f".so man3/{name}.3"]
        for name, home in self.homes.items():
            if name.startswith("mgeo_"):  # Arrow's structs are not ours to name pages after
                yield name, [f".so man3/{home}.3"]


def main():
    header, example, folder = sys.argv[1:]
    with open(header, encoding="utf-8") as file:
        text = file.read()
    with open(example, encoding="utf-8") as file:
        program = file.read().rstrip().split("\n")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, lines in Manual(text, program).files():
        about = [] if lines[0].startswith(".so") else [".\\\" Generated by tools/bindings/emit_man.py from mgeo.h."]
        with open(os.path.join(folder, name + ".3"), "w", encoding="utf-8") as file:
            file.write("\n".join(about + lines) + "\n")


if __name__ == "__main__":
    main()
