# SPDX-License-Identifier: Apache-2.0
"""From addresses to matches without a model: the normal form, an index that is searched, and clusters of scored links."""
import ctypes
import operator
import os
import threading
from typing import Any, List, NamedTuple, Optional, Tuple, Union, overload

import numpy as np

from . import _abi, _library, errors, records
from ._native import Native, Owner, check, path as c_path, struct
from ._texts import Pairs, encode, from_sequence, is_null
from .progress import Progress, run
from .tables import listed, pairs_from

Path = Union[str, bytes, "os.PathLike[str]"]
_LINK = np.dtype([("a", "u8"), ("b", "u8"), ("score", "f4"), ("reserved", "u4")])
_MEMBER = np.dtype([("cluster", "u8"), ("representative", "u8"), ("size", "u8"), ("weakest", "f4"), ("link", "f4")])
_DIRECT = 16  # queries that are searched in the main thread itself: a matter of milliseconds


class Candidate(NamedTuple):
    """A record that may name the place of a query."""

    id: str
    text: str
    """as it was put in"""
    row: int
    """of the record in its generation: from 0, in the order they were put in"""
    score: float
    """0..1: orders candidates, and is not a model's similarity: score the pairs for that"""
    flags: int
    """sum of mgeo_candidate_flag: candidate_flag_names() spells them"""


class FoundRows(NamedTuple):
    """What Index.search_rows() found."""

    generation: int
    """that the rows are of: give it to the next call, so that a walk meets no change"""
    candidates: List[List[Candidate]]


class Clusters(NamedTuple):
    """What cluster() answers: arrays with one entry for each row."""

    cluster: Any
    """uint64: the smallest row of its cluster"""
    representative: Any
    """uint64: the row with the greatest sum of links to the others"""
    size: Any
    """uint64: rows in the cluster"""
    weakest: Any
    """float32: the weakest link that holds the cluster together; NaN in a cluster of one"""
    link: Any
    """float32: this row's best link inside the cluster; NaN in a cluster of one"""


def candidate_flag_names(flags: int) -> Tuple[str, ...]:
    """What the flags of a candidate say: ("same_text", "same_form")."""
    return tuple(name for flag, name in _abi.CANDIDATE_FLAG_NAMES.items() if flags & flag)


def normal_form(text: str) -> str:
    """The form of an address that ways of writing it share: for comparing, not for reading. Empty: nothing in the text
    names a place. Raises ArgumentError (no Unicode text), OutOfMemoryError."""
    given, length = encode(text), ctypes.c_size_t()
    form = ctypes.create_string_buffer(3 * len(given) + 1)
    arguments = given, len(given)
    try:
        check("mgeo_normal_form", *arguments, form, len(form), ctypes.byref(length))
    except errors.CapacityError:
        form = ctypes.create_string_buffer(length.value + 1)
        check("mgeo_normal_form", *arguments, form, len(form), ctypes.byref(length))
    return form.raw[: length.value].decode()


# ---- the index --------------------------------------------------------------------------------


def _records(ids: Any, texts: Any) -> Pairs:
    """mgeo_record has the shape of mgeo_pair."""
    made = pairs_from(ids, texts, None)
    if made.null is not None:
        raise errors.ArgumentError(f"record {int(np.argmax(made.null))} has a null: an id and a text are needed")
    return made


class _Queries:
    """An array of mgeo_text over a column, which it keeps alive. A null finds nothing, as an empty text does."""

    def __init__(self, values: Any) -> None:
        self._texts = from_sequence(values if isinstance(values, (list, tuple)) else listed(values))
        offsets = self._texts.offsets
        self.count = len(offsets) - 1
        self._rows = np.empty((self.count, 2), np.uintp)
        base = np.frombuffer(self._texts.data or b"\0", np.uint8).__array_interface__["data"][0]
        np.add(offsets[:-1], base, out=self._rows[:, 0], casting="unsafe")
        np.subtract(offsets[1:], offsets[:-1], out=self._rows[:, 1], casting="unsafe")
        self.pointer = _pointer(self._rows, _abi.mgeo_text)


