# SPDX-License-Identifier: Apache-2.0
"""--resume of match and dedupe: killed anywhere and run again, the files are those of a run left alone."""
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from harness import LIMIT, MGEO
from match_case import PROGRAM, MatchCase, examples, numbered

ROWS = examples()
CLEAN = ("dirty.tsv", "ref.tsv", "known.tsv")


class Killed(MatchCase):
    def setUp(self):
        super().setUp()
        texts = [row[0] for row in ROWS]
        self.path("dirty.tsv", numbered(texts + ["", "null"] + texts[:30] + [text + "1" for text in texts] * 2, "d"))
        self.path("ref.tsv", numbered([row[1] for row in ROWS], "r"))

    def clear(self):
        for name in self.names():
            if name in CLEAN:
                continue
            path = self.path(name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def outputs(self, names):
        return {name: self.read(name) for name in names}

    def check(self, names, *command):
        """Killed at each point, and then run again until it is done."""
        self.match(*command, status=None)
        expected = self.outputs(names)
        self.clear()
        resumed = (*command, "--resume", "--resume-every", "200")
        points = self.kill_points(*resumed)
        self.assertEqual(self.outputs(names), expected)
        self.assertEqual(self.names(), sorted((*CLEAN[:2], *names)))
        went_on = 0
        chance = random.Random(5)
        for point in sorted(chance.sample(range(1, points + 1), min(points, 45))):
            self.clear()
            done = self.killed_at(point, *resumed)
            self.assertEqual(done.status, -signal.SIGKILL)
            for name in names:
                if os.path.exists(self.path(name)):
                    self.assertEqual(self.read(name), expected[name], f"{name} at point {point}: whole or not there")
            done = self.match(*resumed, status=None)
            self.assertIn(done.status, (0, 1), done.err)
            went_on += "goes on after" in done.err
            self.assertEqual(self.outputs(names), expected, f"point {point} of {points}")
            self.assertEqual(self.names(), sorted((*CLEAN[:2], *names)), f"point {point} of {points}")
        self.assertGreater(went_on, 2)
        self.clear()

    def test_match(self):
        self.check(("out.tsv", "open.tsv", "errors.tsv"), "match", "-m", MGEO, "-k", "3", "--threshold", "0.5", "--id", "id",
                   "--ref-id", "id", "--errors", "errors.tsv", "--unmatched", "open.tsv", "-o", "out.tsv", "dirty.tsv",
                   "ref.tsv")

    def test_match_one_to_one(self):
        self.check(("out.tsv", "open.tsv", "errors.tsv"), "match", "-m", MGEO, "-k", "3", "--one-to-one", "--id", "id",
                   "--ref-id", "id", "--errors", "errors.tsv", "--unmatched", "open.tsv", "-o", "out.tsv", "dirty.tsv",
                   "ref.tsv")

    def test_match_candidates(self):
        self.check(("out.tsv",), "match", "--candidates", "-k", "3", "--id", "id", "--ref-id", "id", "-o", "out.tsv",
                   "dirty.tsv", "ref.tsv")

    def test_dedupe(self):
        self.check(("out.tsv", "pairs.tsv"), "dedupe", "-m", MGEO, "-k", "3", "--id", "id", "--pairs", "pairs.tsv", "-o",
                   "out.tsv", "dirty.tsv")

    def test_dedupe_candidates(self):
        self.check(("out.tsv",), "dedupe", "--candidates", "-k", "3", "--id", "id", "-o", "out.tsv", "dirty.tsv")

    def test_killed_by_the_clock(self):
        command = ("match", "-m", MGEO, "--id", "id", "--ref-id", "id", "-o", "out.tsv", "dirty.tsv", "ref.tsv")
        begun = time.monotonic()
        self.match(*command, status=None)
        whole = time.monotonic() - begun
        expected = self.read("out.tsv")
        self.clear()
        chance = random.Random(3)
        for _ in range(6):
            child = subprocess.Popen([PROGRAM, *command, "--resume", "--resume-every", "100"], cwd=self.folder,
                                     stderr=subprocess.DEVNULL)
            time.sleep(chance.random() * whole)
            child.kill()
            child.wait(LIMIT)
        self.match(*command, "--resume", "--resume-every", "100", status=None)
        self.assertEqual(self.read("out.tsv"), expected)


class Refused(MatchCase):
    """What was kept belongs to one command and to inputs as they were."""

    def setUp(self):
        super().setUp()
        self.path("dirty.tsv", numbered([row[0] for row in ROWS] * 3, "d"))
        self.path("ref.tsv", numbered([row[1] for row in ROWS], "r"))

    def command(self, *more, name="match"):
        return (name, "-m", MGEO, "--id", "id", "--resume", "--resume-every", "100", "-o", "out.tsv", *more, "dirty.tsv",
                *(["ref.tsv"] if name == "match" else []))

    def leave_parts(self, name="match"):
        done = self.killed_at(25, *self.command(name=name))
        self.assertEqual(done.status, -signal.SIGKILL)
        self.assertIn(".out.tsv.mgeo-resume", self.names())

    def test_another_command_is_refused(self):
        self.leave_parts()
        for more in (("-k", "3"), ("--threshold", "0.7"), ("--ref-id", "id"), ("--one-to-one",)):
            self.assertIn("holds a run of another kind", self.refused(*self.command(*more)))
        self.assertIn('--threshold was "0.5" and is "0.6" now', self.refused(*self.command("--threshold", "0.6")))
        self.assertIn("--least was", self.refused(*self.command("--least", "1e-300")))
        self.assertIn("--text was", self.refused(*self.command("--text", "id")))
        self.assertIn("--id was", self.refused(*self.command("--text", "address", "--id", "address")))
        self.match(*self.command("--effort", "100", "--threshold", "0.5", "--text", "2"))

    def test_other_guards_are_refused(self):
        """They cut when all is scored, so that nothing else tells one run from the other."""
        self.leave_parts("dedupe")
        for more in (("--max-size", "3"), ("--least-link", "0.3"), ("--max-size", "3", "--cut", "correlation"),
                     ("--pairs", "pairs.tsv"), ("-f", "jsonl")):
            said = self.refused(*self.command(*more, name="dedupe"))
            self.assertIn("holds a run of another kind: " + {"-f": "--format"}.get(more[0], more[0]) + " was", said)
        self.match(*self.command(name="dedupe"))

    def test_another_table_is_refused(self):
        for name in ("match", "dedupe"):
            self.leave_parts(name)
            content = self.read("dirty.tsv")
            self.path("dirty.tsv", content + b"x\ty\n")
            self.assertIn("holds a run of another kind", self.refused(*self.command(name=name)))
            self.path("dirty.tsv", content)
            self.match(*self.command(name=name))
            os.remove(self.path("out.tsv"))

    def test_damaged_parts_are_refused(self):
        self.leave_parts()
        part = self.path(os.path.join(".out.tsv.mgeo-resume", "output"))
        with open(part, "r+b") as file:
            file.write(b"X")
        self.assertIn("was changed since it was committed", self.refused(*self.command()))


if __name__ == "__main__":
    unittest.main()
