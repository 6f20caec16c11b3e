# SPDX-License-Identifier: Apache-2.0
"""What comes out: columns, formats, gold, summary, check, help."""
import json
import os
import subprocess
import unittest

import harness
from harness import LABELS, MGEO, NAMES, ONE_LOGIT, PROGRAM, Case, table, tsv


class Work(Case):
    """Hours of scoring are not begun for what can be known to fail."""

    def test_a_later_file_is_looked_at_first(self):
        good = self.path("good.tsv", table())
        for bad in (self.path("b.xlsx", b"PK\x03\x04xl/workbook.xml"), self.path("other", b"x\ty\nz\tz\n"),
                    self.folder):
            result = self.run_score("-o", self.path("o"), good, bad, status=2)
            self.assertEqual(result.out, b"")
            result = self.run_score(good, bad, status=2)
            self.assertEqual(result.out, b"", "rows were scored before the second file was looked at")

    def test_a_name_that_is_empty_is_refused(self):
        for option in ("-o", "--errors", "--summary", "--encoding"):
            self.assertEqual(self.run_score(option, "", stdin=table(), status=2).out, b"")


class Tsv(Case):
    def test_rows_keep_their_order(self):
        result = self.run_score(stdin=table(700))
        self.assertEqual(result.cells[0], [name.encode() for name in NAMES] + [b"similarity", b"label"])
        self.assertEqual(len(result.lines), 701)
        given = table(700).split(b"\n")
        for line, cells, before in zip(result.lines[1:], result.cells[1:], given[1:]):
            self.assertTrue(line.startswith(before + b"\t"))
            self.assertRegex(cells[4], rb"^[01]\.\d{6}$")
            self.assertIn(cells[5].decode(), LABELS)
        self.assertEqual(result.err, "")

    def test_a_pair_scores_the_same_alone(self):
        together = self.run_score(stdin=table(50)).cells[1:]
        alone = self.run_score("--header", "no", "-c", "2,3",
                               stdin=table(50, header=False).split(b"\n")[7] + b"\n").cells
        self.assertAlmostEqual(float(alone[0][4]), float(together[7][4]), delta=2e-5)

    def test_bundled_model_tells_pairs_apart(self):
        result = self.run_score(model=None, stdin=tsv(
            ("浙江省杭州市西湖区文三路100号", "浙江省杭州市西湖区文三路100号"),
            ("浙江省杭州市西湖区文三路100号", "黑龙江省哈尔滨市道里区中央大街58号")))
        self.assertGreater(float(result.cells[0][2]), 0.5)
        self.assertLess(float(result.cells[1][2]), 0.5)
        self.assertEqual(result.cells[1][3], b"not_match")

    def test_added_columns_come_last(self):
        result = self.run_score("--probabilities", "--threshold", "0.2", stdin=table())
        self.assertEqual(result.cells[0][4:], [b"similarity", b"label", b"match", b"p_exact_match",
                                               b"p_partial_match", b"p_not_match"])
        for cells in result.cells[1:]:
            shares = [float(cell) for cell in cells[7:]]
            self.assertAlmostEqual(sum(shares), 1, delta=1e-5)
            self.assertAlmostEqual(float(cells[4]), shares[0] + shares[1] / 2, delta=1e-5)
            self.assertEqual(cells[5].decode(), LABELS[shares.index(max(shares))])
            self.assertEqual(cells[6], b"yes" if float(cells[4]) >= 0.2 else b"no")

    def test_partial_weight_changes_the_similarity(self):
        full = self.run_score("--probabilities", "--partial-weight", "1", stdin=table()).cells[1]
        none = self.run_score("--partial-weight", "0", stdin=table()).cells[1]
        self.assertAlmostEqual(float(full[4]), float(full[6]) + float(full[7]), delta=1e-5)
        self.assertAlmostEqual(float(none[4]), float(full[6]), delta=1e-5)

    def test_texts_that_differ_in_unknown_characters_never_match(self):
        rare = [(chr(0x2A6D0), chr(0x2A6D1)), (chr(0x2A6D0), chr(0x2A6D0)), ("\ue001", "\ue002")]
        given = tsv(("sentence1", "sentence2"), *((f"金{a}路8号", f"金{b}路8号") for a, b in rare))
        kept = self.run_score("--unknown", "keep", "--probabilities", stdin=given, model=None)
        self.assertEqual([cells[3] for cells in kept.cells[1:]], [b"exact_match"] * 3)
        self.assertIn("lacks: 3, differing in them: 2, therefore no match: 0", kept.err)
        capped = self.run_score("--probabilities", "--summary", self.path("s.json"), stdin=given, model=None)
        self.assertEqual([cells[3] for cells in capped.cells[1:]],
                         [b"partial_match", b"exact_match", b"partial_match"])
        self.assertIn("lacks: 3, differing in them: 2, therefore no match: 2", capped.err)
        self.assertTrue(float(capped.cells[1][2]) < 0.5 < float(capped.cells[2][2]))
        self.assertEqual(capped.cells[2], kept.cells[2])
        summary = json.loads(self.read("s.json"))
        self.assertEqual([summary[name + "_rows"] for name in ("unknown", "unknown_differ", "capped")],
                         [3, 2, 2])
        self.assertNotIn("lacks", self.run_score("-q", stdin=given, model=None).err)
        self.assertRegex(self.run_score("--check", model=None).out.decode(), r"characters +\d+ of the 6763 in GB 2312")

    def test_positive_label_turns_the_similarity(self):
        result = self.run_score("--probabilities", "--positive-label", "not_match", stdin=table())
        for cells in result.cells[1:]:
            self.assertAlmostEqual(float(cells[4]), float(cells[8]), delta=1e-5)

    def test_taken_names_get_a_prefix(self):
        given = tsv(("similarity", "sentence1", "sentence2", "label"), ("1", "人民路", "人民路", "x"))
        result = self.run_score(stdin=given)
        self.assertEqual(result.cells[0][4:], [b"mgeo_similarity", b"mgeo_label"])

    def test_no_rows_give_no_rows(self):
        self.assertEqual(self.run_score(stdin=b"").out, b"")
        self.assertEqual(self.run_score(stdin=tsv(NAMES)).lines,
                         [b"id\tsentence1\tsentence2\tgold\tsimilarity\tlabel"])


