# SPDX-License-Identifier: Apache-2.0
"""--shard and --sample: which rows are scored."""
import collections
import gzip
import json
import os
import unittest

from harness import NAMES, ONE_LOGIT, Case, table, tsv


def ids(result):
    return [cells[0] for cells in result.cells[1:]]


class Shards(Case):
    def test_every_row_is_in_one_of_them(self):
        header, *rows = table(25).splitlines(keepends=True)
        rows[7], rows[11] = b"\n", b"x\n"  # bad rows count too
        self.path("a", header + b"".join(rows[:13]))
        self.path("b", header + b"".join(rows[13:]))
        inputs = (self.path("a"), self.path("b"))
        whole = self.run_score("-q", *inputs, status=1).lines[1:]
        for count in (1, 2, 3, 7, 25, 40):
            for i in range(1, count + 1):
                result = self.run_score("--shard", f"{i}/{count}", "--summary", self.path("summary"), *inputs,
                                        status=int(any(row % count == i - 1 for row in (7, 11))))
                self.assertEqual(result.lines[1:], whole[i - 1::count])
                self.assertIn(f"shard {i}/{count}: {len(whole[i - 1::count])} of 25 rows", result.err)
                with open(self.path("summary"), encoding="utf-8") as file:
                    summary = json.load(file)
                self.assertEqual((summary["shard"], summary["shards"], summary["input_rows"]), (i, count, 25))

    def test_lines_keep_their_numbers(self):
        given = tsv(NAMES, *[(str(i), "甲", "", "") for i in range(9)])
        result = self.run_score("--shard", "2/4", stdin=given, status=1)
        self.assertEqual([line.split(":")[2] for line in result.err.splitlines() if "is empty" in line], ["3", "7"])

    def test_a_shard_goes_on(self):
        path, out = self.path("in", table(3000)), self.path("out")
        whole = self.run_score("--shard", "2/3", path, model=ONE_LOGIT).out
        self.run_score("--shard", "2/3", "--resume", "--resume-every", "100", "-o", out, path, model=ONE_LOGIT)
        self.assertEqual(self.read("out"), whole)

    def test_what_is_no_shard(self):
        for value in ("0/2", "3/2", "1", "/", "1/", "/2", "a/b", "1/2/3", "-1/2", ""):
            self.assertIn("give I/N", self.one_line(self.run_score("--shard", value, status=2)))


class Samples(Case):
    def test_so_many_rows_in_their_order(self):
        given = table(500)
        everything = self.run_score("-q", stdin=given).lines
        for form in (given, gzip.compress(given)):
            result = self.run_score("--sample", "40", "--seed", "7", stdin=form)
            self.assertIn("sample of 40 of 500 rows (--seed 7)", result.err)
            self.assertEqual(len(result.lines), 41)
            numbers = [int(i) for i in ids(result)]
            self.assertEqual(numbers, sorted(set(numbers)))
            for line in result.lines:
                self.assertIn(line, everything)

    def test_a_seed_takes_the_same_rows_and_another_others(self):
        path = self.path("in", table(500))
        one = self.run_score("--sample", "20", path)
        self.assertEqual(ids(one), ids(self.run_score("--sample", "20", "--seed", "0", path)))
        self.assertNotEqual(ids(one), ids(self.run_score("--sample", "20", "--seed", "1", path)))

    def test_fewer_rows_than_asked_for(self):
        for rows in (0, 1, 5):
            result = self.run_score("--sample", "5", "--summary", self.path("summary"), stdin=table(rows))
            self.assertEqual(len(result.lines), rows + 1)
            self.assertIn(f"sample of {rows} of {rows} rows", result.err)
        with open(self.path("summary"), encoding="utf-8") as file:
            summary = json.load(file)
        self.assertEqual((summary["sample"], summary["seed"], summary["input_rows"], summary["rows"]), (5, 0, 5, 5))

    def test_every_row_is_as_likely(self):
        """Of 20 rows 5, 300 times: each is expected 75 times; 7.5 is one standard deviation. The seeds are fixed,
        so this either holds for good or never."""
        path, seen = self.path("in", table(20)), collections.Counter()
        for seed in range(300):
            seen.update(ids(self.run_score("-q", "--sample", "5", "--seed", str(seed), path, model=ONE_LOGIT)))
        self.assertEqual(len(seen), 20)
        self.assertGreater(min(seen.values()), 75 - 5 * 7.5)
        self.assertLess(max(seen.values()), 75 + 5 * 7.5)

    def test_rows_with_decoded_cells(self):
        rows = "".join(f'{{"sentence1": "\\u8def{i}\\n", "sentence2": "路{i}", "g": "\\u0079es"}}\n' for i in range(50))
        whole = self.run_score("-q", "--gold", "g", stdin=rows.encode())
        result = self.run_score("-q", "--gold", "g", "--sample", "9", stdin=rows.encode())
        self.assertEqual(len(result.lines), 9)
        for line in result.lines:
            self.assertIn(line, whole.lines)
        self.assertIn("9 rows", result.err)

    def test_lines_keep_their_numbers(self):
        given = tsv(NAMES, *[(str(i), "甲", "", "") for i in range(100)])
        self.run_score("--sample", "8", "--errors", self.path("errors"), stdin=given, status=1)
        rows = [line.split(b"\t") for line in self.read("errors").splitlines()[1:]]
        self.assertEqual(len(rows), 8)
        for row in rows:
            self.assertEqual(int(row[1]), int(row[5].split(b"\\t")[0]) + 2)

    def test_a_sample_goes_on(self):
        path = self.path("in", table(3000))
        whole = self.run_score("--sample", "700", path, model=ONE_LOGIT).out
        self.run_score("--sample", "700", "--resume", "--resume-every", "64", "-o", self.path("out"), path,
                       model=ONE_LOGIT)
        self.assertEqual(self.read("out"), whole)
        self.assertEqual(sorted(os.listdir(self.folder)), ["in", "out"])

    def test_what_does_not_go_with_it(self):
        for more, say in ((("--seed", "1"), "give its size too"),
                          (("--sample", "1", "--shard", "1/2"), "neither --shard nor --stream"),
                          (("--sample", "0"), "--sample"), (("--sample", "x"), "--sample")):
            self.assertIn(say, self.one_line(self.run_score(*more, status=2)))


if __name__ == "__main__":
    unittest.main()
