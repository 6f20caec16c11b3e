# SPDX-License-Identifier: Apache-2.0
"""--check as one JSON object, and compared with a table of expected values."""
import gzip
import json
import os
import shutil
import subprocess
import unittest

from harness import Case, GOLDEN, LABELS, MGEO, ONE_LOGIT, table, tsv


class Report(Case):
    def check(self, *arguments, **how):
        """The object, and nothing else, on standard output."""
        result = self.run_score("--check", "--json", *arguments, **how)
        self.err = result.err
        return json.loads(result.out)

    def lines(self, *arguments, **how):
        result = self.run_score("--check", *arguments, **how)
        self.err = result.err
        return result.out.decode()

    def scored(self, *arguments, given=None, model=MGEO):
        """What mgeo-score writes, as bytes."""
        return self.run_score(*arguments, self.path("pairs", given or table()), model=model).out


class Json(Report):
    def test_it_tells_what_the_lines_tell(self):
        found, text = self.check(), self.lines()
        self.assertIs(found["sound"], True)
        self.assertIsNone(found["error"])
        model = found["model"]
        self.assertEqual((model["path"], model["precision"], model["device"]), (MGEO, "fp32", "cpu"))
        self.assertIn(f"fingerprint    {model['fingerprint']}\n", text)
        self.assertIn(f"{model['layers']} layers, hidden {model['hidden']}, {model['heads']} heads", text)
        self.assertEqual(found["labels"], [{"index": i, "name": name, "positive": name == "exact_match"}
                                           for i, name in enumerate(LABELS)])
        characters = found["characters"]
        self.assertIn(f"{characters['unknown']} of the {characters['all']} in GB 2312 are unknown: "
                      + "".join(characters["first_unknown"]), text)
        self.assertIn(f"unused tensors {len(found['unused_tensors'])}\n", text)
        self.assertEqual(len(found["unused_tensors"]), model["unused_tensors"])
        for name in found["unused_tensors"][:20]:
            self.assertIn("  " + name + "\n", text)
        harmless = len([field for field in found["unused_fields"] if field["harmless"]])
        self.assertIn(f"unused fields  {harmless} that change no score, {found['unknown_fields']} to look at", text)
        self.assertEqual([test["test"] for test in found["self_test"]], ["finite", "sum", "alone"])
        for test in found["self_test"]:
            self.assertIs(test["passed"], True)
            self.assertIn(test["what"], text)
        self.assertGreaterEqual(found["memory"]["predicted"], found["memory"]["weights"])
        self.assertNotIn("expect", found)

    def test_one_logit_and_the_bundled_model(self):
        found = self.check(model=ONE_LOGIT)
        self.assertEqual((found["one_logit"], found["labels"][0]["positive"]), (True, False))
        self.assertEqual([test["test"] for test in found["self_test"]], ["finite", "alone"])
        found = self.check(model=None)
        self.assertEqual((found["sense"]["plausible"], found["warnings"]), (True, []))
        self.assertGreater(found["sense"]["same_address"], found["sense"]["two_cities"])

    def test_a_model_that_makes_no_sense_is_sound_and_warned_of(self):
        found = self.check("--positive-label", "not_match", model=None)
        self.assertIs(found["sound"], True)
        self.assertIs(found["sense"]["plausible"], False)
        self.assertIn("label order", found["warnings"][0])

    def test_a_model_that_cannot_be_loaded_says_why(self):
        for name, make, status in (("none", None, "MGEO_E_IO"), ("bad", b"{", "MGEO_E_FORMAT"),
                                   ("other", b'{"model_type":"gpt2"}', "MGEO_E_UNSUPPORTED")):
            folder = self.path(name)
            if make:
                shutil.copytree(MGEO, folder)
                self.path(name + "/config.json", make)
            found = self.check(model=folder, status=2)
            self.assertIs(found["sound"], False)
            self.assertEqual(found["error"]["status"], status)
            self.assertEqual(f"mgeo-score: {found['error']['message']}\n", self.err)
            self.assertEqual(found["model"], {"path": folder})

    def test_a_model_that_is_not_sound_says_which_test(self):
        folder = self.path("nan")
        shutil.copytree(os.path.join(GOLDEN, "two_labels"), folder)
        path = os.path.join(folder, "model.safetensors")
        with open(path, "r+b") as file:
            length = int.from_bytes(file.read(8), "little")
            begin, end = json.loads(file.read(length))["classifier.bias"]["data_offsets"]
            file.seek(8 + length + begin)
            file.write(b"\xff" * (end - begin))
        found = self.check(model=folder, status=2)
        self.assertIs(found["sound"], False)
        self.assertIn("finite", found["error"]["message"])
        self.assertIs(found["self_test"][0]["passed"], False)
        self.assertIn("NOT SOUND\n", self.lines(model=folder, status=2))
        self.assertIn("FAILED", self.lines(model=folder, status=2))

    def test_fields_that_decide_nothing_are_listed(self):
        folder = self.path("fields")
        shutil.copytree(MGEO, folder)
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        self.path("fields/config.json", json.dumps({**config, "use_cache": True, "our_note": 1}).encode())
        fields = {(field["file"], field["name"]): field for field in self.check(model=folder)["unused_fields"]}
        self.assertIs(fields["config.json", "use_cache"]["harmless"], True)
        self.assertNotEqual(fields["config.json", "use_cache"]["reason"], "")
        self.assertIs(fields["config.json", "our_note"]["harmless"], False)

    def test_names_of_others_are_no_markup(self):
        folder = self.path("a\"b\\\x1b\n")
        os.symlink(MGEO, folder)
        self.assertEqual(self.check(model=folder)["model"]["path"], folder)


