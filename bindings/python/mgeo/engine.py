# SPDX-License-Identifier: Apache-2.0
"""The engine: two slots for models, one of them live, and everything that a rollout does with them."""
import ctypes
import os
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple, Union

from . import _abi, _library, errors, records
from ._native import Native, assign, check, path as c_path, route, struct, text
from .job import Job
from .limits import Gate, Watch
from .progress import Progress, Watched, bar_for, block_of, run
from .results import Result
from .scorer import Scorer
from .stream import ScoreStream

Path = Union[str, bytes, "os.PathLike[str]"]
Log = Callable[[str, str], None]


# A number in a member for a text would be taken for an address.
_LOAD_TEXTS = frozenset(field[0] for field in _abi.mgeo_load_options._fields_ if field[1] is ctypes.c_char_p)


def _number(names: Dict[int, str], what: str, name: str) -> int:
    for number, known in names.items():
        if known == name:
            return number
    raise errors.ArgumentError(f"{what} {name!r} is none of {', '.join(names.values())}")


def _share(share: float) -> int:
    if not 0 <= share <= 1:
        raise errors.ArgumentError(f"a share is from 0 to 1, not {share!r}")
    return round(share * _abi.MGEO_SHARE_ALL)


def _load_options(block: Optional[Progress], **options: Any) -> Any:
    made = struct(_abi.mgeo_load_options)
    weight = options.pop("partial_weight")
    if weight is not None and not 0 <= weight <= 1:
        raise errors.ArgumentError(f"partial_weight is from 0 to 1, not {weight!r}")
    made.partial_weight = 0.0 if weight is None else float(weight) or -1.0
    made.precision = _number(_abi.PRECISION_NAMES, "precision", options.pop("precision"))
    for name, value in options.items():
        assign(made, name, text(value) if name in _LOAD_TEXTS else value)
    if block is not None:
        made.progress = ctypes.pointer(block._block)
    return made


def predict_memory(path: Optional[Path] = None, *, device: Optional[str] = None, precision: records.Precision = "auto",
                   max_length: int = 0, threads: int = 0, batch_tokens: int = 0,
                   memory_limit: int = 0) -> records.Memory:
    """What Engine.load would need for this model, in bytes, from the files' headers alone. A model that does not fit is
    not an error: `fits` says so."""
    options = _load_options(None, device=device, precision=precision, max_length=max_length, threads=threads,
                            batch_tokens=batch_tokens, partial_weight=None, memory_limit=memory_limit)
    memory = struct(_abi.mgeo_memory)
    check("mgeo_predict_memory", _model_path(path), ctypes.byref(options), ctypes.byref(memory))
    return records.Memory._read(memory)


def journal_verify(path: Path) -> records.JournalReport:
    """Reads a journal and checks that no line was cut, edited, added or moved: `bad_line` is 0 then, and else the first
    line that is not valid, with a `reason`."""
    report = struct(_abi.mgeo_journal_report)
    try:
        check("mgeo_journal_verify", c_path(path), ctypes.byref(report))
    except errors.FormatError:
        pass
    return records.JournalReport._read(report)


def _model_path(path: Optional[Path]) -> Optional[bytes]:
    path = _library.bundled_model() if path is None else path
    return None if path is None else c_path(path)


def _log_function(log: Log) -> Any:
    def write(_user: Any, level: int, line: bytes) -> None:
        log(_abi.LOG_LEVEL_NAMES.get(level, "info"), line.decode("utf-8", "replace"))

    return _abi.mgeo_log_fn(write)


