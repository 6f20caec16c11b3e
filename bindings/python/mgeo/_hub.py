# SPDX-License-Identifier: Apache-2.0
"""Where a model of the Hugging Face Hub lies on this machine, and what its JSON files say. Nothing is fetched."""
import contextlib
import json
import os
import tempfile
from typing import Any, Dict, Iterator, Optional, Union

from .errors import ReadError


class ModelNotFound(ReadError, FileNotFoundError):
    """There is no such folder, nor a model of that name in the Hub's cache."""


DEFAULT_OWNER = "cross-encoder"  # as sentence-transformers has it for a name without one


def model_folder(name: "Union[str, os.PathLike[str]]", revision: Optional[str] = None,
                 cache_folder: Optional[str] = None) -> str:
    """A folder as it is given, or the one of `owner/name` in the Hub's cache. Raises ModelNotFound."""
    path = os.fspath(name)
    if os.path.isdir(path):
        return path
    if os.path.isabs(path) or path.startswith(".") or path.count("/") > 1 or os.path.exists(path):
        raise ModelNotFound(f"{path} is no folder: give a model's folder, or the name of a model in the Hub's cache")
    owners = [path] if "/" in path else [path, f"{DEFAULT_OWNER}/{path}"]
    for cache in _caches(cache_folder):
        for owner in owners:
            found = _snapshot(os.path.join(cache, "models--" + owner.replace("/", "--")), revision or "main")
            if found is not None:
                return found
    raise ModelNotFound(f"{path} is no folder, and no model in the Hub's cache {next(_caches(cache_folder))}: fetch it there "
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


@contextlib.contextmanager
def as_transformers_reads(folder: str, use_fast: Optional[bool] = None) -> Iterator[str]:
    """The folder as transformers' AutoTokenizer takes it: by the Rust tokenizer's rules unless told otherwise, also
    where there is a vocab.txt alone, which libmgeo takes by Python's. The rules differ in where a long pair is cut."""
    settings = read_json(folder, "tokenizer_config.json")
    wanted = use_fast is not False
    if settings.get("use_fast", wanted) == wanted and ("use_fast" in settings or _has(folder, "tokenizer.json")):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="mgeo-") as other:
        for name in os.listdir(folder):
            if name != "tokenizer_config.json" and (wanted or name != "tokenizer.json"):
                os.symlink(os.path.abspath(os.path.join(folder, name)), os.path.join(other, name))
        with open(os.path.join(other, "tokenizer_config.json"), "w", encoding="utf-8") as file:
            json.dump({**settings, "use_fast": wanted}, file)
        yield other


def _has(folder: str, name: str) -> bool:
    return os.path.exists(os.path.join(folder, name))
