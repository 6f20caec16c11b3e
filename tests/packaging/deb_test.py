#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages: built without the modules, judged by lintian, looked into, unpacked and used; and where a Debian
mirror can be reached, installed into a new system of its own, used there and purged.

usage: deb_test.py SOURCE         MGEO_DEBS=FOLDER: packages that tools/deb.sh has made already
"""
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

SOURCE = pathlib.Path(sys.argv[1]).resolve()
PROGRAMS = ("mgeo-bench", "mgeo-ctl", "mgeo-journal", "mgeo-match", "mgeo-score", "mgeo-serve")
PACKAGES = ("libmgeo0", "libmgeo-dev", "mgeo-tools", "mgeo-model-mini")
NEEDED = ("dpkg-buildpackage", "dh", "meson", "dpkg-deb", "lintian")
MISSING = [program for program in NEEDED if not shutil.which(program)]
# What a user does after `apt install`, and after `apt purge`.
IN_A_NEW_SYSTEM = r"""
set -eu
cd /tmp
mgeo-score --version
mgeo-score --check
mgeo-score -q -o scored.tsv pairs.tsv
test "$(wc -l < scored.tsv)" = "$(wc -l < pairs.tsv)"
example=/usr/share/doc/libmgeo-dev/examples/embed.c
cc "$example" $(pkg-config --cflags --libs libmgeo) -o embed
./embed | tee embed.txt
cc "$example" -l:libmgeo.a $(pkg-config --static --libs libmgeo | sed "s/-lmgeo//") -o static
./static | cmp - embed.txt
mgeo-serve --listen unix:/tmp/serve.sock 2>serve.log &
server=$!
for _ in $(seq 100); do mgeo-serve --listen unix:/tmp/serve.sock --health >/dev/null 2>&1 && break; sleep 0.1; done
mgeo-serve --listen unix:/tmp/serve.sock --health
kill -INT $server
wait $server
test -e /lib/systemd/system/mgeo-serve.service
test -z "$(find /etc/systemd -name 'mgeo*')"
dpkg --purge mgeo-tools libmgeo-dev libmgeo0 mgeo-model-mini >/dev/null
left=$(find / -xdev -name '*mgeo*' ! -path '/tmp/*' ! -path '/proc/*' ! -path '/var/cache/apt/*' ! -path '/var/lib/apt/*' ! -path '/var/log/*')
test -z "$left" || { echo "left after the purge: $left"; exit 1; }
echo "used and purged"
"""


def run(*command, **more):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-6000:]}")
    return done.stdout


def mirror_of(suite):
    """Where this machine's own packages of the suite come from; None: from nowhere that answers."""
    known = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {suite}"],
                           capture_output=True, text=True, check=False).stdout.split()
    for mirror in known:
        try:
            with urllib.request.urlopen(f"{mirror}dists/{suite}/InRelease", timeout=10) as answer:
                if answer.status == 200:
                    return mirror
        except (OSError, ValueError):
            continue
    return None