def _pointer(array: Any, kind: Any) -> Any:
    return ctypes.cast(array.__array_interface__["data"][0], ctypes.POINTER(kind))


def _read(row: Any) -> Candidate:
    return Candidate(ctypes.string_at(row.id, row.id_len).decode(), ctypes.string_at(row.text, row.text_len).decode(),
                     row.row, row.score, row.flags)


def _candidates(handle: Any, count: int) -> List[List[Candidate]]:
    """A search's answer as Python's own, and freed."""
    library, found = _library.load(), ctypes.c_size_t()
    try:
        answer = []
        for query in range(count):
            rows = library.mgeo_candidates_of(handle, query, ctypes.byref(found))
            answer.append([_read(rows[i]) for i in range(found.value)])
        return answer
    finally:
        library.mgeo_candidates_destroy(handle)


class Index(Owner):
    """Addresses that can be searched, in memory or mapped from a file. Usable by any number of threads at once: searches
    never wait for a change, and one that has begun ends in the generation that it began in.

    with mgeo.Index() as index:
        index.put([("1", "杭州市西湖区文三路90号"), ("2", "南京市新模范马路5号")])
        print(index.search("杭州文三路90号")[0].id)

    path:         a file that save() wrote, which is mapped; None: an empty index
    threads:      that build; 0: as many as the process may use
    memory_limit: most bytes that a change may take beside what there is; 0: not limited

    Needs no engine and no model, and goes on working in a forked child.
    Raises ArgumentError, OutOfMemoryError, ReadError, FormatError (no index, or damaged), UnsupportedError (of a later
    libmgeo), LibraryError.
    """

    def __init__(self, path: Optional[Path] = None, *, threads: int = 0, memory_limit: int = 0) -> None:
        self._block = Progress()  # by which Ctrl-C ends a change
        self._process, self._changing = os.getpid(), threading.Lock()
        options = struct(_abi.mgeo_index_options, threads=threads, memory_limit=memory_limit,
                         progress=ctypes.pointer(self._block._block))
        handle = ctypes.c_void_p()
        if path is None:
            check("mgeo_index_create", ctypes.byref(options), ctypes.byref(handle))
        else:
            check("mgeo_index_open", c_path(path), ctypes.byref(options), ctypes.byref(handle))
        self._native = Native("index", _library.load().mgeo_index_destroy, handle.value or 0)

    def close(self) -> None:
        """Waits for the calls that run, and frees the index. Candidates stay valid. Any thread, any number of times."""
        self._native.close()

    def __repr__(self) -> str:
        return f"<mgeo.Index {'closed' if self._native.closed else hex(self._native.handle)}>"

    # ---- changes -------------------------------------------------------------------------------

    def _change(self, name: str, *arguments: Any) -> None:
        """One at a time, so that Ctrl-C ends the caller's change and no other."""
        if self._process != os.getpid():  # in a forked child nobody is left to give the lock back
            self._process, self._changing = os.getpid(), threading.Lock()
        with self._changing:
            try:
                run(lambda: self._native.call(name, *arguments), self._block)
            finally:
                ctypes.memset(ctypes.byref(self._block._block), 0, ctypes.sizeof(self._block._block))

    def put(self, ids: Any, texts: Any = None) -> None:
        """Adds records; one whose id is there already replaces the former. Many at once cost far less than one by one.

        put(pairs)       (id, text) pairs, or a table's first two columns of texts
        put(ids, texts)  two columns of equal length: lists, numpy arrays, pandas and polars Series, Arrow arrays

        All are put in or, on failure, none. Ctrl-C cancels. Raises ArgumentError (an empty id, a null, no Unicode text:
        the line names the record), OutOfMemoryError (memory_limit too), UnsupportedError (too many), ClosedError.
        """
        rows = _records(ids, texts)
        self._change("mgeo_index_put", ctypes.cast(rows.address, ctypes.POINTER(_abi.mgeo_record)), rows.count)

    def remove(self, ids: Any) -> int:
        """Removes the records with these ids; answers how many were there. Raises ArgumentError, OutOfMemoryError."""
        if is_null(ids) or isinstance(ids, (str, bytes)):
            raise errors.ArgumentError(f"a column of ids is needed, not {ids!r:.60}")
        rows, removed = _records(ids, ids), ctypes.c_uint64()
        self._change("mgeo_index_remove", ctypes.cast(rows.address, ctypes.POINTER(_abi.mgeo_record)), rows.count,
                     ctypes.byref(removed))
        return removed.value

    def compact(self) -> None:
        """Makes one segment of all, without what was removed. Ctrl-C cancels. Raises OutOfMemoryError."""
        self._change("mgeo_index_compact")

    def save(self, path: Path) -> None:
        """Writes the index to a file, compacted: the file is the old or the new one, whenever the process ends. Ctrl-C
        cancels. Raises ReadError, OutOfMemoryError."""
        self._change("mgeo_index_save", c_path(path))

    def swap(self, path: Path) -> None:
        """Puts the records of a file in place of all that is there, in one step; no search waits or fails. What was there
        stays ready for roll_back(). On failure nothing has changed. Raises as Index(path) does."""
        self._change("mgeo_index_swap", c_path(path))

    def roll_back(self) -> None:
        """Puts back what the last swap() put aside. Raises RefusedError (nothing was swapped)."""
        self._change("mgeo_index_roll_back")

    def info(self) -> records.IndexInfo:
        """What the index holds."""
        info = struct(_abi.mgeo_index_info)
        self._native.call("mgeo_index_get_info", ctypes.byref(info))
        return records.IndexInfo._read(info)

    # ---- searches ------------------------------------------------------------------------------

    @overload
    def search(self, queries: str, *, top: int = ..., threads: int = ..., effort: int = ..., least: float = ...,
               progress: Optional[Progress] = ...) -> List[Candidate]: ...

    @overload
    def search(self, queries: Any, *, top: int = ..., threads: int = ..., effort: int = ..., least: float = ...,
               progress: Optional[Progress] = ...) -> List[List[Candidate]]: ...

    def search(self, queries: Any, *, top: int = 0, threads: int = 0, effort: int = 0, least: float = 0,
               progress: Optional[Progress] = None) -> Any:
        """The records with the best scores, best first: a list for one text, a list of lists for a column of texts.

        top:     candidates for a query at most; 0: 20
        threads: that search; 0: 1
        effort:  how many records are looked at, in percent of the usual number; 0: 100
        least:   candidates with a lower score are left out

        A query that is null, is no Unicode text or names nothing has no candidates. Ctrl-C cancels. Raises ArgumentError,
        OutOfMemoryError, Cancelled, ClosedError.
        """
        if isinstance(queries, str):
            return self.search([queries], top=top, threads=threads, effort=effort, least=least, progress=progress)[0]
        given = _Queries(queries)
        return self._search("mgeo_index_search", given.count, progress, (top, threads, effort, least),
                            given.pointer, given.count)

    def search_rows(self, first: int, count: int, *, later: bool = False, generation: int = 0, top: int = 0,
                    threads: int = 0, effort: int = 0, least: float = 0,
                    progress: Optional[Progress] = None) -> FoundRows:
        """search() for `count` records of the index itself, from row `first` on, as queries: to find duplicates. A record
        is never its own candidate, and a removed one has none.

        later:      only rows after the query's are found, so that each pair comes once
        generation: 0: the current one; or one that an earlier call answered

        Raises RefusedError (the generation is no longer there), and as search() does.
        """
        first, count = _number(first, "first", 63), _number(count, "count", 63)
        generation = _number(generation, "generation", 63)
        of = ctypes.c_uint64(generation)
        found = self._search("mgeo_index_search_rows", count, progress, (top, threads, effort, least), first, count,
                             int(later), ctypes.byref(of))
        return FoundRows(of.value, found)

    def _search(self, name: str, count: int, progress: Optional[Progress], how: Tuple[int, int, int, float],
                *arguments: Any) -> List[List[Candidate]]:
        block = Progress() if progress is None else progress
        top, threads, effort, least = how
        options = struct(_abi.mgeo_search_options, top=top, threads=threads, effort=effort, least=least,
                         progress=ctypes.pointer(block._block))

        def call() -> List[List[Candidate]]:
            handle = ctypes.c_void_p()
            self._native.call(name, *arguments, ctypes.byref(options), ctypes.byref(handle))
            return _candidates(handle, count)

        return call() if count <= _DIRECT else run(call, block)


