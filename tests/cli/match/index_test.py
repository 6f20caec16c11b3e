# SPDX-License-Identifier: Apache-2.0
"""mgeo-match index, add, remove, info, query: what an index file holds after each, and what is refused."""
import fcntl
import json
import os
import shutil
import unittest

from harness import MGEO, tsv
from match_case import MatchCase, examples, numbered

TEXTS = [row[1] for row in examples()][:60]


class IndexFile(MatchCase):
    def setUp(self):
        super().setUp()
        self.path("ref.tsv", numbered(TEXTS, "r"))

    def index(self, *arguments, status=0):
        return self.match("index", "-o", "ref.mgx", *arguments, status=status)

    def rows_in(self, name="ref.mgx"):
        return json.loads(self.match("info", "--json", name).out)["rows"]

    def ids(self, text, *more, name="ref.mgx"):
        done = self.match("query", "--candidates", "--json", *more, name, text)
        return [candidate["id"] for candidate in json.loads(done.out)["candidates"]]

    def test_every_text_is_found_first_by_itself(self):
        self.index("--id", "id", "ref.tsv")
        self.assertEqual(self.rows_in(), len(TEXTS))
        for i in range(0, len(TEXTS), 7):
            self.assertEqual(self.ids(TEXTS[i], "-k", "1"), [f"r{i + 1}"])

    def test_without_ids_rows_go_by_their_numbers_which_is_told(self):
        done = self.index("ref.tsv")
        self.assertIn("rows go by their numbers, from 1; --id names a column of ids", done.err)
        self.assertEqual(self.ids(TEXTS[4], "-k", "1"), ["5"])

    def test_the_text_column_is_guessed_and_told(self):
        self.path("t.csv", "编号,电话,详细地址\nx,1,杭州市文三路1号\ny,2,杭州市文三路2号\n".encode())
        done = self.index("--id", "编号", "t.csv")
        self.assertIn('the texts are taken from column 3 ("详细地址")', done.err)
        self.path("bare.tsv", "7\t杭州市文三路1号\n8\t杭州市文三路2号\n".encode())
        done = self.index("--id", "1", "bare.tsv")
        self.assertIn("the texts are taken from column 2, and line 1 is data", done.err)
        self.assertEqual(self.rows_in(), 2)

    def test_jsonl_and_several_files(self):
        self.path("a.jsonl", '{"id": 1, "address": "杭州市文三路1号"}\n{"id": "b\\t\\"", "address": "南京路2号"}\n'.encode())
        self.path("b.jsonl", '{"address": "人民路3号", "id": null}\n{"address": "中山路4号", "id": "d"}\n'.encode())
        done = self.index("--id", "id", "a.jsonl", "b.jsonl", status=1)
        self.assertIn('b.jsonl:1: column 1 ("id") is empty', done.err)
        self.assertEqual(self.ids("南京路2号", "-k", "1"), ['b\t"'])
        self.assertEqual(self.rows_in(), 3)

    def test_the_last_row_with_an_id_counts(self):
        self.path("twice.tsv", tsv(("id", "address"), ("a", "杭州市文三路1号"), ("b", "南京路2号"), ("a", "人民路3号")))
        done = self.index("--id", "id", "twice.tsv")
        self.assertIn("rows with an id that came before, which they replace: 1", done.err)
        self.assertEqual(self.rows_in(), 2)
        self.assertEqual(self.ids("人民路3号", "-k", "1"), ["a"])

    def test_odd_ids_come_back_as_they_were(self):
        odd = ["a b", "'", '"', "\\", "你好", "-1", "𠮷", "a,b", "x" * 300]
        self.path("odd.jsonl", "".join(json.dumps({"id": id, "address": text}) + "\n"
                                       for id, text in zip(odd, TEXTS)).encode())
        self.index("--id", "id", "odd.jsonl")
        for id, text in zip(odd, TEXTS):
            self.assertEqual(self.ids(text, "-k", "1"), [id])

    def test_bad_rows_are_left_out_and_listed(self):
        self.path("bad.tsv", b"id\taddress\n1\t\xe8\xb7\xaf1\n2\t\n\t\xe8\xb7\xaf\n4\t\xff\xe8\n5\tnull\n6\t\xe8\xb7\xaf2\n")
        self.index("--id", "id", "--errors", "errors.tsv", "bad.tsv", status=1)
        self.assertEqual(self.rows_in(), 2)
        self.assertEqual([row[3] for row in self.rows("errors.tsv")[1:]],
                         ["empty_text", "empty_text", "invalid_utf8", "null_word"])
        self.assertIn("stopped at bad row 1", self.refused("index", "-o", "no.mgx", "--max-errors", "0", "bad.tsv"))
        self.assertNotIn("no.mgx", self.names())

    def test_empty_tables_and_tables_of_one_row(self):
        self.path("none.tsv", b"")
        self.index("none.tsv")
        self.assertEqual(self.rows_in(), 0)
        self.assertEqual(self.ids("人民路3号"), [])
        self.path("header.tsv", b"id\taddress\n")
        self.index("--id", "id", "header.tsv")
        self.assertEqual(self.rows_in(), 0)
        self.path("one.tsv", tsv(("人民路3号",)))
        self.index("one.tsv")
        self.assertEqual(self.ids("人民路3号"), ["1"])

    def test_add_adds_and_replaces(self):
        self.index("--id", "id", "ref.tsv")
        self.path("new.tsv", tsv(("id", "address"), ("r1", "乌鲁木齐市天山区解放路9号"), ("n1", "拉萨市城关区北京路8号")))
        done = self.match("add", "--id", "id", "ref.mgx", "new.tsv")
        self.assertIn("which they replace: 1", done.err)
        self.assertEqual(self.rows_in(), len(TEXTS) + 1)
        self.assertEqual(self.ids("乌鲁木齐市天山区解放路9号", "-k", "1"), ["r1"])
        self.assertEqual(self.ids("拉萨市城关区北京路8号", "-k", "1"), ["n1"])
        self.assertNotEqual(self.ids(TEXTS[0], "-k", "1"), ["r1"])
        before = self.read("ref.mgx")
        self.match("add", "--id", "id", "ref.mgx", "new.tsv")
        self.assertEqual(self.read("ref.mgx"), before)

    def test_add_wants_ids(self):
        self.index("--id", "id", "ref.tsv")
        self.assertIn("name the column of the ids: --id COLUMN", self.refused("add", "ref.mgx", "ref.tsv"))

    def test_remove_takes_ids_and_tables_of_ids(self):
        self.index("--id", "id", "ref.tsv")
        done = self.match("remove", "ref.mgx", "r1", "r2", "nobody")
        self.assertIn("removed: 2 of 3 ids", done.err)
        self.path("gone.csv", "x,code\n1,r3\n2,r4\n".encode())
        self.match("remove", "--from", "gone.csv", "--id", "code", "ref.mgx")
        self.match("remove", "--from", "-", "ref.mgx", stdin=b"r5\n")
        self.assertEqual(self.rows_in(), len(TEXTS) - 5)
        self.assertNotIn("r3", self.ids(TEXTS[2], "-k", "60"))
        self.assertIn("give ids, or --from FILE", self.refused("remove", "ref.mgx"))

    def test_two_changes_at_once_are_refused(self):
        """The later one would put its file over what the earlier one did."""
        self.index("--id", "id", "ref.tsv")
        before = self.read("ref.mgx")
        with open(self.path("ref.mgx"), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for command in (("add", "--id", "id", "ref.mgx", "ref.tsv"), ("remove", "ref.mgx", "r1"),
                            ("index", "-o", "ref.mgx", "ref.tsv")):
                self.assertIn("ref.mgx: another mgeo-match is changing it", self.refused(*command))
            self.assertEqual(self.ids(TEXTS[0], "-k", "1"), ["r1"])
        self.assertEqual(self.read("ref.mgx"), before)
        self.match("remove", "ref.mgx", "r1")
        self.assertEqual(self.rows_in(), len(TEXTS) - 1)

    def test_remove_lists_the_rows_that_have_no_id(self):
        self.index("--id", "id", "ref.tsv")
        self.path("gone.csv", "x,code\n1,r3\n2,\n".encode())
        self.match("remove", "--from", "gone.csv", "--id", "code", "--errors", "errors.tsv", "ref.mgx", status=1)
        self.assertEqual([row[1:2] for row in self.rows("errors.tsv")[1:]], [["3"]])
        self.assertEqual(self.rows_in(), len(TEXTS) - 1)
        self.assertIn("are the same file", self.refused("remove", "--from", "gone.csv", "--errors", "gone.csv", "ref.mgx"))
        self.assertIn("are the same file", self.refused("remove", "--from", "ref.mgx", "ref.mgx"))
        self.assertIn("of the table of --from", self.refused("remove", "--errors", "errors.tsv", "ref.mgx", "r1"))

    def test_the_same_table_gives_the_same_file(self):
        self.index("--id", "id", "ref.tsv")
        first = self.read("ref.mgx")
        self.index("-j", "1", "--id", "id", "ref.tsv")
        self.assertEqual(self.read("ref.mgx"), first)

    def test_damaged_files_are_refused_with_a_line(self):
        self.index("--id", "id", "ref.tsv")
        whole = self.read("ref.mgx")
        for at in (0, 9, len(whole) // 3, len(whole) // 2, len(whole) - 1):
            self.path("bad.mgx", whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1:])
            for command in (("info", "bad.mgx"), ("query", "bad.mgx", "路"), ("match", "ref.tsv", "bad.mgx"),
                            ("remove", "bad.mgx", "r1")):
                self.assertIn("bad.mgx", self.refused(*command), f"byte {at}")
        for length in (0, 7, 100, len(whole) - 1):
            self.path("bad.mgx", whole[:length])
            self.assertIn("bad.mgx", self.refused("info", "bad.mgx"))
        self.assertIn("none.mgx", self.refused("info", "none.mgx"))
        for command in (("info", "ref.tsv"), ("add", "--id", "id", "ref.tsv", "bad.mgx"), ("query", "ref.tsv", "路")):
            self.assertIn("ref.tsv: this is no index file; mgeo-match index -o INDEX FILE makes one of a table",
                          self.refused(*command))

    def test_an_index_is_known_by_its_bytes(self):
        self.index("--id", "id", "ref.tsv")
        shutil.copy(self.path("ref.mgx"), self.path("renamed"))
        by_name = self.match("match", "--candidates", "-k", "2", "--id", "id", "ref.tsv", "ref.mgx").out
        self.assertEqual(self.match("match", "--candidates", "-k", "2", "--id", "id", "ref.tsv", "renamed").out, by_name)

    def test_files_are_not_mixed_up(self):
        self.assertIn("ref.tsv", self.refused("index", "-o", "ref.tsv", "ref.tsv"))
        self.assertIn("name the index file", self.refused("index", "ref.tsv"))
        self.assertIn("cannot read", self.refused("index", "-o", "x.mgx", "nothing.tsv"))
        self.assertEqual(self.names(), ["ref.tsv"])

    def test_query_prints_lines_and_json(self):
        self.index("--id", "id", "ref.tsv")
        done = self.match("query", "-m", MGEO, "-k", "3", "ref.mgx", TEXTS[8])
        self.assertEqual(done.lines[0].decode(), TEXTS[8])
        self.assertEqual(done.lines[1].decode().split(), ["1.0000", "same_text", "r9", *TEXTS[8].split()])
        self.assertEqual(len(done.lines), 4)
        found = json.loads(self.match("query", "-m", MGEO, "--json", "-k", "3", "ref.mgx", TEXTS[8]).out)
        self.assertEqual([c["reason"] for c in found["candidates"]].count("same_text"), 1)
        self.assertEqual(len(found["candidates"]), 3)
        self.assertIn("text 1 is empty", self.refused("query", "ref.mgx", ""))
        self.assertIn("text 2 is not UTF-8", self.refused("query", "ref.mgx", "路", b"\xff"))


class Killed(MatchCase):
    """The index file is the old or the new one, and the same command again makes the new one."""

    def check(self, command, old):
        """old: what the file holds before; None: there is none."""
        place = self.path("ref.mgx")

        def begin():
            for name in self.names():
                if name.startswith("."):
                    os.remove(self.path(name))
            if old is None:
                if os.path.exists(place):
                    os.remove(place)
            else:
                self.path("ref.mgx", old)

        begin()
        points = self.kill_points(*command)
        new = self.read("ref.mgx")
        self.assertGreater(points, 3)
        self.assertNotEqual(new, old)
        for point in range(1, points + 1):
            begin()
            done = self.killed_at(point, *command)
            self.assertEqual(done.status, -9)
            left = self.read("ref.mgx") if os.path.exists(place) else None
            self.assertIn(left, (old, new), f"point {point} of {points}")
            self.match(*command, status=None)
            self.assertEqual(self.read("ref.mgx"), new, f"point {point} of {points}")

    def test_index_add_remove(self):
        self.path("ref.tsv", numbered(TEXTS, "r"))
        self.path("new.tsv", numbered(TEXTS[:5][::-1], "r"))
        index = ("index", "-q", "--id", "id", "-o", "ref.mgx", "ref.tsv")
        self.check(index, None)
        old = self.read("ref.mgx")
        self.check(("add", "-q", "--id", "id", "ref.mgx", "new.tsv"), old)
        self.check(("remove", "-q", "ref.mgx", "r7", "r8"), old)


if __name__ == "__main__":
    unittest.main()
