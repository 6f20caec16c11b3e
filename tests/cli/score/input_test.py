# SPDX-License-Identifier: Apache-2.0
"""What goes in: headers, columns, odd bytes, broken rows, compression, several files."""
import gzip
import os
import shutil
import socket
import subprocess
import unittest

from harness import MGEO, NAMES, PROGRAM, SANITIZED, Case, table, tsv

GOOD = ("路", "人民路", "中山路", "x")


class Columns(Case):
    def scored(self, *arguments, stdin, status=0):
        return [cells[-2:] for cells in self.run_score(*arguments, stdin=stdin, status=status).cells]

    def test_columns_are_named_or_numbered(self):
        by_name = self.scored("-c", "sentence1,sentence2", stdin=table())
        self.assertEqual(by_name[0], [b"similarity", b"label"])
        for columns in ("2,3", "sentence1,3", "2,sentence2"):
            self.same(self.scored("-c", columns, stdin=table()), by_name)
        self.same(self.scored(stdin=table()), by_name)
        turned = self.scored("-c", "3,2", stdin=table())
        self.assertGreater(abs(float(turned[2][0]) - float(by_name[2][0])), 1e-4)

    def test_a_table_without_a_header_is_all_data(self):
        rows = self.scored("-c", "2,3", stdin=table(header=False))
        self.same(rows, self.scored("-c", "2,3", "--header", "yes", stdin=table())[1:])
        self.assertEqual(len(rows), 5)

    def test_header_yes_and_no_are_obeyed(self):
        given = tsv(("人民路", "中山路"), ("人民路", "北京路"))
        self.assertEqual(len(self.scored(stdin=given)), 2)
        self.assertEqual(self.scored("--header", "yes", stdin=given)[0], [b"similarity", b"label"])
        names = tsv(("text1", "text2"), ("人民路", "中山路"))
        self.assertEqual(self.scored(stdin=names)[0], [b"similarity", b"label"])
        self.assertNotEqual(self.scored("--header", "no", stdin=names)[0], [b"similarity", b"label"])

    def test_unknown_names_are_refused(self):
        for arguments in (("-c", "sentence1,x"), ("--gold", "x"), ("--header", "yes", "-c", "2,9")):
            result = self.run_score(*arguments, stdin=table(), status=2)
            self.assertIn("standard input", self.one_line(result))