class Expect(Report):
    def test_the_output_of_a_run_is_as_expected(self):
        """In each format and encoding that is read, with and without a header."""
        ways = {"tsv": [], "csv": ["-f", "csv"], "jsonl": ["-f", "jsonl"]}
        for name, how in ways.items():
            for probabilities in ([], ["--probabilities"], ["--threshold", "0.5"]):
                out = self.scored(*how, *probabilities)
                found = self.check("-q", "--expect", self.path(name, out))["expect"]
                self.assertEqual((found["passed"], found["compared"], found["differing"]), (True, 5, 0), found)
                self.assertEqual(len(found["columns"]), 5 if probabilities[:1] == ["--probabilities"] else 2)
                self.assertLess(found["largest_difference"], 1e-6)
        bare = self.scored("-c", "2,3", given=table(header=False))
        found = self.check("-q", "-c", "2,3", "--expect", self.path("bare", bare))["expect"]
        self.assertEqual(found["columns"], {"similarity": "column 5", "label": "column 6"})
        for name, made in (("gz", gzip.compress(out)), ("gb18030", out.decode().encode("gb18030")),
                           ("utf-16", out.decode().encode("utf-16"))):
            self.assertTrue(self.check("-q", "--expect", self.path(name, made))["expect"]["passed"], name)
        found = json.loads(self.run_score("--check", "--json", "--expect", "-", stdin=out).out)
        self.assertEqual(found["expect"]["file"], "standard input")

    def test_taken_names_count_as_mgeo_score_writes_them(self):
        given = tsv(("sentence1", "sentence2", "similarity", "label", "score"), ("人民路1号", "中山路", "7", "x", "9"))
        out = self.scored(given=given)
        found = self.check("--expect", self.path("e", out))["expect"]
        self.assertEqual(found["columns"], {"similarity": "mgeo_similarity", "label": "mgeo_label"})
        self.assertTrue(found["passed"])

    def test_a_table_made_by_hand(self):
        rows = self.run_score(stdin=table()).cells[1:]
        for names in (("Sentence 1", "Sentence 2", "Score", "Label"), ("地址1", "地址2", "相似度", "标签"),
                      ("a", "b", "expected_score", "expected_label")):
            made = [(row[1].decode(), row[2].decode(), row[4].decode(), row[5].decode().upper().replace("_", " "))
                    for row in rows]
            found = self.check("--expect", self.path("hand", tsv(names, *made)))["expect"]
            self.assertTrue(found["passed"], found)
            self.assertEqual(found["columns"], {"similarity": names[2], "label": names[3]})
        only = self.path("only", tsv(("sentence1", "sentence2", "label"), *((m[0], m[1], m[3]) for m in made)))
        found = self.check("--expect", only)["expect"]
        self.assertEqual((found["passed"], found["compared"], found["largest"]), (True, 5, None))

    def test_a_column_called_expected_holds_numbers_or_labels(self):
        rows = self.run_score(stdin=table()).cells[1:]
        for place, value in ((4, "similarity"), (5, "label")):
            made = [("甲", "", "")] + [(row[1].decode(), row[2].decode(), row[place].decode()) for row in rows]
            path = self.path("e", tsv(("sentence1", "sentence2", "expected"), *made))
            found = self.check("--expect", path)["expect"]
            self.assertEqual((found["passed"], found["compared"], found["columns"]), (True, 5, {value: "expected"}))

    def changed(self, *changes, count=5):
        """Scored rows with cells replaced: (row from 1, column, value)."""
        rows = [line.decode().split("\t") for line in self.scored("--probabilities", given=table(count)).splitlines()]
        for row, column, value in changes:
            rows[row][rows[0].index(column)] = value(rows[row][rows[0].index(column)]) if callable(value) else value
        return self.path("changed", tsv(*rows))

    def test_each_kind_of_difference_is_found(self):
        off = lambda cell: f"{float(cell) + 2e-5:.6f}"
        for column in ("similarity", "p_exact_match", "p_partial_match", "p_not_match"):
            path = self.changed((3, column, off))
            found = self.check("--expect", path, status=1)["expect"]
            self.assertEqual((found["passed"], found["differing"], found["compared"]), (False, 1, 5))
            self.assertAlmostEqual(found["largest_difference"], 2e-5, delta=1e-6)
            at = found["first_differing"][0]
            self.assertEqual((at["line"], at["column"], found["largest"]["line"]), (4, column, 4))
            self.assertIn("1 of 5 rows differ", self.err)
            text = self.lines("--expect", path, status=1)
            self.assertRegex(text, f"line 4: {column} 0\\.\\d+, expected 0\\.\\d+ \\(2\\.\\de-05 off\\)")
            self.assertTrue(text.endswith("NOT AS EXPECTED\n"))
            self.assertTrue(self.lines("--expect", path, "--tolerance", "3e-5").endswith("\nas expected\n"))
        other = lambda cell: "exact_match" if cell != "exact_match" else "not_match"
        found = self.check("--expect", self.changed((2, "label", other)), status=1)["expect"]
        self.assertEqual((found["differing"], found["labels_differing"]), (1, 1))
        self.assertEqual(found["first_differing"][0]["column"], "label")
        found = self.check("--expect", self.changed((2, "label", other)), "--tolerance", "1")["expect"]
        self.assertEqual((found["labels_differing"], found["labels_tied"]), (0, 1))
        found = self.check("--expect", self.changed((2, "label", "LABEL_1")), "--tolerance", "1", status=1)["expect"]
        self.assertIn("no label of this model", found["first_differing"][0]["reason"])

    def test_labels_in_another_order_are_found(self):
        """What a conversion that loses the order of the labels looks like."""
        folder = self.path("turned")
        shutil.copytree(MGEO, folder)
        turned = {name: i for i, name in enumerate(reversed(LABELS))}
        self.path("turned/configuration.json", json.dumps({"model": {"type": "mgeo", "label2id": turned}}).encode())
        expected = self.path("e", self.scored())
        self.assertGreater(self.check("--expect", expected, model=folder, status=1)["expect"]["labels_differing"], 0)

    def test_only_the_first_rows_that_differ_are_shown(self):
        path = self.changed(*((i, "similarity", "0.999") for i in range(1, 31)), count=40)
        found = self.check("--expect", path, status=1)["expect"]
        self.assertEqual((found["differing"], len(found["first_differing"])), (30, 10))
        self.assertIn("… and 20 more\n", self.lines("--expect", path, status=1))

    def test_rows_without_a_score_or_a_value(self):
        rows = [("sentence1", "sentence2", "score"), ("", "人民路", ""), ("人民路", "人民路", ""), ("NULL", "人民路", "0.5")]
        path = self.path("e", tsv(*rows))
        found = self.check("--expect", path, status=1)["expect"]
        self.assertEqual([found[key] for key in ("rows", "compared", "without_value", "without_score", "differing")],
                         [3, 0, 2, 1, 1])
        self.assertEqual(found["first_differing"][0]["reason"], "no score: null_word")
        self.assertIn("no row was compared", self.err)
        score = self.run_score(stdin=tsv(("sentence1", "sentence2"), ("人民路", "人民路"))).cells[1][2].decode()
        rows[2] = ("人民路", "人民路", score)
        found = self.check("--expect", self.path("e", tsv(*rows)), status=1)["expect"]  # one has no score
        self.assertEqual((found["compared"], found["without_score"], found["passed"]), (1, 1, False))
        self.assertTrue(self.check("--expect", self.path("e", tsv(*rows[:3])))["expect"]["passed"])

    def test_nothing_to_compare_is_status_1(self):
        for made in (b"", tsv(("sentence1", "sentence2", "score"))):
            path = self.path("empty", made)
            self.assertIn("NOT AS EXPECTED", self.lines("--expect", path, status=1))
            self.assertIn("no row was compared", self.err)
            self.assertFalse(self.check("--expect", path, status=1)["expect"]["passed"])

    def test_a_table_that_does_not_say_is_refused(self):
        head = ("sentence1", "sentence2", "score")
        for made, words in ((tsv(head[:2], ("甲", "乙")), "no column says what to expect; it has: sentence1, sentence2"),
                            (tsv(("人民路", "人民路")), ":1: no header names what to expect"),
                            (tsv(head, ("甲路", "乙路", "0.5"), ("甲路", "乙路", "83%")), ':3: score "83%" is no number'),
                            (tsv(head, ("甲路", "乙路", "nan")), ':2: score "nan" is no number'),
                            (tsv(head, ("甲路", "乙路", "-2.5")), ':2: score "-2.5" is no number'),
                            (None, "cannot read")):
            path = self.path("e", made) if made is not None else self.path("none")
            found = self.check("-q", "--expect", path, status=2)
            self.assertIn(words, found["expect"]["error"])
            self.assertEqual((found["sound"], found["expect"]["passed"]), (True, False))
            self.assertIn(words, self.err)
            text = self.lines("-q", "--expect", path, status=2)
            self.assertIn("\nNOT COMPARED: ", text)
            self.assertEqual(self.err.count("\n"), 1)

    def test_a_column_of_a_label_that_is_none_is_told(self):
        made = tsv(("sentence1", "sentence2", "p_not_match", "p_LABEL_1"), ("甲", "甲", "", "0.1"))
        self.check("--expect", self.path("e", made), status=1)
        self.assertIn('the column "p_LABEL_1" is compared with nothing', self.err)

    def test_a_ranker_is_compared_by_its_score(self):
        out = self.scored(model=ONE_LOGIT)
        found = self.check("--expect", self.path("e", out), model=ONE_LOGIT)["expect"]
        self.assertEqual((found["passed"], list(found["columns"])), (True, ["similarity"]))
        made = self.path("l", tsv(("sentence1", "sentence2", "label"), ("甲", "甲", "1")))
        self.assertIn("has no labels", self.check("--expect", made, model=ONE_LOGIT, status=2)["expect"]["error"])

    def test_coarser_numbers_have_a_wider_tolerance(self):
        path = self.path("e", self.scored("--probabilities", given=table(40), model=None))
        for precision, tolerance in (("fp32", 1e-5), ("bf16", 0.02), ("int8", 0.05)):
            found = self.check("--expect", path, "-p", precision, model=None)["expect"]
            self.assertEqual((found["tolerance"], found["passed"]), (tolerance, True))
        self.assertGreater(found["largest_difference"], 1e-5)
        self.check("--expect", path, "-p", "int8", "--tolerance", "1e-5", model=None, status=1)

    def test_options_of_the_input_apply(self):
        made = self.scored("-f", "csv").replace(b",", b";")
        path = self.path("e", made)
        self.assertTrue(self.check("-c", "sentence1,sentence2", "--delimiter", ";", "--input-format", "csv",
                                   "--encoding", "utf-8", "--header", "yes", "--null-words", "", "-q",
                                   "--expect", path)["expect"]["passed"])

    def test_the_rule_on_unknown_characters_is_that_of_the_run(self):
        given = tsv(("sentence1", "sentence2"), ("金\U0002a6d0路8号", "金\U0002a6d1路8号"))
        kept = self.path("kept", self.scored("--unknown", "keep", given=given, model=None))
        self.check("--expect", kept, model=None, status=1)
        self.assertTrue(self.check("--expect", kept, "--unknown", "keep", model=None)["expect"]["passed"])

    def test_the_report_is_not_written_into_the_table(self):
        path = self.path("e", self.scored())
        before = self.read("e")
        with open(path, "ab") as out:
            child = self.start("--check", "--expect", path, stdout=out, stderr=subprocess.DEVNULL)
        self.assertEqual((child.wait(), self.read("e")), (2, before))


if __name__ == "__main__":
    unittest.main()
