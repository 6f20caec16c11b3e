# SPDX-License-Identifier: Apache-2.0
"""How mgeo.json's structs look in languages that marshal them: options to fill, reports to read.

Shapes(description).options and .reports list (struct, fields). A field has the member's `name`, `offset`,
`doc`, and a `kind`:

  text, chars, char_lists   a string to give; one in the struct; some, as many as `count` says
  enum, bool, i32, u32, u64, f32, f64       numbers; `enum` is its name
  numbers, matrix           an array of u64; one of labels by labels, of which `rows` and `columns` are used
  struct, structs, rows     a struct to give; some in the struct; some right behind it (`count` says how many)
  list                      an array of u32 to give
  pairs, gold, progress, job, log  what a binding has objects for
"""
import textwrap

from description import FILLED_IN, FLAG_SETS, MATCH_STRUCTS, is_flag, length_member, options_and_reports

INTS = {"int32_t": "i32", "uint32_t": "u32", "uint64_t": "u64", "size_t": "u64", "float": "f32",
        "double": "f64", "mgeo_limit": "f64"}
OWN = {"mgeo_pair": "pairs", "mgeo_progress": "progress", "mgeo_job": "job"}


def doc_comment(text, indent):
    """A documentation comment, as Java and JavaScript have it."""
    lines = textwrap.wrap(text, 116 - len(indent))
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}\n" for line in lines) + f"{indent} */\n"


class Shapes:
    def __init__(self, description):
        self.description = description
        self.structs = {struct["name"]: struct for struct in description["structs"]}
        options, reports = options_and_reports(description, MATCH_STRUCTS)
        self.options = [(struct, self.fields(struct)) for struct in options]
        self.reports = [(struct, self.fields(struct)) for struct in reports]

    def fields(self, struct):
        names = [member["name"] for member in struct["members"]]
        made = [self.field(struct, member, names) for member in struct["members"]]
        return [field for field in made if field]

    def field(self, struct, member, names):
        name, base = member["name"], member["base"]
        kept = {"name": name, "offset": member["offset"], "doc": member["doc"], "size": member["size"]}
        if name in FILLED_IN or name == "log_user" or name == "count" and "pairs" in names:
            return None
        if name == "log":
            return {**kept, "kind": "log"}
        if base == "char":
            return {**kept, **self.char_field(struct, member)}
        if base in OWN:
            return {**kept, "kind": OWN[base]}
        if base in self.structs:
            return {**kept, **self.struct_field(struct, member), "struct": base}
        if member["pointers"]:
            return {**kept, "kind": "list"}
        if member["array"]:
            matrix = name.endswith("_matrix")
            return {**kept, "kind": "matrix" if matrix else "numbers", "length": member["array"][0],
                    "rows": "live_label_count", "columns": "standby_label_count"}
        if "enum" in member and member["enum"] not in FLAG_SETS:
            return {**kept, "kind": "enum", "enum": member["enum"]}
        if INTS[base] in ("i32", "u32") and is_flag(member):
            return {**kept, "kind": "bool"}
        return {**kept, "kind": INTS[base]}

    def char_field(self, struct, member):
        if member["pointers"] == 2:
            return {"kind": "gold"}
        if member["pointers"] == 1:
            return {"kind": "text"}
        if len(member["array"]) == 1:
            return {"kind": "chars"}
        return {"kind": "char_lists", "length": member["array"][1], "count": length_member(struct, member)}

    def struct_field(self, struct, member):
        if member["array"]:
            return {"kind": "structs", "count": length_member(struct, member)}
        if member["type"].startswith("const "):
            return {"kind": "struct"}
        return {"kind": "rows", "count": length_member(struct, member)}

    def calls(self):
        """Functions that answer a status: the table of calls, in this order everywhere."""
        return [function for function in self.description["functions"] if function["can_fail"]]
