# SPDX-License-Identifier: Apache-2.0
"""How well similarities tell matches from others, at every threshold."""
from typing import Any, Dict, NamedTuple, Optional

import numpy as np

from .errors import ArgumentError


class Best(NamedTuple):
    """The threshold that a figure is highest at, and that figure."""

    threshold: float
    value: float


class ThresholdCurve:
    """Figures of the rule "a match where similarity >= threshold", for each threshold that tells pairs apart.

    truth:      True (or 1) for pairs that match
    similarity: of each pair; pairs without a score (NaN) are no match at any threshold
    weights:    what each pair counts; None: 1
    """

    thresholds: Any
    """float64, descending: the first calls nothing a match, and each next one more pairs; all lie between two scores"""
    precision: Any
    """by threshold; 1 where nothing is called a match"""
    recall: Any
    f1: Any
    accuracy: Any
    balanced_accuracy: Any

    def __init__(self, truth: Any, similarity: Any, weights: Optional[Any] = None) -> None:
        truth = np.asarray(truth).astype(bool).ravel()
        similarity = np.asarray(similarity, np.float64).ravel()
        weights = np.ones(len(truth)) if weights is None else np.asarray(weights, np.float64).ravel()
        if not len(truth) == len(similarity) == len(weights):
            raise ArgumentError(f"{len(truth)} truths, {len(similarity)} similarities and {len(weights)} weights: "
                                "give one of each for every pair")
        positives, negatives = float(weights[truth].sum()), float(weights[~truth].sum())
        if positives <= 0 or negatives <= 0:
            raise ArgumentError("all pairs are of one class: a threshold needs pairs that match and pairs that do not")
        score = np.where(np.isnan(similarity), -np.inf, similarity)
        order = np.argsort(-score, kind="stable")
        score, hit, weight = score[order], truth[order], weights[order]
        ends = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)  # the last pair of each score
        ends = ends[np.isfinite(score[ends])]
        self.thresholds = _between(score[ends])
        true_positives = np.append(0.0, np.cumsum(hit * weight)[ends])
        false_positives = np.append(0.0, np.cumsum(~hit * weight)[ends])
        called = true_positives + false_positives
        self.precision = np.divide(true_positives, called, out=np.ones_like(called), where=called > 0)
        self.recall = true_positives / positives
        self.f1 = 2 * true_positives / (called + positives)
        self.accuracy = (true_positives + negatives - false_positives) / (positives + negatives)
        self.balanced_accuracy = (self.recall + 1 - false_positives / negatives) / 2

    def best(self, figure: str = "f1", min_precision: Optional[float] = None) -> Best:
        """Where "f1", "accuracy", "balanced_accuracy" or "recall" is highest, among thresholds whose precision is at
        least min_precision. Of equals the highest threshold. Raises ArgumentError where no threshold is precise enough."""
        if figure not in FIGURES:
            raise ArgumentError(f"figure {figure!r} is none of {', '.join(FIGURES)}")
        values = np.array(getattr(self, figure))
        if min_precision is not None:
            enough = (self.precision >= min_precision) & (self.recall > 0)
            if not enough.any():
                raise ArgumentError(f"no threshold has a precision of {min_precision:g}: the highest is "
                                    f"{self.precision[1:].max(initial=0):.3f}")
            values[~enough] = -1
        at = int(np.argmax(values))
        return Best(float(self.thresholds[at]), float(values[at]))

    def at(self, threshold: float) -> Dict[str, float]:
        """All figures of one threshold."""
        row = int(np.searchsorted(-self.thresholds, -threshold, side="right"))
        row = max(0, row - 1)
        return {name: float(getattr(self, name)[row]) for name in ("precision",) + FIGURES}


FIGURES = ("f1", "accuracy", "balanced_accuracy", "recall")


def _between(scores: Any) -> Any:
    """Thresholds around descending scores: above the first, then halfway between neighbours, then the last itself."""
    if len(scores) == 0:
        return np.array([1.0])
    middles = (scores[:-1] + scores[1:]) / 2
    return np.concatenate(([np.nextafter(max(scores[0], 1.0), 2.0)], middles, scores[-1:]))
