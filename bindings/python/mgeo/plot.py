# SPDX-License-Identifier: Apache-2.0
"""Pictures of a comparison of two models and of how well similarities tell matches, by matplotlib.

Each function draws into `ax`, or into a new figure, and returns the Axes."""
from typing import Any, Optional, Tuple

import numpy as np

from .errors import ArgumentError
from .evaluation import ThresholdCurve

_LIVE, _STANDBY, _MARK = "#4c72b0", "#dd8452", "#555555"
_BIN = 0.1  # of a shadow report's histogram


def _axes(ax: Optional[Any], size: Tuple[float, float] = (6, 4)) -> Any:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.figure(figsize=size, layout="constrained").add_subplot()


def score_shifts(report: Any, ax: Optional[Any] = None, bins: int = 40) -> Any:
    """How far the standby model's similarities lie from the live one's. Of a ShadowReport all compared pairs; of a
    CompareReport the pairs in `worst`: all of them after compare(…, worst=number of pairs)."""
    ax = _axes(ax)
    if hasattr(report, "shift_histogram"):
        counts = np.asarray(report.shift_histogram)
        edges = -1 + _BIN * np.arange(len(counts) + 1)
        shown = int(counts.sum())
    else:
        shifts = np.array([shift.standby - shift.live for shift in report.worst])
        shown = len(shifts)
        widest = max(np.abs(shifts).max(initial=0), 1e-6)
        counts, edges = np.histogram(shifts, bins=bins, range=(-widest, widest))
    if shown == 0:
        raise ArgumentError("the report holds no shifts: compare with worst=number of pairs, or wait for shadow calls")
    ax.stairs(counts, edges, fill=True, color=_LIVE)
    ax.set_yscale("symlog", linthresh=1)
    ax.set_ylim(bottom=0)
    ax.axvline(0, color=_MARK, linewidth=0.8)
    total = getattr(report, "pairs" if not hasattr(report, "shift_histogram") else "compared")
    of = f"the {shown:,} largest of {total:,} pairs" if shown < total else f"{total:,} pairs"
    ax.set(xlabel="similarity of standby minus live", ylabel="pairs",
           title=f"Score shifts, {of}\nmean {report.shift_signed_mean:+.4f}, |p99| {report.shift_p99:.4f}, "
                 f"|max| {report.shift_max:.4f}")
    return ax


def flip_matrix(report: Any, ax: Optional[Any] = None) -> Any:
    """How many pairs have which label by the live model (rows) and by the standby model (columns)."""
    ax = _axes(ax, (5.2, 4.4))
    counts = np.asarray(report.flip_matrix)
    if counts.size == 0 or counts.sum() == 0:
        raise ArgumentError("the report has no labels of both models: there is nothing to show")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        ax.text(column, row, f"{counts[row, column]:,}", ha="center", va="center",
                color="white" if share[row, column] > 0.5 else "black")
    ax.set_xticks(range(counts.shape[1]), report.standby_labels, rotation=20, ha="right")
    ax.set_yticks(range(counts.shape[0]), report.live_labels)
    ax.set(xlabel="label by standby", ylabel="label by live", title=f"{report.flips:,} of {counts.sum():,} pairs flip")
    return ax


def _curve(truth: Any, similarity: Any) -> ThresholdCurve:
    return truth if isinstance(truth, ThresholdCurve) else ThresholdCurve(truth, similarity)


def thresholds(truth: Any, similarity: Any = None, ax: Optional[Any] = None, chosen: Optional[float] = None) -> Any:
    """Precision, recall and F1 by threshold. truth: as in ThresholdCurve, or such a curve (AddressMatcher.curve_);
    chosen: a threshold to mark; None: where F1 is highest."""
    curve, ax = _curve(truth, similarity), _axes(ax)
    at = np.clip(curve.thresholds, 0, 1)
    for name, color in (("precision", _LIVE), ("recall", _STANDBY), ("f1", "#55a868")):
        ax.plot(at, getattr(curve, name), color=color, label=name.replace("f1", "F1"), drawstyle="steps-pre")
    marked = curve.best("f1").threshold if chosen is None else chosen
    figures = curve.at(marked)
    ax.axvline(marked, color=_MARK, linewidth=0.8, linestyle="--")
    ax.set(xlabel="threshold", ylabel="", xlim=(0, 1), ylim=(0, 1.03),
           title=f"At {marked:.3f}: precision {figures['precision']:.3f}, recall {figures['recall']:.3f}, "
                 f"F1 {figures['f1']:.3f}")
    ax.legend(loc="lower center")
    ax.grid(alpha=0.3)
    return ax


def precision_recall(truth: Any, similarity: Any = None, ax: Optional[Any] = None, label: Optional[str] = None) -> Any:
    """Precision over recall; call it again with the same ax for another model. truth: as in thresholds()."""
    curve, fresh = _curve(truth, similarity), ax is None
    ax = _axes(ax, (4.8, 4.4))
    best = int(np.argmax(curve.f1))
    area = float(np.sum(np.diff(curve.recall) * curve.precision[1:]))
    line, = ax.plot(curve.recall, curve.precision, drawstyle="steps-pre",
                    label=f"{label + ': ' if label else ''}average precision {area:.3f}")
    ax.plot(curve.recall[best], curve.precision[best], "o", color=line.get_color())
    ax.annotate(f"F1 {curve.f1[best]:.3f}", (curve.recall[best], curve.precision[best]), xytext=(-8, -14),
                textcoords="offset points", ha="right", color=line.get_color())
    if fresh:
        ax.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.03), title="Precision and recall")
        ax.grid(alpha=0.3)
    ax.legend(loc="lower left")
    return ax
