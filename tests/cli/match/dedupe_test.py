# SPDX-License-Identifier: Apache-2.0
"""mgeo-match dedupe: clusters of rows, their pairs, pairs alone, figures."""
import json
import os
import signal
import unittest

from harness import MGEO, tsv
from match_case import MatchCase, examples, numbered

ADDED = ["cluster_id", "representative_id", "cluster_size", "weakest_link", "link"]
PAIRS = ["id_a", "text_a", "id_b", "text_b", "score", "rank", "flags", "similarity", "label", "reason"]
TEXTS = [text for row in examples()[:40] for text in row[:2]]


class Dedupe(MatchCase):
    def setUp(self):
        super().setUp()
        self.path("in.tsv", numbered(TEXTS, "t"))

    def dedupe(self, *arguments, model=MGEO, status=0):
        named = ["-m", model] if model else []
        return self.match("dedupe", *named, "--id", "id", *arguments, status=status)

    def clusters(self, rows, column=2):
        found = {}
        for row in rows[1:]:
            found.setdefault(row[column], set()).add(row[0])
        return found

    def test_clusters_are_what_the_pairs_join(self):
        for threshold in ("0.45", "0.5", "0.55"):
            done = self.dedupe("--threshold", threshold, "--pairs", "pairs.tsv", "-o", "out.tsv", "in.tsv")
            rows, pairs = self.rows("out.tsv"), self.rows("pairs.tsv")
            self.assertEqual(rows[0], ["id", "address"] + ADDED)
            self.assertEqual(pairs[0], PAIRS)
            self.assertEqual([row[:2] for row in rows[1:]], [[f"t{i}", text] for i, text in enumerate(TEXTS, 1)])
            leader = {row[0]: row[0] for row in rows[1:]}

            def find(id):
                while leader[id] != id:
                    id = leader[id]
                return id

            for pair in pairs[1:]:
                if float(pair[7]) >= float(threshold):
                    leader[find(pair[0])] = find(pair[2])
            groups = {}
            for id in leader:
                groups.setdefault(find(id), set()).add(id)
            found = self.clusters(rows)
            self.assertEqual(sorted(map(sorted, found.values())), sorted(map(sorted, groups.values())))
            for row in rows[1:]:
                members = found[row[2]]
                self.assertEqual(row[2], min(members, key=lambda id: int(id[1:])))
                self.assertIn(row[3], members)
                self.assertEqual(row[4], str(len(members)))
                self.assertEqual(row[5] == "", len(members) == 1)
                if row[5]:
                    self.assertGreaterEqual(float(row[5]), float(threshold) - 1e-6)
                    self.assertGreaterEqual(float(row[6]), float(row[5]))
            several = [members for members in found.values() if len(members) > 1]
            self.assertIn(f"clusters of several rows: {len(several)} with {sum(map(len, several))} rows", done.err)

    def test_equal_texts_are_one_cluster_and_scored_once(self):
        self.path("same.tsv", numbered(["人民路3号", "中山路8号", "人民路3号", "人民路3号"], "s"))
        done = self.dedupe("--threshold", "1", "-o", "out.tsv", "--pairs", "pairs.tsv", "same.tsv")
        self.assertEqual(self.clusters(self.rows("out.tsv")), {"s1": {"s1", "s3", "s4"}, "s2": {"s2"}})
        self.assertIn("rows: 4, distinct texts: 2", done.err)
        same = [(row[0], row[2]) for row in self.rows("pairs.tsv") if row[9] == "same_text"]
        self.assertEqual(same, [("s1", "s3"), ("s1", "s4")])

    def test_rows_with_one_id_stay_rows(self):
        self.path("ids.tsv", tsv(("id", "address"), ("a", "人民路3号"), ("a", "中山路8号"), ("b", "人民路3号")))
        done = self.dedupe("--threshold", "1", "-o", "out.tsv", "ids.tsv")
        self.assertEqual([row[4] for row in self.rows("out.tsv")[1:]], ["2", "1", "2"])
        self.assertIn("ids.tsv: rows with an id that came before, from which cluster ids and pairs do not tell them: 1; --id "
                      "names another column\n", done.err)
        self.assertNotIn("came before, from", self.dedupe("-o", "out.tsv", "in.tsv").err)

    def test_nothing_is_written_of_a_table_that_changes(self):
        rows = numbered(TEXTS, "t")
        for changed in (rows + rows[11:], rows[: rows.rindex(b"t9\t")], rows.replace("号".encode(), "弄".encode())):
            self.path("in.tsv", rows)
            status, error = self.changed_between("in.tsv", changed, b"held in memory", "dedupe", "-m", MGEO, "--id", "id",
                                                 "in.tsv")
            self.assertEqual(status, 2, error)
            self.assertIn("the table has changed while it was read again", error)
            os.remove(self.path("pipe"))

    def test_a_reader_that_goes_ends_it_without_a_word(self):
        for how in (("-m", MGEO), ("--candidates",)):
            self.assertEqual(self.reader_gone("dedupe", "-q", *how, "in.tsv"), (-signal.SIGPIPE, ""))

    def test_a_format_that_cannot_be_is_refused_before_rows_are_read(self):
        for how in (("-m", MGEO), ("--candidates",)):
            done = self.match("dedupe", *how, "--compression", "zstd", "-o", "out.tsv", "in.tsv", status=2)
            self.assertEqual(done.err.count("\n"), 1, done.err)
            self.assertIn("--compression is of Parquet and Arrow", done.err)

    def test_candidates_are_pairs_each_once(self):
        self.dedupe("--candidates", "-k", "3", "-o", "pairs.tsv", "in.tsv", model=None)
        rows = self.rows("pairs.tsv")
        self.assertEqual(rows[0], PAIRS[:7])
        pairs = [frozenset((row[0], row[2])) for row in rows[1:]]
        self.assertEqual(len(set(pairs)), len(pairs))
        self.assertTrue(all(len(pair) == 2 for pair in pairs))
        for row in rows[1:]:
            self.assertLess(int(row[0][1:]), int(row[2][1:]))
            self.assertEqual([row[1], row[3]], [TEXTS[int(row[i][1:]) - 1] for i in (0, 2)])
        piped = self.match("dedupe", "--candidates", "-k", "3", "--id", "id", "-", stdin=self.read("in.tsv"))
        self.assertEqual(piped.out, self.read("pairs.tsv"))
        self.dedupe("--candidates", "-k", "3", "-j", "1", "-o", "one.tsv", "in.tsv", model=None)
        self.assertEqual(self.read("one.tsv"), self.read("pairs.tsv"))

    def test_large_clusters_are_cut(self):
        self.dedupe("--threshold", "0", "-o", "out.tsv", "in.tsv")
        self.assertGreater(max(map(len, self.clusters(self.rows("out.tsv")).values())), 8)
        self.dedupe("--threshold", "0", "--max-size", "4", "-o", "out.tsv", "in.tsv")
        self.assertLessEqual(max(map(len, self.clusters(self.rows("out.tsv")).values())), 4)

    def test_report_compares_with_known_pairs(self):
        self.path("same.tsv", numbered(["人民路3号", "中山路8号", "人民路3号", "人民路3号", "火星基地"], "s"))
        self.path("known.tsv", tsv(("s1", "s3"), ("s2", "s5"), ("s1", "nobody")))
        done = self.dedupe("-q", "--threshold", "1", "--report", "known.tsv", "-o", "out.tsv", "same.tsv")
        self.assertIn("known pairs: 3, of rows of the table: 2\n", done.err)
        self.assertIn("recall 0.5000, precision 1.0000, F1 0.6667\n", done.err)

    def test_a_report_of_other_ids_gives_no_figures(self):
        self.path("known.tsv", tsv(("x", "y"), ("t1", "z")))
        done = self.dedupe("-q", "--report", "known.tsv", "-o", "out.tsv", "in.tsv")
        self.assertEqual(done.err, "known pairs: 2, of rows of the table: 0, so that there is nothing to compare: are the "
                                   "ids those of --id?\n")

    def test_bad_rows_and_empty_tables(self):
        self.path("bad.tsv", "id\taddress\n1\t\n2\t人民路3号\n\t人民路3号\n4\t人民路3号\n".encode())
        self.dedupe("--errors", "errors.tsv", "-o", "out.tsv", "bad.tsv", status=1)
        self.assertEqual([row[2:5] for row in self.rows("out.tsv")[1:]],
                         [["", "", ""], ["2", "2", "2"], ["", "", ""], ["2", "2", "2"]])
        self.assertEqual([row[1] for row in self.rows("errors.tsv")[1:]], ["2", "4"])
        self.path("header.tsv", b"id\taddress\n")
        done = self.dedupe("-o", "out.tsv", "header.tsv")
        self.assertIn("there are no rows", done.err)
        self.assertEqual(len(self.rows("out.tsv")), 1)
        self.path("one.tsv", b"id\taddress\nx\t\xe8\xb7\xaf1\n")
        self.dedupe("-o", "out.tsv", "one.tsv")
        self.assertEqual(self.rows("out.tsv")[1][2:], ["x", "x", "1", "", ""])

    def test_texts_that_show_nothing_are_no_place(self):
        blank = ["  ", "  ", "\u3000", "\u200b", "\u00a0 \u200b", "\u3000"]
        self.path("blank.tsv", numbered(blank + ["人民路3号", "人民路3号 "], "b"))
        done = self.dedupe("--errors", "errors.tsv", "--pairs", "pairs.tsv", "-o", "out.tsv", "blank.tsv", status=1)
        self.assertIn("rows: 2, distinct texts: 2", done.err)
        self.assertEqual([row[2:] for row in self.rows("out.tsv")[1:7]], [[""] * 5] * 6)
        self.assertEqual([row[3] for row in self.rows("errors.tsv")[1:]], ["nothing_to_score"] * 6)
        self.assertNotIn("b1", {row[0] for row in self.rows("pairs.tsv")})
        done = self.match("match", "-q", "--candidates", "--id", "id", "--ref-id", "id", "blank.tsv", "blank.tsv", status=1)
        self.assertEqual({row[0] for row in done.cells[1:]}, {b"b7", b"b8"})

    def test_json_lines(self):
        self.path("in.jsonl", "".join(json.dumps({"id": f"t{i}", "address": text}) + "\n"
                                      for i, text in enumerate(TEXTS, 1)).encode())
        self.dedupe("-o", "out.tsv", "in.tsv")
        done = self.dedupe("in.jsonl")
        rows = [json.loads(line) for line in done.lines]
        self.assertEqual([row["cluster_id"] for row in rows], [row[2] for row in self.rows("out.tsv")[1:]])
        self.assertEqual({type(row["cluster_size"]) for row in rows}, {int})

    def test_files_and_options_are_not_mixed_up(self):
        self.path("known.tsv", tsv(("t1", "t3")))
        for output in ("-o", "--pairs", "--errors"):
            said = self.refused("dedupe", "-m", MGEO, "--report", "known.tsv", output, "known.tsv", "in.tsv")
            self.assertIn("are the same file", said)
        said = self.refused("dedupe", "--candidates", "--report", "known.tsv", "in.tsv")
        self.assertIn("--candidates clusters nothing", said)

    def test_standard_input_cannot_be_read_twice(self):
        self.assertIn("a second time", self.refused("dedupe", "-m", MGEO, "-", stdin=b"x\n"))
        self.assertIn(" is a directory; name the files in it", self.refused("dedupe", "-m", MGEO, self.folder))


if __name__ == "__main__":
    unittest.main()
