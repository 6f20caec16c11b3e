# SPDX-License-Identifier: Apache-2.0
"""Do two Chinese addresses name the same place? libmgeo for Python."""
from typing import TYPE_CHECKING

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
from .records import (Check, CompareReport, IndexInfo, JournalReport, Memory, ModelInfo, Rollout, ShadowReport, Shift, Stats,
                      SwapReceipt, UnusedField, WatchReport)
from .results import Result, Score, flag_names
from .stream import ScoreStream

if TYPE_CHECKING:
    from .match import Candidate, Clusters, FoundRows, Index, candidate_flag_names, cluster, normal_form

_MATCH = {"Candidate", "Clusters", "FoundRows", "Index", "candidate_flag_names", "cluster", "normal_form"}

__all__ = [
    "ArgumentError", "BusyError", "Cancelled", "Candidate", "CapacityError", "Check", "ClosedError", "Clusters", "CompareReport",
    "CrossEncoder", "DeviceError", "Engine", "Error", "ForkedError", "FormatError", "FoundRows", "Gate", "Index", "IndexInfo", "InternalError", "Job",
    "JournalReport", "LibraryError", "Memory", "ModelInfo", "NoModelError", "OutOfMemoryError", "Progress",
    "ReadError", "RefusedError", "Result", "Rollout", "Score", "ScoreStream", "ShadowReport", "Shift", "Stats",
    "SwapReceipt", "UnsupportedError", "UnusedField", "Watch", "WatchReport", "__version__", "add_module_path", "candidate_flag_names", "cluster",
    "default_engine", "flag_names", "journal_verify", "library_version", "normal_form", "predict_memory", "score",
]


def __getattr__(name: str) -> object:
    """CrossEncoder and matching need numpy, which a first score does without."""
    if name == "CrossEncoder":
        from .cross_encoder import CrossEncoder

        return CrossEncoder
    if name in _MATCH:
        from . import match

        return getattr(match, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
