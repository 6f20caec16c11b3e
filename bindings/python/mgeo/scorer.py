# SPDX-License-Identifier: Apache-2.0
"""Scoring, as Engine and Job have it: one pair on a short way, many as columns, pairs or tables."""
import ctypes
import functools
import struct
import threading
from collections import deque
from typing import Any, Callable, Deque, Dict, NamedTuple, Optional, Tuple, overload

from . import _abi, _library, errors
from ._native import Native, Owner, check, route, struct as make, text
from .progress import Progress, Watched, bar_for, block_of, run
from .results import Result, Score

_new: Any = tuple.__new__
_get_ident = threading.get_ident
_GENERATION: int = _abi.mgeo_scores.generation.offset
_DIRECT = 256  # pairs that are scored in the main thread itself: a matter of milliseconds
_MISSING: Any = object()
_POOL_THREADS = 32


class _Scratch:
    """The memory of one call for one pair, used again by later ones: the struct of scores, and behind it what that
    points to, so that one look reads all of the answer."""

    def __init__(self) -> None:
        size = ctypes.sizeof(_abi.mgeo_scores)
        self.memory = ctypes.create_string_buffer(size + _answer_of(_abi.MGEO_MAX_LABELS).size)
        self.scores_address = ctypes.addressof(self.memory)
        arrays = self.scores_address + size
        self.scores = make(_abi.mgeo_scores, similarity=_pointer(arrays, ctypes.c_float),
                           label=_pointer(arrays + 4, ctypes.c_int32), flags=_pointer(arrays + 8, ctypes.c_uint32),
                           probabilities=_pointer(arrays + 12, ctypes.c_float),
                           probability_stride=_abi.MGEO_MAX_LABELS)
        ctypes.memmove(self.memory, ctypes.byref(self.scores), size)
        self.scores = _abi.mgeo_scores.from_buffer(self.memory)
        self.pair, self.error = _abi.mgeo_pair(), _abi.mgeo_error()
        self.pair_address, self.error_address = ctypes.addressof(self.pair), ctypes.addressof(self.error)


def _pointer(address: int, kind: Any) -> Any:
    return ctypes.cast(address, ctypes.POINTER(kind))


def _answer_of(labels: int) -> struct.Struct:
    """Reads a scratch from its generation on: that, similarity, label, flags, and a probability for each label."""
    rest = ctypes.sizeof(_abi.mgeo_scores) - _GENERATION - 8
    return struct.Struct(f"=Q{rest}xfiI{labels}f")


def _look_at(future: Any) -> None:
    """A task that is cancelled twice leaves its call's failure unread, which asyncio would complain about."""
    if not future.cancelled():
        future.exception()


class _Model(NamedTuple):
    """What reading a model's answers needs."""

    generation: int
    labels: Tuple[str, ...]
    unpack: Callable[..., Tuple[Any, ...]]


