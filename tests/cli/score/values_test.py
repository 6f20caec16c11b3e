# SPDX-License-Identifier: Apache-2.0
"""Values and answers of tables: words for no address, several thresholds, pairs that come again."""
import json
import os
import subprocess
import unittest

from harness import LIMIT, MGEO, NAMES, Case, table, tsv

NULLS = ["NULL", "null", "(null)", "<NULL>", "[null]", "\\N", "nil", "None", "nan", "NaN", "-NaN", "NaT", "N/A",
         "n.a.", "NA", "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "undefined", "Unknown", "not available", "TBD", "0",
         "无", "無", "空", "未知", "不详", "地址不详", "待补充", "暂无", "未填写", "缺失", "同上",
         "-", "--", "—", "——", "－", "_", "/", "\\", "?", "？？", "*", "***", ".", "...", "…", "。", "（）", "#",
         " null ", "\u3000无\u3000", "ＮＵＬＬ", "\"NULL\"", "“无”", "'n/a'", "无\u200b", "\u00a0-\u00a0"]
ADDRESSES = ["无锡市", "空港路1号", "未知路2号", "NULL路1号", "北京路-1", "A", "1", "100", "无 锡", "缺角楼", "略阳县", "8-1"]


class NullWords(Case):
    def test_a_word_for_no_address_gets_no_score(self):
        for word in NULLS:
            for row in ((word, word), (word, "甲路1号"), ("甲路1号", word)):
                result = self.run_score("--header", "no", "--summary", self.path("s"), stdin=tsv(row), status=1)
                self.assertEqual(result.cells[0][2:], [b"", b""], row)
                self.assertIn("--null-words", result.err)
                self.assertEqual(json.loads(self.read("s"))["bad_reasons"], {"null_word": 1}, row)

    def test_addresses_are_none_of_them(self):
        rows = [(a, b) for a in ADDRESSES for b in ADDRESSES]
        for cells in self.run_score("--header", "no", stdin=tsv(*rows)).cells:
            self.assertNotEqual(cells[2], b"", cells)

    def test_the_file_of_errors_names_them(self):
        self.run_score("--header", "no", "--errors", self.path("e"), stdin=tsv(("甲", "乙"), ("甲", "NaN")), status=1)
        cells = self.read("e").split(b"\n")[1].split(b"\t")
        self.assertEqual(cells[1:4], [b"2", b"8", b"null_word"])
        self.assertIn(b"column 2", cells[4])

    def test_the_list_can_be_another(self):
        given = tsv(("NULL", "无"), ("测试", "甲"), ("甲", "ｔｅｓｔ"), ("-", "甲"))
        for words, unscored in (("", []), ("none", []), ("测试", [1]), ("default,测试,Test", [0, 1, 2, 3]),
                                ("default", [0, 3]), ("TEST,测试", [1, 2]), ("-", [3])):
            result = self.run_score("--header", "no", "-q", "--null-words", words, stdin=given, status=bool(unscored))
            self.assertEqual([i for i, cells in enumerate(result.cells) if cells[2] == b""], unscored, words)

    def test_mgeo_bench_leaves_them_out(self):
        pairs = self.path("pairs.tsv", tsv(("甲路1号", "甲路2号"), ("NULL", "NULL"), ("无", "甲路1号")))
        done = subprocess.run([os.environ["MGEO_BENCH"], "-m", MGEO, "--pairs", pairs, "--duration", "0.1",
                               "--warm-up", "0"], capture_output=True, timeout=LIMIT)
        self.assertIn(b"2 rows are no pairs", done.stderr)


