# SPDX-License-Identifier: Apache-2.0
"""Answers: one pair's Score, and a Result of many as numpy arrays that other programs read as Arrow."""
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Tuple, Union, overload

from . import _abi


def flag_names(flags: int) -> Tuple[str, ...]:
    """What the flags of a row say: ("truncated", "unknown_characters")."""
    return tuple(name for flag, name in _abi.ROW_FLAG_NAMES.items() if flags & flag)


class Score(NamedTuple):
    """One pair's answer."""

    similarity: float
    """0..1; NaN without a score"""
    label: Optional[str]
    """the likeliest label; None without a score"""
    probabilities: Tuple[float, ...]
    """by label, in the order of Result.labels; NaN without a score"""
    flags: int
    """sum of mgeo_row_flag: flag_names() spells them"""
    generation: int
    """the model that answered"""

    def __float__(self) -> float:
        return self.similarity


class Result:
    """The answers of one call, row i for pair i. Immutable by custom; outlives its engine; any thread.

    Rows without a score have NaN in `similarity`, `probabilities` and `logits`, and -1 as label; `flags` says why, or
    `null` is True for them, where a text was null.
    """

    similarity: Any
    """float32 [n], 0..1"""
    label: Any
    """int32 [n], index into `labels`"""
    probabilities: Any
    """float32 [n, len(labels)]"""
    flags: Any
    """uint32 [n], sums of mgeo_row_flag; 0 where `null`"""
    null: Any
    """bool [n]: a text was null"""
    logits: Optional[Any]
    """float32 [n, len(labels)], before softmax; None unless asked for"""
    labels: Tuple[str, ...]
    """the model's labels"""
    generation: int
    """the model that answered every row"""

    __slots__ = ("similarity", "label", "probabilities", "flags", "null", "logits", "labels", "generation")

    def __init__(self, similarity: Any, label: Any, probabilities: Any, flags: Any, null: Any, logits: Optional[Any],
                 labels: Tuple[str, ...], generation: int) -> None:
        self.similarity, self.label, self.probabilities, self.flags = similarity, label, probabilities, flags
        self.null, self.logits, self.labels, self.generation = null, logits, labels, generation

    def __len__(self) -> int:
        return len(self.similarity)

    @overload
    def __getitem__(self, row: int) -> Score: ...

    @overload
    def __getitem__(self, row: Any) -> Union[Score, "Result"]: ...

    def __getitem__(self, row: Any) -> Union[Score, "Result"]:
        """Row `row` as a Score; for a slice, a mask or an array of rows, a Result."""
        if hasattr(row, "__index__") and getattr(row, "ndim", 0) == 0:
            return self._row(row.__index__())
        return Result(self.similarity[row], self.label[row], self.probabilities[row], self.flags[row], self.null[row],
                      None if self.logits is None else self.logits[row], self.labels, self.generation)

    def _row(self, row: int) -> Score:
        label = int(self.label[row])
        return Score(float(self.similarity[row]), self.labels[label] if label >= 0 else None,
                     tuple(self.probabilities[row].tolist()), int(self.flags[row]), self.generation)

    def __iter__(self) -> Iterator[Score]:
        return (self._row(row) for row in range(len(self)))

    def label_names(self) -> List[Optional[str]]:
        """The likeliest label of each row by name; None without a score."""
        names: List[Optional[str]] = [*self.labels, None]
        return [names[label] for label in self.label.tolist()]

    @property
    def __arrow_c_array__(self) -> Callable[..., Any]:
        """The result as one Arrow record batch with the columns similarity, label (a dictionary), probabilities (fixed-size
        lists), flags, generation and, if asked for, logits; nulls as in mgeo_score_arrow. There where pyarrow is."""
        from . import _export

        try:
            batch: Callable[..., Any] = _export.batch_of(self).__arrow_c_array__
        except ImportError:
            raise AttributeError("__arrow_c_array__ needs pyarrow; __arrow_c_stream__ does with polars") from None
        return batch

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The same as a stream of one batch. Needs pyarrow or polars."""
        from . import _export

        return _export.table_of(self).__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<mgeo.Result of {len(self)} pairs by generation {self.generation}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        return Result, tuple(getattr(self, name) for name in self.__slots__)
