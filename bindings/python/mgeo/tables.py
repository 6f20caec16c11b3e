# SPDX-License-Identifier: Apache-2.0
"""Pairs from whatever holds texts, and the arrays that an answer is written to."""
import ctypes
from typing import Any, List, Optional, Tuple

import numpy as np

from . import _abi
from ._texts import Pairs, Texts, from_sequence, is_null, split_pairs
from .errors import ArgumentError
from .progress import Progress
from .results import Result


def is_text(value: object) -> bool:
    """One text, or a null."""
    return isinstance(value, (str, bytes, bytearray, memoryview)) or is_null(value)


def column_from(values: Any) -> Texts:
    """A column of texts."""
    if isinstance(values, (list, tuple, np.ndarray)):
        return from_sequence(values)
    for name in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, name):
            return from_sequence(getattr(values, name)())
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise ArgumentError(f"{type(values).__name__} is no column of texts: {values!r:.60}")
    return from_sequence(list(values))


def pairs_from(a: Any, b: Any = None, columns: Optional[Tuple[str, str]] = None) -> Pairs:
    """Two columns, pairs, or a table with two columns of texts."""
    if b is not None:
        return Pairs(column_from(a), column_from(b))
    if hasattr(a, "columns") and not isinstance(a, np.ndarray):
        first, second = columns or _first_two(a)
        return Pairs(column_from(a[first]), column_from(a[second]))
    first_texts, second_texts = split_pairs(a if hasattr(a, "__getitem__") else list(a))
    return Pairs(from_sequence(first_texts), from_sequence(second_texts))


def _first_two(table: Any) -> List[Any]:
    names = list(getattr(table, "column_names", table.columns))
    if len(names) < 2:
        raise ArgumentError("the table has fewer than two columns")
    return names[:2]


class Answer:
    """The arrays of one call's answers."""

    def __init__(self, count: int, labels: int, logits: bool) -> None:
        self._similarity = np.empty(count, np.float32)
        self._label = np.empty(count, np.int32)
        self._probabilities = np.empty((count, labels), np.float32)
        self._flags = np.zeros(count, np.uint32)
        self._logits = np.empty((count, labels), np.float32) if logits else None
        self.generation = 0

    def scores(self, route_key: int, block: Progress) -> Any:
        """The struct that the library fills the arrays through."""
        scores = _abi.mgeo_scores(struct_size=ctypes.sizeof(_abi.mgeo_scores), route_key=route_key,
                                  probability_stride=self._probabilities.shape[1])
        scores.similarity = _pointer(self._similarity, ctypes.c_float)
        scores.label = _pointer(self._label, ctypes.c_int32)
        scores.probabilities = _pointer(self._probabilities, ctypes.c_float)
        scores.flags = _pointer(self._flags, ctypes.c_uint32)
        scores.progress = ctypes.pointer(block._block)
        if self._logits is not None:
            scores.logits = _pointer(self._logits, ctypes.c_float)
        return scores

    def read(self, scores: Any) -> None:
        """What the call says of the whole answer."""
        self.generation = scores.generation

    def result(self, labels: Tuple[str, ...], null: Optional[Any]) -> Result:
        """The answers, those of null rows blanked."""
        if null is None:
            null = np.zeros(len(self._similarity), bool)
        else:
            self._flags[null] = 0
        logits = None if self._logits is None else self._logits[:, : len(labels)]
        return Result(self._similarity, self._label, self._probabilities[:, : len(labels)], self._flags, null, logits,
                      labels, self.generation)


def _pointer(array: Any, kind: Any) -> Any:
    return ctypes.cast(array.__array_interface__["data"][0], ctypes.POINTER(kind))
