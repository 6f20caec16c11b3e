# SPDX-License-Identifier: Apache-2.0
"""What the tests of the engines share: a file of pairs, what mgeo-score says of it, processes to kill, a README's commands.

A test of an engine is run as NAME_test.py [ROWS]. $MGEO_SCORE is the program, $MGEO_LIBRARY the library, and PYTHONPATH leads
to the package mgeo. A test whose modules or programs are missing exits with 77 and says which.
"""
import contextlib
import importlib.util
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "bindings"))
from run_readme import blocks  # noqa: E402

EXAMPLES = ROOT / "examples" / "engines"
SKIPPED = 77
INIT = 1  # all processes are below it
SCORE = os.environ["MGEO_SCORE"]
ALIKE = 2e-6  # mgeo-score writes six digits
WITHOUT_ADDRESS = 97  # every 97th row of the file has no second address
rows = 2000  # ROWS of the command line


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def missing_modules(modules):
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"{sys.executable} has no module {', '.join(missing)}" if missing else None


def need(modules=(), programs=()):
    """Ends the test where something that the engine is made of is not there."""
    if missing_modules(modules):
        skip(missing_modules(modules))
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        skip(f"no program {', '.join(missing)}")


def main(unseen=None):
    """Runs the tests; where they pass and something was left out, the end is that of a skipped test."""
    global rows
    if len(sys.argv) > 1:
        rows = int(sys.argv.pop(1))
    done = unittest.main(exit=False)
    if not done.result.wasSuccessful():
        sys.exit(1)
    if unseen is not None:
        skip(unseen)


def environment(**more):
    """Programs and Python are those under test, by the names that a README has for them."""
    first = [os.path.dirname(SCORE), os.path.dirname(sys.executable)]
    return {**os.environ, "PATH": os.pathsep.join([*first, os.environ["PATH"]]), "PYTHONDONTWRITEBYTECODE": "1", **more}


def descendants(pid):
    """(pid, command line) of all processes below one, as /proc has them now."""
    children = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            children.setdefault(parent, []).append((int(folder.name), line))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += [child for child, _ in below]
    return found


def kill(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def runs(pid):
    """It is there and no zombie."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def uses_library(pid):
    """It has libmgeo in its memory: it scores, or is about to."""
    with contextlib.suppress(OSError):
        return "libmgeo" in pathlib.Path(f"/proc/{pid}/maps").read_text()
    return False


class Killer(threading.Thread):
    """Kills one process below `root` whose command line matches, once `ready()` is true; `killed` is its id, or None. Without a
    pattern it is one that uses libmgeo."""

    def __init__(self, root, pattern, ready):
        super().__init__(daemon=True)
        self.root, self.pattern, self.ready = root, pattern and re.compile(pattern), ready
        self.killed, self.over = None, threading.Event()

    def run(self):
        while self.killed is None and not self.over.wait(0.002 if self.pattern else 0.1):
            if self.ready():
                self.kill_one()

    def is_meant(self, pid, line):
        return self.pattern.search(line) if self.pattern else uses_library(pid)

    def kill_one(self):
        for pid, line in descendants(self.root):
            if self.is_meant(pid, line):
                kill(pid, signal.SIGKILL)
                self.killed = pid
                return

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class Case(unittest.TestCase):
    """One folder, one file of pairs, and what mgeo-score says of it, for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.shared = pathlib.Path(holder.name)
        cls.tsv, cls.parquet = cls.shared / "pairs.tsv", cls.shared / "pairs.parquet"
        cls.make_pairs(cls.tsv, rows)
        cls.expected = cls.shared / "expected.tsv"
        cls.score(cls.tsv, cls.expected)

    @staticmethod
    def make_pairs(path, count):
        subprocess.run([sys.executable, str(EXAMPLES / "make_pairs.py"), str(count), str(path), "--without-address",
                        str(WITHOUT_ADDRESS)], check=True)

    @staticmethod
    def score(pairs, output, *options):
        done = subprocess.run([SCORE, "-q", "--threads", "2", "-o", str(output), *options, str(pairs)])
        assert done.returncode in (0, 1), done.returncode  # 1: rows without an address

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        (self.folder / "examples").symlink_to(ROOT / "examples")

    @classmethod
    def make_parquet(cls):
        """The same pairs as Parquet, and what mgeo-score says of them in int8, as the engines' programs have it by default."""
        cls.make_pairs(cls.parquet, rows)
        cls.int8 = cls.shared / "int8.tsv"
        cls.score(cls.tsv, cls.int8, "--precision", "int8")

    def run_in_folder(self, *command, status=0, **more):
        """Runs a command where examples/ is the tree's."""
        command = [str(word) for word in command]
        done = subprocess.run(command, cwd=self.folder, env=environment(**more), capture_output=True, text=True)
        self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}{done.stderr}")
        return done

    def readme(self, engine, **more):
        """Runs the blocks ```sh of a README one after the other; returns what they print."""
        commands = [body for _, body in readme_blocks(engine, "sh")]
        self.assertTrue(commands, f"{engine}/README.md has no commands")
        return self.run_in_folder("bash", "-euo", "pipefail", "-c", "\n".join(commands), **more).stdout

    def same_file(self, path, expected=None):
        self.assertEqual(pathlib.Path(path).read_bytes(), (expected or self.expected).read_bytes())

    def same_rows(self, found, expected=None):
        """Every row of mgeo-score's output, once: (id, sentence1, sentence2, similarity, label), None where there is nothing."""
        found = sorted(found)
        wanted = read_scored(expected or self.expected)
        self.assertEqual([row[0] for row in found], [row[0] for row in wanted])
        for ours, theirs in zip(found, wanted):
            self.assertEqual(ours[1:3], theirs[1:3])
            self.assertEqual(ours[4], theirs[4], ours)
            if theirs[3] is None:
                self.assertTrue(ours[3] is None, ours)
            else:
                self.assertAlmostEqual(ours[3], theirs[3], delta=ALIKE)


def readme_blocks(engine, *kinds):
    """(kind, text) of a README's blocks of these kinds, in their order."""
    return [block for block in blocks(EXAMPLES / engine / "README.md") if block[0] in kinds]


def read_scored(path):
    """The rows of an output of mgeo-score, by their ids."""
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()[1:]
    cells = [line.split("\t") for line in lines]
    return sorted((int(number), a, b or None, float(similarity) if similarity else None, label or None)
                  for number, a, b, similarity, label in cells)


def read_parquet(folder):
    """The rows of a scored table in Parquet, a file or a folder of them."""
    import pyarrow.dataset
    table = pyarrow.dataset.dataset(str(folder), format="parquet").to_table()
    names = ("id", "sentence1", "sentence2", "similarity", "label")
    columns = [table.column(name).to_pylist() for name in names]
    return list(zip(*columns))


def wait_for(condition, what, seconds=120, every=0.002):
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(every)
