#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hands the Prometheus text and the rules of docs/metrics.md to promtool, which must find nothing
to say.

run_promtool.py DOCS PROGRAM   exit status 77: promtool is not installed
"""

import re
import shutil
import subprocess
import sys
import tempfile


def promtool(*arguments, text=b""):
    run = subprocess.run(
        ["promtool", *arguments], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return run.returncode, run.stdout.decode("utf-8", "replace").strip()


def check_metrics(text):
    status, complaints = promtool("check", "metrics", text=text)
    if status != 0 or complaints:
        sys.exit(f"promtool: exit status {status}\n{complaints}\n{text.decode()}")
    spoilt = text.replace(b"# HELP mgeo_jobs ", b"# something ")
    if promtool("check", "metrics", text=spoilt)[0] == 0:
        sys.exit("promtool did not miss a help line: is it the right program?")


def check_rules(docs):
    with open(docs, encoding="utf-8") as file:
        rules = re.search(r"```yaml\n(groups:.*?)```", file.read(), re.S).group(1)
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        file.write(rules)
        file.flush()
        status, said = promtool("check", "rules", file.name)
    if status != 0 or "4 rules found" not in said:
        sys.exit(f"promtool on the rules of {docs}: exit status {status}\n{said}")


def main():
    docs, program = sys.argv[1:]
    if shutil.which("promtool") is None:
        print("promtool is not installed: apt-get install prometheus")
        sys.exit(77)
    written = subprocess.run(
        [program, "prometheus"], check=True, stdout=subprocess.PIPE, timeout=60
    )
    check_metrics(written.stdout)
    check_rules(docs)


if __name__ == "__main__":
    main()