class Engine(Scorer):
    """Two slots for models, one of them live. Usable by any number of threads at once.

    with mgeo.Engine() as engine:
        engine.load()
        print(engine.score("杭州市西湖区文三路90号", "文三路90号").similarity)

    log:        log("info" or "warning", line) is called from the library's threads; it must not call the engine
    queue_rows: rows that may wait for a model before callers block; 0: what suits
    journal:    a file to which every change is written; None: none
    actor:      who, for the journal, where a call names nobody

    After a fork an engine works only in the process that created it; in a child its calls raise ForkedError, and the
    child creates its own.
    Raises ArgumentError, OutOfMemoryError, ReadError, FormatError (a damaged journal), BusyError (another engine
    writes it), LibraryError.
    """

    def __init__(self, *, log: Optional[Log] = None, queue_rows: int = 0, journal: Optional[Path] = None,
                 actor: Optional[str] = None) -> None:
        options = struct(_abi.mgeo_engine_options, queue_rows=queue_rows, actor=text(actor))
        if journal is not None:
            options.journal = c_path(journal)
        if log is not None:
            self._log = options.log = _log_function(log)
        handle = ctypes.c_void_p()
        check("mgeo_engine_create", ctypes.byref(options), ctypes.byref(handle))
        self._borrowers: Set[Native] = set()  # jobs and streams, which end before the engine does
        self._engine_handle = handle.value or 0
        self._begin(Native("engine", _library.load().mgeo_engine_destroy, self._engine_handle), "mgeo_score")

    def close(self) -> None:
        """Waits for the calls that run, ends the engine's jobs and streams, and frees both models. Calls that come later
        raise ClosedError; results stay valid. Any thread, any number of times."""
        self._close(self._end_borrowers)

    def _end_borrowers(self) -> None:
        for borrower in list(self._borrowers):
            borrower.close()

    def __repr__(self) -> str:
        return f"<mgeo.Engine {'closed' if self._native.closed else hex(self._native.handle)}>"

    def _call(self, name: str, *arguments: Any) -> None:
        self._native.call(name, *arguments)

    def _fill(self, name: str, record: Any, kind: Any, *arguments: Any) -> Any:
        answer = struct(kind)
        self._call(name, *arguments, ctypes.byref(answer))
        return record._read(answer)

    # ---- models --------------------------------------------------------------------------------

    def load(self, path: Optional[Path] = None, *, device: Optional[str] = None, precision: records.Precision = "auto",
             max_length: int = 0, threads: int = 0, batch_tokens: int = 0, skip_warm_up: bool = False,
             partial_weight: Optional[float] = None, positive_label: Optional[str] = None,
             version: Optional[str] = None, memory_limit: int = 0, actor: Optional[str] = None,
             reason: Optional[str] = None, allow_tf32: bool = False, keep_unknown: bool = False,
             progress: Optional[Progress] = None) -> records.ModelInfo:
        """Reads, checks, places and warms a model. The first goes live; later ones wait on standby for swap().

        path:           a model directory; None: the bundled model
        device:         "auto" (None), "cpu", "cuda", "cuda:1", "cuda:*", "torch"
        precision:      "auto", "fp32", "bf16", "fp16", "int8", "fp8"
        max_length:     tokens per pair; 0: 128, or the model's positions if fewer
        threads:        CPU threads that compute; 0: as many as the process may use
        batch_tokens:   tokens per batch; 0: what is best on the device
        skip_warm_up:   do not run first batches; the first calls are slower
        partial_weight: weight of "partial_match" in similarity, 0..1; None: 0.5
        positive_label: the label whose probability is the similarity; None: by the model's labels
        version:        a name for this model; None: the directory's
        memory_limit:   most bytes that the load may need; 0: what is free
        actor, reason:  for the journal
        allow_tf32:     fp32 on CUDA may round to TF32
        keep_unknown:   also answer as the model does where texts differ in characters that its vocabulary lacks
        progress:       a Progress, which other threads read and cancel

        Live traffic goes on. On failure the engine is as it was. Any thread; Ctrl-C cancels.
        Raises ArgumentError, OutOfMemoryError, RefusedError (memory_limit), ReadError, FormatError, UnsupportedError,
        BusyError (another load, or the standby model is in use), Cancelled, DeviceError, ForkedError.
        """
        block = block_of(progress)
        options = _load_options(
            block, device=device, precision=precision, max_length=max_length, threads=threads,
            batch_tokens=batch_tokens, skip_warm_up=skip_warm_up, partial_weight=partial_weight,
            positive_label=positive_label, version=version, memory_limit=memory_limit, actor=actor, reason=reason,
            allow_tf32=allow_tf32, keep_unknown=keep_unknown)
        directory = _model_path(path)
        info: records.ModelInfo = run(lambda: self._fill_load(directory, options), block)
        self._label_names[info.generation] = info.labels
        return info

    def _fill_load(self, directory: Optional[bytes], options: Any) -> Any:
        return self._fill("mgeo_load", records.ModelInfo, _abi.mgeo_model_info, directory, ctypes.byref(options))

    def unload(self) -> None:
        """Frees the standby model once the last of its calls has ended. Raises NoModelError, BusyError."""
        self._call("mgeo_unload")

    predict_memory = staticmethod(predict_memory)

    def _find_labels(self, generation: int) -> Tuple[str, ...]:
        slots: Tuple[records.Slot, records.Slot] = ("live", "standby")
        for slot in slots:
            try:
                info = self.info(slot)
            except errors.NoModelError:
                continue
            if info.generation == generation:
                return info.labels
        raise errors.NoModelError(f"the model of generation {generation} was unloaded before its labels were read")

    # ---- scoring: what Scorer does not have ----------------------------------------------------

    def job(self, *, standby: bool = False, route_key: int = 0) -> Job:
        """Holds one model for many calls, whatever is swapped meanwhile, until the job is closed.

        with engine.job() as job:
            for batch in batches:
                job.score(batch)

        standby:   hold the standby model rather than the live one
        route_key: as in score(); 0: never the canary's model

        While a job holds a model, unload() and load() raise BusyError rather than wait for it. Raises NoModelError,
        OutOfMemoryError, ForkedError.
        """
        return self._native.during(self._begin_job, struct(_abi.mgeo_job_options, standby=standby,
                                                            route_key=route(route_key)))

    def _begin_job(self, options: Any) -> Job:
        handle = ctypes.c_void_p()
        check("mgeo_job_begin", self._engine_handle, ctypes.byref(options), ctypes.byref(handle))
        return Job(self, handle.value or 0)

    def score_stream(self, table: Any, *, columns: Optional[Tuple[str, str]] = None, route_key: int = 0,
                     logits: bool = False) -> ScoreStream:
        """Scores a stream of record batches as it is read: an iterator of a Result for each batch, all by one model.

        table: what has __arrow_c_stream__: a record batch reader, a dataset's scanner, a table that does not fit into
               memory. columns names the two; else its first two columns of texts are taken

        The stream holds its model, as a job does, until it has ended or is closed; one thread at a time uses it. It is
        itself a source of Arrow. Raises as score() does, when a batch is asked for.
        """
        return ScoreStream(self, table, columns, route_key, logits)

    def _score_table(self, table: Any, route_key: int, logits: bool, progress: Watched) -> Result:
        if len(table.column.chunks) < 2:
            return super()._score_table(table, route_key, logits, progress)
        with self.job(route_key=route_key) as job:  # one model for all chunks
            return job._score_table(table, 0, logits, progress)

    # ---- rollout -------------------------------------------------------------------------------

    def swap(self, *, expect_generation: int = 0, gate: Optional[Gate] = None, watch: Optional[Watch] = None,
             actor: Optional[str] = None, reason: Optional[str] = None,
             progress: Watched = None) -> records.SwapReceipt:
        """Cuts traffic over to the standby model in one step; the former model stays resident.

        expect_generation: refuse unless the standby model has it; 0: any
        gate:  compare both models first, and swap only if every limit holds
        watch: roll back by itself if the new model breaks a limit afterwards; watch() tells
        progress: as in score(), counts the gate's pairs

        Raises NoModelError, RefusedError (with .receipt, where a gate has judged), BusyError, ForkedError, and with a
        gate what compare() raises.
        """
        block = block_of(progress)
        options = struct(_abi.mgeo_swap_options, expect_generation=expect_generation, actor=text(actor),
                         reason=text(reason))
        keep: List[Any] = []
        bar = None
        if gate is not None:
            options.gate = ctypes.pointer(_gate_struct(gate, block, keep))
            bar = bar_for(progress, keep[0].count)
        if watch is not None:
            options.watch = ctypes.pointer(struct(_abi.mgeo_watch, **watch._members))
        receipt = struct(_abi.mgeo_swap_receipt)

        def call() -> None:
            self._call("mgeo_swap_model", ctypes.byref(options), ctypes.byref(receipt))

        try:
            call() if gate is None else run(call, block, bar)
        except errors.RefusedError as problem:
            problem.receipt = records.SwapReceipt._read(receipt)
            raise
        return records.SwapReceipt._read(receipt)

    def roll_back(self, *, actor: Optional[str] = None, reason: Optional[str] = None) -> records.SwapReceipt:
        """Cuts traffic back over to the model that was live before the last swap, and ends canary and shadow. Raises
        NoModelError where there is none."""
        options = struct(_abi.mgeo_roll_back_options, actor=text(actor), reason=text(reason))
        receipt: records.SwapReceipt = self._fill("mgeo_roll_back", records.SwapReceipt, _abi.mgeo_swap_receipt,
                                                  ctypes.byref(options))
        return receipt

    def compare(self, a: Any, b: Any = None, *, columns: Optional[Tuple[str, str]] = None,
                gold: Optional[Sequence[Optional[str]]] = None, pairs_per_call: int = 0, full_speed: bool = False,
                worst: int = 16, progress: Watched = None) -> records.CompareReport:
        """Scores the pairs with both models in turn, and reports how the standby model differs from the live one.

        a, b, columns: pairs in any form that score() takes
        gold:          names of the true labels, None where unknown
        full_speed:    at normal priority; False: only with time that live traffic leaves
        worst:         so many of the largest shifts are reported

        Raises ArgumentError, NoModelError, OutOfMemoryError, Cancelled, DeviceError, ForkedError.
        """
        block, keep = block_of(progress), []  # type: Progress, List[Any]
        options = _judged(struct(_abi.mgeo_compare_options), (a, b, columns), gold, block, keep)
        assign(options, "pairs_per_call", pairs_per_call)
        options.full_speed = full_speed
        shifts = (_abi.mgeo_shift * max(worst, 1))()
        report = struct(_abi.mgeo_compare_report, worst=shifts if worst else None, worst_capacity=worst)
        run(lambda: self._call("mgeo_compare", ctypes.byref(options), ctypes.byref(report)), block,
            bar_for(progress, options.count))
        return records.CompareReport._read(report)

    def set_canary(self, share: float, *, expect_generation: int = 0, watch: Optional[Watch] = None,
                   actor: Optional[str] = None, reason: Optional[str] = None) -> None:
        """Sets the share of calls, 0..1 in steps of 1/10,000, that the standby model answers; with a watch, a broken
        limit sets it to 0. Raises NoModelError, RefusedError, BusyError, OutOfMemoryError."""
        options = struct(_abi.mgeo_canary_options, expect_generation=expect_generation, actor=text(actor),
                         reason=text(reason))
        if watch is not None:
            options.watch = ctypes.pointer(struct(_abi.mgeo_watch, **watch._members))
        self._call("mgeo_set_canary", _share(share), ctypes.byref(options))

    def set_shadow(self, share: float, *, queue_rows: int = 0, worst_pairs: int = 0, full_speed: bool = False,
                   actor: Optional[str] = None, reason: Optional[str] = None) -> None:
        """Sets the share of live calls, 0..1, whose pairs the standby model scores too, after the live answer; shadow()
        reports the differences. Raises NoModelError, BusyError, OutOfMemoryError, DeviceError."""
        options = struct(_abi.mgeo_shadow_options, queue_rows=queue_rows, worst_pairs=worst_pairs,
                         full_speed=full_speed, actor=text(actor), reason=text(reason))
        self._call("mgeo_set_shadow", _share(share), ctypes.byref(options))

    def shadow(self) -> records.ShadowReport:
        """What the shadow calls have shown so far."""
        report: records.ShadowReport = self._fill("mgeo_get_shadow", records.ShadowReport, _abi.mgeo_shadow_report)
        return report

    def shadow_pairs(self) -> List[Tuple[records.Shift, str, str]]:
        """The pairs with the largest shifts, largest first, with their texts."""
        found: List[Tuple[records.Shift, str, str]] = []
        a, b = ctypes.create_string_buffer(1024), ctypes.create_string_buffer(1024)
        shift = _abi.mgeo_shift()
        for rank in range(self.shadow_kept()):
            try:
                self._call("mgeo_get_shadow_pair", rank, ctypes.byref(shift), a, len(a), b, len(b))
            except errors.ArgumentError:  # fewer are kept now
                break
            found.append((records.Shift._read(shift), a.value.decode(errors="replace"),
                          b.value.decode(errors="replace")))
        return found

    def shadow_kept(self) -> int:
        """How many of the largest shifts are kept with their texts."""
        report = struct(_abi.mgeo_shadow_report)
        self._call("mgeo_get_shadow", ctypes.byref(report))
        return int(report.worst_count)

    # ---- questions -----------------------------------------------------------------------------

    def info(self, slot: records.Slot = "live") -> records.ModelInfo:
        """Describes the model in "live", "standby", "blue" or "green". Raises NoModelError."""
        number = _number(_abi.SLOT_NAMES, "slot", slot)
        info: records.ModelInfo = self._fill("mgeo_get_info", records.ModelInfo, _abi.mgeo_model_info, number)
        return info

    def unused_tensors(self, slot: records.Slot = "live") -> List[str]:
        """Names of the tensors in the model's files that scoring does not need."""
        number = _number(_abi.SLOT_NAMES, "slot", slot)
        name = ctypes.create_string_buffer(1024)
        names = []
        for index in range(self.info(slot).unused_tensors):
            self._call("mgeo_get_unused_tensor", number, index, name, len(name))
            names.append(name.value.decode(errors="replace"))
        return names

    def unused_fields(self, slot: records.Slot = "live") -> List[records.UnusedField]:
        """The fields in the model's JSON files that decided nothing."""
        number = _number(_abi.SLOT_NAMES, "slot", slot)
        return [self._fill("mgeo_get_unused_field", records.UnusedField, _abi.mgeo_unused_field, number, index)
                for index in range(self.info(slot).unused_fields)]

    def stats(self, slot: records.Slot = "live") -> records.Stats:
        """Counters of the model in `slot` since it was loaded. Raises NoModelError."""
        number = _number(_abi.SLOT_NAMES, "slot", slot)
        stats: records.Stats = self._fill("mgeo_get_stats", records.Stats, _abi.mgeo_stats, number)
        return stats

    def rollout(self) -> records.Rollout:
        """Which models answer, and what happened so far."""
        rollout: records.Rollout = self._fill("mgeo_get_rollout", records.Rollout, _abi.mgeo_rollout)
        return rollout

    def watch(self) -> records.WatchReport:
        """How the last watch stands, or how it ended."""
        report: records.WatchReport = self._fill("mgeo_get_watch", records.WatchReport, _abi.mgeo_watch_report)
        return report

    def metrics(self, format: records.MetricsFormat = "openmetrics") -> str:
        """All counters as metrics text: "openmetrics" or "prometheus"."""
        number = _number(_abi.METRICS_FORMAT_NAMES, "format", format)
        capacity = 64 << 10
        while True:
            buffer, length = ctypes.create_string_buffer(capacity), ctypes.c_size_t()
            try:
                self._call("mgeo_write_metrics", number, buffer, capacity, ctypes.byref(length))
                return buffer.value.decode()
            except errors.CapacityError:
                capacity = 2 * length.value

    journal_verify = staticmethod(journal_verify)


def _judged(options: Any, pairs: Tuple[Any, Any, Any], gold: Optional[Sequence[Optional[str]]], block: Progress,
            keep: List[Any]) -> Any:
    """Sets the members that a gate and a comparison share; `keep` holds their memory."""
    from . import tables
    from ._texts import is_null

    made = tables.pairs_from(*pairs)
    keep.append(made)
    options.pairs = ctypes.cast(made.address, ctypes.POINTER(_abi.mgeo_pair))
    options.count = made.count
    options.progress = ctypes.pointer(block._block)
    if gold is not None:
        names = [None if is_null(name) else text(name) for name in gold]
        if len(names) != made.count:
            raise errors.ArgumentError(f"gold has {len(names)} labels for {made.count} pairs")
        keep.append((ctypes.c_char_p * made.count)(*names))
        options.gold = keep[-1]
    return options


def _gate_struct(gate: Gate, block: Progress, keep: List[Any]) -> Any:
    made = struct(_abi.mgeo_gate, **gate._limits)
    assign(made, "pairs_per_call", gate.pairs_per_call)
    made.full_speed = gate.full_speed
    return _judged(made, (gate.pairs, None, None), gate.gold, block, keep)
