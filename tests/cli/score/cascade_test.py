# SPDX-License-Identifier: Apache-2.0
"""--first: pairs are decided by their normal form, by a small model where it is sure, else by the second one."""
import json
import os
import random
import shutil
import subprocess
import unittest

from harness import LIMIT, MGEO, ONE_LOGIT, PROGRAM, Case, tsv

TWO_LABELS = os.path.join(os.path.dirname(MGEO), "two_labels")
SAME_FORM = [("上海市浦东新区人民路1号", "上海市浦东新区人民路１号"), ("中山路2号", "中山路二号")]
ROADS = "人民路 中山路 解放路 文三路 长安街 建设路 和平路 胜利路".split()


def pairs(count, seed=1):
    """Pairs of all kinds, none twice; every tenth has one form written in two ways."""
    chance, rows = random.Random(seed), []
    for i in range(count):
        road, number = chance.choice(ROADS), i + 1
        if i % 10 == 0:
            rows.append((f"{road}{number}号", f"{road}{number}號"))
        elif i % 3 == 0:
            rows.append((f"{road}{number}号", f"{road}{number}号{chance.randrange(1, 9)}栋"))
        else:
            rows.append((f"{road}{number}号", f"{chance.choice(ROADS)}{chance.randrange(count)}号"))
    return rows


def table(rows):
    return tsv(("sentence1", "sentence2"), *rows)


class CascadeCase(Case):
    def answers(self, *arguments, rows, status=0, model=MGEO):
        """Rows as dictionaries."""
        result = self.run_score("-q", "-f", "jsonl", *arguments, stdin=table(rows), status=status, model=model)
        return [json.loads(line) for line in result.lines]

    def single(self, rows, model, *more):
        return self.answers("--probabilities", *more, rows=rows, model=model)

    def summary(self):
        return json.loads(self.read("summary"))

    def same_answer(self, row, single):
        self.assertEqual(row["label"], single["label"])
        for name in ("similarity", "p_exact_match", "p_partial_match", "p_not_match"):
            self.assertAlmostEqual(row[name], single[name], delta=2e-6)


class Bands(CascadeCase):
    def test_each_row_has_the_answer_of_the_model_that_decided_it(self):
        rows = pairs(200)
        first, second = self.single(rows, None), self.single(rows, MGEO)
        got = self.answers("--first", "bundled", "--band", "0.2,0.9", "--probabilities",
                           "--summary", self.path("summary"), rows=rows)
        seen = {"same_form": 0, "first": 0, "second": 0}
        for i, row in enumerate(got):
            seen[row["decided_by"]] += 1
            if row["decided_by"] == "same_form":
                self.assertEqual((i % 10, row["label"], row["similarity"]), (0, "exact_match", 1))
                self.assertEqual((row["p_exact_match"], row["p_partial_match"], row["p_not_match"]), (1, 0, 0))
                continue
            inside = 0.2 <= first[i]["similarity"] <= 0.9
            self.assertEqual(row["decided_by"], "second" if inside else "first")
            self.same_answer(row, second[i] if inside else first[i])
        self.assertTrue(all(seen.values()), seen)
        self.assertEqual(self.summary()["cascade"]["decided"], seen)
        self.assertEqual(self.summary()["cascade"]["rule"], "--band 0.2,0.9")
        self.assertEqual(self.summary()["cascade"]["first"]["version"], "mini")

    def test_a_label_is_kept_where_it_is_sure(self):
        rows = pairs(120)
        first = self.single(rows, None)
        got = self.answers("--first", "bundled", "--sure", "not_match=0.8,exact_match=never", rows=rows)
        for i, row in enumerate(got):
            if row["decided_by"] == "same_form":
                continue
            sure = first[i]["label"] == "not_match" and first[i]["p_not_match"] >= 0.8
            self.assertEqual(row["decided_by"], "first" if sure else "second")

    def test_nothing_and_everything_is_sure(self):
        rows = pairs(40)
        for words, wanted in (("0", {"first", "same_form"}), ("never", {"second", "same_form"})):
            got = self.answers("--first", "bundled", "--sure", words, rows=rows)
            self.assertEqual({row["decided_by"] for row in got}, wanted)

    def test_a_model_stands_in_for_itself(self):
        rows = pairs(60)
        got = self.answers("--first", MGEO, "--band", "0,1", rows=rows)
        self.assertNotIn("first", {row["decided_by"] for row in got})
        alone = self.single(rows, MGEO)
        for row, single in zip(got, alone):
            if row["decided_by"] == "second":
                self.assertEqual((row["label"], row["similarity"]), (single["label"], single["similarity"]))

    def test_it_does_not_depend_on_threads_or_the_way(self):
        given = table(pairs(150))
        cascade = ["-q", "--first", "bundled", "--sure", "0.9", "--probabilities"]
        whole = self.run_score(*cascade, "-j", "1", stdin=given)
        self.same(self.run_score(*cascade, "-j", "2", stdin=given).cells, whole.cells)
        self.same(self.run_score(*cascade, "--stream", stdin=given).cells, whole.cells)
        for i in (1, 2):
            shard = self.run_score(*cascade, "--shard", f"{i}/2", stdin=given)
            self.same(shard.cells[1:], whole.cells[i::2])

    def test_rows_without_a_score_are_decided_by_none(self):
        rows = [("", "人民路"), SAME_FORM[0], (" ", " "), SAME_FORM[0]]
        got = self.answers("--first", "bundled", "--band", "0,1", rows=rows, status=1)
        self.assertEqual([row["decided_by"] for row in got], [None, "same_form", None, "same_form"])

    def test_columns_of_that_name_are_not_lost(self):
        given = tsv(("sentence1", "sentence2", "decided_by"), (*SAME_FORM[0], "me"))
        result = self.run_score("-q", "--same-form", "yes", stdin=given)
        self.assertEqual(result.cells[0][-1], b"mgeo_decided_by")
        self.assertEqual(result.cells[1][2:], [b"me", b"1.000000", b"exact_match", b"same_form"])

    def test_the_first_model_may_compute_otherwise(self):
        rows = pairs(60)
        self.answers("--first", "bundled", "--first-precision", "int8", "--band", "0.1,0.9", "--summary",
                     self.path("summary"), rows=rows)
        self.assertEqual(self.summary()["cascade"]["first"]["precision"], "int8")
        self.assertEqual(self.summary()["model"]["precision"], "fp32")


