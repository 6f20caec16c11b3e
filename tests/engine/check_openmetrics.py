#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks OpenMetrics 1.0 text, strictly, and that docs/metrics.md lists every metric as it is.

check_openmetrics.py DOCS PROGRAM   the program writes text for "openmetrics" and for "empty"
"""

import math
import re
import subprocess
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)\Z")
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)\Z|NaN\Z")
TYPES = ("counter", "gauge", "histogram", "info")
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
}


class Wrong(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Wrong(what)


class Family:
    def __init__(self, name):
        self.name = name
        self.type = self.unit = self.help = None
        self.samples = []  # (suffix, {label: value}, number)


def split_labels(text):
    pairs = re.findall(LABEL, text or "")
    names = [name for name, _ in pairs]
    check(len(set(names)) == len(names), f"a label comes twice: {text}")
    return dict(pairs)


def read_comment(line, families):
    parts = line.split(" ", 3)
    check(len(parts) == 4 and parts[0] == "#", f"no comment of OpenMetrics: {line}")
    _, keyword, name, text = parts
    check(re.fullmatch(NAME, name), f"no name: {line}")
    if not families or families[-1].name != name:
        check(all(name != f.name for f in families), f"a family comes twice: {name}")
        families.append(Family(name))
    family = families[-1]
    check(not family.samples, f"a comment after samples: {line}")
    attribute = keyword.lower()
    check(attribute in ("type", "unit", "help"), f"unknown keyword: {line}")
    check(getattr(family, attribute) is None, f"twice: {line}")
    setattr(family, attribute, text)


def read_sample(line, families):
    match = SAMPLE.match(line)
    check(match, f"no sample: {line}")
    name, labels, number = match.group(1), match.group(2), match.groups()[-1]
    check(NUMBER.match(number), f"no number: {line}")
    check(families, f"a sample without a family: {line}")
    family = families[-1]
    check(family.type in TYPES, f"type {family.type}: {line}")
    suffixes = [s for s in SUFFIXES[family.type] if name == family.name + s]
    check(suffixes, f"not a name of {family.type} {family.name}: {line}")
    value = float(number.replace("Inf", "inf"))
    family.samples.append((suffixes[0], split_labels(labels), value))


def check_histogram(family):
    points = {}
    for suffix, labels, value in family.samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        point = points.setdefault(key, {"buckets": []})
        if suffix == "_bucket":
            check("le" in labels, f"{family.name}: a bucket without le")
            point["buckets"].append((float(labels["le"].replace("Inf", "inf")), value))
        else:
            check("le" not in labels, f"{family.name}{suffix} with le")
            check(suffix not in point, f"{family.name}{suffix} twice")
            point[suffix] = value
    for key, point in points.items():
        bounds = [bound for bound, _ in point["buckets"]]
        counts = [count for _, count in point["buckets"]]
        check(bounds == sorted(set(bounds)), f"{family.name}{key}: bounds do not rise")
        check(bounds and math.isinf(bounds[-1]), f"{family.name}{key}: no +Inf")
        check(counts == sorted(counts), f"{family.name}{key}: counts fall")
        check(point.get("_count") == counts[-1], f"{family.name}{key}: _count is not +Inf's")
        check(point.get("_sum", -1) >= 0, f"{family.name}{key}: _sum")


def check_family(family):
    check(family.type in TYPES, f"{family.name}: type {family.type}")
    check(family.help, f"{family.name}: no help")
    if family.unit is not None:
        check(family.name.endswith("_" + family.unit), f"{family.name}: unit {family.unit}")
        check(family.type != "info", f"{family.name}: an info has no unit")
    for reserved in ("_total", "_info", "_bucket", "_count", "_sum", "_created"):
        check(not family.name.endswith(reserved), f"{family.name}: ends in {reserved}")
    seen = [(suffix, tuple(sorted(labels.items()))) for suffix, labels, _ in family.samples]
    check(len(set(seen)) == len(seen), f"{family.name}: a sample comes twice")
    for suffix, labels, value in family.samples:
        if family.type == "counter" or suffix in ("_bucket", "_count"):
            check(value >= 0 and math.isfinite(value), f"{family.name}: {value}")
        if suffix in ("_bucket", "_count"):
            check(value == int(value), f"{family.name}: {value} is no count")
        if family.type == "info":
            check(value == 1 and labels, f"{family.name}: value {value}, labels {labels}")
    if family.type == "histogram":
        check_histogram(family)


def parse(text):
    check(text.endswith("\n# EOF\n"), "the text does not end in # EOF")
    families = []
    for line in text[: -len("\n# EOF\n")].split("\n"):
        check(line != "", "an empty line")
        check(line != "# EOF", "# EOF in the middle")
        (read_comment if line.startswith("#") else read_sample)(line, families)
    for family in families:
        check_family(family)
    names = [family.name + suffix for family in families for suffix in SUFFIXES[family.type]]
    check(len(set(names)) == len(names), "names of two families clash")
    return families


def check_docs(families, path):
    """Rows of the tables: | `name` | type | unit | labels | meaning |"""
    with open(path, encoding="utf-8") as file:
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w*) ?\| ([^|]*?) ?\|", file.read(), re.M)
    listed = {name: (kind, unit, labels) for name, kind, unit, labels in rows}
    for family in families:
        name = family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")
        check(name in listed, f"docs/metrics.md lacks {name}")
        kind, unit, labels = listed.pop(name)
        check(kind == family.type, f"docs/metrics.md: {name} is a {family.type}")
        check(unit == (family.unit or ""), f"docs/metrics.md: the unit of {name} is {family.unit}")
        for _, actual, _ in family.samples:
            told = set(re.findall(r"`(\w+)`", labels))
            check(set(actual) - {"le"} == told, f"docs/metrics.md: labels of {name}: {actual}")
    check(not listed, f"docs/metrics.md lists what is not there: {sorted(listed)}")


def check_the_checker(text):
    """A checker that finds nothing wrong with these would be worth nothing."""
    lines = text.split("\n")
    bucket = next(line for line in lines if "_bucket{" in line)
    counter = next(line for line in lines if "_total" in line)
    broken = {
        "no EOF": text[: -len("# EOF\n")],
        "something after EOF": text + "mgeo_jobs 1\n",
        "an empty line": text.replace("# EOF", "\n# EOF"),
        "a counter without _total": text.replace(counter, counter.replace("_total", "")),
        "a family twice": text.replace("# EOF", "# TYPE mgeo_jobs gauge\n# EOF"),
        "buckets that fall": text.replace(bucket, re.sub(r" \d+$", " 999999", bucket)),
        "no unit in the name": text.replace(
            "# HELP mgeo_jobs", "# UNIT mgeo_jobs bytes\n# HELP mgeo_jobs"
        ),
        "a negative counter": text.replace("mgeo_swaps_total ", "mgeo_swaps_total -"),
        "an info that is not 1": re.sub(r"(mgeo_library_info\{.*\}) 1", r"\1 2", text),
        "no +Inf": re.sub(r".*\+Inf.*\n", "", text),
        "a comma": re.sub(r"(_sum\{.*\}) (\d+)\.", r"\1 \2,", text),
        "an open quote": text.replace('slot="blue"', 'slot="blue', 1),
    }
    for what, spoilt in broken.items():
        check(spoilt != text, f"the checker's own test did nothing: {what}")
        try:
            parse(spoilt)
        except Wrong:
            continue
        raise Wrong(f"the checker did not notice: {what}")


def check_with_client(text):
    """The parser of Prometheus' Python client, where it is installed."""
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    except ImportError:
        return False
    versions = set()
    for family in text_string_to_metric_families(text):
        versions |= {s.labels["version"] for s in family.samples if "slot" in s.labels}
    check(versions in (set(), {'v1 "西湖"\\\n?', "v2"}), f"versions came back as {versions}")
    return True


def run(program, format_name):
    written = subprocess.run(
        [program, format_name], check=True, stdout=subprocess.PIPE, timeout=60
    )
    return written.stdout.decode("utf-8")


def main():
    docs, program = sys.argv[1:]
    text = run(program, "openmetrics")
    empty = run(program, "empty")
    try:
        families = parse(text)
        check_docs(families, docs)
        names = [family.name for family in parse(empty)]
        check(names == [f.name for f in families], "an empty engine has other families")
        check_the_checker(text)
        client = check_with_client(text) and check_with_client(empty)
    except Wrong as wrong:
        sys.exit(f"check_openmetrics: {wrong}\n{text}")
    second = "agrees" if client else "is not installed"
    print(f"{len(families)} families; prometheus_client {second}")


if __name__ == "__main__":
    main()
