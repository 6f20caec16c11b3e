# SPDX-License-Identifier: Apache-2.0
"""Finds libmgeo and loads it, once: MGEO_LIBRARY, the one inside this package, or the system's."""
import ctypes
import os
import threading
from typing import Any, Optional, Tuple

from . import _abi
from .errors import LibraryError

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_lock = threading.Lock()
_loaded: Optional[Any] = None


def load() -> Any:
    """The library, with the types of its functions set. Raises LibraryError."""
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _bind(*_open())
    return _loaded


def version() -> str:
    """The version of the library that is running: "0.2.0"."""
    text: bytes = load().mgeo_version()
    return text.decode()


def bundled_model() -> Optional[str]:
    """The model inside this package; None: the library knows where its own lies."""
    path = os.path.join(_FOLDER, "models", "mini")
    return path if os.path.exists(os.path.join(path, "config.json")) else None


def _open() -> Tuple[Any, str]:
    path = os.environ.get("MGEO_LIBRARY", "")
    advice = "set MGEO_LIBRARY to a libmgeo that this process can load"
    if not path:
        inside = os.path.join(_FOLDER, "lib", _abi.SONAME)
        path = inside if os.path.exists(inside) else _abi.SONAME
        advice = "install the package's wheel or libmgeo, or set MGEO_LIBRARY to where it lies"
    try:
        return ctypes.CDLL(path), path
    except OSError as problem:
        raise LibraryError(f"libmgeo cannot be loaded from {path} ({problem}): {advice}") from None


def _bind(library: Any, path: str) -> Any:
    """Sets the functions' types; a library that is too old or of another ABI is refused."""
    try:
        library.mgeo_version.restype = ctypes.c_char_p
        found = library.mgeo_version().decode()
    except AttributeError:
        raise LibraryError(f"{path} is not libmgeo: it has no mgeo_version; mend MGEO_LIBRARY") from None
    if not _serves(found):
        raise LibraryError(f"libmgeo {found} at {path} does not serve this package, which needs "
                           f"{_abi.MGEO_VERSION} or newer below {_abi.MGEO_VERSION_MAJOR + 1}.0: install them alike")
    for name, (returns, parameters) in _abi.PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise LibraryError(f"libmgeo {found} at {path} lacks {name}: it is older than this package, "
                               "install them alike") from None
        function.restype, function.argtypes = returns, parameters
    return library


def _serves(found: str) -> bool:
    """Structs and functions only grow; a break raises the SONAME, or from 1.0 on the first number."""
    try:
        numbers = tuple(int(part) for part in found.split("-")[0].split("."))
    except ValueError:
        return False
    needed = (_abi.MGEO_VERSION_MAJOR, _abi.MGEO_VERSION_MINOR, _abi.MGEO_VERSION_PATCH)
    return numbers >= needed and numbers[0] == needed[0]
