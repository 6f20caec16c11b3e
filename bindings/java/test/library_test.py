#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the jar finds its libraries: laid out in a folder once, checked whenever used, or those that the host names.

usage: library_test.py JAVA JAR TEST_CLASSES
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

JAVA, JAR, CLASSES = sys.argv[1:]
LIBRARY = pathlib.Path(os.environ["MGEO_LIBRARY"])


def command(*properties):
    return [JAVA, *properties, "-cp", f"{JAR}:{CLASSES}", "mgeo.Probe"]


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name not in ("MGEO_LIBRARY", "LD_LIBRARY_PATH")}
    return {**kept, **more}


def probe(*properties, before=(), **variables):
    """The lines that the probe printed."""
    done = subprocess.run([*before, *command(*properties)], env=environment(**variables), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines()


def works(lines, library):
    """It scored, with this library (or one below this folder)."""
    libraries = [line.split(" ", 1)[1] for line in lines if line.startswith("library ")]
    assert "generation 1" in lines and any(line.startswith("similarity 0.") for line in lines), lines
    assert any(each.startswith(str(library)) for each in libraries if "jni" not in each), lines
    return libraries


def fails(lines, *words):
    """One line says why, and what to do."""
    assert len(lines) == 1 and lines[0].startswith("cannot load: mgeo: "), lines
    assert all(word in lines[0] for word in words), lines


def laid_out(parent):
    folders = list(parent.iterdir())
    assert len(folders) == 1 and not folders[0].name.startswith("."), folders
    return folders[0]


def in_a_folder(work):
    parent = work / "native"
    works(probe(f"-Dmgeo.native.dir={parent}"), parent)
    folder = laid_out(parent)
    assert parent.stat().st_mode & 0o777 == 0o700, oct(parent.stat().st_mode)
    assert (folder / "share/libmgeo/models/mini/vocab.txt").is_file()
    library = folder / "lib/libmgeo.so.0"
    written = library.stat().st_mtime_ns
    works(probe(MGEO_NATIVE_DIR=str(parent)), parent)
    assert library.stat().st_mtime_ns == written, "laid out again"

    with open(library, "r+b") as file:
        file.seek(1000)
        file.write(b"damaged")
    works(probe(f"-Dmgeo.native.dir={parent}"), parent)
    (folder / "share/libmgeo/models/mini/vocab.txt").unlink()
    works(probe(f"-Dmgeo.native.dir={parent}"), parent)
    laid_out(parent)


def in_the_folder_for_temporary_files(work):
    works(probe(f"-Djava.io.tmpdir={work}"), work)
    parent, = work.iterdir()
    assert parent.name.startswith("mgeo-") and parent.stat().st_mode & 0o777 == 0o700


def many_at_once(work):
    running = [subprocess.Popen(command(f"-Dmgeo.native.dir={work / 'native'}"), env=environment(),
                                stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in running:
        works(process.communicate()[0].splitlines(), work)
    laid_out(work / "native")


def where_others_can_write(work):
    parent = work / "open"
    parent.mkdir()
    parent.chmod(0o777)
    fails(probe(f"-Dmgeo.native.dir={parent}"), "others can write", "-Dmgeo.native.dir")
    parent.chmod(0o700)
    (work / "link").symlink_to(parent)
    fails(probe(f"-Dmgeo.native.dir={work / 'link'}"), "-Dmgeo.native.dir")
    fails(probe("-Dmgeo.native.dir=/proc/none"), "/proc/none", "-Dmgeo.native.dir")


def where_nothing_may_be_executed(work):
    parent = work / "noexec"
    parent.mkdir(mode=0o700)
    mount = ["unshare", "-rm", "sh", "-ec", 'mount -t tmpfs -o noexec,mode=700 none "$0"; exec "$@"', str(parent)]
    if subprocess.run([*mount, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("not tried: a folder without execution, as no file system can be mounted here")
        return
    fails(probe(f"-Dmgeo.native.dir={parent}", before=mount), "noexec", "-Dmgeo.native.dir")


def a_library_of_the_hosts(work):
    native = f"-Dmgeo.native.dir={work / 'native'}"
    library = LIBRARY.resolve()
    works(probe(native, f"-Dmgeo.library.path={LIBRARY}"), library)
    works(probe(native, f"-Dmgeo.library.path={LIBRARY.parent}"), library)
    works(probe(native, MGEO_LIBRARY=str(LIBRARY)), library)
    assert [path.name for path in laid_out(work / "native").rglob("*.so*")] == ["libmgeo_jni.so"]
    fails(probe(native, "-Dmgeo.library.path=/no/such"), "/no/such", "-Dmgeo.library.path")


def main():
    for case in (in_a_folder, in_the_folder_for_temporary_files, many_at_once, where_others_can_write,
                 where_nothing_may_be_executed, a_library_of_the_hosts):
        work = pathlib.Path(tempfile.mkdtemp(prefix="mgeo-java-"))
        try:
            case(work)
        finally:
            shutil.rmtree(work)
        print("ok", case.__name__, flush=True)


main()
