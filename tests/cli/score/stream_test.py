# SPDX-License-Identifier: Apache-2.0
"""--stream: each row is answered before the next one is written, in every format, with as many rows out as in."""
import json
import os
import select
import subprocess
import time
import unittest

from harness import LIMIT, MGEO, PROGRAM, Case, tsv


class Stream(Case):
    def open(self, *arguments):
        child = subprocess.Popen([PROGRAM, "-m", MGEO, "--stream", *arguments], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self.addCleanup(child.wait)
        for stream in (child.stdin, child.stdout, child.stderr):
            self.addCleanup(stream.close)
        self.addCleanup(child.kill)
        self.child, self.waiting = child, b""
        return child

    def put(self, data):
        self.child.stdin.write(data)

    def answer(self):
        """The next line, however long that takes; the input stays open and nothing more is written."""
        until = time.monotonic() + LIMIT
        while b"\n" not in self.waiting:
            left = until - time.monotonic()
            self.assertTrue(left > 0 and select.select([self.child.stdout], [], [], left)[0],
                            f"no answer; so far {self.waiting!r}")
            got = os.read(self.child.stdout.fileno(), 65536)
            if not got:
                self.fail(self.child.stderr.read())
            self.waiting += got
        line, self.waiting = self.waiting.split(b"\n", 1)
        return line

    def end(self, status=0):
        self.child.stdin.close()
        self.assertEqual(self.child.stdout.read(), b"")
        self.assertEqual(self.child.wait(LIMIT), status)

    def ask(self, row, end=b"\n"):
        self.put(row + end)
        return self.answer()

    def test_row_for_row(self):
        self.open()
        self.assertEqual(self.ask(b"id\tsentence1\tsentence2"), b"id\tsentence1\tsentence2\tsimilarity\tlabel")
        for i in range(20):
            cells = self.ask(f"{i}\t人民路{i}号\t人民路1号".encode()).split(b"\t")
            self.assertEqual((len(cells), int(cells[0])), (5, i))
            self.assertRegex(cells[3], rb"^[01]\.\d{6}$")
        self.end()

    def test_without_a_header(self):
        self.open("-q")
        for i in range(3):
            self.assertEqual(self.ask(f"人民路{i}号\t人民路1号".encode()).count(b"\t"), 3)
        self.end()

    def test_bad_rows_are_answered_too(self):
        self.open("-q")
        self.ask("sentence1\tsentence2".encode())
        for row in (b"", b"x", b"x\t", b"a\tb\tc", b"\xff\t1", b"NULL\tx", b"sentence1\tsentence2", b'"x\ty', b'x\t"y',
                    b" \t "):
            answer = self.ask(row)
            if row in (b'"x\ty', b'x\t"y'):  # a quote is a character like others
                self.assertRegex(answer, rb"\t[01]\.\d{6}\t\w+$")
            else:
                self.assertTrue(answer.endswith(b"\t\t"), answer)
        self.end(status=1)

    def test_csv_and_records_of_several_lines(self):
        self.open("-q", "--input-format", "csv")
        self.assertEqual(self.ask(b"sentence1,sentence2"), b"sentence1,sentence2,similarity,label")
        self.assertRegex(self.ask('"甲路,1号",乙路'.encode()), rb",[01]\.\d{6},\w+$")
        self.put('甲路,乙路\n"丙路\n'.encode())  # the first is whole, the second not yet
        self.assertTrue(self.answer().startswith("甲路,乙路,".encode()))
        self.put('1号",丁路\n'.encode())
        self.assertEqual(self.answer(), '"丙路'.encode())
        self.assertTrue(self.answer().startswith('1号",丁路,'.encode()))
        self.end()

    def test_json_lines(self):
        self.open("-q")
        for i in range(3):
            answer = json.loads(self.ask(json.dumps({"sentence1": f"甲路{i}号", "sentence2": "甲路1号"}).encode()))
            self.assertEqual(answer["sentence1"], f"甲路{i}号")
            self.assertIn("similarity", answer)
        self.assertIsNone(json.loads(self.ask(b'{"sentence1": "x"}'))["similarity"])
        self.end(status=1)

    def test_the_beginning_of_a_line_keeps_no_row_waiting(self):
        for encoding in ("utf-8", "gb18030", "utf-16le"):
            with self.subTest(encoding):
                self.open("-q", "--encoding", encoding, "-c", "1,2", "--header", "no")
                row = "人民路1号\t人民路2号\n".encode(encoding)
                for cut in (1, 2, 3, 5, len(row) - 1):
                    self.put(row + row[:cut])
                    self.answer()
                    self.put(row[cut:])
                    self.answer()
                self.end()

    def test_many_rows_at_once_are_all_answered_in_order(self):
        rows = [(str(i), f"甲路{i}号", "甲路1号") for i in range(5000)]
        given = tsv(("id", "sentence1", "sentence2"), *rows)
        result = self.run_score("--stream", stdin=given)
        self.assertEqual([cells[0] for cells in result.cells[1:]], [row[0].encode() for row in rows])
        self.assertEqual(result.out, self.run_score(stdin=given).out)

    def test_what_does_not_go_with_it(self):
        given = self.path("in", tsv(("甲路", "乙路")))
        for more, say in ((("-o", self.path("out")), "redirect standard output"),
                          (("--resume", "-o", "/dev/null"), "neither --resume nor --shard"),
                          (("--shard", "1/2"), "neither --resume nor --shard"),
                          (("--sample", "1"), "neither --shard nor --stream")):
            self.assertIn(say, self.one_line(self.run_score("--stream", *more, given, status=2)))
        self.run_score("--stream", "-q", "-o", "/dev/stdout", "--summary", self.path("summary"), "--gold", "1",
                       given, status=1)


if __name__ == "__main__":
    unittest.main()
