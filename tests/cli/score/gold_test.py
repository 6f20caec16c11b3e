# SPDX-License-Identifier: Apache-2.0
"""Gold labels of other people, and what is said when there is nothing to compare."""
import json
import re
import unittest

from harness import LABELS, NAMES, ONE_LOGIT, Case, table, tsv


def labelled(*labels):
    """A row for each label, with texts of its own."""
    return tsv(NAMES, *((str(i), f"甲路{i}号", f"甲路{i + 1}号", label) for i, label in enumerate(labels)))


class Gold(Case):
    def gold(self, given, *arguments, status=0, **how):
        result = self.run_score("--gold", "gold", "-o", self.path("out"), "--summary", self.path("s"), *arguments,
                                stdin=given, status=status, **how)
        return result.err, json.loads(self.read("s"))["gold"]

    def support(self, summary):
        return [summary["labels"][label]["support"] for label in summary["labels"]]

    def test_labels_in_another_dress_are_the_same(self):
        err, summary = self.gold(labelled("Exact_Match", "exact_match ", "ＥＸＡＣＴ＿ＭＡＴＣＨ", "\"exact_match\"",
                                          "Exact-Match", "exact match", "\u00a0exact_match", "NOT_MATCH", "Not Match"))
        self.assertEqual(summary["compared"], 9)
        self.assertEqual(summary["labels"]["exact_match"]["support"], 7)
        self.assertEqual(summary["labels"]["not_match"]["support"], 2)
        self.assertNotIn("counts as", err)

    def test_words_of_both_languages_are_told(self):
        err, summary = self.gold(labelled("1", "1", "0", "完全匹配", "部分匹配", "不匹配", "是", "否", "yes", "NO",
                                          "true", "False", "-1"))
        self.assertEqual((summary["compared"], summary["unknown"]), (13, 0))
        self.assertEqual({label: figures["support"] for label, figures in summary["labels"].items()},
                         {"exact_match": 6, "partial_match": 1, "not_match": 6})
        for line in ("gold: '1' counts as exact_match (2 rows)", "gold: '0' counts as not_match (1 row)",
                     "gold: '完全匹配' counts as exact_match (1 row)", "gold: 'no' counts as not_match (1 row)"):
            self.assertIn(line + "\n", err)
        self.assertIn({"label": "1", "as": "exact_match", "rows": 2}, summary["mapped"])

    def test_a_model_with_one_logit(self):
        err, summary = self.gold(labelled("是", "完全匹配", "不匹配", "1", "no", "部分匹配"), model=ONE_LOGIT)
        self.assertEqual((summary["compared"], summary["unknown"]), (5, 1))
        self.assertEqual(summary["labels"]["yes"]["support"], 3)

    def test_a_map_says_it(self):
        err, summary = self.gold(labelled("A", "a ", "B", "1", "x"), "--gold-map", "a=Exact_Match,1=not_match",
                                 "--gold-map", "b=partial_match,q=not_match")
        self.assertEqual({label: figures["support"] for label, figures in summary["labels"].items()},
                         {"exact_match": 2, "partial_match": 1, "not_match": 1})
        self.assertIn("gold: no row has 'q'", err)
        self.assertIn("gold: 'a' counts as exact_match (2 rows)", err)
        self.assertIn("x (1)", err)

    def test_bad_maps_are_refused(self):
        for value, words in (("1", "FROM=TO"), ("1=", "FROM=TO"), ("1=same", "exact_match"), ("", "FROM=TO"),
                             ("1=exact_match,1 =not_match", "twice")):
            result = self.run_score("--gold", "gold", "-o", self.path("never"), "--gold-map", value, stdin=table(),
                                    status=2)
            self.assertIn(words, self.one_line(result))
        self.assertIn("--gold COLUMN", self.one_line(self.run_score("--gold-map", "1=exact_match", status=2)))

    def test_numbers_of_classes_are_doubted(self):
        self.assertIn("numbers of classes", self.gold(labelled("0", "1", "2"))[0])
        self.assertNotIn("numbers of classes", self.gold(labelled("0", "1"))[0])

    def test_foreign_labels_are_counted_and_shown(self):
        err, summary = self.gold(labelled("\x1b[31mred", "\x1b[31mred", "\u202ex", "exact_match"))
        self.assertIn(r"\x1B[31mred (2), \xE2\x80\xAEx (1)", err)
        self.assertNotIn("\x1b", err)
        self.assertEqual(summary["unknown_labels"], ["\x1b[31mred", "\u202ex"])
        self.assertEqual(summary["unknown_rows"], [2, 1])

    def test_a_long_foreign_label_is_cut_between_characters(self):
        err, summary = self.gold(labelled("很长的标签" * 9, "exact_match"))
        self.assertNotIn("\\x", err)
        self.assertNotIn("\ufffd", summary["unknown_labels"][0])

    def test_no_row_compared_is_status_1(self):
        for given in (labelled("q", "r"), labelled("", ""), tsv(NAMES)):
            err, summary = self.gold(given, status=1)
            self.assertIn("gold: 0 rows compared", err)
            self.assertEqual(summary["compared"], 0)
            self.assertIsNone(summary["best"])

    def test_no_best_threshold_where_none_exists(self):
        for labels, words in ((["not_match"] * 3, "no row is exact_match"), (["0", "partial_match"], "no row is"),
                              (["exact_match"] * 2, "all rows are exact_match")):
            err, summary = self.gold(labelled(*labels))
            self.assertIn("no threshold is best: " + words, err)
            self.assertNotIn("best f1", err)
            self.assertIsNone(summary["best"])

    def test_the_best_is_in_the_middle_of_its_run(self):
        given = labelled(*["exact_match", "not_match"] * 4)
        self.run_score("-o", self.path("scored"), stdin=given)
        err, summary = self.gold(given)
        rows = [line.split(b"\t") for line in self.read("scored").split(b"\n")[1:-1]]
        scores = [(float(cells[4]), cells[3] == b"exact_match") for cells in rows]

        def f1(step):
            said = [good for score, good in scores if score >= step / 1000]
            return 2 * sum(said) / (len(said) + 4)
        best = round(summary["best"]["threshold"] * 1000)
        highest = max(f1(step) for step in range(1001))
        self.assertEqual(f1(best), highest)
        below, above = best, best
        while below > 0 and f1(below - 1) == highest:
            below -= 1
        while above < 1000 and f1(above + 1) == highest:
            above += 1
        self.assertEqual(best, (below + above) // 2)

    def test_columns_line_up(self):
        err, _ = self.gold(labelled(*LABELS))
        header = next(line for line in err.split("\n") if line.startswith("label"))
        for label in LABELS:
            row = next(line for line in err.split("\n") if re.match(label + r" +[\d-]", line))
            self.assertEqual(len(row), len(header))


if __name__ == "__main__":
    unittest.main()
