# SPDX-License-Identifier: Apache-2.0
"""Scores of a stream of record batches, a batch at a time."""
import ctypes
from typing import TYPE_CHECKING, Any, Callable, Optional, Tuple

from . import _abi, errors
from ._native import Native, Owner, check
from .progress import Progress, run
from .results import Result

if TYPE_CHECKING:
    from .engine import Engine


def _freer(stream: Any, *keep: Any) -> Callable[[int], None]:
    """What releases a stream, and keeps what it uses until then. It does not keep the ScoreStream, which would then live
    as long as its engine."""

    def free(_handle: int) -> None:
        from ._arrow import release

        release(stream)

    free.keep = keep  # type: ignore[attr-defined]
    return free


class ScoreStream(Owner):
    """Made by Engine.score_stream(): an iterator of a Result for each batch of a stream, all by one model.

    Close it, or use it as a context manager, or read it to its end: until then it holds its model, as a job does.
    """

    def __init__(self, engine: "Engine", source: Any, columns: Optional[Tuple[str, str]], route_key: int,
                 logits: bool) -> None:
        from . import _arrow, tables

        if not hasattr(source, "__arrow_c_stream__"):
            raise errors.ArgumentError(f"{type(source).__name__} is no stream of record batches: it has no "
                                       "__arrow_c_stream__")
        self._engine, self._block, self._ended = engine, Progress(), False
        options = engine._arrow_options(tables.names_from(columns), route_key, logits, self._block)
        given = _arrow.open_stream(source)
        self._stream, self._schema = _abi.ArrowArrayStream(), _arrow.Owned(_abi.ArrowSchema)
        engine._native.during(self._open, given, options)
        self._get(self._stream.get_schema, self._schema)

    def _open(self, given: Any, options: Any) -> None:
        check("mgeo_score_arrow_stream", self._engine._engine_handle, given.struct, options, self._stream)
        self._native = Native("stream", _freer(self._stream, self._block), ctypes.addressof(self._stream))
        self._engine._borrowers.add(self._native)

    def _get(self, function: int, into: Any) -> None:
        from ._arrow import pull

        if not self._native.is_own:
            raise errors.ForkedError("the stream belongs to the parent process: open one in this process")
        self._native.during(pull, self._stream, function, into)

    def __iter__(self) -> "ScoreStream":
        return self

    def __next__(self) -> Result:
        from . import _arrow, tables

        array = _arrow.Owned(_abi.ArrowArray)
        if self._ended:
            raise StopIteration
        run(lambda: self._get(self._stream.get_next, array), self._block)
        if not array.struct.release:
            self._ended = True
            self.close()
            raise StopIteration
        return tables.result_of([_arrow.read_answer(self._schema, array)])

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The stream of scores as Arrow, with the columns of mgeo_score_arrow, pulled through this object. Needs
        pyarrow."""
        from . import _export

        return _export.reader_of(self, self._empty()).__arrow_c_stream__(requested_schema)

    def _empty(self) -> Result:
        """A result without rows. The label's names are each batch's own: a schema has none."""
        import numpy as np

        columns = [self._schema.struct.children[i].contents for i in range(self._schema.struct.n_children)]
        width = next(int(column.format[3:]) for column in columns if column.name == b"probabilities")
        rows = np.empty((0, width), np.float32)
        logits = rows if any(column.name == b"logits" for column in columns) else None
        return Result(np.empty(0, np.float32), np.empty(0, np.int32), rows, np.empty(0, np.uint32), np.empty(0, bool),
                      logits, ("",) * width, 0)

    def close(self) -> None:
        """Lets the model and the source go. Any thread, any number of times. A batch that is asked for later raises
        ClosedError, unless the stream had ended."""
        self._native.close()
        self._engine._borrowers.discard(self._native)
