#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the console's page as C: its bytes, and the policy that lets its own scripts run and no others."""
import base64
import hashlib
import re
import sys

SCRIPT = re.compile(rb"<script>(.*?)</script>", re.S)


def policy(page):
    hashes = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in SCRIPT.findall(page)]
    scripts = " ".join(f"'sha256-{value}'" for value in hashes) or "'none'"
    return (f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


def write(page, to):
    if page.count(b"<script") != len(SCRIPT.findall(page)):
        sys.exit("console.html: a script has attributes: its policy allows plain <script> alone")
    if re.search(rb"<[a-z][^>]*\son[a-z]+=", page):
        sys.exit("console.html: an element has an on… attribute, which the policy does not run")
    to.write("/* Written by embed_console.py from console.html. */\n"
             '#include "serve/operate/console_page.h"\n\nconst char console_page[] = {')
    for at in range(0, len(page), 24):
        to.write("\n" + "".join(f"{byte - 256 if byte > 127 else byte}," for byte in page[at:at + 24]))
    to.write(f'\n0}};\nconst size_t console_page_length = {len(page)};\n'
             f'const char console_page_policy[] = "{policy(page)}";\n')


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as source, open(sys.argv[2], "w", encoding="ascii") as target:
        write(source.read(), target)
