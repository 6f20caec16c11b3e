# SPDX-License-Identifier: Apache-2.0
"""mgeo-match with Parquet: columns keep their types, what is added has types of its own."""
import unittest

try:
    import pyarrow
    import pyarrow.parquet
except ImportError:
    pyarrow = None

from harness import MGEO
from match_case import MatchCase, examples, numbered

ROWS = examples()[:30]


@unittest.skipIf(pyarrow is None, "pyarrow is not there")
class Columns(MatchCase):
    def setUp(self):
        super().setUp()
        table = pyarrow.table({"code": pyarrow.array(range(100, 100 + len(ROWS)), pyarrow.int32()),
                               "address": [row[0] for row in ROWS], "price": [i / 4 for i in range(len(ROWS))]})
        pyarrow.parquet.write_table(table, self.path("dirty.parquet"))
        self.path("ref.tsv", numbered([row[1] for row in ROWS], "r"))
        self.path("dirty.tsv", "".join(["code\taddress\n", *(f"{i}\t{row[0]}\n" for i, row in enumerate(ROWS, 100))]).encode())

    def read_table(self, name):
        return pyarrow.parquet.read_table(self.path(name))

    def test_match(self):
        common = ("match", "-q", "-m", MGEO, "--threshold", "0.45", "--id", "code", "--ref-id", "id")
        for more in ((), ("--resume", "--resume-every", "8")):
            self.match(*common, *more, "--unmatched", "open.tsv", "-o", "out.parquet", "dirty.parquet", "ref.tsv")
            found = self.read_table("out.parquet")
            self.assertEqual(found.schema.field("code").type, pyarrow.int32())
            self.assertEqual(found.schema.field("price").type, pyarrow.float64())
            self.assertEqual(found.schema.field("gap").type, pyarrow.float32())
            texts = [row[2] for row in self.rows_of(self.match(*common, "dirty.tsv", "ref.tsv"))]
            self.assertEqual([id or "" for id in found["match_id"].to_pylist()], texts)
            self.assertEqual(len(self.rows("open.tsv")) - 1, texts.count(""))

    def test_one_to_one_is_a_whole_file_however_it_is_made(self):
        common = ("match", "-q", "-m", MGEO, "--one-to-one", "--id", "code", "--ref-id", "id", "dirty.parquet", "ref.tsv")
        self.match(*common, "-o", "one.parquet")
        self.match(*common, "--resume", "--resume-every", "8", "-o", "resumed.parquet")
        self.assertTrue(self.read_table("one.parquet").equals(self.read_table("resumed.parquet")))

    def rows_of(self, result):
        return [[cell.decode() for cell in row] for row in result.cells[1:]]

    def test_dedupe_and_candidates(self):
        common = ("-q", "--id", "code")
        self.match("dedupe", "-m", MGEO, "--threshold", "0.45", *common, "-o", "out.parquet", "dirty.parquet")
        found = self.read_table("out.parquet")
        self.assertEqual(found.schema.field("cluster_size").type, pyarrow.int64())
        rows = self.rows_of(self.match("dedupe", "-m", MGEO, "--threshold", "0.45", *common, "dirty.tsv"))
        self.assertEqual(found["cluster_id"].to_pylist(), [row[2] for row in rows])
        self.match("dedupe", "--candidates", *common, "-o", "pairs.parquet", "dirty.parquet")
        pairs = self.read_table("pairs.parquet")
        rows = self.rows_of(self.match("dedupe", "--candidates", *common, "dirty.tsv"))
        self.assertEqual(pairs["rank"].to_pylist(), [int(row[5]) for row in rows])
        self.assertEqual(pairs["id_b"].to_pylist(), [row[2] for row in rows])


if __name__ == "__main__":
    unittest.main()
