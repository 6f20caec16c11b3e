# SPDX-License-Identifier: Apache-2.0
"""mgeo-match match: what each row gets, what stays without a match, pairs alone, one to one, figures."""
import json
import os
import re
import signal
import subprocess
import unittest

from harness import LABELS, LIMIT, MGEO, SANITIZED, tsv
from match_case import PROGRAM, MatchCase, examples, numbered

ADDED = ["match_id", "match_text", "similarity", "label", "reason", "runner_up_id", "runner_up_similarity", "gap"]
PAIRS = ["id_a", "text_a", "id_b", "text_b", "score", "rank", "flags"]
ROWS = examples()[:80]


class Help(MatchCase):
    def test_options_stand_apart_from_what_they_do(self):
        for command in ("index", "add", "remove", "match", "dedupe", "cluster", "query", "info"):
            for line in self.match(command, "--help").out.decode().splitlines():
                if re.match(r" +(-.,|  ) ?--\w", line) and len(line) > 27:
                    self.assertEqual(line[25], " ", f"{command}: {line}")
        self.assertNotIn("numbers", self.match("add", "--help").out.decode())


class Match(MatchCase):
    def setUp(self):
        super().setUp()
        self.path("dirty.tsv", numbered([row[0] for row in ROWS], "d"))
        self.path("ref.tsv", numbered([row[1] for row in ROWS], "r"))
        self.path("known.tsv", tsv(("id_a", "id_b"), *((f"d{i}", f"r{i}") for i, row in enumerate(ROWS, 1)
                                                        if row[2] == "exact_match")))

    def run_match(self, *arguments, model=MGEO, status=0, **how):
        named = ["-m", model] if model else []
        return self.match("match", *named, *arguments, status=status, **how)

    def check_rows(self, rows, threshold=0.5):
        """What must hold of any model's answers; how many are matched."""
        matched = 0
        for row in rows:
            self.assertEqual(len(row), 2 + len(ADDED), row)
            found = dict(zip(ADDED, row[2:]))
            if not found["match_id"]:
                self.assertEqual(row[2:], [""] * len(ADDED))
                continue
            matched += 1
            self.assertEqual(found["match_text"], ROWS[int(found["match_id"][1:]) - 1][1])
            self.assertIn(found["reason"], ("same_text", "same_form", "model"))
            self.assertIn(found["label"], LABELS)
            self.assertGreaterEqual(float(found["similarity"]), threshold)
            if found["reason"] != "model":
                self.assertEqual((found["similarity"], found["label"]), ("1.000000", "exact_match"))
            if found["runner_up_id"]:
                gap = float(found["similarity"]) - float(found["runner_up_similarity"])
                self.assertAlmostEqual(float(found["gap"]), gap, delta=2e-6)
                self.assertGreaterEqual(gap, 0)
        return matched

    def test_each_row_stays_and_gets_its_best(self):
        done = self.run_match("--id", "id", "--ref-id", "id", "-o", "out.tsv", "dirty.tsv", "ref.tsv")
        rows = self.rows("out.tsv")
        self.assertEqual(rows[0], ["id", "address"] + ADDED)
        self.assertEqual([row[:2] for row in rows[1:]], [[f"d{i}", row[0]] for i, row in enumerate(ROWS, 1)])
        matched = self.check_rows(rows[1:])
        self.assertIn(f"rows: {len(ROWS)}, matched: {matched} ", done.err)
        self.assertIn("rows are held in memory with their index, at most about", done.err)

    def test_an_index_file_gives_the_same(self):
        self.match("index", "--id", "id", "-o", "ref.mgx", "ref.tsv")
        one = self.run_match("--id", "id", "--ref-id", "id", "dirty.tsv", "ref.tsv").out
        done = self.run_match("--id", "id", "dirty.tsv", "ref.mgx")
        self.assertEqual(done.out, one)
        self.assertIn(f"ref.mgx: {len(ROWS)} rows in", done.err)
        self.assertEqual(self.run_match("-j", "1", "--id", "id", "dirty.tsv", "ref.mgx").out, one)
        self.assertIn("ref.mgx is an index file", self.refused("match", "--ref-id", "id", "dirty.tsv", "ref.mgx"))

    def test_scores_are_those_of_mgeo_score(self):
        self.run_match("--threshold", "0", "--id", "id", "--ref-id", "id", "-o", "out.tsv", "dirty.tsv", "ref.tsv")
        rows = [row for row in self.rows("out.tsv")[1:] if row[6] == "model"]
        self.assertGreater(len(rows), 20)
        scored = self.run_score("--header", "no", stdin=tsv(*((row[1], row[3]) for row in rows)))
        self.assertEqual([row[4:6] for row in rows], [[cell.decode() for cell in cells[2:]] for cells in scored.cells])

    def test_writing_decides_without_the_model(self):
        self.path("a.tsv", tsv(("address",), ("浙江省杭州市文三路１００号",), ("人民路3号",)))
        self.path("b.tsv", tsv(("address",), ("杭州市文三路100号",), ("人民路3号",), ("人民路4号",)))
        cells = self.run_match("-k", "1", "a.tsv", "b.tsv").cells
        self.assertEqual([row[5] for row in cells], [b"reason", b"same_form", b"same_text"])

    def test_unmatched_rows_are_listed_with_the_best_there_was(self):
        self.path("far.tsv", tsv(("id", "address"), ("x", "火星基地A"), ("y", ROWS[3][0])))
        self.run_match("--threshold", "1", "--id", "id", "--ref-id", "id", "--unmatched", "open.tsv", "-o", "out.tsv",
                       "far.tsv", "ref.tsv")
        rows = self.rows("open.tsv")
        self.assertEqual(rows[0], ["id", "address"] + ADDED)
        self.assertEqual([row[0] for row in rows[1:]], ["x", "y"])
        self.assertEqual(rows[2][6], "below_threshold")
        self.assertTrue(rows[2][2])
        self.assertIn(rows[1][6], ("no_candidate", "below_threshold"))
        self.assertEqual([row[2:] for row in self.rows("out.tsv")[1:]], [[""] * 8] * 2)

    def test_candidates_are_pairs_for_other_tools(self):
        done = self.match("match", "--candidates", "-k", "4", "--id", "id", "--ref-id", "id", "dirty.tsv", "ref.tsv")
        cells = [[cell.decode() for cell in row] for row in done.cells]
        self.assertEqual(cells[0], PAIRS)
        by_row = {}
        for row in cells[1:]:
            self.assertEqual(row[1], ROWS[int(row[0][1:]) - 1][0])
            self.assertEqual(row[3], ROWS[int(row[2][1:]) - 1][1])
            by_row.setdefault(row[0], []).append(row)
        for rows in by_row.values():
            self.assertEqual([row[5] for row in rows], [str(i) for i in range(1, len(rows) + 1)])
            scores = [float(row[4]) for row in rows]
            self.assertEqual(scores, sorted(scores, reverse=True))
        scored = self.run_score("-c", "text_a,text_b", stdin=done.out)
        self.assertEqual(len(scored.lines), len(cells))
        lines = self.match("match", "--candidates", "-k", "4", "-f", "jsonl", "--id", "id", "--ref-id", "id",
                           "dirty.tsv", "ref.tsv").lines
        first = json.loads(lines[0])
        self.assertEqual(list(first), PAIRS)
        self.assertEqual([first["id_a"], first["rank"]], ["d1", 1])
        self.assertEqual(len(lines), len(cells) - 1)

    def test_candidates_refuse_what_a_model_would_do(self):
        for option in ("--model=x", "--threshold=0.5", "--unmatched=x", "--one-to-one", "--first=x", "--band=0,1"):
            self.assertIn("--candidates", self.refused("match", "--candidates", option, "dirty.tsv", "ref.tsv"))

    def test_one_to_one_gives_no_row_twice(self):
        self.path("a.tsv", numbered(["人民路3号", "人民路3号", "人民路3号楼", "中山路8号"], "a"))
        self.path("b.tsv", numbered(["人民路3号", "中山路8号"], "b"))
        common = ("--threshold", "0", "--id", "id", "--ref-id", "id", "--unmatched", "open.tsv", "-o", "out.tsv")
        self.run_match(*common, "a.tsv", "b.tsv")
        self.assertEqual([row[2] for row in self.rows("out.tsv")[1:3]], ["b1", "b1"])
        done = self.run_match("--one-to-one", *common, "a.tsv", "b.tsv")
        rows = self.rows("out.tsv")[1:]
        self.assertEqual([rows[0][2], rows[1][2], rows[3][2]], ["b1", "", "b2"])
        given = [row[2] for row in rows if row[2]]
        self.assertEqual(len(set(given)), len(given))
        self.assertEqual(self.rows("open.tsv")[1][6], "taken")
        self.assertIn("taken by others 2", done.err)

    def test_one_to_one_writes_nothing_of_a_table_that_changes(self):
        bad = b"bad\t\n"  # which is told once the first reading is over
        rows = numbered([row[0] for row in ROWS], "d")
        self.path("dirty.tsv", rows + bad)
        for changed in (rows + rows[11:] * 20, rows[: rows.rindex(b"d9\t")], numbered(["火星基地A"] * len(ROWS), "d")):
            self.path("dirty.tsv", rows + bad)
            status, error = self.changed_between("dirty.tsv", changed, b"is empty", "match", "-m", MGEO, "--one-to-one",
                                                 "--threshold", "0", "dirty.tsv", "ref.tsv")
            self.assertEqual(status, 2, error)
            self.assertIn("the table has changed while it was read again", error)
            os.remove(self.path("pipe"))

    def test_one_to_one_commits_errors_before_the_output(self):
        self.path("dirty.tsv", numbered([ROWS[0][0], ""], "d"))
        points = self.kill_points("match", "-m", MGEO, "--one-to-one", "--errors", "errors.tsv", "-o", "out.tsv",
                                  "dirty.tsv", "ref.tsv")
        for point in range(1, points + 1):
            for name in {"out.tsv", "errors.tsv"} & set(self.names()):
                os.remove(self.path(name))
            self.killed_at(point, "match", "-m", MGEO, "--one-to-one", "--errors", "errors.tsv", "-o", "out.tsv",
                           "dirty.tsv", "ref.tsv")
            if "out.tsv" in self.names():
                self.assertIn("errors.tsv", self.names(), point)

    def test_a_reader_that_goes_ends_it_without_a_word(self):
        for more in ((), ("--one-to-one",)):
            status, error = self.reader_gone("match", "-q", "-m", MGEO, *more, "dirty.tsv", "ref.tsv")
            self.assertEqual((status, error), (-signal.SIGPIPE, ""))

    def test_rows_of_the_reference_that_others_replace_are_told(self):
        self.path("twice.tsv", tsv(("id", "address"), ("a", ROWS[0][1]), ("a", ROWS[1][1]), ("b", ROWS[2][1])))
        done = self.run_match("--ref-id", "id", "dirty.tsv", "twice.tsv")
        self.assertIn("twice.tsv: rows with an id that came before, which they replace: 1\n", done.err)
        self.assertNotIn("replace", self.run_match("--ref-id", "id", "dirty.tsv", "ref.tsv").err)

    def test_unmatched_rows_are_text_and_named_so(self):
        said = self.refused("match", "-m", MGEO, "--unmatched", "open.parquet", "-o", "out.tsv", "dirty.tsv", "ref.tsv")
        self.assertIn("--unmatched open.parquet: these rows are listed as text", said)

    def test_report_tells_of_rows_without_two_ids(self):
        self.path("known.tsv", tsv(("id_a", "id_b"), ("d1", "r1"), ("d2", "")))
        done = self.match("match", "--candidates", "--report", "known.tsv", "--id", "id", "--ref-id", "id", "-o", "out.tsv",
                          "dirty.tsv", "ref.tsv")
        self.assertIn("known.tsv: rows without two ids, which tell nothing: 1\n", done.err)

    def test_report_counts_what_is_known(self):
        done = self.run_match("-q", "--candidates", "-k", "10", "--report", "known.tsv", "--id", "id", "--ref-id", "id",
                              "-o", "out.tsv", "dirty.tsv", "ref.tsv", model=None)
        known = {tuple(row) for row in self.rows("known.tsv")[1:]}
        ranks = {row[0]: int(row[5]) for row in self.rows("out.tsv") if (row[0], row[2]) in known}
        self.assertIn(f"rows with a known match: {len(known)}\n", done.err)
        for at in (1, 5, 10):
            share = sum(rank <= at for rank in ranks.values()) / len(known)
            self.assertIn(f"at {at}: {share:.4f}", done.err)
        done = self.run_match("--threshold", "0", "--report", "known.tsv", "--id", "id", "--ref-id", "id", "-o", "out.tsv",
                              "dirty.tsv", "ref.tsv")
        right = sum((row[0], row[2]) in known for row in self.rows("out.tsv"))
        self.assertIn(f"matches: recall {right / len(known):.4f}, precision {right / len(known):.4f}, ", done.err)

    def test_a_report_of_other_ids_gives_no_figures(self):
        for more in (["--candidates"], ["-m", MGEO]):
            done = self.match("match", "-q", *more, "--report", "known.tsv", "-o", "out.tsv", "dirty.tsv", "ref.tsv")
            self.assertEqual(done.err, "rows with a known match: 0, so that there is nothing to compare: are the ids those "
                                       "of --id?\n")

    def test_bad_rows_stay_and_their_neighbours_go_on(self):
        self.path("bad.tsv", b"id\taddress\n1\t\n2\t" + ROWS[0][1].encode() + b"\n3\t\xff\n4\tnull\n5\ta\tb\tc\n6\t" +
                  ROWS[1][1].encode() + b"\n")
        done = self.run_match("--errors", "errors.tsv", "--ref-id", "id", "bad.tsv", "ref.tsv", status=1)
        self.assertEqual([row[2] for row in done.cells if len(row) == 10][1:], [b"", b"r1", b"", b"", b"", b"r2"])
        self.assertEqual([row[3] for row in self.rows("errors.tsv")[1:]],
                         ["empty_text", "invalid_utf8", "null_word", "too_many_columns"])
        for more in ((), ("--one-to-one",), ("--resume",)):
            said = self.refused("match", "-m", MGEO, "--max-errors", "1", "--errors", "many.tsv", *more, "-o", "no.tsv",
                                "bad.tsv", "ref.tsv")
            self.assertIn("stopped at bad row 2", said)
            self.assertNotIn("no.tsv", self.names())
            self.assertEqual([row[1] for row in self.rows("many.tsv")[1:]], ["2", "4"])
            os.remove(self.path("many.tsv"))

    def test_bad_rows_of_the_reference_count(self):
        self.path("bad.tsv", b"id\taddress\n" + b"x\t\n" * 12 + b"r\t" + ROWS[0][1].encode() + b"\n")
        done = self.run_match("--ref-id", "id", "--errors", "errors.tsv", "dirty.tsv", "bad.tsv", status=1)
        self.assertIn('bad.tsv:2: column 2 ("address") is empty', done.err)
        self.assertIn("bad rows not shown: 2; --errors FILE of mgeo-match index lists all", done.err)
        self.assertEqual(len(self.rows("errors.tsv")), 1)
        self.run_match("--ref-id", "id", "--errors", "errors.tsv", "dirty.tsv", "ref.tsv")

    def test_empty_tables_on_either_side(self):
        self.path("none.tsv", b"")
        self.path("header.tsv", b"id\taddress\n")
        self.assertEqual(self.run_match("none.tsv", "ref.tsv").out, b"")
        self.assertEqual(len(self.run_match("header.tsv", "ref.tsv").lines), 1)
        for empty in ("none.tsv", "header.tsv"):
            done = self.run_match("dirty.tsv", empty)
            self.assertEqual({tuple(row[2:]) for row in done.cells[1:]}, {(b"",) * 8})
            self.assertIn(f"without a candidate {len(ROWS)}", done.err)

    def test_formats(self):
        csv = "编号,地址\n" + "".join(f'{i},"{row[0]}"\n' for i, row in enumerate(ROWS, 1))
        self.path("dirty.csv", csv.encode("gb18030"))
        whole = self.run_match("--ref-id", "id", "dirty.tsv", "ref.tsv").cells
        done = self.run_match("--ref-id", "id", "dirty.csv", "ref.tsv")
        self.assertEqual([line.split(b",")[-8:] for line in done.lines[1:]], [row[2:] for row in whole[1:]])
        done = self.run_match("--ref-id", "id", "-f", "jsonl", "dirty.csv", "ref.tsv")
        first = json.loads(done.lines[1])
        self.assertEqual(list(first), ["编号", "地址"] + ADDED)
        self.assertEqual(first["编号"], "2")
        if whole[1][2] == b"":
            self.assertIsNone(json.loads(done.lines[0])["match_id"])

    @unittest.skipIf(SANITIZED, "a sanitizer tells of the signal in its own way")
    def test_an_index_file_that_is_cut_meanwhile_ends_with_a_line(self):
        self.match("index", "-q", "--id", "id", "-o", "ref.mgx", "ref.tsv")
        child = subprocess.Popen([PROGRAM, "match", "--candidates", "-o", "out.tsv", "-", "ref.mgx"], cwd=self.folder,
                                 stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdin.write(b"id\taddress\n1\t" + ROWS[0][0].encode() + b"\n")
        child.stdin.flush()
        for line in child.stderr:
            if b"mapped" in line:
                break
        os.truncate(self.path("ref.mgx"), 100)
        error = child.communicate(b"2\t" + ROWS[1][0].encode() + b"\n", timeout=LIMIT)[1].decode()
        self.assertEqual(child.returncode, 2, error)
        self.assertEqual(error, "mgeo-match: an index file was cut short or overwritten while it was in use; put another "
                                "into its place by renaming (mv), not by writing (cp)\n")
        self.assertNotIn("out.tsv", self.names())

    def test_names_that_are_there_already_are_kept(self):
        self.path("again.tsv", tsv(("address", "label", "gap"), (ROWS[0][1], "mine", "7")))
        cells = self.run_match("again.tsv", "ref.tsv").cells
        self.assertEqual(cells[0][:3] + [cells[0][6], cells[0][10]], [b"address", b"label", b"gap", b"mgeo_label", b"mgeo_gap"])
        self.assertEqual(cells[1][:3], [ROWS[0][1].encode(), b"mine", b"7"])

    def test_repeats_are_scored_once(self):
        self.path("twice.tsv", numbered([row[0] for row in ROWS[:10]] * 3, "d"))
        done = self.run_match("twice.tsv", "ref.tsv")
        scored, repeated = (int(done.err.split(f"{what}: ")[1].split(",")[0].split("\n")[0])
                            for what in ("scored by the model", "that came before"))
        self.assertEqual(repeated, 2 * scored)
        rows = [row[1:] for row in done.cells[1:]]
        self.assertEqual(rows[:10] * 3, rows)

    def test_a_cascade_asks_the_first_model_first(self):
        done = self.run_match("--threshold", "0", "--first", MGEO, "--band", "1,1", "--id", "id", "--ref-id", "id", "-o",
                              "out.tsv", "dirty.tsv", "ref.tsv")
        reasons = {row[6] for row in self.rows("out.tsv")[1:]}
        self.assertIn("first_model", reasons)
        self.assertNotIn("model", reasons)
        self.assertRegex(done.err, r"by the first model: \d{3}, scored by the model: 0, ")

    def test_files_are_not_mixed_up(self):
        self.assertIn("dirty.tsv", self.refused("match", "--unmatched", "dirty.tsv", "dirty.tsv", "ref.tsv"))
        for output in ("-o", "--unmatched", "--errors"):
            for name in ("ref.tsv", "known.tsv"):
                said = self.refused("match", "-m", MGEO, "--report", "known.tsv", output, name, "dirty.tsv", "ref.tsv")
                self.assertIn("are the same file", said)
                self.assertIn(name, said)
        self.run_match("-q", "-o", "dirty.tsv", "dirty.tsv", "ref.tsv")
        self.assertEqual(len(self.rows("dirty.tsv")[0]), 2 + len(ADDED))
        self.assertIn("give a table, and the reference", self.refused("match", "dirty.tsv"))
        self.assertIn("--output FILE", self.refused("match", "--resume", "dirty.tsv", "ref.tsv"))
        self.assertIn("cannot read", self.refused("match", "dirty.tsv", "none.tsv"))


if __name__ == "__main__":
    unittest.main()
