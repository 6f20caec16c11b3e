# SPDX-License-Identifier: Apache-2.0
"""check_generated.py refuses what is not what the emitter makes: another line, a file too few, one too many."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[1] / "check_generated.py"
EMITTER = """import pathlib, sys
out = pathlib.Path(sys.argv[2])
words = pathlib.Path(sys.argv[1]).read_text()
if words.startswith("folder"):
    (out / "deep").mkdir(parents=True)
    (out / "one.txt").write_text("by emit_test.py\\n" + words)
    (out / "deep" / "two.txt").write_text("by emit_test.py\\n" + words)
else:
    out.write_text(words)
"""


class CheckGenerated(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.emitter, self.words = self.folder / "emit_test.py", self.folder / "words"
        self.committed = self.folder / "committed"
        self.emitter.write_text(EMITTER)

    def check(self):
        """(status, all that is said)"""
        done = subprocess.run([sys.executable, CHECK, self.emitter, self.words, self.committed], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8", check=False)
        return done.returncode, done.stdout

    def make_folder(self):
        self.words.write_text("folder\n")
        subprocess.run([sys.executable, self.emitter, self.words, self.committed], check=True)
        (self.committed / "by_hand.txt").write_text("beside what is generated\n")

    def refused(self, *told):
        status, said = self.check()
        self.assertEqual(status, 1, said)
        for words in (*told, "run it again"):
            self.assertIn(words, said)

    def test_file(self):
        self.words.write_text("a\nb\n")
        self.committed.write_text("a\nb\n")
        self.assertEqual(self.check(), (0, ""))
        self.committed.write_text("a\nc\n")
        self.refused("-c\n", "+b\n")

    def test_nothing_made(self):
        self.words.write_text("folder\n")
        self.emitter.write_text("import pathlib, sys\npathlib.Path(sys.argv[2]).mkdir()\n")
        self.committed.mkdir()
        self.refused()

    def test_folder(self):
        self.make_folder()
        self.assertEqual(self.check(), (0, ""))
        (self.committed / "one.txt").write_text("by emit_test.py\nfolders\n")
        self.refused("committed one.txt")

    def test_file_too_few(self):
        self.make_folder()
        (self.committed / "deep" / "two.txt").unlink()
        self.refused("generated deep/two.txt")

    def test_file_too_many(self):
        self.make_folder()
        (self.committed / "old.txt").write_text("by emit_test.py, once\n")
        self.refused("committed old.txt")


if __name__ == "__main__":
    unittest.main()
