# SPDX-License-Identifier: Apache-2.0
"""How mgeo.json's structs look in languages that marshal them: options to fill, reports to read.

Shapes(description).options and .reports list (struct, fields). A field has the member's `name`, `offset`,
`doc`, and a `kind`:

  text, chars, char_lists   a string to give; one in the struct; some, as many as `count` says
  enum, bool, i32, u32, u64, f32, f64       numbers; `enum` is its name
  numbers, matrix           an array of u64; one of labels by labels, of which `rows` and `columns` are used
  struct, structs, rows     a struct to give; some in the struct; some right behind it (`count` says how many)
  pairs, gold, progress, job, log  what a binding has objects for
"""
import re

INTS = {"int32_t": "i32", "uint32_t": "u32", "uint64_t": "u64", "size_t": "u64", "float": "f32",
        "double": "f64", "mgeo_limit": "f64"}
OWN = {"mgeo_pair": "pairs", "mgeo_progress": "progress", "mgeo_job": "job"}
# Read by the caller of a function, or handed over by itself.
APART = {"mgeo_error", "mgeo_progress", "mgeo_scores", "mgeo_pair", "ArrowSchema", "ArrowArray", "ArrowArrayStream"}


def camel(name, first_upper=False):
    words = name.split("_")
    text = words[0] + "".join(word.capitalize() for word in words[1:])
    return text[:1].upper() + text[1:] if first_upper else text


def short(name):
    """mgeo_load_options: load_options."""
    return re.sub(r"^mgeo_", "", name)


def is_switch(member):
    told = re.match(r"1(:| if)", member["doc"]) is not None and "-1:" not in member["doc"]
    return told or member["name"] == "full_speed"


def enumerator(enum, name):
    """MGEO_PRECISION_AUTO: AUTO; MGEO_E_IO: IO."""
    name = re.sub(r"^MGEO_(E_)?", "", name)
    return re.sub(rf"^{short(enum).split('_')[0].upper()}_", "", name)


class Shapes:
    def __init__(self, description):
        self.description = description
        self.structs = {struct["name"]: struct for struct in description["structs"]}
        self.enums = {enum["name"]: enum for enum in description["enums"]}
        given, told = set(), set()
        for function in description["functions"]:
            for parameter in function["parameters"]:
                constant = parameter["type"].startswith("const ")
                self.collect(parameter, given if constant else told)
        self.options = self.in_order(given)
        self.reports = self.in_order(told - given)

    def collect(self, variable, found):
        name = variable["base"]
        if name not in self.structs or name in APART or name in found:
            return
        found.add(name)
        for member in self.structs[name]["members"]:
            self.collect(member, found)

    def in_order(self, names):
        return [(struct, self.fields(struct)) for name, struct in self.structs.items() if name in names]

    def fields(self, struct):
        names = [member["name"] for member in struct["members"]]
        made = [self.field(member, names) for member in struct["members"]]
        return [field for field in made if field]

    def field(self, member, names):
        name, base = member["name"], member["base"]
        kept = {"name": name, "offset": member["offset"], "doc": member["doc"], "size": member["size"]}
        if name in ("struct_size", "reserved", "log_user", "worst_capacity") or name == "count" and "pairs" in names:
            return None
        if name == "log":
            return {**kept, "kind": "log"}
        if base == "char":
            return {**kept, **self.char_field(member, names)}
        if base in OWN:
            return {**kept, "kind": OWN[base]}
        if base in self.structs:
            return {**kept, **self.struct_field(member), "struct": base}
        if member["array"]:
            matrix = name.endswith("_matrix")
            return {**kept, "kind": "matrix" if matrix else "numbers", "length": member["array"][0],
                    "rows": "live_label_count", "columns": "standby_label_count"}
        if "enum" in member and not self.is_flags(member["enum"]):
            return {**kept, "kind": "enum", "enum": member["enum"]}
        if INTS[base] in ("i32", "u32") and is_switch(member):
            return {**kept, "kind": "bool"}
        return {**kept, "kind": INTS[base]}

    def is_flags(self, enum):
        values = [value["value"] for value in self.enums[enum]["values"]]
        return values == [1 << i for i in range(len(values))]

    def char_field(self, member, names):
        if member["pointers"] == 2:
            return {"kind": "gold"}
        if member["pointers"] == 1:
            return {"kind": "text"}
        if len(member["array"]) == 1:
            return {"kind": "chars"}
        count = re.sub(r"labels$", "label_count", member["name"])
        return {"kind": "char_lists", "length": member["array"][1], "count": count}

    def struct_field(self, member):
        if member["array"]:
            return {"kind": "structs", "count": "check_count"}
        if member["type"].startswith("const "):
            return {"kind": "struct"}
        return {"kind": "rows", "count": member["name"] + "_count"}

    def calls(self):
        """Functions that answer a status: the table of calls, in this order everywhere."""
        return [function for function in self.description["functions"] if function["can_fail"]]
