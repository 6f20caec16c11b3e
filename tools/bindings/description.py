# SPDX-License-Identifier: Apache-2.0
"""What every emitter knows of mgeo.json: how it is read, what its structs are for and what its members mean."""
import json
import pathlib
import re
import sys

# Enums whose values are summed up, by the names that bindings have for such sums.
FLAG_SETS = {"mgeo_row_flag": "row_flags", "mgeo_arrow_column": "columns", "mgeo_candidate_flag": "candidate_flags"}
# Members that no user of a binding sees.
FILLED_IN = {"struct_size", "reserved", "worst_capacity"}
# Structs that bindings have objects for, or read by themselves.
APART = {"mgeo_error", "mgeo_progress", "mgeo_scores", "mgeo_pair", "ArrowSchema", "ArrowArray", "ArrowArrayStream"}

# The part of the header whose structs most bindings have raw alone, as C has them.
RAW_PART = "III. Match"
# Those of its structs that hold no texts of C's: Go, Rust, Java and Node.js have them as they have others.
MATCH_STRUCTS = {"mgeo_index_options", "mgeo_index_info", "mgeo_search_options", "mgeo_cluster_options", "mgeo_member"}

# ---- files ------------------------------------------------------------------------------------


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write(path, text):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text(text, encoding="utf-8")


def main(emit):
    """EMITTER MGEO_JSON … OUT: writes what `emit` answers to the arguments before OUT: a text, or {file name: text}."""
    *given, out = sys.argv[1:]
    made = emit(*given)
    for name, text in made.items() if isinstance(made, dict) else [("", made)]:
        write(pathlib.Path(out, name), text)


# ---- structs ----------------------------------------------------------------------------------


def versioned(description):
    """Those that begin with their size and that bindings have words for."""
    return [struct for struct in description["structs"] if struct["versioned"] and struct["part"] != RAW_PART]


def struct_named(description, name):
    return next(struct for struct in description["structs"] if struct["name"] == name)


def options_and_reports(description, of_raw_part=frozenset()):
    """The structs that functions read, and those that they only fill in; each in the header's order."""
    structs = {struct["name"]: struct for struct in description["structs"]
               if struct["part"] != RAW_PART or struct["name"] in of_raw_part}
    given, told = set(), set()

    def collect(variable, found):
        name = variable["base"]
        if name in structs and name not in APART | found:
            found.add(name)
            for member in structs[name]["members"]:
                collect(member, found)

    for function in description["functions"]:
        for parameter in function["parameters"]:
            collect(parameter, given if parameter["type"].startswith("const ") else told)
    names = (given, told - given)
    return tuple([struct for name, struct in structs.items() if name in some] for some in names)


# ---- members ----------------------------------------------------------------------------------


def is_verdict(member):
    """1, 0, or -1 where neither holds."""
    return re.match(r"1: .*-1: ", member["doc"]) is not None


def is_flag(member):
    """1 or 0. The gate's full_speed is told of in mgeo_compare_options, and one_to_one in other words first."""
    told = re.match(r"1(:| if) ", member["doc"]) is not None and not is_verdict(member)
    return told or member["name"] in ("full_speed", "one_to_one")


def length_member(struct, member):
    """The member that counts what of an array, or of what a pointer leads to, is in use; or None."""
    counted = re.sub(r"s$", "", member["name"]) + "_count"
    return counted if any(other["name"] == counted for other in struct["members"]) else None


# ---- names ------------------------------------------------------------------------------------


def short(name):
    """mgeo_load_options: load_options."""
    return re.sub(r"^mgeo_", "", name)


def camel(name, first_upper=False):
    words = name.split("_")
    text = words[0] + "".join(word.capitalize() for word in words[1:])
    return text[:1].upper() + text[1:] if first_upper else text


def class_name(name):
    """mgeo_load_options: LoadOptions."""
    return camel(short(name), first_upper=True)


def spelled(enum, value):
    """The word that stands for a value: what mgeo_*_name says, for statuses their names."""
    return value["name"] if enum["name"] == "mgeo_status" else value["text"]


def enum_texts(enum):
    return {spelled(enum, value): value["value"] for value in enum["values"]}


def enumerator(enum, name):
    """A value's name without what all of an enum's begin with. MGEO_PRECISION_AUTO: AUTO; MGEO_E_IO: IO."""
    name = re.sub(r"^MGEO_(E_)?", "", name)
    return re.sub(rf"^{short(enum).split('_')[0].upper()}_", "", name)