class SameForm(CascadeCase):
    def test_alone(self):
        rows = [*SAME_FORM, ("人民路1号", "人民路2号")]
        got = self.answers("--same-form", "yes", "--summary", self.path("summary"), rows=rows)
        self.assertEqual([row["decided_by"] for row in got], ["same_form", "same_form", "second"])
        self.assertEqual(self.summary()["cascade"], {"decided": {"same_form": 2, "first": 0, "second": 1}})

    def test_not_in_a_cascade_that_does_not_want_it(self):
        got = self.answers("--first", "bundled", "--sure", "0", "--same-form", "no", rows=SAME_FORM)
        self.assertEqual([row["decided_by"] for row in got], ["first", "first"])

    def test_never_by_itself(self):
        plain = self.answers(rows=SAME_FORM)
        self.assertEqual(set(plain[0]), {"sentence1", "sentence2", "similarity", "label"})
        self.assertLess(plain[0]["similarity"], 1)

    def test_a_positive_label_of_two(self):
        got = self.answers("--same-form", "yes", "--probabilities", rows=SAME_FORM[:1], model=TWO_LABELS)[0]
        self.assertEqual((got["similarity"], got["decided_by"]), (1, "same_form"))
        self.assertEqual(sorted(value for name, value in got.items() if name.startswith("p_")), [0, 1])

    def test_one_number_has_no_label(self):
        result = self.run_score("--same-form", "yes", stdin=table(SAME_FORM), model=ONE_LOGIT, status=2)
        self.assertIn("--same-form: this model has no label", self.one_line(result))


class Agreement(CascadeCase):
    def agreement(self, *more, rows, model=MGEO, first="bundled"):
        path = self.path("in.tsv", table(rows))
        result = self.run_score("--first", first, "--keep-agreement", "90%", "-f", "jsonl", "-o", self.path("out"),
                                "--summary", self.path("summary"), *more, path, model=model)
        rows = [json.loads(line) for line in self.read("out").splitlines()]
        return result, rows, self.summary()["cascade"]

    def test_two_models_that_agree(self):
        """The same model in another precision: nearly nothing is left for the second one."""
        rows = pairs(900)
        result, got, cascade = self.agreement("--first-precision", "bf16", rows=rows, first=MGEO)
        alone = self.single(rows, MGEO)
        agreeing = sum(row["label"] == single["label"] for row, single in zip(got, alone))
        self.assertGreaterEqual(agreeing / len(rows), 0.9)
        figures = cascade["agreement"]
        self.assertEqual((figures["asked"], figures["sample"], figures["checked"]), (0.9, 900, 600))
        self.assertGreaterEqual(figures["at_least"], 0.9)
        self.assertGreaterEqual(figures["measured"], figures["at_least"])
        self.assertGreater(cascade["decided"]["first"], 0)
        self.assertIn("chosen on 900 pairs: --sure ", result.err)

    def test_the_rule_that_is_told_does_the_same(self):
        rows = pairs(900)
        _, got, cascade = self.agreement("--first-precision", "bf16", rows=rows, first=MGEO)
        again = self.answers("--first", MGEO, "--first-precision", "bf16", *cascade["rule"].split(" "), rows=rows)
        self.assertTrue([row["decided_by"] for row in got] == [row["decided_by"] for row in again])

    def test_two_models_that_never_agree(self):
        """The second one is the first one with its labels turned round: it decides all."""
        turned, names = self.path("turned"), {"0": "partial_match", "1": "not_match", "2": "exact_match"}
        shutil.copytree(MGEO, turned)
        os.remove(os.path.join(turned, "configuration.json"))
        path = os.path.join(turned, "config.json")
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        config["id2label"], config["label2id"] = names, {name: int(i) for i, name in names.items()}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        result, got, cascade = self.agreement("--unknown", "keep", "--same-form", "no", "--keep-agreement", "99%",
                                              rows=pairs(600), model=turned, first=MGEO)
        self.assertEqual({row["decided_by"] for row in got}, {"second"})
        self.assertIn("no rule shows that", result.err)
        self.assertEqual(cascade["decided"], {"same_form": 0, "first": 0, "second": 600})
        self.assertEqual(cascade["rule"], "--sure never --same-form no")

    def test_a_sample_can_be_too_small(self):
        result, got, _ = self.agreement("--agreement-sample", "20", rows=pairs(100), first=MGEO)
        self.assertEqual({row["decided_by"] for row in got}, {"second"})
        self.assertIn("(at least 44 are needed)", result.err)

    def test_shards_choose_the_same(self):
        path = self.path("in.tsv", table(pairs(900)))
        rules = set()
        for i in (1, 2, 3):
            self.run_score("-q", "--first", MGEO, "--first-precision", "bf16", "--keep-agreement", "0.9", "--shard",
                           f"{i}/3", "-o", self.path("out"), "--summary", self.path("summary"), path)
            rules.add(self.summary()["cascade"]["rule"])
        self.assertEqual(len(rules), 1, rules)


