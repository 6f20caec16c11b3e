# SPDX-License-Identifier: Apache-2.0
"""The commands that docs/watching.md and docs/containers.md tell to run are there, with the options they are told with."""
import os
import re
import subprocess
import unittest

from deploy import LIMIT, SOURCE, read

PROGRAMS = {"mgeo-ctl": "MGEO_CTL", "mgeo-serve": "MGEO_SERVE", "mgeo-journal": "MGEO_JOURNAL", "mgeo-score": "MGEO_SCORE"}
COMMAND = re.compile(r"`(mgeo-(?:ctl|serve|journal|score)) ([^`\n]*)`")


def help_of(program, *command):
    done = subprocess.run([os.environ[PROGRAMS[program]], *command, "--help"], capture_output=True, text=True,
                          timeout=LIMIT)
    return done.stdout if done.returncode == 0 else ""


def told():
    for name in ("watching.md", "containers.md"):
        for program, words in COMMAND.findall(read(SOURCE / "docs" / name)):
            yield program, words.split()


def lacking(program, words):
    """What of a command the program does not know; empty: nothing."""
    command = [] if words[0].startswith("-") else [words[0]]
    text = help_of(program, *command)
    if not text:
        return f"{program} {words[0]}"
    options = [word for word in words if word.startswith("-")]
    return " ".join(option for option in options
                    if not re.search(rf"(?:^|[\s,]){re.escape(option)}(?:[\s,]|$)", text, re.M))


class Runbooks(unittest.TestCase):
    def test_commands_are_there(self):
        commands = list(told())
        self.assertGreater(len(commands), 15)
        for program, words in commands:
            self.assertEqual(lacking(program, words), "", " ".join([program, *words]))

    def test_what_is_not_there_is_found(self):
        self.assertEqual(lacking("mgeo-ctl", ["swop"]), "mgeo-ctl swop")
        self.assertEqual(lacking("mgeo-ctl", ["journal", "--least", "5"]), "--least")
        self.assertEqual(lacking("mgeo-serve", ["--healthy"]), "--healthy")


if __name__ == "__main__":
    unittest.main()
