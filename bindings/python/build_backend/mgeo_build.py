# SPDX-License-Identifier: Apache-2.0
"""The build of the package mgeo, as PEP 517 asks for it: libmgeo by meson and ninja, packed with the Python files and
the bundled model. It needs nothing from a registry: meson, ninja, a C compiler, pkg-config, libutf8proc and libxxhash
are the system's. tools/wheels/build_wheels.py builds with another compiler and packs by the same functions."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile

import wheel_file

PACKAGE = pathlib.Path(__file__).resolve().parent.parent
# In the tree the package lies in bindings/python; in an sdist libmgeo's sources lie in the package.
SOURCE = PACKAGE / "libmgeo" if (PACKAGE / "libmgeo").is_dir() else PACKAGE.parent.parent

MODEL = ("config.json", "tokenizer_config.json", "vocab.txt", "model.safetensors", "MODEL_CARD.md")
LIBRARY = "libmgeo.so.0"
# What libmgeo is built from, and what is said of it.
SOURCES = ("meson.build", "meson_options.txt", "LICENSE", "NOTICE", "include", "lib", "models", "pkgconfig",
           "cli/columnar/find", "tools/bindings", "tools/normal", "examples/embed.c")
PACKAGED = ("pyproject.toml", "README.md", "build_backend", "licenses", "mgeo")
WITHOUT = re.compile(r"(^|/)(__pycache__|\.[^/]*|[^/]*\.pyc)$")

OPTIONS = ("-Ddefault_library=shared", "-Dbuildtype=release", "-Dtorch=disabled", "-Dcuda=disabled", "-Darrow=disabled",
           "-Dcli=false", "-Dexamples=false", "-Dtests=false", "-Dbench=false", "-Dbindings=false")


class BuildError(RuntimeError):
    """One line: what is missing or failed, and what to do."""


# ---- what PEP 517 asks for


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Compiles libmgeo for this machine and packs it. The tag is this machine's own, since the library is linked with
    the system's libutf8proc and libxxhash; `-C meson-args="…"` hands options to meson."""
    with tempfile.TemporaryDirectory(prefix="mgeo-build-") as folder:
        arguments = str((config_settings or {}).get("meson-args", "")).split()
        library = compile_library(pathlib.Path(folder) / "build", arguments)
        return pack(library, pathlib.Path(wheel_directory), local_tag(), grafted=False).name


def build_sdist(sdist_directory, config_settings=None):
    """The package with libmgeo's sources in libmgeo/."""
    name = f"mgeo-{version()}"
    path = pathlib.Path(sdist_directory) / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for at, file in sorted(sdist_files()):
            archive.add(file, f"{name}/{at}", recursive=False, filter=anonymous)
        with tempfile.TemporaryDirectory() as folder:
            info = pathlib.Path(folder) / "PKG-INFO"
            info.write_text(metadata(grafted=False), encoding="utf-8")
            archive.add(info, f"{name}/PKG-INFO", filter=anonymous)
    return path.name


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory) / f"mgeo-{version()}.dist-info"
    for name, content in dist_info(local_tag(), grafted=False):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder.name


# ---- what is said of the package


def version():
    text = (SOURCE / "meson.build").read_text(encoding="utf-8")
    found = re.search(r"^\s*version: '([^']+)'", text, re.M)
    if found is None:
        raise BuildError(f"{SOURCE}/meson.build names no version: take the sources from one release")
    return found.group(1)


def licenses(grafted):
    """Files of licences: name in the wheel and path. Grafted: utf8proc and xxHash are inside the library."""
    yield "LICENSE", SOURCE / "LICENSE"
    yield "NOTICE", SOURCE / "NOTICE"
    if grafted:
        for file in sorted((PACKAGE / "licenses").glob("*.txt")):
            yield file.name, file


def metadata(grafted):
    text = (PACKAGE / "build_backend" / "metadata.in").read_text(encoding="utf-8")
    expression = "Apache-2.0 AND MIT AND BSD-2-Clause AND LicenseRef-Unicode-Data" if grafted else "Apache-2.0"
    files = "\n".join(f"License-File: {name}" for name, _ in licenses(grafted))
    for key, value in (("version", version()), ("license", expression), ("license_files", files)):
        text = text.replace(f"@{key}@", value)
    readme = PACKAGE / "README.md"
    return text + ("\n" + readme.read_text(encoding="utf-8") if readme.exists() else "")


def local_tag():
    """No manylinux: who builds on one machine promises nothing of others."""
    return "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def dist_info(tag, grafted):
    lines = ("Wheel-Version: 1.0", "Generator: mgeo_build", "Root-Is-Purelib: false", f"Tag: {tag}", "")
    yield "METADATA", metadata(grafted).encode()
    yield "WHEEL", "\n".join(lines).encode()
    for name, file in licenses(grafted):
        yield f"licenses/{name}", file.read_bytes()


# ---- building and packing


def program(name):
    path = shutil.which(name)
    if path is None:
        raise BuildError(f"{name} is not in PATH: install it (Debian: apt-get install meson ninja-build gcc pkgconf "
                         "libutf8proc-dev libxxhash-dev), or install a wheel, which needs none of them")
    return path


def run(*command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise BuildError(f"{command[0]} failed with status {done.returncode}: what it said stands above")


def compile_library(build, arguments=()):
    """libmgeo in the folder `build`, which is made if it is not there. Returns the library's path."""
    if not (build / "build.ninja").exists():
        run(program("meson"), "setup", build, SOURCE, *OPTIONS, *arguments)
    run(program("ninja"), "-C", build, f"lib/libmgeo.so.{version()}")
    return build / "lib" / f"libmgeo.so.{version()}"


def python_files():
    for file in sorted((PACKAGE / "mgeo").rglob("*")):
        at = file.relative_to(PACKAGE).as_posix()
        if file.is_file() and file.suffix in (".py", ".pyi", ".typed") and not WITHOUT.search(at):
            yield at, file.read_bytes()


def pack(library, folder, tag, grafted):
    """The wheel of this library in `folder`. Grafted: utf8proc and xxHash are inside it, so their licences too."""
    for name in MODEL:
        if not (SOURCE / "models" / "mini" / name).exists():
            raise BuildError(f"{SOURCE}/models/mini/{name} is missing: the wheel holds the bundled model")
    contents = list(python_files())
    contents += [(f"mgeo/models/mini/{name}", (SOURCE / "models" / "mini" / name).read_bytes()) for name in MODEL]
    contents.append((f"mgeo/lib/{LIBRARY}", library.read_bytes()))
    path = folder / f"mgeo-{version()}-{tag}.whl"
    wheel_file.write(path, contents, f"mgeo-{version()}.dist-info", dist_info(tag, grafted))
    return path


def files_below(root, names):
    for name in names:
        top = root / name
        for file in [top] if top.is_file() else sorted(top.rglob("*")):
            at = file.relative_to(root).as_posix()
            parts = ["/".join(at.split("/")[: n + 1]) for n in range(at.count("/") + 1)]
            if file.is_file() and not any(WITHOUT.search(part) for part in parts):
                yield at, file


def sdist_files():
    yield from files_below(PACKAGE, PACKAGED)
    for at, file in files_below(SOURCE, SOURCES):
        yield f"libmgeo/{at}", file


def anonymous(info):
    """Who packed, and when, is nobody's business, and would make each sdist another."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))
    return info
