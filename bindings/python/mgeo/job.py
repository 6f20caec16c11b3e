# SPDX-License-Identifier: Apache-2.0
"""A job: one model, held for many calls whatever is swapped meanwhile."""
import ctypes
from typing import TYPE_CHECKING, Tuple

from . import _abi, _library, records
from ._native import Native, struct
from .scorer import Scorer

if TYPE_CHECKING:
    from .engine import Engine


class Job(Scorer):
    """Made by Engine.job(), and scores as an Engine does. Usable by any number of threads at once.

    Close it, or use it as a context manager: a job that is left open keeps its model resident. An engine that is closed
    closes its jobs.
    """

    def __init__(self, engine: "Engine", handle: int) -> None:
        self._engine = engine  # which lives as long as the job
        self._engine_handle, self._job_handle = engine._native.handle, handle
        self._begin(Native("job", _library.load().mgeo_job_end, handle), "mgeo_job_score")
        engine._borrowers.add(self._native)

    def close(self) -> None:
        """Waits for the job's calls that run, and ends it. Any thread, any number of times."""
        self._close()
        self._engine._borrowers.discard(self._native)

    def info(self) -> records.ModelInfo:
        """Describes the job's model; `live` as it was when the job began."""
        info = struct(_abi.mgeo_model_info)
        self._native.call("mgeo_job_get_info", ctypes.byref(info))
        return records.ModelInfo._read(info)

    def _find_labels(self, generation: int) -> Tuple[str, ...]:
        return self.info().labels