class JsonLines(Case):
    def test_cells_stand_under_their_names(self):
        result = self.run_score("-f", "jsonl", "--probabilities", "--threshold", "0", stdin=table())
        rows = [json.loads(line) for line in result.lines]
        self.assertEqual(list(rows[0]), [*NAMES, "similarity", "label", "match", "p_exact_match",
                                         "p_partial_match", "p_not_match"])
        self.assertEqual([row["id"] for row in rows], ["0", "1", "2", "3", "4"])
        self.assertEqual(rows[1]["sentence2"], "中山路22号")
        self.assertEqual({row["match"] for row in rows}, {"yes"})
        self.assertIsInstance(rows[0]["similarity"], float)

    def test_columns_without_names_are_numbered(self):
        result = self.run_score("--format=jsonl", stdin=b"\xe8\xb7\xaf\"\\\t\xe8\xb7\xaf\tx\xff\n")
        row = json.loads(result.lines[0])
        self.assertEqual(list(row), ["column_1", "column_2", "column_3", "similarity", "label"])
        self.assertEqual((row["column_1"], row["column_3"]), ("路\"\\", "x\ufffd"))

    def test_bad_rows_and_odd_names_stay_json(self):
        given = tsv(("a", "b", "", "a"), ("路", "", "x", "y"), ("路",))
        result = self.run_score("-f", "jsonl", "-c", "1,2", stdin=given, status=1)
        rows = [json.loads(line) for line in result.lines]
        self.assertEqual(rows[0], {"a": "路", "b": "", "column_3": "x", "column_4": "y",
                                   "similarity": None, "label": None})
        self.assertEqual(rows[1]["b"], None)


