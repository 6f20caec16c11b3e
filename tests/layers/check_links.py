#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that what the documents point at is there: relative links, their headings, and paths in code marks.

check_links.py ROOT | --self-test

A link's target must exist, and a heading after "#" must stand in it. A word in `code marks` that begins with
a folder of the project ("lib/", "docs/" …) must be a file or a folder; "*" may stand for parts of names.
"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import planted  # noqa: E402

TOPS = ("lib", "include", "cli", "tests", "tools", "docs", "examples", "models", "benchmarks", "training",
        "bindings", ".ci", ".github", ".devcontainer")
# What is not in the tree but is rightly named: what a build makes, and names that stand for others.
SKIPPED = re.compile(r"[<>{}$…]|NAME|\bDIR\b|XX")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MARK = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"^(?:\.\./)*((?:" + "|".join(re.escape(top) for top in TOPS) + r")/[^\s:]*)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def anchors(text):
    """The headings of a document as links name them."""
    found = set()
    for heading in re.findall(r"^#+ +(.*?) *$", FENCE.sub("", text), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def check_link(root, document, target):
    if re.match(r"[a-z]+:", target):
        return None
    path, _, heading = target.partition("#")
    file = document if path == "" else document.parent / path
    if not file.exists():
        return f"links to {target}, which is not there"
    if not file.resolve().is_relative_to(root.resolve()):
        return f"links to {target}, outside the project"
    if heading and heading not in anchors(file.read_text(encoding="utf-8")):
        return f"links to {target}: there is no such heading"
    return None


def check_mark(root, mark):
    match = PATH.match(mark)
    if not match or SKIPPED.search(mark):
        return None
    path = match.group(1).rstrip("/.,")
    # What a program makes beside its source: "benchmarks/memory_bench", "docs/abi" for docs/abi.md.
    if (root / path).exists() or any(root.glob(path)) or any(root.glob(path + ".*")):
        return None
    return f"names {path}, which is not there"


def check_document(root, document):
    text = document.read_text(encoding="utf-8")
    problems = [check_link(root, document, target) for target in LINK.findall(FENCE.sub("", text))]
    # History tells what was; what it names may be gone.
    if document.name != "CHANGELOG.md":
        problems += [check_mark(root, mark) for mark in MARK.findall(FENCE.sub("", text))]
    name = document.relative_to(root).as_posix()
    return [f"{name} {problem}" for problem in problems if problem]


def documents(root):
    """All documents but those of folders that a build, an installer or Python's venv has made."""
    made = {entry.parent for name in ("build.ninja", "pyvenv.cfg") for depth in ("*", "*/*")
            for entry in root.glob(f"{depth}/{name}")}
    for file in sorted(root.rglob("*.md")):
        hidden = any(part.startswith(".") and part not in TOPS for part in file.relative_to(root).parts)
        if not hidden and not made.intersection(file.parents) and "node_modules" not in file.parts:
            yield file


def check_tree(root):
    problems, seen = [], 0
    for document in documents(root):
        seen += 1
        problems += check_document(root, document)
    return problems, seen


SOUND = {
    "README.md": "[a](docs/a.md) [b](docs/a.md#one-thing) [c](https://example.org/x) `lib/core/x.c` `lib/core/`\n"
                 "`lib/core/*.c` `libmgeo.so` `lib/NAME/x.c` [d](#first)\n\n# First\n",
    "docs/a.md": "# A\n\n## One thing\n\n[up](../README.md) `lib/core/x.c`\n",
    "lib/core/x.c": "",
    "CHANGELOG.md": "`lib/gone.c`\n",
    "../outside.md": "",
}
PLANTED = [
    ("docs/b.md", "[x](gone.md)\n"),
    ("docs/b.md", "[x](a.md#two-things)\n"),
    ("docs/b.md", "[x](../../outside.md)\n"),
    ("docs/b.md", "`lib/core/gone.c`\n"),
    ("docs/b.md", "`lib/gone/`\n"),
    ("docs/b.md", "`lib/gone/*.c`\n"),
    ("CHANGELOG.md", "[x](gone.md)\n"),
]


if __name__ == "__main__":
    mistakes = [(path, {path: text}) for path, text in PLANTED]
    sys.exit(planted.main(check_tree, SOUND, mistakes, "documents point at what is there"))
