# SPDX-License-Identifier: Apache-2.0
"""What score() takes, told apart: texts of Python's own become pairs, and Arrow of any package a table."""
import ctypes
from typing import Any, List, Optional, Tuple, Union

import numpy as np

from . import _abi, _arrow
from ._texts import Pairs, Texts, from_sequence, is_null, split_pairs
from .errors import ArgumentError
from .progress import Progress
from .results import Result

Columns = Optional[Tuple[str, str]]


class Table:
    """A table in Arrow's layout, and the names of its two columns."""

    def __init__(self, column: _arrow.Column, names: Columns) -> None:
        self.column, self.names, self.count = column, names, column.rows


def is_text(value: object) -> bool:
    """One text, or a null."""
    return isinstance(value, (str, bytes, bytearray, memoryview)) or is_null(value)


def names_from(columns: Any) -> Columns:
    """The two names of `columns`, or None."""
    if columns is None:
        return None
    if isinstance(columns, str) or len(columns) != 2:
        raise ArgumentError(f"columns names two columns, as in columns=(\"a\", \"b\"), not {columns!r:.60}")
    return columns[0], columns[1]


def read(a: Any, b: Any, columns: Columns) -> Union[Pairs, Table]:
    """Two columns, pairs, or (b None) a table with two columns of texts."""
    columns = names_from(columns)
    if b is None:
        return _read_one(a, columns)
    if columns is not None:
        raise ArgumentError("columns names those of a table: two columns were given")
    first, second = column_from(a), column_from(b)
    if isinstance(first, Texts) and isinstance(second, Texts):
        return Pairs(first, second)
    both = (_arrow.from_texts(column) if isinstance(column, Texts) else column for column in (first, second))
    return Table(_arrow.zip_columns(*both), ("a", "b"))


def _read_one(source: Any, columns: Columns) -> Union[Pairs, Table]:
    if is_text(source):
        raise ArgumentError("one text was given: score() compares two, or columns, pairs or a table of texts")
    if not _arrow.is_arrow(source) and (hasattr(source, "collect") or hasattr(source, "compute")):
        raise ArgumentError(f"{type(source).__name__} is not computed yet: give what collect() or compute() answers")
    if _is_pandas(source) and hasattr(source, "columns"):
        return read(*_pandas_columns(source, columns), None)
    if _arrow.is_arrow(source):
        column = _arrow.read(source)
        if not column.is_table:
            raise ArgumentError("one column was given: score() compares two, or a table's")
        return Table(column, columns)
    if columns is not None:
        return Pairs(*(from_sequence(listed(_member(source, name))) for name in columns))
    if hasattr(source, "keys"):
        raise ArgumentError(f"which two columns? columns=(…, …) names them, of {', '.join(map(repr, source.keys())):.60}")
    return _pairs_of(source)


def _pairs_of(source: Any) -> Pairs:
    if hasattr(source, "__getitem__"):
        return Pairs(*map(from_sequence, split_pairs(source)))
    if not hasattr(source, "__iter__"):
        raise ArgumentError(f"{type(source).__name__} is no table and holds no pairs of texts: {source!r:.60}")
    return Pairs(*map(from_sequence, split_pairs(list(source))))


def _member(table: Any, name: Any) -> Any:
    """A table's column by its name, whichever package's it is: each raises something else where there is none."""
    known = next((getattr(table, names) for names in ("column_names", "columns", "keys") if hasattr(table, names)), None)
    known = known() if callable(known) else known
    if known is not None and name not in known:
        raise ArgumentError(f'the table has no column "{name}" among its {len(known)}')
    try:
        column = table[name]
    except (KeyError, IndexError, TypeError, ValueError) as problem:
        raise ArgumentError(f"the table, a {type(table).__name__}, has not one column {name!r}: {problem}") from None
    if hasattr(column, "columns"):
        raise ArgumentError(f"the table has two columns {name!r}")
    return column


