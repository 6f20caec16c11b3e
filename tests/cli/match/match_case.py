# SPDX-License-Identifier: Apache-2.0
"""Runs mgeo-match for the tests: $MGEO_MATCH is the program."""
import os
import subprocess

import harness

PROGRAM = os.environ["MGEO_MATCH"]
KILL_POINT = os.environ["MGEO_KILL_POINT"]
EXAMPLES = os.path.join(os.environ["MGEO_SOURCE"], "examples", "data", "pairs.tsv")


def examples():
    """Pairs of real company addresses, with their labels."""
    with open(EXAMPLES, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file][1:]


def numbered(texts, letter, header=("id", "address")):
    rows = [] if header is None else [header]
    return harness.tsv(*rows, *((f"{letter}{i}", text) for i, text in enumerate(texts, 1)))


class MatchCase(harness.Case):
    def match(self, *arguments, stdin=b"", status=0, env=None):
        command = [PROGRAM, *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=harness.LIMIT, cwd=self.folder,
                              env=env)
        result = harness.Result(done.returncode, done.stdout, done.stderr)
        if status is not None:
            self.assertEqual(result.status, status, f"{command}: {result.err}")
        return result

    def refused(self, *arguments, stdin=b""):
        """The one line that the program ended with."""
        result = self.match(*arguments, stdin=stdin, status=2)
        lines = [line for line in result.err.splitlines()]
        self.assertTrue(lines and lines[-1].startswith("mgeo-match: "), result.err)
        return lines[-1]

    def reader_gone(self, *arguments):
        """The status and standard error of a run whose standard output nobody reads."""
        end, pipe = os.pipe()
        os.close(end)
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, stdout=pipe, stderr=subprocess.PIPE,
                              timeout=harness.LIMIT)
        os.close(pipe)
        return done.returncode, done.stderr.decode()

    def changed_between(self, name, content, said, *arguments):
        """A run that writes to a pipe, whose table changes before the pipe is opened, once a line was said."""
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        child = subprocess.Popen([PROGRAM, *arguments, "-o", "pipe"], cwd=self.folder, stderr=subprocess.PIPE)
        error = b""
        while said not in error:
            line = child.stderr.readline()
            self.assertTrue(line, error)
            error += line
        self.path(name, content)
        with open(pipe, "rb") as end:
            end.read()
        error += child.stderr.read()
        child.stderr.close()
        return child.wait(harness.LIMIT), error.decode()

    def rows(self, name):
        return [line.split("\t") for line in self.read(name).decode().splitlines()]

    def names(self):
        return sorted(os.listdir(self.folder))

    def with_kill_point(self, **settings):
        """The environment in which a run kills itself, or counts where it could."""
        if harness.SANITIZED:
            self.skipTest("a sanitizer wants to be the first that is loaded")
        return dict(os.environ, LD_PRELOAD=KILL_POINT, **settings)

    def kill_points(self, *arguments):
        """How many calls of a run change a file."""
        count = self.path("points")
        self.match(*arguments, status=None, env=self.with_kill_point(KILL_POINT_COUNT=count))
        with open(count, encoding="ascii") as file:
            points = int(file.read())
        os.remove(count)
        return points

    def killed_at(self, point, *arguments):
        return self.match(*arguments, status=None, env=self.with_kill_point(KILL_POINT=str(point)))
