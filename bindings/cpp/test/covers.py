#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every function and every versioned struct of mgeo.h is used by mgeo.hpp: covers.py MGEO_JSON INCLUDE_FOLDER"""
import json
import pathlib
import re
import sys

description, folder = sys.argv[1:]
with open(description, encoding="utf-8") as file:
    library = json.load(file)
code = "\n".join(re.sub(r"//[^\n]*", "", header.read_text(encoding="utf-8"))
                 for header in pathlib.Path(folder).rglob("*.hpp"))
used = set(re.findall(r"\bmgeo_\w+", code))
names = [function["name"] for function in library["functions"]]
names += [struct["name"] for struct in library["structs"] if struct["versioned"]]
missing = [name for name in names if name not in used]
if missing or not names:
    sys.exit("mgeo.hpp does not use " + ", ".join(missing))
print(f"mgeo.hpp uses all {len(names)} functions and structs")