class Gold(Case):
    def rows(self, *labels):
        texts = self.run_score(stdin=table(len(labels))).cells[1:]
        answers = [cells[5].decode() for cells in texts]
        given = [answer if label is True else label for answer, label in zip(answers, labels)]
        rows = [[cell.decode() for cell in cells[:3]] + [label]
                for cells, label in zip(texts, given)]
        return tsv(NAMES, *rows)

    def test_gold_labels_are_reported(self):
        given = self.rows(True, True, True, True, "", "nonsense")
        result = self.run_score("--gold", "gold", "-q", "--summary", self.path("s.json"), stdin=given)
        self.assertIn("4 rows compared", result.err)
        self.assertIn("accuracy 1.0000\nmacro-F1 1.0000\n", result.err)
        self.assertIn("1 rows with an empty gold cell", result.err)
        self.assertIn("the model does not have: nonsense", result.err)
        self.assertIn("confusion", result.err)
        self.assertIn("best f1", result.err)
        gold = json.loads(self.read("s.json"))["gold"]
        self.assertEqual((gold["compared"], gold["empty"], gold["unknown"]), (4, 1, 1))
        self.assertEqual(gold["unknown_labels"], ["nonsense"])
        self.assertEqual(gold["accuracy"], 1)
        self.assertEqual(sum(sum(row.values()) for row in gold["confusion"].values()), 4)
        self.assertEqual(len(gold["sweep"]), 21)

    def test_gold_by_number_needs_no_header(self):
        given = self.rows(*[True] * 4).split(b"\n", 1)[1]
        result = self.run_score("--gold", "4", "-c", "2,3", stdin=given)
        self.assertIn("4 rows compared\naccuracy 1.0000", result.err)

    def test_missing_cells_are_scored(self):
        given = tsv(NAMES, ("0", "路", "路"), ("1", "路", "路", "not_match"))
        result = self.run_score("--gold", "gold", stdin=given)
        self.assertIn("1 rows compared", result.err)
        self.assertEqual([len(cells) for cells in result.cells], [6, 6, 6])

    def test_one_logit_is_compared_as_yes_and_no(self):
        given = tsv(NAMES, ("0", "路", "路", "yes"), ("1", "路", "街", "0"), ("2", "路", "街", "?"))
        result = self.run_score("--gold", "gold", "--threshold", "0", stdin=given, model=ONE_LOGIT)
        self.assertIn("2 rows compared, yes from similarity 0", result.err)
        self.assertIn("accuracy 0.5000", result.err)


class Summary(Case):
    def test_the_summary_has_its_members(self):
        given = table(100) + b"100\t\tx\ty\n101\tonly\n"
        self.run_score("--summary", self.path("s.json"), "--threshold", "0", "--max-length", "8",
                       stdin=given, status=1)
        summary = json.loads(self.read("s.json"))
        self.assertEqual(summary["rows"], 102)
        self.assertEqual(summary["scored"], 100)
        self.assertEqual(summary["matches"], 100)
        self.assertEqual(summary["bad_reasons"], {"too_few_columns": 1, "empty_text": 1})
        self.assertGreater(summary["truncated_rows"], 0)
        self.assertEqual(sum(summary["labels"].values()), 100)
        self.assertGreater(summary["pairs_per_second"], 0)
        self.assertGreater(summary["tokens"], 100)
        spread = [summary["similarity"][key]
                  for key in ("min", "p1", "p5", "p25", "p50", "p75", "p95", "p99", "max")]
        self.assertEqual(spread, sorted(spread))
        self.assertEqual(summary["model"]["labels"], LABELS)
        self.assertRegex(summary["model"]["fingerprint"], "^[0-9a-f]{32}$")
        self.assertEqual(summary["model"]["max_length"], 8)

    def test_quantiles_are_those_of_the_rows(self):
        result = self.run_score("--summary", self.path("s.json"), stdin=table(201))
        values = sorted(float(cells[4]) for cells in result.cells[1:])
        spread = json.loads(self.read("s.json"))["similarity"]
        self.assertAlmostEqual(spread["p50"], values[100], delta=2e-4)
        self.assertAlmostEqual(spread["min"], values[0], delta=1e-6)

    def test_no_rows_have_no_quantiles(self):
        self.run_score("--summary", self.path("s.json"), stdin=b"")
        self.assertIsNone(json.loads(self.read("s.json"))["similarity"]["p50"])


