# SPDX-License-Identifier: Apache-2.0
"""Do two Chinese addresses name the same place? libmgeo for Python."""
from ._abi import MGEO_VERSION as __version__
from ._library import version as library_version
from .engine import Engine, journal_verify, predict_memory
from .errors import (ArgumentError, BusyError, Cancelled, CapacityError, ClosedError, DeviceError, Error, FormatError,
                     ForkedError, InternalError, LibraryError, NoModelError, OutOfMemoryError, ReadError, RefusedError,
                     UnsupportedError)
from .limits import Gate, Watch
from .modules import add_module_path
from .progress import Progress
from .results import Result, Score, flag_names

__all__ = [
    "CrossEncoder", "add_module_path",
    "ArgumentError", "BusyError", "Cancelled", "CapacityError", "ClosedError", "DeviceError", "Engine", "Error",
    "ForkedError", "FormatError", "Gate", "InternalError", "LibraryError", "NoModelError", "OutOfMemoryError",
    "Progress", "ReadError", "RefusedError", "Result", "Score", "UnsupportedError", "Watch", "__version__",
    "flag_names", "journal_verify", "library_version", "predict_memory",
]


def __getattr__(name: str) -> object:
    """CrossEncoder needs numpy, which a first score does without."""
    if name == "CrossEncoder":
        from .cross_encoder import CrossEncoder

        return CrossEncoder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
