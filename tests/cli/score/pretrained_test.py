# SPDX-License-Identifier: Apache-2.0
"""Directories as save_pretrained writes them answer as transformers does: `--check --expect` says so.

With MGEO_PRETRAINED=DIR it takes those that make_pretrained.py --all wrote there, and prints the figures.
"""
import json
import os
import unittest

from harness import Case

FOLDER = os.environ.get("MGEO_PRETRAINED") or os.path.join(os.environ["MGEO_GOLDEN"], "..", "pretrained")
ALL = sorted(entry.name for entry in os.scandir(FOLDER) if entry.is_dir())


def labels_of(folder):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        names = json.load(file).get("id2label", {"0": "LABEL_0", "1": "LABEL_1"})
    return [names[str(i)] for i in range(len(names))]


class Pretrained(Case):
    def check(self, name, *arguments, status=0):
        folder = os.path.join(FOLDER, name)
        labels = labels_of(folder)
        if len(labels) == 3 and "exact_match" not in labels:  # nothing says which of the three is meant
            arguments += ("--positive-label", labels[2])
        result = self.run_score("--check", "--json", "-q", "--unknown", "keep", "--null-words", "none", "-d", "cpu",
                                "-p", "fp32", "--expect", os.path.join(folder, "expected.csv"), *arguments,
                                model=folder, status=status)
        return json.loads(result.out)

    def test_each_answers_as_transformers(self):
        worst = (0, "")
        lows, highs = [], []
        for name in ALL:
            with self.subTest(name):
                found = self.check(name)
                expect = found["expect"]
                self.assertIs(found["sound"], True)
                self.assertIs(expect["passed"], True, expect)
                self.assertEqual((expect["tolerance"], expect["without_score"]), (1e-5, 0))
                self.assertEqual((expect["compared"], expect["without_value"]), (expect["rows"] - 2, 2))
                self.assertGreater(expect["compared"], 35)
                count = len(found["labels"])
                self.assertEqual(len(expect["columns"]), count + 1 if count > 1 else 1)
                worst = max(worst, (expect["largest_difference"], name))
        if os.environ.get("MGEO_PRETRAINED"):
            print(f"{len(ALL)} directories, the largest difference {worst[0]:.1e} in {worst[1]}")

    def test_there_are_some_of_both(self):
        for version in ("v4_", "v5_"):
            self.assertGreater(len([name for name in ALL if name.startswith(version)]), 3)

    def test_the_comparison_can_fail(self):
        """The same weights are taken for another model's, and labels for each other."""
        name = next(name for name in ALL if name.endswith("_3named"))
        other = next(other for other in ALL if other.endswith("_3named") and other != name)
        expected = os.path.join(FOLDER, other, "expected.csv")
        found = self.run_score("--check", "--json", "-q", "--expect", expected,
                               model=os.path.join(FOLDER, name), status=1)
        self.assertGreater(json.loads(found.out)["expect"]["differing"], 20)


if __name__ == "__main__":
    unittest.main()
