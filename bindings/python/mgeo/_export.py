# SPDX-License-Identifier: Apache-2.0
"""Results as Arrow. pyarrow or polars, whichever is there, wraps the arrays and hands out the PyCapsules.

They and not ctypes: an array's release may be called while an exception passes, where ctypes cannot run Python.
"""
from typing import TYPE_CHECKING, Any, Iterable, Optional

import numpy as np

from .errors import UnsupportedError

if TYPE_CHECKING:
    from .results import Result


def table_of(result: "Result") -> Any:
    """A table of one batch, of a package that is installed."""
    try:
        import pyarrow  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return _polars_frame(result)
    return pyarrow.Table.from_batches([batch_of(result)])


def _polars_frame(result: "Result") -> Any:
    try:
        import polars
    except ImportError:
        raise UnsupportedError("a result becomes Arrow by way of pyarrow or polars: install one of them") from None
    scored = polars.Series(result.label >= 0)
    names = polars.Series(list(result.labels))
    columns = {"similarity": polars.Series(result.similarity), "label": names.gather(np.maximum(result.label, 0)),
               "probabilities": polars.Series(result.probabilities)}
    if result.logits is not None:
        columns["logits"] = polars.Series(result.logits)
    frame = polars.DataFrame(columns)
    frame = frame.select(polars.when(scored).then(polars.col(name)).alias(name) for name in columns)
    flags = polars.when(polars.Series(~result.null)).then(polars.Series(result.flags)).alias("flags")
    return frame.with_columns(flags, polars.lit(result.generation, polars.UInt64).alias("generation"))


def batch_of(result: "Result") -> Any:
    """A pyarrow record batch over the result's arrays, with the columns of mgeo_score_arrow."""
    import pyarrow as pa

    scored = result.label >= 0
    count = len(result)

    def column(kind: Any, values: Any, valid: Optional[Any]) -> Any:
        return pa.Array.from_buffers(kind, count, [_bits(valid), pa.py_buffer(np.ascontiguousarray(values))])

    def rows(values: Any) -> Any:
        items = pa.array(np.ascontiguousarray(values).ravel())
        kind = pa.list_(pa.float32(), len(result.labels))
        return pa.Array.from_buffers(kind, count, [_bits(scored)], children=[items])

    label = column(pa.int32(), np.maximum(result.label, 0), scored)
    columns = {
        "similarity": column(pa.float32(), result.similarity, scored),
        "label": pa.DictionaryArray.from_arrays(label, pa.array(result.labels, pa.string())),
        "probabilities": rows(result.probabilities),
        "flags": column(pa.uint32(), result.flags, ~result.null),
        "generation": pa.array(np.full(count, result.generation, np.uint64)),
    }
    if result.logits is not None:
        columns["logits"] = rows(result.logits)
    return pa.RecordBatch.from_pydict(columns)


def _bits(valid: Optional[Any]) -> Any:
    import pyarrow as pa

    return None if valid is None or valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))


def reader_of(results: Iterable["Result"], empty: "Result") -> Any:
    """A pyarrow reader that pulls its batches from `results`; `empty` tells the schema."""
    try:
        import pyarrow
    except ImportError:
        raise UnsupportedError("a stream of results becomes Arrow by way of pyarrow: install it") from None
    return pyarrow.RecordBatchReader.from_batches(batch_of(empty).schema, map(batch_of, results))
