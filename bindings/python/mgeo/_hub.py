# SPDX-License-Identifier: Apache-2.0
"""Where a model of the Hugging Face Hub lies on this machine, and what its JSON files say. Nothing is fetched."""
import json
import os
from typing import Any, Dict, Iterator, Optional

from .errors import ReadError

DEFAULT_OWNER = "cross-encoder"  # as sentence-transformers has it for a name without one


def model_folder(name: "os.PathLike[str] | str", revision: Optional[str] = None,
                 cache_folder: Optional[str] = None) -> str:
    """A folder as it is given, or the one of `owner/name` in the Hub's cache. Raises ReadError."""
    path = os.fspath(name)
    if os.path.isdir(path):
        return path
    if os.path.isabs(path) or path.startswith(".") or path.count("/") > 1 or os.path.exists(path):
        raise ReadError(f"{path} is no folder: give a model's folder, or the name of a model in the Hub's cache")
    owners = [path] if "/" in path else [path, f"{DEFAULT_OWNER}/{path}"]
    for cache in _caches(cache_folder):
        for owner in owners:
            found = _snapshot(os.path.join(cache, "models--" + owner.replace("/", "--")), revision or "main")
            if found is not None:
                return found
    raise ReadError(f"{path} is no folder, and no model in the Hub's cache {next(_caches(cache_folder))}: fetch it there "
                    f"(huggingface-cli download {owners[-1]}), since libmgeo downloads nothing")


def _caches(cache_folder: Optional[str]) -> Iterator[str]:
    home = os.environ.get("HF_HOME") or os.path.join(os.path.expanduser("~"), ".cache", "huggingface")
    for folder in (cache_folder, os.environ.get("SENTENCE_TRANSFORMERS_HOME"), os.environ.get("HF_HUB_CACHE"),
                   os.path.join(home, "hub")):
        if folder:
            yield folder


def _snapshot(folder: str, revision: str) -> Optional[str]:
    try:
        with open(os.path.join(folder, "refs", revision), encoding="utf-8") as file:
            revision = file.read().strip()
    except OSError:
        pass  # the revision may be a commit's own name
    snapshot = os.path.join(folder, "snapshots", revision)
    return snapshot if os.path.isfile(os.path.join(snapshot, "config.json")) else None


def read_json(folder: str, name: str) -> Dict[str, Any]:
    """An object of one of the folder's files; empty where there is none. What is wrong with it, the library says."""
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
