#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a test class under Java's checker of native code, which has to stay silent.

usage: run.py JAVA JAR TEST_CLASSES MAIN
"""
import subprocess
import sys
import tempfile

COMPLAINTS = ("WARNING in native method", "FATAL ERROR in native method", "WARNING: JNI", "-Xcheck:jni")


def main():
    java, jar, classes, name = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="mgeo-java-") as folder:
        done = subprocess.run([java, "-Xcheck:jni", "-ea", f"-Dmgeo.native.dir={folder}/native",
                               "-cp", f"{jar}:{classes}", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
    print(done.stdout)
    complaints = [line for line in done.stdout.splitlines() if any(each in line for each in COMPLAINTS)]
    if complaints:
        sys.exit(f"the checker complains {len(complaints)} times: {complaints[0]}")
    sys.exit(done.returncode)


main()