def column_from(values: Any) -> Union[Texts, _arrow.Column]:
    """A column of texts."""
    if isinstance(values, (list, tuple)):
        return from_sequence(values)
    if isinstance(values, np.ndarray):
        if values.ndim > 1 and values.size and values.size != max(values.shape):
            raise ArgumentError(f"one column is needed, not an array of the shape {values.shape}")
        return from_sequence(values.ravel().tolist())
    if _is_pandas(values):
        return _pandas_column(values)
    if _arrow.is_arrow(values):
        return _arrow.only_child(_arrow.read(values))
    return from_sequence(listed(values))


def listed(values: Any) -> List[Any]:
    """A column's values as a list."""
    for name in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, name):
            made: List[Any] = getattr(values, name)()
            return made
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise ArgumentError(f"{type(values).__name__} is no column of texts: {values!r:.60}")
    return list(values)


def pairs_from(a: Any, b: Any, columns: Columns) -> Pairs:
    """As read(), but always an array of pairs: for what is compared rather than scored."""
    columns = names_from(columns)
    if b is None and columns is None and not hasattr(a, "columns"):
        return _pairs_of(a)
    if b is not None:
        parts = a, b
    elif _is_pandas(a):
        parts = _pandas_columns(a, columns)
    else:
        first, second = _first_texts(a) if columns is None else columns
        parts = _member(a, first), _member(a, second)
    return Pairs(*(from_sequence(p if isinstance(p, (list, tuple)) else listed(p)) for p in parts))


def _first_texts(table: Any) -> Tuple[Any, Any]:
    """Names of the first two columns of texts."""
    names = _arrow.names_of_texts(_arrow.read(table)) if _arrow.is_arrow(table) else list(table.columns)
    if len(names) < 2:
        raise ArgumentError(_too_few(len(names)))
    return names[0], names[1]


def _too_few(count: int) -> str:
    return f"the table has {count} columns of texts, and two are compared"


# ---- pandas, which need not have pyarrow ------------------------------------------------------


def _is_pandas(source: Any) -> bool:
    return hasattr(source, "iloc") and hasattr(source, "dtypes")


def _pandas_columns(frame: Any, columns: Columns) -> Tuple[Any, Any]:
    """The two columns that are named, or the first two of texts: by place, for names may be there twice."""
    if columns is not None:
        return _member(frame, columns[0]), _member(frame, columns[1])
    places = [place for place, kind in enumerate(frame.dtypes) if kind.kind in "OU"]
    if len(places) < 2:
        raise ArgumentError(_too_few(len(places)))
    return frame.iloc[:, places[0]], frame.iloc[:, places[1]]


def _pandas_column(series: Any) -> Union[Texts, _arrow.Column]:
    """A Series whose texts lie in Arrow is read there; any other one by its objects."""
    if hasattr(series, "columns"):
        if series.shape[1] != 1:
            raise ArgumentError(f"a table of {series.shape[1]} columns where one column is needed")
        series = series.iloc[:, 0]
    backed = getattr(series.array, "__arrow_array__", None)
    if backed is not None and "Arrow" in type(series.array).__name__:
        return _arrow.read(backed())
    return from_sequence(series.tolist())


# ---- answers to pairs -------------------------------------------------------------------------


class Answer:
    """The arrays that the answers of one call are written to."""

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

    def result(self, labels: Tuple[str, ...], null: Optional[Any]) -> Result:
        """The answers; the flags of null rows are none."""
        if null is None:
            null = np.zeros(len(self._similarity), bool)
        else:
            self._flags[null] = 0
        logits = None if self._logits is None else self._logits[:, : len(labels)]
        return Result(self._similarity, self._label, self._probabilities[:, : len(labels)], self._flags, null, logits,
                      labels, self.generation)


def _pointer(array: Any, kind: Any) -> Any:
    return ctypes.cast(array.__array_interface__["data"][0], ctypes.POINTER(kind))


# ---- answers to tables ------------------------------------------------------------------------


def result_of(answers: List[_arrow.Answer]) -> Result:
    """One answer as it lies; several, which one model gave, put together."""
    if len(answers) == 1:
        return Result(*answers[0])
    arrays: List[Any] = [None if column[0] is None else np.concatenate(column) for column in list(zip(*answers))[:6]]
    similarity, label, probabilities, flags, null, logits = arrays
    return Result(similarity, label, probabilities, flags, null, logits, answers[0].labels, answers[0].generation)