class Lines(Case):
    def test_bom_crlf_and_a_missing_final_newline_do_no_harm(self):
        plain = self.run_score(stdin=table()).cells
        windows = b"\xef\xbb\xbf" + table().replace(b"\n", b"\r\n")
        self.same(self.run_score(stdin=windows).cells, plain)
        self.same(self.run_score(stdin=table()[:-1]).cells, plain)
        self.same(self.run_score(stdin=windows[:-2]).cells, plain)

    def check_bad(self, bad, reason, where=None, kept=None):
        """A bad row between good ones is reported with its line and offset; they are scored."""
        before, after = tsv(NAMES, GOOD), tsv(GOOD)
        errors = self.path("errors.tsv")
        result = self.run_score("--errors", errors, stdin=before + bad + b"\n" + after, status=1)
        self.assertEqual(len(result.lines), 4)
        self.same([result.cells[1]], [result.cells[3]])
        self.assertNotEqual(result.cells[1][4], b"")
        self.assertEqual(result.cells[2][-2:], [b"", b""])
        self.assertEqual(len(result.cells[2]), 6)
        if kept is not None:
            self.assertEqual(b"\t".join(result.cells[2][:4]), kept)
        report = self.read("errors.tsv").decode().split("\n")
        self.assertEqual(report[0], "file\tline\toffset\treason\texplanation\trow")
        cells = report[1].split("\t")
        self.assertEqual(cells[:4], ["standard input", "3", str(len(before)), reason])
        self.assertEqual(len(cells), 6)
        if where is not None:
            self.assertIn(where, cells[4])
        self.assertEqual(report[2:], [""])
        self.assertIn("bad rows: 1;", result.err)
        return cells[5]

    def test_an_empty_text_is_a_bad_row(self):
        self.check_bad(b"1\t\tx\ty", "empty_text", 'column 2 ("sentence1")', b"1\t\tx\ty")
        self.check_bad(b"1\tx\t\ty", "empty_text", 'column 3 ("sentence2")')

    def test_a_text_of_spaces_is_a_bad_row(self):
        self.check_bad(b"1\t \tx\ty", "nothing_to_score")

    def test_too_few_and_too_many_columns_are_bad_rows(self):
        row = self.check_bad(b"1\tx", "too_few_columns", "2 columns", b"1\tx\t\t")
        self.assertEqual(row, "1\\tx")
        self.check_bad(b"", "blank_line", None, b"\t\t\t")
        self.check_bad(b"1\ta\tb\tc\td", "too_many_columns", "5 columns instead of 4", b"1\ta\tb\tc")

    def test_a_short_row_with_both_texts_is_scored(self):
        result = self.run_score(stdin=tsv(NAMES, GOOD[:3], GOOD))
        self.assertEqual(result.cells[1][3], b"")
        self.same([result.cells[1][4:]], [result.cells[2][4:]])

    def test_invalid_utf8_is_a_bad_row(self):
        row = self.check_bad(b"1\tab\xff\tx\ty", "invalid_utf8", "byte 5 of the line",
                             b"1\tab\xff\tx\ty")
        self.assertEqual(row, "1\\tab\\xFF\\tx\\ty")
        self.check_bad(b"1\ta\tx\xe5\x9c\ty", "invalid_utf8", 'column 3 ("sentence2")')

    def test_a_nul_byte_is_a_bad_row(self):
        row = self.check_bad(b"1\ta\0b\tx\ty", "nul_byte", "byte 4 of the line", b"1\ta\0b\tx\ty")
        self.assertEqual(row, "1\\ta\\0b\\tx\\ty")

    def test_other_columns_may_hold_anything(self):
        odd = b"\xff\0\tx\ty\t\xfe"
        result = self.run_score(stdin=tsv(NAMES) + odd + b"\n")
        self.assertTrue(result.lines[1].startswith(odd + b"\t"))

    def test_a_line_of_100_megabytes_is_skipped(self):
        """Made on the fly; memory must not grow with it."""
        child = self.start("-o", self.path("out"), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdin.write(tsv(NAMES, GOOD))
        for _ in range(100):
            child.stdin.write(b"x" * 1_000_000)
        child.stdin.write(b"\n" + tsv(GOOD))
        child.stdin.close()
        message = child.stderr.read().decode()
        child.stderr.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 1)
        self.assertIn("standard input:3: the line has 100000000 bytes", message)
        lines = self.read("out").split(b"\n")
        self.same([lines[1].split(b"\t")], [lines[3].split(b"\t")])
        self.assertEqual(lines[2], b"\t\t\t\t\t")
        if SANITIZED:  # a sanitizer keeps freed memory
            return
        small = self.start("-o", self.path("out"), self.path("small", table()))
        _, _, usual = os.wait4(small.pid, 0)
        small.returncode = 0
        self.assertLess(usage.ru_maxrss, usual.ru_maxrss + 30_000)  # KB

    def test_bad_rows_are_told_on_standard_error(self):
        given = tsv(NAMES) + b"\n" * 14 + tsv(GOOD)
        result = self.run_score(stdin=given, status=1)
        lines = result.err.split("\n")
        self.assertEqual(lines[0], "mgeo-score: standard input:2: the line is blank (byte offset "
                                   f"{len(tsv(NAMES))})")
        self.assertEqual(len(lines), 12)
        self.assertIn("bad rows not shown: 4", lines[10])
        self.assertEqual(self.run_score("-q", stdin=given, status=1).err, "")


