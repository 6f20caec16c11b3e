# SPDX-License-Identifier: Apache-2.0
"""Where the modules of devices "cuda" and "torch" are looked for. The wheel holds neither: they come from a build of
libmgeo of the same version, whose folder is named here or in the environment's MGEO_MODULE_PATH."""
import os
from typing import Union

from .errors import ArgumentError


def add_module_path(folder: "Union[str, os.PathLike[str]]") -> None:
    """Looks for libmgeo-cuda.so and libmgeo-torch.so in `folder` first. Call it before a load that needs one: a module
    that is open stays open. A module that is not of this library's version or headers is refused as DeviceError."""
    path = os.path.abspath(os.fspath(folder))
    if not os.path.isdir(path):
        raise ArgumentError(f"{path} is no folder: give the one that holds libmgeo-cuda.so or libmgeo-torch.so")
    if ":" in path:
        raise ArgumentError(f"{path}: a colon parts folders in MGEO_MODULE_PATH; move the modules, or link to them")
    listed = [part for part in os.environ.get("MGEO_MODULE_PATH", "").split(":") if part and part != path]
    os.environ["MGEO_MODULE_PATH"] = ":".join([path, *listed])
