# SPDX-License-Identifier: Apache-2.0
"""A native object and the calls that run on it: it is freed only when none runs, whoever closes it and when."""
import ctypes
import os
import threading
import time
from typing import Any, Callable, Dict, Optional, TypeVar

from . import _abi, _library, errors

T = TypeVar("T")
O = TypeVar("O", bound="Owner")
_POLL = 0.001  # seconds between looks at the calls that close() waits for

_byref = ctypes.byref
_get_ident = threading.get_ident


def struct(kind: Any, **members: Any) -> Any:
    """A struct of the library's with its size set where it is versioned."""
    made = kind()
    if hasattr(made, "struct_size"):
        made.struct_size = ctypes.sizeof(kind)
    for name, value in members.items():
        assign(made, name, value)
    return made


def assign(made: Any, name: str, value: Any) -> None:
    """Sets a member. ctypes cuts a number to the bits that there are: here it is refused."""
    try:
        setattr(made, name, value)
    except TypeError as problem:
        raise errors.ArgumentError(f"{name} is {value!r}: {problem}") from None
    if hasattr(value, "__index__") and getattr(made, name) != value:
        raise errors.ArgumentError(f"{name} is {value!r}, which its type in mgeo.h cannot hold")


def route(key: Any) -> int:
    """A route key of 64 bits: the hash() of anything may be negative."""
    return int(key) & 0xFFFFFFFFFFFFFFFF


def text(value: Optional[str]) -> Optional[bytes]:
    """A C string, or NULL."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise errors.ArgumentError(f"{value!r:.60} is {type(value).__name__}, and a str is needed")
    try:
        encoded = value.encode()
    except UnicodeEncodeError as problem:
        raise errors.ArgumentError(f"{value!r:.60} is no Unicode text: {problem.reason}") from None
    if b"\0" in encoded:
        raise errors.ArgumentError(f"a NUL inside {value!r}: take it out")
    return encoded


def path(value: Any) -> bytes:
    """A path as a C string."""
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise errors.ArgumentError(f"a NUL inside the path {value!r}: take it out")
    return encoded


def check(name: str, *arguments: Any) -> None:
    """Calls a function of the library whose last parameter is an error; raises what it answers."""
    error = _abi.mgeo_error()
    status = getattr(_library.load(), name)(*arguments, _byref(error))
    if status:
        raise errors.from_status(status, error.message)


class Native:
    """Owns one native object, by the address `handle`.

    Calls enter and leave through `running`, in single steps of the interpreter, so that an exception from a signal
    cannot come between; close() first shuts the door and then waits for those inside.
    """

    def __init__(self, what: str, destroy: Callable[[int], None], handle: int) -> None:
        self.what, self.handle, self.closed = what, handle, False
        self.running: Dict[object, int] = {}
        self._destroy = destroy
        self._pid = os.getpid()
        self._freed = False
        self._lock = threading.RLock()

    @property
    def is_own(self) -> bool:
        """Is it this process's? A forked child's copy is the parent's to free, and its locks are as they were."""
        return self._pid == os.getpid()

    def enter(self, token: object) -> None:
        """Before a call. The caller runs running.pop(token, None) in a `finally` around this and the call."""
        self.running[token] = _get_ident()
        if self.closed:
            self.running.pop(token, None)
            raise errors.ClosedError(f"the {self.what} is closed")

    def during(self, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a function while this object is kept."""
        token = object()
        try:
            self.enter(token)
            return function(*arguments)
        finally:
            self.running.pop(token, None)

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function of the library on this object; raises what it answers."""
        self.during(check, name, self.handle, *arguments)

    def close(self, before: Optional[Callable[[], None]] = None) -> None:
        """Waits for the calls that run, and frees the object; `before` runs between. Any number of times."""
        self.closed = True
        if not self.is_own:
            return
        with self._lock:
            if self._freed:
                return
            self._wait()
            if before is not None:
                before()
            self._freed = True
            self._destroy(self.handle)

    def _wait(self) -> None:
        while self.running:
            if _get_ident() in list(self.running.values()):
                raise errors.BusyError(f"the {self.what} cannot be closed inside one of its own calls, as by a signal's "
                                       "handler or a log function: close it once the call has returned")
            time.sleep(_POLL)


class Owner:
    """What has a native object of its own: closed by close(), at the end of a `with`, or once nobody holds it."""

    _native: Native

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self: O) -> O:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_native"):
            self.close()

    def __reduce__(self) -> Any:
        raise TypeError(f"a mgeo.{type(self).__name__} belongs to its process and cannot be pickled: create one in each")
