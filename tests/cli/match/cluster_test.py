# SPDX-License-Identifier: Apache-2.0
"""mgeo-match cluster: from scored pairs of ids to clusters, their ids from run to run, its figures."""
import json
import os
import signal
import subprocess
import unittest

import harness

PROGRAM = os.environ["MGEO_MATCH"]
HEAD = ("id_a", "id_b", "similarity")
CHAIN = [HEAD, ("r1", "r2", "0.9"), ("r2", "r3", "0.8"), ("r3", "r4", "0.95"), ("r5", "r6", "0.6"),
         ("r7", "r8", "0.2"), ("r9", "r10", "")]


class Cluster(harness.Case):
    def cluster(self, *arguments, stdin=b"", status=0):
        command = [PROGRAM, "cluster", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=harness.LIMIT)
        result = harness.Result(done.returncode, done.stdout, done.stderr)
        self.assertEqual(result.status, status, f"{command}: {result.err}")
        return result

    def clusters(self, rows, *arguments, column=1):
        """The ids of each cluster, by its id."""
        result = self.cluster(*arguments, "-", stdin=harness.tsv(*rows))
        found = {}
        for cells in result.cells[1:]:
            found.setdefault(cells[column].decode(), []).append(cells[0].decode())
        return found

    def test_ids_that_links_join_are_a_cluster(self):
        found = self.cluster("-", stdin=harness.tsv(*CHAIN))
        self.assertEqual(found.lines[0], b"id\tcluster_id\trepresentative_id\tcluster_size\t"
                                         b"weakest_link\tlink")
        self.assertEqual(found.lines[1], b"r1\tr1\tr3\t4\t0.800000\t0.900000")
        self.assertEqual(found.lines[4], b"r4\tr1\tr3\t4\t0.800000\t0.950000")
        self.assertEqual(found.lines[7:], [b"r7\tr7\tr7\t1\t\t", b"r8\tr8\tr8\t1\t\t",
                                           b"r9\tr9\tr9\t1\t\t", b"r10\tr10\tr10\t1\t\t"])
        self.assertIn("pairs: 6, of them without a similarity: 1; ids: 10", found.err)
        self.assertIn("clusters of several ids: 2 with 6 ids, alone: 4", found.err)
        self.assertIn("clusters by size: 2: 1, 4: 1", found.err)
        self.assertIn("the largest cluster is r1, of 4 ids", found.err)

    def test_several_thresholds_have_columns_of_their_own(self):
        found = self.cluster("--threshold", "0.5,0.85", "-f", "jsonl", "-",
                             stdin=harness.tsv(*CHAIN))
        rows = [json.loads(line) for line in found.lines]
        self.assertEqual([row["cluster_id_0.5"] for row in rows[:6]], ["r1"] * 4 + ["r5"] * 2)
        self.assertEqual([row["cluster_id_0.85"] for row in rows[:6]],
                         ["r1", "r1", "r3", "r3", "r5", "r6"])
        self.assertIsNone(rows[5]["weakest_link_0.85"])

    def test_guards_cut_and_the_report_says_which(self):
        for cut in ("center", "correlation"):
            found = self.cluster("--max-size", "3", "--cut", cut, "-", stdin=harness.tsv(*CHAIN))
            self.assertEqual([cells[1] for cells in found.cells[1:5]], [b"r1", b"r1", b"r3", b"r3"])
            self.assertIn("links cut: 1 (components not one to one: 0, too large: 1, with loose "
                          "rows: 0)", found.err)
        loose = [HEAD, ("a", "b", "0.9"), ("a", "c", "0.9"), ("b", "c", "0.1")]
        self.assertEqual(self.clusters(loose, "--least-link", "0.6"), {"a": ["a", "b"], "c": ["c"]})

    def test_one_to_one_tells_the_tables_apart(self):
        rows = [HEAD, ("1", "1", "0.95"), ("2", "1", "0.9"), ("1", "2", "0.85"), ("2", "2", "0.6")]
        found = self.cluster("--one-to-one", "-", stdin=harness.tsv(*rows))
        self.assertEqual([tuple(cells[:3]) for cells in found.cells[1:]],
                         [(b"1", b"a", b"a:1"), (b"1", b"b", b"a:1"), (b"2", b"a", b"a:2"),
                          (b"2", b"b", b"a:2")])
        self.assertIn("not one to one: 2", found.err)

    def test_columns_go_by_name_and_by_number(self):
        rows = [("x", "score", "y"), ("1", "0.9", "2")]
        for arguments in (("-c", "x,y", "--similarity", "score"),
                          ("-c", "1,3", "--similarity", "2", "--header", "yes")):
            self.assertEqual(self.clusters(rows, *arguments), {"1": ["1", "2"]})
        failed = self.cluster("-", stdin=harness.tsv(*rows), status=2)
        self.assertIn("line 1 has no column", failed.err)

    def test_a_first_row_is_not_lost_as_a_header(self):
        rows = [("a", "b", "0.9"), ("c", "d", "0.8")]
        common = ("-c", "1,2", "--similarity", "3", "-")
        failed = self.cluster(*common, stdin=harness.tsv(*rows), status=2)
        self.assertIn("line 1 looks like a header, but has a similarity; say --header no", failed.err)
        self.assertEqual(len(self.cluster("--header", "no", *common, stdin=harness.tsv(*rows)).lines), 5)
        self.assertEqual(len(self.cluster("--header", "yes", *common, stdin=harness.tsv(*rows)).lines), 3)
        rows[0] = ("r1", "r2", "0.9")
        self.assertEqual(len(self.cluster(*common, stdin=harness.tsv(*rows)).lines), 5)

    def test_the_order_of_pairs_does_not_change_who_is_together(self):
        forward = self.clusters(CHAIN, "--max-size", "3")
        backward = self.clusters([HEAD, *reversed(CHAIN[1:])], "--max-size", "3")
        self.assertEqual(sorted(sorted(ids) for ids in forward.values()),
                         sorted(sorted(ids) for ids in backward.values()))

    def test_previous_ids_are_kept_by_greatest_overlap(self):
        old = self.path("old.tsv", harness.tsv(
            ("id", "cluster_id"), ("a", "one"), ("b", "one"), ("c", "one"), ("d", "two"),
            ("e", "three"), ("gone", "four")))
        rows = [HEAD, ("a", "x", "0.9"), ("b", "c", "0.9"), ("d", "e", "0.9"), ("n", "m", "0.9")]
        self.assertEqual(self.clusters(rows, "--previous", old),
                         {"one": ["b", "c"], "a": ["a", "x"], "two": ["d", "e"], "n": ["n", "m"]})
        found = self.cluster("--previous", old, "-", stdin=harness.tsv(*rows))
        self.assertIn("cluster ids kept: 2, new: 2; earlier clusters that are split: 1, clusters "
                      "merged from several: 1", found.err)

    def test_a_run_on_its_own_output_changes_nothing(self):
        first = self.path("first.tsv")
        again = self.path("again.tsv")
        pairs = self.path("pairs.tsv", harness.tsv(*CHAIN))
        self.cluster("-o", first, pairs)
        found = self.cluster("--previous", first, "-o", again, pairs)
        self.assertEqual(self.read("first.tsv"), self.read("again.tsv"))
        self.assertIn("kept: 6, new: 0; earlier clusters that are split: 0", found.err)

    def test_names_that_are_given_away_are_not_given_twice(self):
        old = self.path("old.tsv", harness.tsv(
            ("id", "cluster_id"), ("a", "a"), ("b", "a"), ("c", "a"), ("d", "d"), ("e", "e")))
        rows = [HEAD, ("b", "c", "0.9"), ("a", "d", "0.2")]
        found = self.clusters(rows, "--previous", old)
        self.assertEqual(found, {"a": ["b", "c"], "a~2": ["a"], "d": ["d"]})

    def test_the_report_compares_with_known_pairs(self):
        known = self.path("known.tsv", harness.tsv(HEAD[:2], ("r1", "r2"), ("r3", "r4"),
                                                   ("r7", "r8"), ("r1", "stranger")))
        found = self.cluster("--report", known, "-q", "-", stdin=harness.tsv(*CHAIN))
        self.assertEqual(found.err, "known pairs: 4, of ids that are there: 3\n"
                         "threshold 0.5: pairs in clusters: precision 0.3333, recall 0.6667, "
                         "F1 0.4444; B-cubed: precision 0.6667, recall 0.8333, F1 0.7407\n")

    def test_known_pairs_of_other_ids_compare_nothing(self):
        known = self.path("known.tsv", harness.tsv(HEAD[:2], ("x", "y")))
        found = self.cluster("--report", known, "-q", "-", stdin=harness.tsv(*CHAIN))
        self.assertEqual(found.err, "known pairs: 1, of ids that are there: 0, so that there is "
                         "nothing to compare\n")

    def test_bad_rows_are_told_and_left_out(self):
        rows = [HEAD, ("1", "", "0.9"), ("2", "3", "0.9")]
        found = self.cluster("-", stdin=harness.tsv(*rows), status=1)
        self.assertEqual(len(found.lines), 3)
        self.assertIn('column 2 ("id_b") is empty', found.err)

    def test_what_is_no_similarity_stops_the_run(self):
        output = self.path("out.tsv")
        for value in ("foo", "inf", "nan", "0.5x", "1e99", "85", "1.01"):
            rows = [HEAD, ("1", "2", value)]
            failed = self.cluster("-o", output, "-", stdin=harness.tsv(*rows), status=2)
            self.assertIn(f'standard input:2: "{value}" is no similarity', failed.err)
            self.assertFalse(os.path.exists(output))

    def test_options_that_do_not_go_together_are_refused(self):
        pairs = self.path("pairs.tsv", harness.tsv(*CHAIN))
        for arguments, line in (
                (("--cut", "correlation"), "--cut says how"),
                (("--threshold", "0.5,0.50"), "is there twice"),
                (("--threshold", "0.5,2"), "--threshold"),
                (("--threshold", "0.5,"), "--threshold"),
                (("--previous", pairs, "--threshold", "0.5,0.6"), "give one --threshold"),
                (("--previous", self.path("none.tsv")), "none.tsv")):
            self.assertIn(line, self.cluster(*arguments, pairs, status=2).err)
        self.assertIn("give a table of pairs", self.cluster(status=2).err)

    def test_a_sum_of_floats_may_come_out_above_one(self):
        found = self.cluster("-", stdin=harness.tsv(HEAD, ("1", "2", "1.0000002"), ("3", "4", "-0.2")))
        self.assertEqual([cells[1] for cells in found.cells[1:]], [b"1", b"1", b"3", b"4"])

    def test_the_earlier_output_may_be_replaced_and_by_nothing_else(self):
        pairs = self.path("pairs.tsv", harness.tsv(*CHAIN))
        old = self.path("old.tsv")
        self.cluster("-o", old, pairs)
        before = self.read("old.tsv")
        failed = self.cluster("--previous", old, "--errors", old, "-o", self.path("new.tsv"), pairs, status=2)
        self.assertIn("are the same file", failed.err)
        self.assertEqual(self.read("old.tsv"), before)
        self.cluster("--previous", old, "-o", old, pairs)
        self.assertEqual(self.read("old.tsv"), before)

    def test_standard_input_is_read_once(self):
        rows = harness.tsv(*CHAIN)
        for option in ("--report", "--previous"):
            failed = self.cluster(option, "/dev/stdin", "-", stdin=rows, status=2)
            self.assertIn("standard input (-) can be read only once", failed.err)
        failed = self.cluster("--report", "/dev/stdin", self.path("pairs.tsv", rows), stdin=rows, status=2)
        self.assertIn("cannot be read a second time", failed.err)

    def test_a_format_that_cannot_be_is_refused(self):
        failed = self.cluster("--compression", "zstd", "-o", self.path("out.tsv"), "-", stdin=b"", status=2)
        self.assertIn("--compression is of Parquet and Arrow", failed.err)

    def test_a_reader_that_goes_ends_it_without_a_word(self):
        end, pipe = os.pipe()
        os.close(end)
        done = subprocess.run([PROGRAM, "cluster", "-q", self.path("pairs.tsv", harness.tsv(*CHAIN))], stdout=pipe,
                              stderr=subprocess.PIPE, timeout=harness.LIMIT)
        os.close(pipe)
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, b""))

    def test_nothing_comes_of_nothing(self):
        self.assertEqual(self.cluster("-", stdin=b"").lines,
                         [b"id\tcluster_id\trepresentative_id\tcluster_size\tweakest_link\tlink"])


if __name__ == "__main__":
    unittest.main()
