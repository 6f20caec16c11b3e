#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The man pages: man and mandoc find nothing to warn of, every function and type of the header has a page that shows
its declaration, and what a page points to is there.

usage: man_test.py MAN3_FOLDER MGEO_JSON PAGE ...
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

# mandoc's taste: pages without a date, and links by .so, which man-db's own checks ask for.
TASTE = re.compile(r"missing date, using|\.so is fragile|outdated mandoc\.db|referenced manual not found")
FOLDER, DESCRIPTION, OTHERS = None, None, []


def rendered(page):
    """The page as man shows it, and what it warns of."""
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(page)], cwd=page.parent.parent, text=True,
                          env=dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="100", MANPAGER="cat", MAN_KEEP_FORMATTING=""),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return re.sub(r".\x08", "", done.stdout), done.stderr


def page_of(name):
    """The page that has `name`, through its link."""
    path = FOLDER / f"{name}.3"
    link = re.match(r"\.so man3/(\S+)\n$", path.read_text(encoding="utf-8"))
    return FOLDER / link.group(1) if link else path


class ManPages(unittest.TestCase):
    @unittest.skipUnless(shutil.which("man"), "no man here")
    def test_man_warns_of_nothing(self):
        for page in [*sorted(FOLDER.iterdir()), *OTHERS]:
            text, warnings = rendered(page)
            self.assertEqual(warnings, "", page.name)
            self.assertIn("NAME", text, page.name)

    @unittest.skipUnless(shutil.which("mandoc"), "no mandoc here")
    def test_mandoc_warns_of_nothing(self):
        pages = [f"{FOLDER.name}/{page.name}" for page in sorted(FOLDER.iterdir())] + [str(page) for page in OTHERS]
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *pages], cwd=FOLDER.parent, text=True,
                              stdout=subprocess.PIPE, check=False)
        found = [line for line in done.stdout.splitlines() if not TASTE.search(line)]
        self.assertEqual(found, [])

    def test_every_function_has_a_page(self):
        for function in DESCRIPTION["functions"]:
            text = page_of(function["name"]).read_text(encoding="utf-8")
            synopsis = text.partition(".SH SYNOPSIS")[2].partition(".SH")[0]
            plain = " ".join(re.sub(r"\\f[BIR]", "", synopsis).split())
            parameters = [re.sub(r"\* ", "*", f"{one['type']} {one['name']}") for one in function["parameters"]]
            declared = f"{function['name']}({', '.join(parameters) or 'void'});"
            self.assertIn(declared, plain)
            self.assertIn("#include <mgeo.h>", plain)
            self.assertIn("pkg\\-config", text)
            self.assertEqual(function["can_fail"], ".SH ERRORS" in text, function["name"])
            for error in function["errors"]:
                self.assertIn(f".TP\n.B {error}\n", text, function["name"])

    def test_every_type_is_described_once(self):
        pages = {page: page.read_text(encoding="utf-8") for page in FOLDER.iterdir()}
        for kind in ("structs", "enums", "callbacks", "aliases", "opaque"):
            for entry in DESCRIPTION[kind]:
                name = entry["name"]
                if name == "mgeo_status":  # the ERRORS of libmgeo(3)
                    continue
                at = [page for page, text in pages.items() if f".SS {name}\n" in text]
                self.assertEqual(len(at), 1, f"{name} is described in {at}")
                if name.startswith("mgeo_"):
                    self.assertEqual(page_of(name), at[0])

    def test_references_are_there(self):
        names = {page.name for page in [*FOLDER.iterdir(), *OTHERS]}
        for page in [*FOLDER.iterdir(), *OTHERS]:
            for name, section in re.findall(r"^\.BR (mgeo\S*|libmgeo) \((\d)\)", page.read_text(encoding="utf-8"), re.M):
                self.assertIn(f"{name}.{section}".replace("\\-", "-"), names, page.name)


if __name__ == "__main__":
    FOLDER = pathlib.Path(sys.argv[1]).resolve()
    with open(sys.argv[2], encoding="utf-8") as file:
        DESCRIPTION = json.load(file)
    OTHERS = [pathlib.Path(page).resolve() for page in sys.argv[3:]]
    unittest.main(argv=sys.argv[:1])