class Model(Case):
    def test_precisions_agree(self):
        reference = self.run_score("-p", "fp32", model=None, stdin=table()).cells[1:]
        for precision in ("bf16", "int8"):
            self.run_score("-p", precision, "--summary", self.path("s.json"), "-o", self.path("o"),
                           model=None, stdin=table())
            self.assertEqual(json.loads(self.read("s.json"))["model"]["precision"], precision)
            for a, line in zip(reference, self.read("o").split(b"\n")[1:]):
                self.assertAlmostEqual(float(a[4]), float(line.split(b"\t")[4]), delta=0.1)

    def test_threads_batches_and_device_are_taken(self):
        self.run_score("-j", "1", "--batch-tokens", "64", "-d", "cpu", "--max-length", "32",
                       "--summary", self.path("s.json"), "-o", self.path("o"), stdin=table())
        model = json.loads(self.read("s.json"))["model"]
        self.assertEqual((model["threads"], model["batch_tokens"], model["device"],
                          model["max_length"]), (1, 64, "cpu", 32))

    def test_cut_pairs_are_told(self):
        result = self.run_score("--max-length", "8", stdin=table())
        self.assertRegex(result.err, "pairs cut to 8 tokens: [1-5];")

    def test_what_the_model_cannot_do_is_refused(self):
        for arguments, word in ((("-m", self.folder), "config.json"), (("-d", "abacus"), "abacus"),
                                (("-d", "cuda:0,cuda:1"), "CUDA|cuda"), (("--tf32",), "allow_tf32"),
                                (("--positive-label", "maybe"), "positive_label")):
            result = self.run_score(*arguments, stdin=table(), status=2)
            self.assertRegex(self.one_line(result), word)
            self.assertEqual(result.out, b"")

    def test_check_describes_and_tests_the_model(self):
        result = self.run_score("--check")
        text = result.out.decode()
        for word in ("fingerprint", "2 layers, hidden 32", "0 exact_match (positive)", "fp32",
                     "crossattention", "probabilities sum to 1", "alone and in a batch", "\nsound\n"):
            self.assertIn(word, text)
        self.assertIn("one logit", self.run_score("--check", model=ONE_LOGIT).out.decode())
        self.one_line(self.run_score("--check", "-m", self.folder, status=2))
        bundled = self.run_score("--check", model=None).out.decode()
        self.assertIn("ok      the same address twice", bundled)


class Notes(Case):
    def test_help_and_version_are_printed(self):
        for option in ("-h", "--help"):
            self.assertTrue(self.run_score(option).out.startswith(b"Usage: mgeo-score"))
        self.assertRegex(self.run_score("-V").out, rb"^mgeo-score \d+\.\d+\.\d+ \(libmgeo ")
        with open("/dev/full", "wb") as full:
            for option in ("--help", "--check"):
                done = subprocess.run([PROGRAM, "-m", MGEO, option], stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 2)

    def test_wrong_options_end_with_one_line(self):
        for arguments in (["--frobnicate"], ["-c", "1"], ["--check", "x"], ["--threshold", "2"]):
            self.one_line(self.run_score(*arguments, status=2))

    def test_progress_always_prints_without_a_terminal(self):
        self.assertEqual(self.run_score("--progress", "auto", stdin=table()).err, "")
        self.assertEqual(self.run_score("--progress", "never", stdin=table()).err, "")
        always = self.run_score("--progress", "always", self.path("in", table(300)), "-q").err
        self.assertRegex(always, r"\[=+\] 100%  300 rows  \d+/s  ETA 0:00\n$")

    def test_progress_is_redrawn_on_a_terminal(self):
        main, terminal = os.openpty()
        child = self.start("--progress", "auto", "-o", self.path("o"), stdin=subprocess.PIPE,
                           stderr=terminal)
        os.close(terminal)
        child.stdin.write(table(20))
        child.stdin.flush()
        seen = b""
        while b"20 rows" not in seen:
            seen += os.read(main, 4096)
        child.stdin.close()
        try:
            while True:
                seen += os.read(main, 4096)
        except OSError:  # the terminal's other end is closed
            os.close(main)
        self.assertEqual(child.wait(), 0)
        self.assertTrue(seen.startswith(b"\r\x1b[K"), seen)
        self.assertTrue(seen.endswith(b"\r\x1b[K"), seen)

    def test_locale_does_not_matter(self):
        environment = dict(os.environ, LC_ALL="de_DE.UTF-8", LANG="de_DE.UTF-8")
        done = subprocess.run([PROGRAM, "-m", MGEO], input=table(), capture_output=True,
                              env=environment, timeout=harness.LIMIT)
        self.assertRegex(done.stdout.split(b"\n")[1].split(b"\t")[4], rb"^0\.\d{6}$")


if __name__ == "__main__":
    unittest.main()