class Scorer(Owner):
    """What scores pairs: an Engine, or a Job that holds one of its models."""

    _native: Native
    _score_name: str
    _engine_handle: int
    _job_handle: Optional[int] = None

    def _begin(self, native: Native, score_name: str) -> None:
        self._native, self._score_name = native, score_name
        # The same function by addresses, which ctypes converts quickest.
        self._score_one_pair = _library.load()[score_name]
        self._score_one_pair.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p,
                                         ctypes.c_void_p]
        self._scratches: Deque[_Scratch] = deque()
        self._latest = _Model(0, (), _answer_of(0).unpack_from)
        self._label_names: Dict[int, Tuple[str, ...]] = {}
        self._pool: Any = None

    def _find_labels(self, generation: int) -> Tuple[str, ...]:
        raise NotImplementedError

    def _labels_of(self, generation: int) -> Tuple[str, ...]:
        labels = self._label_names.get(generation)
        if labels is None:
            labels = self._label_names[generation] = self._find_labels(generation)
        return labels

    # ---- one pair and many ---------------------------------------------------------------------

    @overload
    def score(self, a: Optional[str], b: Optional[str], *, route_key: int = 0) -> Score: ...

    @overload
    def score(self, a: Any, b: Any = ..., *, columns: Optional[Tuple[str, str]] = None, route_key: int = 0,
              logits: bool = False, progress: Watched = None) -> Result: ...

    def score(self, a: Any, b: Any = _MISSING, *, columns: Optional[Tuple[str, str]] = None, route_key: int = 0,
              logits: bool = False, progress: Watched = None) -> Any:
        """Scores one pair of texts, or many pairs in one call, which one model answers.

        score("…", "…")          one pair: a Score
        score(texts, texts)      two columns of equal length: a Result. Lists, numpy arrays, pandas and polars Series,
                                 Arrow arrays and chunked arrays
        score(pairs)             a list of (a, b), or a numpy array of shape (n, 2): a Result
        score(table)             a pandas or polars DataFrame, an Arrow table or record batch: a Result. `columns` names
                                 the two; else the first two columns of texts are taken

        None, NaN and pandas.NA are null texts, whose rows are null in the Result; bytes are taken as UTF-8. Texts that
        cannot be scored are flagged and never fail the call.
        route_key: while a canary runs, calls with the same key meet the same model (a customer's number, say)
        logits:    also answer what the model did before softmax
        progress:  None: a tqdm bar for long calls in a terminal or a notebook, where tqdm is installed; True, False;
                   or a Progress, which other threads read and cancel

        Any thread; other Python threads run meanwhile. Ctrl-C cancels.
        Raises ArgumentError, NoModelError, OutOfMemoryError, DeviceError, Cancelled, ForkedError, ClosedError.
        """
        if a.__class__ is str and b.__class__ is str and not logits:
            return self._score_one(a, b, route_key)
        return self._score_many(a, b, columns, route_key, logits, progress)

    def _score_one(self, a: str, b: str, route_key: int) -> Score:
        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = _Scratch()
        try:
            first, second = a.encode(), b.encode()
        except UnicodeEncodeError:
            first, second = (text.encode("utf-8", "surrogatepass") for text in (a, b))
        pair, native = scratch.pair, self._native
        pair.a, pair.a_len, pair.b, pair.b_len = first, len(first), second, len(second)
        if route_key:
            scratch.scores.route_key = route_key
        running = native.running
        try:  # as Native.during does
            running[scratch] = _get_ident()
            if native.closed:
                native.enter(scratch)
            status = self._score_one_pair(native.handle, scratch.pair_address, 1, scratch.scores_address,
                                          scratch.error_address)
        finally:
            running.pop(scratch, None)
        if status:
            raise errors.from_status(status, scratch.error.message)
        model = self._latest
        values = model.unpack(scratch.memory, _GENERATION)
        if values[0] != model.generation:
            model = self._latest = self._read_model(scratch.scores.generation)
            values = model.unpack(scratch.memory, _GENERATION)
        if route_key:
            scratch.scores.route_key = 0
        self._scratches.append(scratch)
        label = values[2]
        score: Score = _new(Score, (values[1], model.labels[label] if label >= 0 else None, values[4:], values[3],
                                    values[0]))
        return score

    def _read_model(self, generation: int) -> "_Model":
        labels = self._labels_of(generation)
        return _Model(generation, labels, _answer_of(len(labels)).unpack_from)

    def _score_many(self, a: Any, b: Any, columns: Optional[Tuple[str, str]], route_key: int, logits: bool,
                    progress: Watched) -> Any:
        from . import tables

        if b is not _MISSING and tables.is_text(a) and tables.is_text(b):
            return self._score_many([a], [b], None, route_key, logits, progress)[0]
        given = tables.read(a, None if b is _MISSING else b, columns)
        if isinstance(given, tables.Table):
            return self._score_table(given, route_key, logits, progress)
        return self._score_pairs(given, route_key, logits, progress)

    def _score_pairs(self, pairs: Any, route_key: int, logits: bool, progress: Watched) -> Result:
        from . import tables

        block = block_of(progress)
        bar = bar_for(progress, pairs.count) if pairs.count > _DIRECT else None
        rows = ctypes.cast(pairs.address, ctypes.POINTER(_abi.mgeo_pair))

        def call(labels: int) -> Any:
            answer = tables.Answer(pairs.count, labels, logits)
            scores = answer.scores(route_key, block)
            self._native.call(self._score_name, rows, pairs.count, ctypes.byref(scores))
            answer.generation = scores.generation
            return answer

        def call_again() -> Any:
            try:
                return call(self._most_labels())
            except errors.CapacityError:  # a model that this engine has not asked about yet
                return call(_abi.MGEO_MAX_LABELS)

        answer = call_again() if pairs.count <= _DIRECT and bar is None else run(call_again, block, bar)
        result: Result = answer.result(self._labels_of(answer.generation), pairs.null)
        return result

    def _score_table(self, table: Any, route_key: int, logits: bool, progress: Watched) -> Result:
        from . import _arrow, tables

        if not table.count:
            return self._score_pairs(tables.read([], [], None), route_key, logits, progress)
        block = block_of(progress)
        bar = bar_for(progress, table.count) if table.count > _DIRECT else None
        options = self._arrow_options(table.names, route_key, logits, block)

        def call() -> Result:
            answers = []
            for chunk in table.column.chunks:
                schema, array = _arrow.Owned(_abi.ArrowSchema), _arrow.Owned(_abi.ArrowArray)
                self._native.during(check, "mgeo_score_arrow", self._engine_handle, table.column.schema, chunk, options,
                                       schema.struct, array.struct)
                answers.append(_arrow.read_answer(schema, array))
                if bar is not None:
                    bar.before += chunk.length
            return tables.result_of(answers)

        return run(call, block, bar) if table.count > _DIRECT else call()

    def _arrow_options(self, names: Optional[Tuple[str, str]], route_key: int, logits: bool, block: Progress) -> Any:
        columns = sum(_abi.ARROW_COLUMN_NAMES) - (0 if logits else _abi.MGEO_ARROW_LOGITS)
        a, b = names or (None, None)
        return make(_abi.mgeo_arrow_options, a=text(a), b=text(b), columns=columns, route_key=route(route_key),
                    job=self._job_handle, progress=ctypes.pointer(block._block))

    def _most_labels(self) -> int:
        return _abi.MGEO_MAX_LABELS if not self._label_names else max(map(len, list(self._label_names.values())))

    def _close(self, before: Optional[Callable[[], None]] = None) -> None:
        if self._pool is not None and self._native.is_own:
            self._pool.shutdown(wait=False)
        self._native.close(before)

    # ---- asynchronously ------------------------------------------------------------------------

    @overload
    async def score_async(self, a: Optional[str], b: Optional[str], *, route_key: int = 0) -> Score: ...

    @overload
    async def score_async(self, a: Any, b: Any = ..., *, columns: Optional[Tuple[str, str]] = None,
                          route_key: int = 0, logits: bool = False) -> Result: ...

    async def score_async(self, a: Any, b: Any = _MISSING, *, columns: Optional[Tuple[str, str]] = None,
                          route_key: int = 0, logits: bool = False) -> Any:
        """score() for asyncio: the call runs in a thread of the engine's own; cancelling the task cancels it."""
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        if self._native.closed or not self._native.is_own:  # a forked child has none of the pool's threads
            return self.score(a, b, columns=columns, route_key=route_key, logits=logits)
        block = Progress()
        call: Callable[[], Any] = functools.partial(self.score, a, b, columns=columns, route_key=route_key,
                                                    logits=logits, progress=block)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_POOL_THREADS, "mgeo")
        try:
            future = self._pool.submit(call)
        except RuntimeError:  # it was closed just now
            return call()
        awaited = asyncio.wrap_future(future)
        awaited.add_done_callback(_look_at)
        try:
            await asyncio.wait([awaited])
        except asyncio.CancelledError:
            block.cancel()
            if not future.cancel():  # it runs: its end is near
                await asyncio.wait([awaited])
            raise
        return awaited.result()