# ---- clusters ---------------------------------------------------------------------------------


def _number(value: Any, what: str, bits: int) -> int:
    """A whole number from 0 on."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < 2**bits:
        raise errors.ArgumentError(f"{what} is {value!r:.60}, and a number from 0 on below 2^{bits} is needed")
    return number


def _numbers(values: Any, what: str) -> Any:
    """Whole numbers from 0 on: an unsigned array would take a negative one for a great one."""
    made = np.asarray(values)
    if made.size and (made.ndim != 1 or made.dtype.kind not in "iu" or int(made.min()) < 0):
        raise errors.ArgumentError(f"{what} holds something else than whole numbers from 0 on in one column")
    return made.ravel()


def _scores(values: Any) -> Any:
    try:
        return np.asarray(values, np.float32).ravel()
    except (TypeError, ValueError) as problem:
        raise errors.ArgumentError(f"score holds something else than numbers: {problem}") from None


def _links(a: Any, b: Any, score: Any) -> Any:
    columns = _numbers(a, "a"), _numbers(b, "b"), _scores(score)
    if len({len(column) for column in columns}) != 1:
        raise errors.ArgumentError(f"the columns differ in length: {', '.join(str(len(column)) for column in columns)}")
    made = np.zeros(len(columns[0]), _LINK)
    made["a"], made["b"], made["score"] = columns
    return made


def cluster(a: Any, b: Any, score: Any, rows: int, *, threshold: float = 0, cut: records.Cut = "center",
            max_size: int = 0, least_link: float = 0, source: Any = None, one_to_one: bool = False) -> Clusters:
    """Clusters `rows` rows by links: row a[i] and row b[i] name one place as surely as score[i] says.

    threshold:  links below it hold nothing together
    cut:        how what does not keep a guard is cut: "center", "correlation", or "none", with which no guard is given
    max_size:   guard: rows in a cluster at most; 0: not limited
    least_link: guard: a row stays only if its mean link to the others is at least that; 0: not asked
    source:     the table that each row comes from: a number for each row
    one_to_one: guard, with source: at most one row of each source in a cluster

    The same links in any order give the same clusters. A NaN is no link. Without the GIL; it cannot be cancelled. Raises
    ArgumentError, OutOfMemoryError, UnsupportedError (2^32 - 1 rows or links, or more).
    """
    rows = _number(rows, "rows", 32)
    links, members = _links(a, b, score), np.zeros(rows, _MEMBER)
    cuts = {name: number for number, name in _abi.CUT_NAMES.items()}
    if cut not in cuts:
        raise errors.ArgumentError(f"cut {cut!r} is none of {', '.join(cuts)}")
    options = struct(_abi.mgeo_cluster_options, threshold=threshold, cut=cuts[cut], max_size=max_size,
                     least_link=least_link, one_to_one=int(one_to_one))
    if source is not None:
        sources = _numbers(source, "source")
        _number(sources.max(initial=0), "the greatest source", 32)
        sources = np.ascontiguousarray(sources, np.uint32)
        if len(sources) != rows:
            raise errors.ArgumentError(f"source has {len(sources)} entries for {rows} rows")
        options.source = _pointer(sources, ctypes.c_uint32)
    check("mgeo_cluster", _pointer(links, _abi.mgeo_link), len(links), rows, ctypes.byref(options),
          _pointer(members, _abi.mgeo_member))
    return Clusters(*(members[name].copy() for name in Clusters._fields))
