# SPDX-License-Identifier: Apache-2.0
"""An engine for those who need no more than scores: made when it is first used, one in each process."""
import os
import threading
from typing import Any, Optional

from .engine import Engine

_lock = threading.Lock()
_engine: Optional[Engine] = None


def default_engine() -> Engine:
    """The process's own engine, with the bundled model live unless another was loaded into it. After a fork the child gets
    one of its own. Any thread."""
    global _engine
    if _engine is None:
        with _lock:
            if _engine is None:
                made = Engine()
                made.load()
                _engine = made
    return _engine


def score(a: Any, b: Any = ..., **options: Any) -> Any:
    """default_engine().score(a, b, ...): a Score of two texts, a Result of many pairs."""
    return default_engine().score(a, **options) if b is ... else default_engine().score(a, b, **options)


def _forget() -> None:
    """In a forked child: the engine is the parent's, and its thread may have held the lock."""
    global _engine, _lock
    _engine, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
