# SPDX-License-Identifier: Apache-2.0
"""Exceptions: one class for each status of the library, each also the built-in that a caller would expect."""
from typing import Any, Dict, Optional, Type

from . import _abi


class Error(Exception):
    """A call of the library failed. `message` is one line: what went wrong, where, and what to do."""

    status: int = _abi.MGEO_E_INTERNAL
    """The status's number, an mgeo_status of mgeo.h."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    @property
    def status_name(self) -> str:
        """The status's name: "MGEO_E_IO"."""
        return _abi.STATUS_NAMES[self.status]

    def __str__(self) -> str:
        return self.message


class ArgumentError(Error, ValueError):
    """An argument is not valid."""

    status = _abi.MGEO_E_ARGUMENT


class ClosedError(ArgumentError):
    """The engine or the job was closed, or is being closed."""


class OutOfMemoryError(Error, MemoryError):
    """There is too little memory; a live model goes on answering."""

    status = _abi.MGEO_E_MEMORY


class ReadError(Error, OSError):
    """A file could not be read or written."""

    status = _abi.MGEO_E_IO


class FormatError(Error, ValueError):
    """A file is damaged or is not what it claims to be."""

    status = _abi.MGEO_E_FORMAT


class UnsupportedError(Error, NotImplementedError):
    """The file or the request is sound but not supported."""

    status = _abi.MGEO_E_UNSUPPORTED


class NoModelError(Error, LookupError):
    """No model is loaded in the slot asked for."""

    status = _abi.MGEO_E_NO_MODEL


class BusyError(Error, RuntimeError):
    """Something else is in progress that this must not disturb."""

    status = _abi.MGEO_E_BUSY


class Cancelled(Error, RuntimeError):
    """The call was cancelled through its Progress."""

    status = _abi.MGEO_E_CANCELLED


class RefusedError(Error, RuntimeError):
    """A condition that the caller set does not hold: a gate, a memory limit, an expected generation."""

    status = _abi.MGEO_E_REFUSED
    receipt: Optional[Any] = None
    """The SwapReceipt with the gate's checks, where a swap was refused."""


class DeviceError(Error, RuntimeError):
    """The device is missing or failed."""

    status = _abi.MGEO_E_DEVICE


class ForkedError(Error, RuntimeError):
    """The engine belongs to the parent process: create one in this process."""

    status = _abi.MGEO_E_FORKED


class CapacityError(Error, ValueError):
    """An array is too small for the answer."""

    status = _abi.MGEO_E_CAPACITY


class InternalError(Error, RuntimeError):
    """A defect in libmgeo."""


class LibraryError(ImportError):
    """libmgeo could not be loaded, or is not of a version that this package works with."""


_CLASSES: Dict[int, Type[Error]] = {
    kind.status: kind
    for kind in (ArgumentError, OutOfMemoryError, ReadError, FormatError, UnsupportedError, NoModelError, BusyError,
                 Cancelled, RefusedError, DeviceError, ForkedError, CapacityError, InternalError)
}


def from_status(status: int, message: bytes) -> Error:
    """The exception for what the library answered."""
    return _CLASSES.get(status, InternalError)(message.decode("utf-8", "replace"))
