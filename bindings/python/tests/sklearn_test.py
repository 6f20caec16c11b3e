#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""AddressMatcher keeps scikit-learn's rules, and tunes its threshold as evaluation.ThresholdCurve says."""
import csv
import os
import pickle
import sys
import unittest
import warnings

sys.dont_write_bytecode = True
import support  # noqa: E402

support.need("numpy", "sklearn")
os.environ["PYTHONPATH"] = str(support.PACKAGE)  # for other processes

import numpy as np  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import NotFittedError, SkipTestWarning  # noqa: E402
from sklearn.metrics import (accuracy_score, balanced_accuracy_score, f1_score, precision_score,  # noqa: E402
                             recall_score)
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer  # noqa: E402
from sklearn.utils import estimator_checks  # noqa: E402

import mgeo  # noqa: E402
from mgeo.evaluation import FIGURES, ThresholdCurve  # noqa: E402
from mgeo.sklearn import AddressMatcher  # noqa: E402

# Those of check_estimator that give no numbers as X. It runs the first alone, since pairs are texts.
CHECKS = ("check_estimator_cloneable", "check_estimator_tags_renamed", "check_valid_tag_types", "check_estimator_repr",
          "check_no_attributes_set_in_init", "check_mixin_order",
          "check_get_params_invariance", "check_set_params", "check_parameters_default_constructible")


