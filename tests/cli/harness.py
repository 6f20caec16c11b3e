# SPDX-License-Identifier: Apache-2.0
"""Runs mgeo-score for the tests: $MGEO_SCORE is the program, $MGEO_GOLDEN the golden models."""
import os
import re
import signal
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["MGEO_SCORE"]
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # device auto is the CPU, whatever the machine has
os.environ["TERM"] = "xterm"  # what a test makes of a terminal must not depend on who runs it
GOLDEN = os.environ["MGEO_GOLDEN"]
MGEO = os.path.join(GOLDEN, "mgeo")  # exact_match, partial_match, not_match
ONE_LOGIT = os.path.join(GOLDEN, "rank")
LABELS = ["exact_match", "partial_match", "not_match"]
SCORE = re.compile(rb"^[01]\.\d{6}$")
SANITIZED = os.environ.get("MGEO_SANITIZED", "none") != "none"  # then memory says nothing
LIMIT = 120  # seconds after which a run counts as hung

# Under nohup, or behind a script's &, these are ignored, and what is tested would ignore them too.
for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PAIRS = [("人民路1号", "人民路1号"), ("人民路1号", "中山路22号"), ("西湖区文三路100号", "文三路100号"),
         ("阳光花园5幢", "阳光花园5栋"), ("长安支行", "长安路工行")]


def tsv(*rows, end="\n"):
    return "".join("\t".join(row) + end for row in rows).encode()


NAMES = ("id", "sentence1", "sentence2", "gold")


def table(count=5, header=True):
    """Rows id, sentence1, sentence2, gold, every one unlike the others."""
    rows = [NAMES] if header else []
    for i in range(count):
        a, b = PAIRS[i % len(PAIRS)]
        rows.append((str(i), a + str(i // 5), b, LABELS[i % 3]))
    return tsv(*rows)


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err.decode()
        self.lines = out.split(b"\n")[:-1] if out.endswith(b"\n") else out.split(b"\n")
        self.cells = [line.split(b"\t") for line in self.lines]


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content)
        return path

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def run_score(self, *arguments, stdin=b"", model=MGEO, status=0):
        """Runs to the end and checks the exit status; model None: the bundled one."""
        command = [PROGRAM, *(["-m", model] if model else []), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=LIMIT)
        result = Result(done.returncode, done.stdout, done.stderr)
        self.assertEqual(result.status, status, f"{command}: {result.err}")
        return result

    def start(self, *arguments, model=MGEO, **how):
        child = subprocess.Popen([PROGRAM, "-m", model, *arguments], **how)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def same(self, rows, others):
        """Equal cells; scores may differ in the last digit, as batches differ from run to run."""
        self.assertEqual(len(rows), len(others))
        for row, other in zip(rows, others):
            self.assertEqual(len(row), len(other))
            for cell, expected in zip(row, other):
                if SCORE.match(cell) and SCORE.match(expected):
                    self.assertAlmostEqual(float(cell), float(expected), delta=2e-5)
                else:
                    self.assertEqual(cell, expected)

    def leftovers(self):
        return [name for name in os.listdir(self.folder) if name.endswith(".part")]

    def one_line(self, result):
        """The program failed with one line that begins with its name."""
        self.assertEqual(result.err.count("\n"), 1, result.err)
        self.assertTrue(result.err.startswith("mgeo-score: "), result.err)
        return result.err