class Thresholds(Case):
    def test_several_make_a_column_each(self):
        for arguments in (["--threshold", "0.2,0.25"], ["--threshold", "0.20", "--threshold", "2.5e-1"]):
            result = self.run_score(*arguments, "--summary", self.path("s"), stdin=table(50))
            self.assertEqual(result.cells[0][4:], [b"similarity", b"label", b"match_0.2", b"match_0.25"])
            for cells in result.cells[1:]:
                self.assertEqual(cells[6:], [b"yes" if float(cells[4]) >= x else b"no" for x in (0.2, 0.25)])
            summary = json.loads(self.read("s"))
            self.assertEqual([t["threshold"] for t in summary["thresholds"]], [0.2, 0.25])
            self.assertEqual([t["matches"] for t in summary["thresholds"]],
                             [sum(cells[i] == b"yes" for cells in result.cells) for i in (6, 7)])
            self.assertNotIn("matches", summary)

    def test_one_is_called_match_as_before(self):
        result = self.run_score("--threshold", "0.2", "--summary", self.path("s"), stdin=table())
        self.assertEqual(result.cells[0][6:], [b"match"])
        summary = json.loads(self.read("s"))
        self.assertEqual(summary["matches"], summary["thresholds"][0]["matches"])

    def test_json_lines_and_rows_without_a_score(self):
        given = table(3) + tsv(("9", "", "甲", ""))
        result = self.run_score("-f", "jsonl", "--threshold", "0,1", "-q", stdin=given, status=1)
        rows = [json.loads(line) for line in result.lines]
        self.assertEqual([(row["match_0"], row["match_1"]) for row in rows], [("yes", "no")] * 3 + [(None, None)])

    def test_bad_lists_are_refused(self):
        for value in ("", ",", "0.5,", "0.5,x", "0.5;0.6", "0.5,0.5", "1.1", ",".join(str(i / 99) for i in range(17))):
            self.assertIn("--threshold", self.one_line(self.run_score("--threshold", value, status=2)))


class Repeats(Case):
    def test_a_pair_is_scored_once(self):
        given = table(900)
        rows = given.split(b"\n")[1:-1]
        again = given + b"\n".join(rows + rows[::-1]) + b"\n"
        once = self.run_score("--probabilities", "--summary", self.path("s1"), stdin=given)
        thrice = self.run_score("--probabilities", "--summary", self.path("s3"), stdin=again)
        self.assertEqual(once.err, "")
        self.assertEqual(thrice.err.count("\n"), 1)
        self.assertIn("1800", thrice.err)
        self.assertEqual(thrice.lines[901:1801], thrice.lines[1:901])  # to the byte
        self.assertEqual(thrice.lines[1801:], thrice.lines[1:901][::-1])
        self.same(thrice.cells[:901], once.cells)
        one, three = json.loads(self.read("s1")), json.loads(self.read("s3"))
        self.assertEqual((one["repeated_rows"], three["repeated_rows"]), (0, 1800))
        self.assertEqual(three["tokens"], one["tokens"])
        self.assertEqual(three["scored"], 2700)
        for label, count in one["labels"].items():
            self.assertEqual(three["labels"][label], 3 * count)

    def test_only_the_same_bytes_in_the_same_order(self):
        rows = [("ab", "c"), ("a", "bc"), ("c", "ab"), ("ab ", "c"), ("AB", "c"), ("abc", "abc")]
        self.assertEqual(self.run_score("--header", "no", stdin=tsv(*rows)).err, "")

    def test_other_columns_may_differ(self):
        given = tsv(NAMES, ("1", "甲路1号", "甲路2号", "exact_match"), ("2", "甲路1号", "甲路2号", "not_match"))
        result = self.run_score("--gold", "gold", "--summary", self.path("s"), stdin=given)
        self.assertEqual(result.cells[1][4:], result.cells[2][4:])
        self.assertEqual(json.loads(self.read("s"))["gold"]["compared"], 2)

    def test_rows_without_a_score_are_reported_each(self):
        given = tsv(("\u3000", "甲"), ("\u3000", "甲"), ("甲", "\u3000"), ("\u3000", "甲"))
        self.run_score("--header", "no", "-q", "--errors", self.path("e"), stdin=given, status=1)
        reasons = [line.split(b"\t")[3] for line in self.read("e").split(b"\n")[1:-1]]
        self.assertEqual(reasons, [b"nothing_to_score"] * 4)

    def test_flags_are_copied(self):
        long = "浙江省杭州市西湖区文三路" * 10
        result = self.run_score("--header", "no", "--max-length", "16", "--summary", self.path("s"),
                                stdin=tsv((long, long), (long, long)))
        self.assertIn("pairs cut to 16 tokens: 2", result.err)

    def test_quiet_says_nothing(self):
        self.assertEqual(self.run_score("-q", "--header", "no", stdin=tsv(("甲", "乙"), ("甲", "乙"))).err, "")


if __name__ == "__main__":
    unittest.main()