class Resume(CascadeCase):
    ARGUMENTS = ["-m", MGEO, "--first", MGEO, "--first-precision", "bf16", "--keep-agreement", "90%", "--resume",
                 "--resume-every", "32", "-o", "out", "--summary", "summary"]

    def go(self, *more, status=0):
        done = subprocess.run([PROGRAM, *self.ARGUMENTS, *more, "in.tsv"], cwd=self.folder, capture_output=True,
                              timeout=LIMIT)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def test_it_goes_on_with_the_rule_that_was_chosen(self):
        rows = [pair for i, pair in enumerate(pairs(900)) for pair in ([pair, ("", "")] if i == 700 else [pair])]
        self.path("in.tsv", table(rows))
        self.go(status=1)
        whole, counts = self.read("out"), self.summary()["cascade"]
        os.remove(self.path("out"))
        self.go("--max-errors", "0", status=2)
        self.assertIn("goes on after row", self.go(status=1))
        self.assertTrue(self.read("out") == whole)
        self.assertEqual(self.summary()["cascade"], counts)

    def test_another_rule_is_another_run(self):
        rows = [*pairs(300), ("", ""), *pairs(20, seed=2)]
        self.path("in.tsv", table(rows))
        self.go("--max-errors", "0", status=2)
        self.assertIn("--keep-agreement was \"0.9\" and is \"0.91\" now", self.go("--keep-agreement", "91%", status=2))
        self.assertIn("--first was", self.go("--first", "bundled", status=2))
        self.assertTrue(os.path.isdir(self.path(".out.mgeo-resume")))
        shutil.rmtree(self.path(".out.mgeo-resume"))


class Refused(CascadeCase):
    def refused(self, *arguments, said, model=MGEO, stdin=table(SAME_FORM)):
        result = self.run_score(*arguments, stdin=stdin, status=2, model=model)
        self.assertIn(said, self.one_line(result))
        self.assertEqual(result.out, b"")

    def test_in_one_line(self):
        path = self.path("in.tsv", table(SAME_FORM))
        nowhere = self.path("nowhere")
        self.refused("--first", nowhere, "--band", "0,1", said="--first: cannot load the model")
        self.refused("--first", TWO_LABELS, "--band", "0,1", said="its labels are not those of --model")
        self.refused("--first", ONE_LOGIT, "--keep-agreement", "90%", path, model=ONE_LOGIT,
                     said="has one number alone")
        self.refused("--first", "bundled", "--sure", "equal=0.5", said="no such label")
        self.refused("--first", "bundled", "--keep-agreement", "90%", said="cannot be read a second time")
        for share in ("abc", "99.5", "0", "100%", "nan", "%"):
            self.refused("--first", "bundled", "--keep-agreement", share,
                         said=f"--keep-agreement {share}: give a share from 50% to 99.99%, as 99.5% or 0.995")

    def test_one_model_twice_is_told(self):
        for more, told in (((), True), (("--first-precision", "bf16"), False)):
            result = self.run_score("--first", MGEO, "--band", "0,1", *more, stdin=table(SAME_FORM), model=MGEO)
            self.assertEqual("that is the model of --model" in result.err, told, result.err)

    def test_no_output_over_a_model(self):
        folder = self.path("model")
        shutil.copytree(MGEO, folder)
        config = os.path.join(folder, "config.json")
        before = os.stat(config).st_size
        self.refused("--first", folder, "--band", "0,1", "-o", config, said="config.json")
        self.assertEqual(os.stat(config).st_size, before)


if __name__ == "__main__":
    unittest.main()
