#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pictures hold what the reports say. With a folder as argument the pictures are written there, to be looked at."""
import os
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import support  # noqa: E402

support.need("numpy", "matplotlib")
os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp(prefix="mgeo-matplotlib-")

import csv  # noqa: E402
import shutil  # noqa: E402

import matplotlib  # noqa: E402
import numpy as np  # noqa: E402

import mgeo  # noqa: E402
from mgeo import plot  # noqa: E402
from mgeo.evaluation import ThresholdCurve  # noqa: E402

matplotlib.use("Agg")
FOLDER = None


def setUpModule():
    global pairs, truth, report, similarity, engine
    with open(support.ROOT / "examples" / "data" / "pairs.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    pairs, truth = [tuple(row[:2]) for row in rows], np.array([row[2] == "exact_match" for row in rows])
    engine = mgeo.Engine()
    engine.load(support.MINI)
    engine.load(support.MINI, precision="int8", max_length=24)  # one that differs
    report = engine.compare(pairs, worst=len(pairs), progress=False)
    similarity = engine.score(pairs).similarity


def tearDownModule():
    engine.close()
    shutil.rmtree(os.environ["MPLCONFIGDIR"])


def keep(ax, name):
    if FOLDER is not None:
        ax.figure.savefig(pathlib.Path(FOLDER) / f"{name}.png", dpi=90)


class Pictures(unittest.TestCase):
    def tearDown(self):
        matplotlib.pyplot.close("all")

    def test_score_shifts(self):
        ax = plot.score_shifts(report)
        keep(ax, "score_shifts")
        self.assertEqual(ax.patches[0].get_data().values.sum(), len(pairs))
        self.assertIn(f"{len(pairs)} pairs", ax.get_title())
        few = engine.compare(pairs, worst=5, progress=False)
        ax = plot.score_shifts(few)
        self.assertIn(f"the 5 largest of {len(pairs)} pairs", ax.get_title())

    def test_shifts_of_shadow_calls(self):
        engine.set_shadow(1.0, full_speed=True)
        engine.score(pairs)
        while engine.shadow().waiting:
            pass
        while engine.shadow().compared + engine.shadow().dropped < len(pairs):
            pass
        shadow = engine.shadow()
        engine.set_shadow(0)
        ax = plot.score_shifts(shadow)
        keep(ax, "shadow_shifts")
        self.assertEqual(ax.patches[0].get_data().values.sum(), shadow.compared)

    def test_flip_matrix(self):
        ax = plot.flip_matrix(report)
        keep(ax, "flip_matrix")
        shown = [text.get_text() for text in ax.texts]
        self.assertEqual(shown, [str(count) for row in report.flip_matrix for count in row])
        self.assertEqual([label.get_text() for label in ax.get_yticklabels()], list(report.live_labels))
        self.assertIn(f"{report.flips} of {report.pairs} pairs flip", ax.get_title())

    def test_thresholds(self):
        ax = plot.thresholds(truth, similarity)
        keep(ax, "thresholds")
        curve = ThresholdCurve(truth, similarity)
        self.assertEqual(len(ax.lines), 4)
        self.assertTrue((ax.lines[0].get_ydata() == curve.precision).all())
        self.assertIn(f"{curve.best().threshold:.3f}", ax.get_title())
        self.assertIn("At 0.900", plot.thresholds(curve, chosen=0.9).get_title())

    def test_precision_recall(self):
        ax = plot.precision_recall(truth, similarity, label="fp32")
        standby = {shift.index: shift.standby for shift in report.worst}
        other = plot.precision_recall(truth, [standby[row] for row in range(len(pairs))], ax=ax, label="int8, 24 tokens")
        self.assertIs(ax, other)
        keep(ax, "precision_recall")
        self.assertEqual(len(ax.get_legend().get_texts()), 2)

    @unittest.skipUnless(support.has("sklearn"), "no scikit-learn")
    def test_average_precision_is_scikit_learns(self):
        from sklearn.metrics import average_precision_score

        ax = plot.precision_recall(truth, similarity)
        self.assertIn(f"{average_precision_score(truth, similarity):.3f}", ax.get_legend().get_texts()[0].get_text())

    def test_nothing_to_show(self):
        empty = engine.compare(pairs[:2], worst=0, progress=False)
        with self.assertRaisesRegex(ValueError, "no shifts"):
            plot.score_shifts(empty)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        FOLDER = sys.argv.pop(1)
    unittest.main(verbosity=1)
