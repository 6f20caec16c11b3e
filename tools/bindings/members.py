# SPDX-License-Identifier: Apache-2.0
"""What the emitters share: mgeo.json, and which members of a struct a language without pointers can hold."""
import json
import re
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def versioned(description):
    return [struct for struct in description["structs"] if struct["versioned"]]


def enum_texts(enum):
    """Each value by the word that stands for it: what mgeo_*_name spells, for statuses their names."""
    word = "name" if enum["name"] == "mgeo_status" else "text"
    return {value[word]: value["value"] for value in enum["values"]}


def struct_named(description, name):
    return next(struct for struct in description["structs"] if struct["name"] == name)


def kind(member):
    """text (a C string), string (characters in place), strings, structs, numbers, number, flag (0 or 1; -1 where
    neither holds); None: a pointer or padding."""
    if member["name"] in ("struct_size", "reserved") or member["base"] == "function":
        return None
    if member["pointers"]:
        return "text" if member["type"] == "const char *" else None
    if member["base"] == "char":
        return "strings" if len(member["array"]) == 2 else "string"
    if member["base"].startswith("mgeo_") and member["base"] != "mgeo_limit":
        return "structs" if member["array"] else None
    if member["array"]:
        return "numbers"
    # The gate's full_speed is told of in mgeo_compare_options.
    return "flag" if re.match(r"1(:| if) ", member["doc"]) or member["name"] == "full_speed" else "number"


def plain_members(struct):
    """Members that are not pointers to what only C has, each with its kind."""
    return [(member, kind(member)) for member in struct["members"] if kind(member)]


def length_member(struct, member):
    """The member that counts what of an array of strings or structs is in use, or None."""
    names = {other["name"] for other in struct["members"]}
    guess = {"labels": "label_count", "checks": "check_count", "live_labels": "live_label_count",
             "standby_labels": "standby_label_count"}.get(member["name"])
    return guess if guess in names else None


def main(emit):
    """EMITTER MGEO_JSON … OUT: writes what `emit` answers for the paths before OUT."""
    *paths, out = sys.argv[1:]
    text = emit(*paths)
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)