@unittest.skipIf(MISSING, f"not here: {', '.join(MISSING)}")
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.holder.cleanup)
        cls.folder = pathlib.Path(os.environ.get("MGEO_DEBS") or os.path.join(cls.holder.name, "debs"))
        if "MGEO_DEBS" not in os.environ:
            environment = {name: value for name, value in os.environ.items()
                           if name not in ("CC", "CFLAGS", "LDFLAGS", "DESTDIR", "MESON_ARGS", "DEB_BUILD_PROFILES", "PYTHONPATH",
                                           "MALLOC_PERTURB_")}
            cls.log = run(SOURCE / "tools/deb.sh", cls.folder, env=environment)

    def deb(self, package):
        found = list(self.folder.glob(f"{package}_*.deb"))
        self.assertEqual(len(found), 1, f"{package}: {found}")
        return found[0]

    def contents(self, package):
        """Files and links of a package, without the leading point."""
        lines = run("dpkg-deb", "-c", self.deb(package)).splitlines()
        return {line.split()[5][1:] for line in lines if not line.startswith("d")}

    def test_lintian_finds_nothing(self):
        changes = next(self.folder.glob("*.changes"))
        more = ["--allow-root"] if os.geteuid() == 0 else []
        self.assertEqual(run("lintian", "--fail-on", "error,warning", "--profile", "debian", *more, changes), "")

    def test_packages_and_modules(self):
        """Modules are packages of their own, and only where they are asked for."""
        names = {path.name.split("_")[0] for path in self.folder.glob("*.deb") if "-dbgsym" not in path.name}
        self.assertEqual(names, set(PACKAGES))
        for package in PACKAGES:
            self.assertFalse([path for path in self.contents(package) if "torch" in path or "cuda" in path])

    def test_what_lies_where(self):
        tools = self.contents("mgeo-tools")
        for program in PROGRAMS:
            for path in (f"/usr/bin/{program}", f"/usr/share/man/man1/{program}.1.gz",
                         f"/usr/share/bash-completion/completions/{program}", f"/usr/share/zsh/vendor-completions/_{program}",
                         f"/usr/share/fish/vendor_completions.d/{program}.fish"):
                self.assertIn(path, tools)
        self.assertIn("/lib/systemd/system/mgeo-serve.service", tools)
        self.assertIn("/lib/systemd/system/mgeo-serve.socket", tools)
        library = run("dpkg-architecture", "-qDEB_HOST_MULTIARCH").strip()
        self.assertIn(f"/usr/lib/{library}/libmgeo.so.0", self.contents("libmgeo0"))
        development = self.contents("libmgeo-dev")
        for path in ("/usr/include/mgeo.h", "/usr/include/mgeo_ffi.h", "/usr/share/libmgeo/mgeo.json",
                     f"/usr/lib/{library}/libmgeo.a", f"/usr/lib/{library}/libmgeo.so",
                     f"/usr/lib/{library}/pkgconfig/libmgeo.pc", f"/usr/lib/{library}/cmake/mgeo/mgeo-config.cmake",
                     "/usr/share/man/man3/mgeo_score.3.gz", "/usr/include/mgeo.hpp", "/usr/share/lua/5.1/mgeo.lua",
                     "/usr/share/lua/5.1/mgeo/abi.lua"):
            self.assertIn(path, development)
        self.assertIn("/usr/share/libmgeo/models/mini/model.safetensors", self.contents("mgeo-model-mini"))

    def test_maintainer_scripts_start_nothing(self):
        scripts = run("dpkg-deb", "--ctrl-tarfile", self.deb("mgeo-tools"), errors="replace")
        self.assertNotRegex(scripts, r"deb-systemd-invoke[^\n]*(start|restart)")

    def test_unpacked_programs_score(self):
        root = pathlib.Path(self.holder.name) / "root"
        for package in PACKAGES:
            run("dpkg-deb", "-x", self.deb(package), root)
        library = next(root.glob("usr/lib/*/libmgeo.so.0")).parent
        environment = {**os.environ, "LD_LIBRARY_PATH": str(library)}
        score = root / "usr/bin/mgeo-score"
        self.assertNotRegex(run("readelf", "-d", score), "RPATH|RUNPATH")
        self.assertIn(str(root), run("ldd", score, env=environment))
        scored = pathlib.Path(self.holder.name) / "scored.tsv"
        pairs = SOURCE / "examples/data/pairs.tsv"
        run(score, "-q", "-o", scored, pairs, env=environment)
        self.assertEqual(len(scored.read_text().splitlines()), len(pairs.read_text().splitlines()))
        for program in PROGRAMS:
            self.assertIn("libmgeo", run(root / "usr/bin" / program, "--version", env=environment))

    def test_installed_into_a_new_system(self):
        try:
            release = platform.freedesktop_os_release()
        except OSError:
            release = {}
        suite = release.get("VERSION_CODENAME", "")
        if release.get("ID") != "debian" or not shutil.which("mmdebstrap"):
            self.skipTest("no Debian, or no mmdebstrap")
        mirror = mirror_of(suite)
        if mirror is None:
            self.skipTest(f"no mirror of {suite} answers")
        script = pathlib.Path(self.holder.name) / "use.sh"
        script.write_text(IN_A_NEW_SYSTEM, encoding="utf-8")
        carried = [*map(self.deb, PACKAGES), script, SOURCE / "examples/data/pairs.tsv"]
        output = run("mmdebstrap", "--variant=apt", "--format=null", "--include=gcc,libc6-dev,pkgconf",
                     f"--customize-hook=copy-in {' '.join(map(str, carried))} /tmp",
                     '--customize-hook=chroot "$1" sh -c "apt-get install -y -q /tmp/*.deb"',
                     '--customize-hook=chroot "$1" sh /tmp/use.sh', suite, "-", mirror, env=dict(os.environ, LC_ALL="C.UTF-8"))
        self.assertIn("used and purged", output)


class Symbols(unittest.TestCase):
    def test_the_list_is_that_of_the_library(self):
        listed = set(re.findall(r"^ (mgeo_\w+)@(LIBMGEO_\S+) ", (SOURCE / "packaging/debian/libmgeo0.symbols").read_text(), re.M))
        exported = set()
        for node, names in re.findall(r"^(LIBMGEO_\S+) \{(.*?)\}", (SOURCE / "lib/mgeo.map").read_text(), re.M | re.S):
            exported |= {(name, node) for name in re.findall(r"\b(mgeo_\w+);", names)}
        self.assertEqual(listed, exported)

    def test_the_version_is_that_of_the_header(self):
        header = re.search(r'^#define MGEO_VERSION "(.*)"', (SOURCE / "include/mgeo.h").read_text(), re.M).group(1)
        self.assertIn(f"libmgeo ({header}-", (SOURCE / "packaging/debian/changelog").read_text())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