def table():
    with open(support.ROOT / "examples" / "data" / "pairs.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return np.array([row[:2] for row in rows], object), np.array([row[2] == "exact_match" for row in rows]).astype(int)


X, y = (column[::3] for column in table())


class Rules(unittest.TestCase):
    def test_checks_of_scikit_learn(self):
        with self.assertWarnsRegex(SkipTestWarning, "requires input"):
            estimator_checks.check_estimator(AddressMatcher())
        for name in CHECKS:
            with self.subTest(name):
                getattr(estimator_checks, name)("AddressMatcher", AddressMatcher())

    def test_fit(self):
        matcher = AddressMatcher()
        self.assertIs(matcher.fit(X, y), matcher)
        self.assertEqual((matcher.classes_.tolist(), matcher.n_features_in_), ([0, 1], 2))
        again = clone(matcher).fit(X, y)
        self.assertEqual(again.threshold_, matcher.threshold_)
        self.assertEqual(matcher.fit(X, y).threshold_, again.threshold_)

    def test_parameters_are_kept(self):
        parameters = {"figure": "accuracy", "min_precision": 0.9, "model": str(support.MINI)}
        self.assertEqual({name: AddressMatcher(**parameters).get_params()[name] for name in parameters}, parameters)

    def test_answers_agree(self):
        matcher = AddressMatcher().fit(X, y)
        proba, decision = matcher.predict_proba(X), matcher.decision_function(X)
        self.assertTrue(np.allclose(proba.sum(axis=1), 1))
        self.assertTrue(np.allclose(decision, proba[:, 1] - matcher.threshold_))
        self.assertTrue((matcher.predict(X) == (decision >= 0)).all())
        self.assertEqual(matcher.score(X, y), accuracy_score(y, matcher.predict(X)))
        with mgeo.Engine() as engine:
            engine.load(support.MINI)
            self.assertTrue(np.allclose(engine.score(X).similarity, proba[:, 1]))

    def test_before_fit(self):
        for method in ("predict", "predict_proba", "decision_function"):
            with self.assertRaises(NotFittedError):
                getattr(AddressMatcher(), method)(X)

    def test_asking_changes_nothing(self):
        matcher = AddressMatcher().fit(X, y)
        before = {name: value for name, value in vars(matcher).items() if name != "_loaded"}
        matcher.predict(X), matcher.predict_proba(X)
        self.assertEqual(before, {name: value for name, value in vars(matcher).items() if name != "_loaded"})

    def test_pickle(self):
        matcher = AddressMatcher().fit(X, y)
        other = pickle.loads(pickle.dumps(matcher))
        self.assertTrue((other.predict_proba(X) == matcher.predict_proba(X)).all())

    def test_lists_and_tables(self):
        expected = AddressMatcher().fit(X, y).predict(X)
        self.assertTrue((AddressMatcher().fit(X.tolist(), y.tolist()).predict(X.tolist()) == expected).all())
        if not support.has("pandas"):
            self.skipTest("no pandas")
        import pandas

        frame = pandas.DataFrame(X, columns=["first", "second"])
        matcher = AddressMatcher().fit(frame, pandas.Series(y))
        self.assertEqual(matcher.feature_names_in_.tolist(), ["first", "second"])
        self.assertTrue((matcher.predict(frame) == expected).all())

    def test_classes_of_texts(self):
        names = np.where(y == 1, "same", "different")
        matcher = AddressMatcher().fit(X, names)  # "same" is the second in order
        self.assertEqual(set(matcher.predict(X)), {"same", "different"})
        other = AddressMatcher(positive="a match").fit(X, np.where(y == 1, "a match", "different"))
        self.assertEqual(other.threshold_, matcher.threshold_)
        self.assertTrue(((other.predict(X) == "a match") == (matcher.predict(X) == "same")).all())
        self.assertTrue(np.allclose(other.predict_proba(X)[:, ::-1], matcher.predict_proba(X)))
        self.assertTrue((other.classes_[(other.decision_function(X) > 0).astype(int)] == other.predict(X)).all())

    def test_what_is_wrong(self):
        for arguments in (([["a"]], [0]), ([["a", "b", "c"]], [0]), (["a", "b"], [0, 1]), (X, y[:-1]), (X, np.zeros(len(X))),
                          (X, np.arange(len(X)) % 3), ([], [])):
            with self.assertRaises(ValueError):
                AddressMatcher().fit(*arguments)
        with self.assertRaisesRegex(ValueError, "none of y's classes"):
            AddressMatcher(positive="x").fit(X, y)
        with self.assertRaisesRegex(ValueError, "figure"):
            AddressMatcher(figure="x").fit(X, y)
        with self.assertRaises(OSError):
            AddressMatcher("/nonexistent").fit(X, y)

    def test_an_empty_text_is_no_match(self):
        matcher = AddressMatcher().fit(X, y)
        with self.assertWarnsRegex(UserWarning, "1 pairs have no score"):
            self.assertEqual(matcher.predict([["", "文三路90号"], X[2]]).tolist()[0], 0)


class Company(unittest.TestCase):
    def test_cross_validation(self):
        self.assertGreater(cross_val_score(AddressMatcher(), X, y, scoring="f1").mean(), 0.8)
        proba = cross_val_predict(AddressMatcher(), X, y, method="predict_proba")
        self.assertTrue(np.allclose(proba, AddressMatcher().fit(X, y).predict_proba(X)))

    def test_in_other_processes(self):
        alone = cross_val_score(AddressMatcher(threads=1), X, y, cv=4)
        self.assertEqual(cross_val_score(AddressMatcher(threads=1), X, y, cv=4, n_jobs=2).tolist(), alone.tolist())

    def test_search(self):
        search = GridSearchCV(AddressMatcher(), {"figure": ["f1", "accuracy"], "partial_weight": [0.0, 0.5]}, cv=3)
        self.assertGreater(search.fit(X, y).best_score_, 0.9)

    def test_pipeline(self):
        strip = FunctionTransformer(lambda pairs: np.array([[text.strip() for text in row] for row in pairs], object))
        pipeline = make_pipeline(strip, AddressMatcher())
        padded = np.array([[f"  {a} ", b] for a, b in X], object)
        self.assertTrue((pipeline.fit(padded, y).predict(padded) == AddressMatcher().fit(X, y).predict(X)).all())

    def test_clones_share_a_model(self):
        first, second = AddressMatcher().fit(X[:20], y[:20]), AddressMatcher().fit(X[:20], y[:20])
        self.assertIs(first._engine(), second._engine())
        self.assertIsNot(first._engine(), AddressMatcher(threads=1).fit(X[:20], y[:20])._engine())


class Thresholds(unittest.TestCase):
    def setUp(self):
        self.similarity = AddressMatcher().fit(X, y).predict_proba(X)[:, 1]
        self.curve = ThresholdCurve(y, self.similarity)

    def test_figures_are_scikit_learns(self):
        theirs = {"precision": lambda t, p: precision_score(t, p, zero_division=1), "recall": recall_score, "f1": f1_score,
                  "accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score}
        for row in range(0, len(self.curve.thresholds), 3):
            called = self.similarity >= self.curve.thresholds[row]
            for name, figure in theirs.items():
                self.assertAlmostEqual(getattr(self.curve, name)[row], figure(y, called), 12, name)
            self.assertAlmostEqual(self.curve.at(self.curve.thresholds[row])["f1"], self.curve.f1[row], 12)

    def test_the_best_is_best(self):
        for figure in FIGURES:
            threshold, value = self.curve.best(figure)
            self.assertEqual(value, getattr(self.curve, figure).max())
            self.assertEqual(self.curve.at(threshold)[figure], value)

    def test_min_precision(self):
        matcher = AddressMatcher(figure="recall", min_precision=0.99).fit(X, y)
        self.assertGreaterEqual(precision_score(y, matcher.predict(X)), 0.99)
        # Nothing is more precise on pairs that are all told wrong.
        with self.assertRaisesRegex(ValueError, "no threshold has a precision of 0.9"):
            ThresholdCurve([0, 0, 1], [0.9, 0.8, 0.1]).best("recall", 0.9)

    def test_a_threshold_of_the_callers(self):
        matcher = AddressMatcher(threshold=0.9).fit(X, y)
        self.assertEqual((matcher.threshold_, matcher.curve_), (0.9, None))
        self.assertTrue((matcher.predict(X) == (self.similarity >= 0.9)).all())

    def test_weights_are_as_many_rows(self):
        times = 1 + np.arange(len(X)) % 3
        weighted = AddressMatcher().fit(X, y, sample_weight=times)
        repeated = AddressMatcher().fit(np.repeat(X, times, axis=0), np.repeat(y, times))
        self.assertAlmostEqual(weighted.threshold_, repeated.threshold_, 12)
        self.assertAlmostEqual(weighted.best_score_, repeated.best_score_, 12)

    def test_ties_and_missing_scores(self):
        curve = ThresholdCurve([1, 0, 1, 0], [0.5, 0.5, 0.9, np.nan])
        self.assertEqual(curve.recall.tolist(), [0, 0.5, 1])
        self.assertEqual(curve.best("accuracy").value, 0.75)
        with self.assertRaisesRegex(ValueError, "one class"):
            ThresholdCurve([1, 1], [0.1, 0.2])


if __name__ == "__main__":
    warnings.simplefilter("ignore", FutureWarning)
    unittest.main(verbosity=1)
