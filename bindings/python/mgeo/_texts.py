# SPDX-License-Identifier: Apache-2.0
"""Python's texts as the library reads them: one buffer of UTF-8, where each text lies, and which are null."""
from collections import abc
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .errors import ArgumentError

NULL_TYPES = frozenset({"NAType", "NaTType"})


class Texts(NamedTuple):
    """A column of texts: number i is data[offsets[i]:offsets[i + 1]]."""

    data: bytes
    offsets: Any  # int64 [count + 1]
    null: Optional[Any]  # bool [count], or None: no text is null


def is_null(value: object) -> bool:
    """None, NaN, and what pandas has for a missing value, without importing it."""
    if value is None:
        return True
    return bool(value != value) if isinstance(value, (float, np.floating)) else type(value).__name__ in NULL_TYPES


def encode(text: object) -> bytes:
    """A text as UTF-8. What is no Unicode text becomes bytes that the library flags as invalid."""
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    if isinstance(text, (bytes, bytearray, memoryview)):
        return bytes(text)
    advice = "; str() makes one of it, and .astype(str) a column" if hasattr(text, "__int__") else ""
    raise ArgumentError(f"a text is {type(text).__name__}, not str: {text!r:.60}{advice}")


def from_sequence(values: Sequence[Any]) -> Texts:
    """A list or a tuple of texts, bytes (UTF-8) and nulls."""
    try:
        joined = "\0".join(values).encode("utf-8", "surrogatepass")
    except TypeError:
        return _one_by_one(values)
    ends = np.flatnonzero(np.frombuffer(joined or b"1", np.uint8) == 0)
    count = len(values)
    if len(ends) != max(count - 1, 0):  # a text has a NUL of its own
        return _one_by_one(values)
    offsets = np.zeros(count + 1, np.int64)
    offsets[1:count] = ends - np.arange(count - 1) if count else 0
    offsets[count] = len(joined) - len(ends)
    return Texts(joined.replace(b"\0", b""), offsets, None)


def _one_by_one(values: Sequence[object]) -> Texts:
    pieces: List[bytes] = []
    null = np.zeros(len(values), bool)
    for row, value in enumerate(values):
        if is_null(value):
            null[row] = True
            pieces.append(b"")
        else:
            try:
                pieces.append(encode(value))
            except ArgumentError as problem:
                raise ArgumentError(f"row {row}: {problem}") from None
    offsets = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
    return Texts(b"".join(pieces), offsets, null if null.any() else None)


def split_pairs(pairs: Sequence[Any]) -> Tuple[List[Any], List[Any]]:
    """A sequence of (a, b), or an array of two columns, as two lists."""
    if isinstance(pairs, np.ndarray):
        if pairs.ndim != 2 or pairs.shape[1] != 2:
            raise ArgumentError(f"an array of pairs has the shape (n, 2), not {pairs.shape}")
        return pairs[:, 0].tolist(), pairs[:, 1].tolist()
    if not all(map(_is_pair_type, set(map(type, pairs)))):
        raise ArgumentError(_what_is_no_pair(pairs))
    try:
        first = [a for a, _ in pairs]
        return first, [b for _, b in pairs]
    except (TypeError, ValueError):
        raise ArgumentError(_what_is_no_pair(pairs)) from None


def _is_pair_type(kind: type) -> bool:
    """Two characters, a dictionary's keys or a set in any order would come apart as two texts."""
    return not issubclass(kind, (str, bytes, bytearray, memoryview, abc.Mapping, abc.Set))


def _what_is_no_pair(pairs: Sequence[Any]) -> str:
    for row, pair in enumerate(pairs):
        if not _is_pair_type(type(pair)) or not hasattr(pair, "__len__") or len(pair) != 2:
            return f"row {row} is no pair of two texts: {pair!r:.60}; give (a, b) pairs, or two columns"
    return "these are no pairs of two texts"


class Pairs:
    """An array of mgeo_pair over two columns, which it keeps alive."""

    def __init__(self, a: Texts, b: Texts) -> None:
        self.count = len(a.offsets) - 1
        if self.count != len(b.offsets) - 1:
            raise ArgumentError(f"the columns differ in length: {self.count} and {len(b.offsets) - 1} texts")
        self._texts = a, b
        self._rows = np.empty((self.count, 4), np.uintp)
        for column, texts in ((0, a), (2, b)):
            base = np.frombuffer(texts.data or b"\0", np.uint8).__array_interface__["data"][0]
            np.add(texts.offsets[:-1], base, out=self._rows[:, column], casting="unsafe")
            np.subtract(texts.offsets[1:], texts.offsets[:-1], out=self._rows[:, column + 1], casting="unsafe")
        self.address: int = self._rows.__array_interface__["data"][0]

    @property
    def null(self) -> Optional[Any]:
        """bool [count]: rows with a null text; None: there are none."""
        masks = [texts.null for texts in self._texts if texts.null is not None]
        return None if not masks else masks[0] if len(masks) == 1 else masks[0] | masks[1]
