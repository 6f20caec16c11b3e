# SPDX-License-Identifier: Apache-2.0
"""What the programs print of other people's texts: nothing that is invisible or steers a terminal."""
import json
import os
import pty
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

from harness import LIMIT, MGEO, PROGRAM, Case, tsv

BENCH, JOURNAL = os.environ["MGEO_BENCH"], os.environ["MGEO_JOURNAL"]

# control, C1, NBSP, zero width, line separator, direction, BOM, private use, variation selector, tag
UNSEEN = ["\x1b]0;x\x07", "\x7f", "\u009b31m", "\u00a0", "\u200b", "\u2028", "\u202e", "\u2066", "\ufeff",
          "\ue000", "\ufe0f", "\U000e0041"]


def invisible(text):
    return [char for char in text if char != "\n" and (
        not char.isprintable() and char != " " or char in UNSEEN)]


def shown(text):
    """What stands there instead."""
    raw = text.encode()
    return "".join(char if char in "]0;x31m" else "".join(f"\\x{byte:02X}" for byte in char.encode())
                   for char in raw.decode())


class Shown(Case):
    def run_any(self, program, *arguments, stdin=b""):
        return subprocess.run([program, *arguments], input=stdin, capture_output=True, timeout=LIMIT)

    def clean(self, done, piece):
        """Errors and reports hold the escaped piece, and no line more than they should."""
        err = done.stderr.decode()  # what is not UTF-8 fails here
        self.assertEqual(invisible(err), [], err)
        self.assertIn(shown(piece), err)

    def test_option_values_and_file_names(self):
        for piece in UNSEEN:
            name = "路" + piece + "1"
            for program, arguments in (
                    (PROGRAM, ["-m", MGEO, name + ".tsv"]), (PROGRAM, ["-m", name]),
                    (PROGRAM, ["--" + name]), (PROGRAM, ["-p", name]), (PROGRAM, ["--threshold", name]),
                    (PROGRAM, ["--columns", name]), (PROGRAM, ["-m", MGEO, "-o", "/nowhere/" + name]),
                    (PROGRAM, ["-m", MGEO, "--errors", "/nowhere/" + name]),
                    (BENCH, ["-m", MGEO, "--pairs", name]), (BENCH, ["--arrivals", name]), (BENCH, [name]),
                    (JOURNAL, [name]), (JOURNAL, ["-e", name, "x"]), (JOURNAL, ["-n", name, "x"])):
                done = self.run_any(program, *arguments)
                self.assertEqual(done.returncode, 2, arguments)
                self.assertEqual(invisible(done.stderr.decode()), [], (arguments, done.stderr))
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                if arguments[-1] is not name or "-m" not in arguments[:1]:
                    self.clean(done, piece)

    def test_line_ends_in_a_name_make_no_second_line(self):
        done = self.run_any(PROGRAM, "a\nmgeo-score: all is well\tb\r.tsv")
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.assertIn(rb"a\x0Amgeo-score: all is well\x09b\x0D.tsv", done.stderr)

    def test_names_that_are_not_utf8(self):
        done = self.run_any(PROGRAM, b"\xc2\xb7\xb5\xd8.tsv")
        self.assertIn("·".encode() + rb"\xB5\xD8.tsv", done.stderr)

    def test_columns_of_the_header(self):
        for piece in UNSEEN[1:]:
            given = tsv(("s1" + piece, "s2"), ("甲路1号", "甲路2号"))
            self.clean(self.run_any(PROGRAM, "-m", MGEO, "-c", "q,s2", stdin=given), piece)
            self.clean(self.run_any(PROGRAM, "-m", MGEO, "-c", "q" + piece + ",s2", stdin=given), piece)
            empty = tsv(("s1" + piece, "s2"), ("", "甲路2号"))
            self.clean(self.run_any(PROGRAM, "-m", MGEO, "-c", "1,2", "--header", "yes", stdin=empty), piece)

    def test_rows_without_a_score_and_their_file(self):
        for piece in UNSEEN:
            name = self.path("in" + piece.replace("/", "") + ".tsv", tsv(("甲路1号" + piece, ""), ("甲", "乙")))
            self.clean(self.run_any(PROGRAM, "-m", MGEO, name), piece)
            errors = self.path("errors.tsv")
            self.run_any(PROGRAM, "-m", MGEO, "--errors", errors, name)
            text = self.read("errors.tsv").decode()
            self.assertEqual([c for c in invisible(text) if c != "\t"], [])
            self.assertEqual(text.split("\n")[1].count(shown(piece)), 2)  # the file's name and the row

    def test_a_long_column_name_is_cut_between_characters(self):
        name = "标准地址" * 80
        err = self.run_any(PROGRAM, "-m", MGEO, "-c", "1,2", "--header", "yes",
                           stdin=tsv((name, "b"), ("", "甲"))).stderr.decode()
        self.assertNotIn("\\x", err)

    def test_a_model_directory_with_such_a_name(self):
        """Its name is the version: in --check, the summary, mgeo-bench's table, its JSON and its drawing."""
        for piece in UNSEEN:
            name = self.path("v1" + piece)
            os.symlink(MGEO, name)
            done = self.run_any(PROGRAM, "-m", name, "--check")
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(invisible(done.stdout.decode()), [], done.stdout)
            self.run_any(PROGRAM, "-m", name, "--summary", self.path("s"), stdin=tsv(("甲", "乙")))
            self.assertEqual(invisible(self.read("s").decode()), [])
            self.assertEqual(json.loads(self.read("s"))["model"]["path"], name)
        for piece in ("\x1b<&>\"'\x07", "\u202e<"):
            name = self.path("v2" + piece)
            os.symlink(MGEO, name)
            done = self.run_any(BENCH, "-m", name, "--duration", "0.1", "--warm-up", "0", "--json",
                                self.path("json"), "--plot", self.path("svg"))
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(invisible(done.stdout.decode() + self.read("json").decode()), [])
            xml.etree.ElementTree.fromstring(self.read("svg").decode())
            self.assertEqual(invisible(self.read("svg").decode()), [])

    def test_fields_that_are_not_used_are_told(self):
        """--check counts those that change no score, and names the others."""
        model = self.path("model")
        shutil.copytree(MGEO, model)
        with open(os.path.join(model, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        config |= {"use_cache": True, "my\u202efield": 1}
        with open(os.path.join(model, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        done = self.run_any(PROGRAM, "-m", model, "--check")
        out = done.stdout.decode()
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("config.json: my\\xE2\\x80\\xAEfield: unknown\n", out)
        self.assertRegex(out, r"unused fields  \d+ that change no score, \d+ to look at:\n")
        self.assertNotIn("use_cache", out)
        self.assertEqual(done.stderr, b"")

    def test_the_journal_on_a_terminal(self):
        """Lines as they stand in the file are for programs; a terminal gets them shown."""
        path = self.path("journal", b'{"seq":1}\x1b[2J\xc2\x9b\n')
        piped = self.run_any(JOURNAL, "--json", path)
        self.assertIn(b"\x1b[2J", piped.stdout)
        main, end = pty.openpty()
        subprocess.run([JOURNAL, "--json", path], stdout=end, stderr=subprocess.DEVNULL, timeout=LIMIT)
        os.close(end)
        shown = os.read(main, 4096)
        os.close(main)
        self.assertIn(rb'{"seq":1}\x1B[2J\xC2\x9B', shown)
        self.assertNotIn(b"\x1b", shown)


if __name__ == "__main__":
    unittest.main()
