# SPDX-License-Identifier: Apache-2.0
"""How the package finds libmgeo, and what it says of one that is missing, too old, too new or something else."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support

CODE = """
import sys, mgeo
try:
    print(mgeo.library_version())
except mgeo.LibraryError as problem:
    assert isinstance(problem, ImportError)
    print(problem)
"""


class Library(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())
                                   if hasattr(self, "enterContext") else tempfile.mkdtemp())

    def told(self, library, package=None, **variables):
        """What a process says that is given this library."""
        path = {} if package is None else {"PYTHONPATH": str(package)}
        lines = support.run_code(CODE, MGEO_LIBRARY=str(library), **path, **variables).splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def made(self, version):
        """A library that knows nothing but its version, or not even that."""
        path = self.folder / f"lib{version}.so"
        source = f'const char *mgeo_version(void) {{ return "{version}"; }}' if version else "int nothing;"
        subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", path], input=source, text=True, check=True)
        return path

    def test_the_one_named(self):
        import mgeo

        self.assertEqual(self.told(os.environ["MGEO_LIBRARY"]), mgeo.__version__)

    def test_missing(self):
        line = self.told("/nowhere/libmgeo.so.0")
        self.assertRegex(line, "libmgeo cannot be loaded from /nowhere/libmgeo.so.0 .*: set MGEO_LIBRARY")

    @unittest.skipUnless(shutil.which("cc"), "no cc")
    def test_other_versions(self):
        self.assertRegex(self.told(self.made("0.1.9")), r"libmgeo 0.1.9 at \S+ does not serve this package, which needs")
        self.assertRegex(self.told(self.made("1.0.0")), r"libmgeo 1.0.0 at \S+ does not serve this package, which needs")
        self.assertRegex(self.told(self.made("0.9.0")), r"libmgeo 0.9.0 at \S+ lacks mgeo_status_name")
        self.assertRegex(self.told(self.made("")), "is not libmgeo: it has no mgeo_version")

    def test_the_one_inside_the_package(self):
        """Where a wheel has it, with the bundled model beside."""
        package = self.folder / "mgeo"
        shutil.copytree(support.PACKAGE / "mgeo", package, ignore=shutil.ignore_patterns("__pycache__"))
        (package / "lib").mkdir(exist_ok=True)
        (package / "lib" / "libmgeo.so.0").unlink(missing_ok=True)
        shutil.copy(os.path.realpath(os.environ["MGEO_LIBRARY"]), package / "lib" / "libmgeo.so.0")
        shutil.copytree(support.MINI, package / "models" / "mini", dirs_exist_ok=True)
        code = "import mgeo; engine = mgeo.Engine(); print(engine.load(threads=1).path, engine.score('a', 'b').label)"
        found = support.run_code(code, MGEO_LIBRARY="", PYTHONPATH=str(self.folder), LD_LIBRARY_PATH="")
        self.assertEqual(found.split(), [str(package / "models" / "mini"), "not_match"])


if __name__ == "__main__":
    support.main()
