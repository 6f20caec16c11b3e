# SPDX-License-Identifier: Apache-2.0
"""Long calls: watched, cancelled, interrupted by Ctrl-C, and shown as a bar where somebody looks."""
import ctypes
import importlib.util
import sys
import threading
from typing import Any, Callable, List, NamedTuple, Optional, Tuple, TypeVar, Union

from . import _abi, _library
from .errors import ArgumentError

T = TypeVar("T")
_FIRST_LOOK = 0.5  # seconds before a bar appears
_NEXT_LOOK = 0.1


class Stage(NamedTuple):
    """How far a call has come."""

    stage: str
    """idle, reading, hashing, placing, warming, scoring or finished"""
    done: int
    """of `total`: bytes, tensors, batches or pairs, by stage"""
    total: int


class Progress:
    """Watches and cancels one call, from any thread: give it as the call's `progress`.

    It is for one call. cancel() may come before the call, during it or after it; the call then raises Cancelled.
    """

    def __init__(self) -> None:
        self._library = _library.load()
        self._block = _abi.mgeo_progress()

    def cancel(self) -> None:
        """Asks the call to stop. Returns at once; never blocks."""
        self._library.mgeo_progress_cancel(ctypes.byref(self._block))

    def read(self) -> Stage:
        """How far the call has come."""
        stage, done, total = ctypes.c_int32(), ctypes.c_uint64(), ctypes.c_uint64()
        self._library.mgeo_progress_read(ctypes.byref(self._block), ctypes.byref(stage), ctypes.byref(done),
                                         ctypes.byref(total))
        return Stage(_abi.STAGE_NAMES.get(stage.value, "idle"), done.value, total.value)


Watched = Union[None, bool, Progress]


def block_of(progress: Watched) -> Progress:
    """The block that the library writes: the caller's, or one for this call."""
    if isinstance(progress, Progress):
        return progress
    if progress is None or isinstance(progress, bool):
        return Progress()
    raise ArgumentError(f"progress is {type(progress).__name__}, and None, True, False or a Progress is needed")


class Bar:
    """A tqdm bar of pairs, which appears when a call has lasted a moment."""

    def __init__(self, total: int) -> None:
        from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]

        self._make: Callable[[], Any] = lambda: tqdm(total=total, unit=" pairs", desc="mgeo", leave=False)
        self.before = 0
        """pairs of the call's parts that are done"""

    def follow(self, thread: threading.Thread, block: Progress) -> None:
        """Shows the thread's call until it ends."""
        thread.join(_FIRST_LOOK)
        if not thread.is_alive():
            return
        with self._make() as shown:
            while thread.is_alive():
                shown.update(max(self.before + block.read().done - shown.n, 0))
                thread.join(_NEXT_LOOK)


def bar_for(progress: Watched, total: int) -> Optional[Bar]:
    """A bar for `total` pairs, or None. True asks for one; None shows one where it is seen."""
    if progress is True or (progress is None and _is_seen() and importlib.util.find_spec("tqdm") is not None):
        return Bar(total)
    return None


def _is_seen() -> bool:
    """A terminal, or a notebook."""
    if "ipykernel" in sys.modules:
        return True
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


def run(call: Callable[[], T], block: Progress, bar: Optional[Bar] = None) -> T:
    """Runs a long call so that Ctrl-C ends it.

    Python handles signals between its own steps in the main thread only. There the call runs in a thread of its
    own while the main thread waits; an exception that comes meanwhile cancels the call, which is waited for.
    """
    if bar is None and threading.get_ident() != threading.main_thread().ident:
        return call()
    outcome: List[Tuple[Optional[BaseException], Optional[T]]] = []

    def work() -> None:
        try:
            outcome.append((None, call()))
        except BaseException as problem:
            outcome.append((problem, None))

    thread = threading.Thread(target=work, name="mgeo", daemon=True)
    try:
        thread.start()
        if bar is not None:
            bar.follow(thread, block)
        thread.join()
    except BaseException:
        block.cancel()
        if thread.ident is not None:
            thread.join()  # a second Ctrl-C leaves the call to itself
        raise
    problem, answer = outcome.pop()
    if problem is not None:
        try:
            raise problem
        finally:
            problem = None  # no cycle through this frame
    return answer  # type: ignore[return-value]

