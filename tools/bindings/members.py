# SPDX-License-Identifier: Apache-2.0
"""Which members of a struct a language without pointers can hold: C#, LuaJIT, R and Ruby."""
import description


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
    return "flag" if description.is_flag(member) or description.is_verdict(member) else "number"


def plain_members(struct):
    """Members that are not pointers to what only C has, each with its kind."""
    return [(member, kind(member)) for member in struct["members"] if kind(member)]
