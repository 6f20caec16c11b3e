# SPDX-License-Identifier: Apache-2.0
"""AddressMatcher: a scikit-learn classifier of pairs of addresses, whose fit() tunes the threshold."""
import os
import warnings
import weakref
from typing import Any, Dict, Optional, Tuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin  # type: ignore[import-untyped,import-not-found,unused-ignore]
from sklearn.utils.multiclass import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
    check_classification_targets, unique_labels)
from sklearn.utils.validation import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
    _check_sample_weight, check_is_fitted, validate_data)

from .engine import Engine
from .evaluation import ThresholdCurve

# Clones of one estimator, as cross-validation makes them, share a model while any of them lives.
_engines: "weakref.WeakValueDictionary[Tuple[Any, ...], Engine]" = weakref.WeakValueDictionary()


class AddressMatcher(ClassifierMixin, BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Do two addresses name the same place? Pairs are rows of two texts; y has two classes, of which the second in
    order (1 of 0 and 1, True, "match" of "match" and "different"… by numpy's order) is the match.

    model:         a model's folder; None: the bundled model
    threshold:     similarities from here on are matches; None: fit() tunes it
    figure:        what fit() tunes for: "f1", "accuracy", "balanced_accuracy" or "recall"
    min_precision: only thresholds of at least this precision; None: any
    positive:      the class that is the match; None: the second in order
    positive_label, partial_weight, device, precision, max_length, threads: as in Engine.load()

    The model is not trained: it is loaded when it is first needed, in each process anew. Pairs without a score (an empty
    text) count as similarity 0, with a warning.

    classes_, n_features_in_ (2), threshold_, curve_ (a ThresholdCurve) and best_score_ (its figure on the pairs of fit;
    both None where `threshold` is given) are there after fit(). predict_proba() is the similarity as it is; it does not
    move with the threshold, and predict() does.
    """

    def __init__(self, model: Optional[str] = None, *, threshold: Optional[float] = None, figure: str = "f1",
                 min_precision: Optional[float] = None, positive: Any = None, positive_label: Optional[str] = None,
                 partial_weight: Optional[float] = None, device: Optional[str] = None, precision: str = "auto",
                 max_length: int = 0, threads: int = 0) -> None:
        self.model = model
        self.threshold = threshold
        self.figure = figure
        self.min_precision = min_precision
        self.positive = positive
        self.positive_label = positive_label
        self.partial_weight = partial_weight
        self.device = device
        self.precision = precision
        self.max_length = max_length
        self.threads = threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "AddressMatcher":
        """Tunes the threshold on pairs X with their classes y."""
        X = self._pairs(X, reset=True)
        truth = self._truth(X, y)
        self.curve_ = self.best_score_ = None
        if self.threshold is not None:
            self.threshold_ = float(self.threshold)
            return self
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.curve_ = ThresholdCurve(truth, self._similarity(X), weights)
        self.threshold_, self.best_score_ = self.curve_.best(self.figure, self.min_precision)
        return self

    def _truth(self, X: Any, y: Any) -> Any:
        check_classification_targets(y)
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = y.ravel()
        self.classes_ = unique_labels(y)
        if len(self.classes_) != 2:
            raise ValueError(f"AddressMatcher tells two classes apart, and y has {len(self.classes_)}: "
                             f"{self.classes_[:5].tolist()}")
        if self.positive is not None:
            if self.positive not in self.classes_.tolist():
                raise ValueError(f"positive={self.positive!r} is none of y's classes: {self.classes_.tolist()}")
        if len(y) != len(X):
            raise ValueError(f"X has {len(X)} pairs and y has {len(y)} classes")
        return y == self._match()

    def _match(self) -> Any:
        return self.classes_[1] if self.positive is None else self.positive

    def predict(self, X: Any) -> Any:
        """The class of each pair."""
        check_is_fitted(self, "threshold_")
        is_match = self._similarity(self._pairs(X, reset=False)) >= self.threshold_
        second = is_match if self._match() == self.classes_[1] else ~is_match
        return self.classes_[second.astype(int)]

    def predict_proba(self, X: Any) -> Any:
        """Of each pair, for each of classes_: the similarity, and what is missing to 1."""
        check_is_fitted(self, "threshold_")
        similarity = self._similarity(self._pairs(X, reset=False))
        columns = [1 - similarity, similarity]
        return np.column_stack(columns if self._match() == self.classes_[1] else columns[::-1])

    def decision_function(self, X: Any) -> Any:
        """Above 0 for classes_[1]: how far the similarity is beyond the threshold."""
        check_is_fitted(self, "threshold_")
        beyond = self._similarity(self._pairs(X, reset=False)) - self.threshold_
        return beyond if self._match() == self.classes_[1] else -beyond

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    # ---- the model -----------------------------------------------------------------------------

    def _pairs(self, X: Any, reset: bool) -> Any:
        X = validate_data(self, X, reset=reset, dtype=object, ensure_all_finite=False)
        if X.shape[1] != 2:
            raise ValueError(f"X has {X.shape[1]} columns: pairs have two, the texts of both addresses")
        return X

    def _similarity(self, X: Any) -> Any:
        similarity = self._engine().score(X, progress=False).similarity.astype(np.float64)
        missing = np.isnan(similarity)
        if missing.any():
            row = int(np.flatnonzero(missing)[0])
            warnings.warn(f"{int(missing.sum())} pairs have no score and count as 0; the first is row {row}: {list(X[row])!r:.80}")
            similarity[missing] = 0
        return similarity

    def _engine(self) -> Engine:
        options: Dict[str, Any] = {name: getattr(self, name) for name in (
            "positive_label", "partial_weight", "device", "precision", "max_length", "threads")}
        key = (os.getpid(), None if self.model is None else os.path.abspath(self.model), *options.values())
        if getattr(self, "_loaded", (None, None))[0] != key:
            engine = _engines.get(key)
            if engine is None:
                engine = Engine()
                engine.load(self.model, **options)
                _engines[key] = engine
            self._loaded = key, engine
        loaded: Engine = self._loaded[1]
        return loaded

    def __getstate__(self) -> Dict[str, Any]:
        state: Dict[str, Any] = dict(super().__getstate__())
        state.pop("_loaded", None)  # an engine belongs to its process
        return state