class Compressed(Case):
    def test_gzip_is_read_by_content(self):
        plain = self.run_score(stdin=table(40)).cells
        packed = gzip.compress(table(40))
        self.same(self.run_score(stdin=packed).cells, plain)
        cut = len(table(40)) // 2
        members = gzip.compress(table(40)[:cut]) + gzip.compress(b"") + gzip.compress(table(40)[cut:])
        self.same(self.run_score(self.path("in.txt", members)).cells, plain)
        self.same(self.run_score(self.path("in.txt", members + b"\0" * 100)).cells, plain)

    def test_gzip_that_is_cut_short_or_damaged_is_an_error(self):
        packed = gzip.compress(table(400))
        for broken in (packed[:-1], packed[:-8], packed[:len(packed) // 2], packed[:5]):
            result = self.run_score("-o", self.path("out"), self.path("in", broken), status=2)
            self.assertIn("in: the gzip data ends early", self.one_line(result))
        damaged = bytearray(packed)
        damaged[-6] ^= 1
        self.assertIn("damaged", self.run_score(self.path("in", bytes(damaged)), status=2).err)
        self.assertFalse(os.path.exists(self.path("out")))
        self.assertEqual(self.leftovers(), [])

    @unittest.skipUnless(shutil.which("zstd"), "needs the zstd program to make its input")
    def test_zstd_is_read_by_content(self):
        def pack(content):
            return subprocess.run(["zstd", "-c"], input=content, capture_output=True, check=True).stdout

        plain = self.run_score(stdin=table(40)).cells
        cut = len(table(40)) // 2
        frames = pack(table(40)[:cut]) + pack(b"") + pack(table(40)[cut:])
        skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
        for packed in (pack(table(40)), frames, skippable + frames):
            self.same(self.run_score(stdin=packed).cells, plain)
        for broken in (frames[:-1], frames[:-3], frames[:30], pack(table(40))[:6]):
            result = self.run_score("-q", self.path("in", broken), status=2)
            self.assertIn("the zstd data ends early", result.err)

    def begin_on(self, path):
        """A run that has read the beginning of a file and waits for its output to be taken."""
        child = subprocess.Popen([PROGRAM, "-m", MGEO, "--header", "no", "--max-length", "8", path],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        child.stdout.read(1)
        return child

    def test_a_file_that_shrinks_ends_the_run_and_one_that_changes_is_told(self):
        rows = b"".join(b"a%d\tb%d\t%s\n" % (i, i, b"x" * 4000) for i in range(12000))
        path = self.path("in", rows)
        child = self.begin_on(path)
        os.truncate(path, len(rows) // 2)
        out, err = child.communicate()
        self.assertEqual(child.returncode, 2)
        self.assertIn(b"has become shorter while it was read", err)
        self.assertGreater(out.count(b"\n"), 100)
        path = self.path("in", rows)
        child = self.begin_on(path)
        with open(path, "ab") as file:
            file.write(b"a\tb\tc\n")
        out, err = child.communicate()
        self.assertEqual(child.returncode, 0)
        self.assertEqual(out.count(b"\n"), 12001)
        self.assertIn(b"was written to while it was read", err)
        path = self.path("in", rows)
        child = self.begin_on(path)
        os.replace(self.path("other", b"a\tb\n"), path)
        out, err = child.communicate()
        self.assertEqual((child.returncode, out.count(b"\n")), (0, 12000))

    def test_what_is_no_file_is_named(self):
        place = self.path("socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(place)
            self.assertIn("is a socket", self.one_line(self.run_score(place, status=2)))
        self.assertIn("is a directory", self.one_line(self.run_score(os.path.dirname(place), status=2)))

    def test_other_formats_are_named(self):
        for head, word in ((b"PK\x03\x04", "zip"), (b"BZh91AY&SY", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"PAR1\0", "Parquet")):
            self.assertIn(word, self.one_line(self.run_score(stdin=head + b"....", status=2)))


class Files(Case):
    def test_several_files_are_one_table(self):
        first, second = table(3), table(2)
        result = self.run_score(self.path("a", first), self.path("b", b""), "-",
                                self.path("c", gzip.compress(second)), stdin=second)
        self.assertEqual(len(result.lines), 1 + 3 + 2 + 2)
        self.assertEqual([cells[0] for cells in result.cells],
                         [b"id", b"0", b"1", b"2", b"0", b"1", b"0", b"1"])

    def test_line_numbers_are_each_files_own(self):
        bad = tsv(NAMES) + b"\n"
        result = self.run_score(self.path("a", bad), self.path("b", bad), status=1)
        self.assertIn("a:2: ", result.err)
        self.assertIn("b:2: ", result.err)

    def test_headers_must_agree(self):
        other = table().replace(b"gold", b"label", 1)
        for second in (other, table(header=False)):
            result = self.run_score("-o", self.path("out"), self.path("a", table()),
                                    self.path("b", second), status=2)
            self.assertIn("/b: column", self.one_line(result))
            self.assertFalse(os.path.exists(self.path("out")))
        mixed = self.run_score("-c", "2,3", self.path("a", table(header=False)),
                               self.path("b", table()), status=2)
        self.assertIn("begins with a header", mixed.err)

    def test_missing_files_are_named(self):
        result = self.run_score(self.path("a", table()), self.path("none"), status=2)
        self.assertIn("none", self.one_line(result))
        self.assertEqual(result.out, b"")
        self.assertIn("directory", self.run_score(self.folder, status=2).err)

    def test_slow_pipe_is_answered_as_it_comes(self):
        child = subprocess.Popen([PROGRAM, "-m", MGEO], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        child.stdin.write(tsv(NAMES, GOOD))
        child.stdin.flush()
        self.assertTrue(child.stdout.readline().startswith(b"id\t"))
        self.assertTrue(child.stdout.readline().startswith("路\t".encode()))  # input still open
        child.stdin.close()
        self.assertEqual(child.wait(), 0)


if __name__ == "__main__":
    unittest.main()
