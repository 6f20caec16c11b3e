# SPDX-License-Identifier: Apache-2.0
"""What bindings show of mgeo.json: which structs are options and reports, and what each member is there.

`Plan(json)` has .enums, .options and .reports. A language's emitter spells them.
"""
import re

from description import (FILLED_IN, FLAG_SETS, MATCH_STRUCTS, enumerator, is_flag, length_member, load, options_and_reports,
                         short)

# The header says it at the function, or nowhere.
DOCS = {
    "mgeo_engine_options": "What an engine is created with.",
    "mgeo_load_options": "How a model is loaded.",
    "mgeo_job_options": "Which model a job holds.",
    "mgeo_arrow_options": "Which columns a table has, and which its answer.",
    "mgeo_compare_options": "What two models are compared on.",
    "mgeo_swap_options": "The conditions of a swap.",
    "mgeo_roll_back_options": "Who rolls back, and why.",
    "mgeo_canary_options": "The conditions of a canary.",
    "mgeo_shadow_options": "How shadow calls are scored.",
    "mgeo_model_info": "A model and where it is.",
    "mgeo_swap_receipt": "How a cut-over went.",
    "mgeo_watch_report": "How the last watch stands.",
    "mgeo_journal_report": "What a journal was found to be.",
    "mgeo_index_options": "How an index is changed.",
    "mgeo_search_options": "How an index is searched.",
    "mgeo_cluster_options": "What holds rows together, and what no cluster may exceed.",
    "mgeo_status": "What a call came to.",
    "mgeo_row_flag": "Flags of a row.",
}
# Members that are no part of the options: the binding fills them in by other means.
BY_HAND = FILLED_IN | {"log", "log_user", "job"}


class Member:
    """One member as a binding shows it. `kind`: number, bool, enum, flags, text, names (labels), numbers (an array),
    structs (`count` says how many), pairs, texts, progress, option (another struct of options), list (of numbers)."""

    def __init__(self, member, kind, count=None):
        self.name, self.kind, self.count = member["name"], kind, count
        self.base, self.array = member["base"], member["array"]
        self.doc = as_bool(member["doc"]) if kind == "bool" else member["doc"]
        self.enum = member.get("enum")


def as_bool(doc):
    """A flag's words: what it is if it is set, and else."""
    return re.sub(r"[;,] 0: ", "; else ", re.sub(r"(^|: )1: ", r"\1", doc))


def simple_kind(member):
    """Of numbers alone: the kind, without looking at the struct around it."""
    if member.get("enum") in FLAG_SETS:
        return "flags"
    if "enum" in member:
        return "enum"
    return "bool" if is_flag(member) else "number"


class Struct:
    def __init__(self, struct, is_option):
        self.name, self.versioned = struct["name"], struct["versioned"]
        self.doc = DOCS.get(self.name) or struct["doc"]
        self.known = {member["name"] for member in struct["members"]}
        self.members = []
        for member in struct["members"]:
            if member["name"] in BY_HAND or self.is_count(member["name"]):
                continue
            self.members.append(self.option(member) if is_option else self.report(struct, member))

    def is_count(self, name):
        """The length of a member that is shown as a list, which tells it itself. label_count stays: other figures
        are laid out by it."""
        return name in ("check_count", "worst_count") or name == "count" and "pairs" in self.known

    def option(self, member):
        if member["name"] == "pairs":
            return Member(member, "pairs", "count")
        if member["pointers"] == 2:
            return Member(member, "texts", "count")
        if member["pointers"] == 1:
            kind = {"char": "text", "mgeo_progress": "progress", "uint32_t": "list"}.get(member["base"], "option")
            return Member(member, kind)
        return Member(member, simple_kind(member))

    def report(self, struct, member):
        if member["base"] == "char":
            return Member(member, "names", length_member(struct, member)) if len(member["array"]) == 2 else Member(
                member, "text")
        if member["base"] in ("mgeo_check", "mgeo_shift"):
            return Member(member, "structs", length_member(struct, member))
        return Member(member, "numbers" if member["array"] else simple_kind(member))


class Enum:
    def __init__(self, enum):
        self.name, self.doc = enum["name"], DOCS.get(enum["name"]) or enum["doc"]
        self.is_flags = self.name in FLAG_SETS
        # (bare name, value, what it means)
        self.values = [(enumerator(self.name, value["name"]), value["value"], value["doc"] or "") for value in enum["values"]]
        self.texts = [value["text"] for value in enum["values"]]
        self.names = [value["name"] for value in enum["values"]]


class Plan:
    def __init__(self, path):
        self.json = load(path)
        options, reports = options_and_reports(self.json, MATCH_STRUCTS)
        self.enums = [Enum(enum) for enum in self.json["enums"]]
        self.options = [Struct(struct, True) for struct in options]
        self.reports = [Struct(struct, False) for struct in reports]


def names_of_c(plan, type_name, value_name, functions):
    """What stands for a name of C's in a language, so that the header's words can be shown there."""
    names = {struct.name: type_name(struct.name) for struct in plan.options + plan.reports}
    for e in plan.enums:
        names[e.name] = type_name(e.name)
        names.update((c, value_name(e, value)) for c, (value, _, _) in zip(e.names, e.values))
    return {**names, **functions, "mgeo_scores": "Scores"}


def translated(text, names):
    known = "|".join(sorted(names, key=len, reverse=True))
    text = re.sub(rf"\b({known})\b", lambda found: names[found.group()], text)
    return re.sub(r"\b([Aa])n (`?(?![AEIO])[A-Z])", r"\1 \2", text)


def bare(name):
    """mgeo_load_options: load_options; the sets of flags have a name of their own."""
    return FLAG_SETS.get(name) or short(name)


def wrap(text, width, first, later=None):
    """Lines of at most `width` characters."""
    lines, line, start = [], first, first
    later = first if later is None else later
    for word in text.split():
        if len(line) + 1 + len(word) > width and line != start:
            lines.append(line)
            line = start = later
        line += ("" if line.endswith(" ") else " ") + word
    return lines + [line] if text else []
