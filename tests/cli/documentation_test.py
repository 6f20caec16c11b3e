# SPDX-License-Identifier: Apache-2.0
"""Man pages and docs name every option as the table writes it, and none that is not there."""
import os
import re
import shlex
import unittest

from completion_test import FILES, headings
from completion_test import PROGRAMS as WITHOUT_COMMANDS

PROGRAMS = WITHOUT_COMMANDS + ["mgeo-match"] + ["mgeo-ctl"] * os.path.exists(os.path.join(FILES, "mgeo-ctl-completion"))
ROOT = os.environ["MGEO_SOURCE"]
MANUALS = {"mgeo-score": "cli/score/mgeo-score.1", "mgeo-bench": "cli/loadtest/mgeo-bench.1",
           "mgeo-journal": "cli/journal/mgeo-journal.1", "mgeo-serve": "cli/serve/mgeo-serve.1",
           "mgeo-ctl": "cli/ctl/mgeo-ctl.1", "mgeo-match": "cli/match/mgeo-match.1"}
DOCS = {"mgeo-score": "docs/mgeo-score.md", "mgeo-bench": "docs/mgeo-bench.md",
        "mgeo-journal": "docs/journal.md", "mgeo-serve": "docs/mgeo-serve.md",
        "mgeo-ctl": "docs/mgeo-ctl.md", "mgeo-match": "docs/mgeo-match.md"}
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def built(pages):
    return [(program, path) for program, path in pages.items() if program in PROGRAMS]


def name_of(heading):
    return OPTION.search(heading).group(1)


def manual_headings(text):
    """The line after each .TP of a manual's OPTIONS, without its fonts."""
    options = text.split(".SH OPTIONS\n")[1].split("\n.SH ")[0]
    found = []
    for line in re.findall(r"^\.TP\n\.BR? (.*)$", options, re.M):
        words = shlex.split(re.sub(r"\\f[IRB]", "", line.replace("\\-", "-")))
        found.append("".join(words))
    return found


def manual_problems(text, rows):
    found = manual_headings(text)
    problems = [f"lacks {row}" for row in rows if row not in found]
    problems += [f"has {heading}" for heading in found if heading not in rows]
    known = {name_of(row) for row in rows}
    mentioned = set(OPTION.findall(text.replace("\\-", "-")))
    return problems + [f"tells of --{name}" for name in sorted(mentioned - known)]


def doc_problems(text, rows, others):
    """A doc may shorten "-m, --model DIR" to two pieces of code, and tells of sister programs."""
    code = set(re.findall(r"`([^`\n]+)`", text))
    problems = []
    for row in rows:
        letter, _, long = row.rpartition(", ")
        if long not in code or (letter and letter not in code):
            problems.append(f"lacks {row}")
    known = {name_of(row) for row in rows + others}
    mentioned = set(OPTION.findall(text))
    return problems + [f"tells of --{name}" for name in sorted(mentioned - known)]


class Documentation(unittest.TestCase):
    def test_manuals_name_every_option(self):
        for program, path in built(MANUALS):
            self.assertEqual(manual_problems(read(path), headings(program)), [], path)

    def test_docs_name_every_option(self):
        others = [row for program in PROGRAMS for row in headings(program)]
        for program, path in built(DOCS):
            self.assertEqual(doc_problems(read(path), headings(program), others), [], path)

    def test_a_new_option_is_missed(self):
        rows = headings("mgeo-score") + ["-n, --new-one FILE"]
        self.assertEqual(manual_problems(read(MANUALS["mgeo-score"]), rows),
                         ["lacks -n, --new-one FILE"])
        self.assertEqual(doc_problems(read(DOCS["mgeo-score"]), rows, []),
                         ["lacks -n, --new-one FILE"])

    def test_an_option_that_went_is_found(self):
        rows = [row for row in headings("mgeo-score") if "--tf32" not in row]
        self.assertEqual(manual_problems(read(MANUALS["mgeo-score"]), rows),
                         ["has --tf32", "tells of --tf32"])
        self.assertEqual(doc_problems(read(DOCS["mgeo-score"]), rows, []), ["tells of --tf32"])

    def test_an_argument_of_another_name_is_found(self):
        rows = [row.replace("--gold COLUMN", "--gold NAME") for row in headings("mgeo-score")]
        self.assertEqual(manual_problems(read(MANUALS["mgeo-score"]), rows),
                         ["lacks --gold NAME", "has --gold COLUMN"])


if __name__ == "__main__":
    unittest.main()
