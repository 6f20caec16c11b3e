# SPDX-License-Identifier: Apache-2.0
"""Do two Chinese addresses name the same place? libmgeo for Python."""
from ._abi import MGEO_VERSION as __version__
from ._library import version as library_version
from .default import default_engine, score
from .engine import Engine, journal_verify, predict_memory
from .errors import (ArgumentError, BusyError, Cancelled, CapacityError, ClosedError, DeviceError, Error, FormatError,
                     ForkedError, InternalError, LibraryError, NoModelError, OutOfMemoryError, ReadError, RefusedError,
                     UnsupportedError)
from .job import Job
from .limits import Gate, Watch
from .modules import add_module_path
from .progress import Progress
from .records import (Check, CompareReport, JournalReport, Memory, ModelInfo, Rollout, ShadowReport, Shift, Stats,
                      SwapReceipt, UnusedField, WatchReport)
from .results import Result, Score, flag_names
from .stream import ScoreStream

__all__ = [
    "ArgumentError", "BusyError", "Cancelled", "CapacityError", "Check", "ClosedError", "CompareReport",
    "CrossEncoder", "DeviceError", "Engine", "Error", "ForkedError", "FormatError", "Gate", "InternalError", "Job",
    "JournalReport", "LibraryError", "Memory", "ModelInfo", "NoModelError", "OutOfMemoryError", "Progress",
    "ReadError", "RefusedError", "Result", "Rollout", "Score", "ScoreStream", "ShadowReport", "Shift", "Stats",
    "SwapReceipt", "UnsupportedError", "UnusedField", "Watch", "WatchReport", "__version__", "add_module_path",
    "default_engine", "flag_names", "journal_verify", "library_version", "predict_memory", "score",
]


def __getattr__(name: str) -> object:
    """CrossEncoder needs numpy, which a first score does without."""
    if name == "CrossEncoder":
        from .cross_encoder import CrossEncoder

        return CrossEncoder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
