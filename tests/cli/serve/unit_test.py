# SPDX-License-Identifier: Apache-2.0
"""The systemd unit: as hardened as it says, and without words that systemd does not know."""
import os
import re
import shutil
import subprocess
import sys
import unittest

FOLDER = os.path.join(os.environ["MGEO_SOURCE"], "examples", "systemd")
SERVICE = os.path.join(FOLDER, "mgeo-serve.service")
MOST_EXPOSED = 2.0

if shutil.which("systemd-analyze") is None:
    print("systemd-analyze is not here")
    sys.exit(77)


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)


class Unit(unittest.TestCase):
    def test_it_is_hardened(self):
        done = analyze("security", "--offline=true", SERVICE)
        if done.returncode != 0 and "unrecognized option" in done.stderr:
            self.skipTest("this systemd-analyze reads no files")
        found = re.search(r"Overall exposure level for mgeo-serve.service: (\d+\.\d)", done.stdout)
        self.assertIsNotNone(found, done.stdout + done.stderr)
        self.assertLessEqual(float(found.group(1)), MOST_EXPOSED)

    def test_every_word_is_known(self):
        done = analyze("verify", SERVICE, os.path.join(FOLDER, "mgeo-serve.socket"))
        told = [line for line in done.stderr.splitlines()
                if "mgeo-serve" in line and "is not executable" not in line and "man mgeo-serve" not in line]
        self.assertEqual(told, [])


if __name__ == "__main__":
    unittest.main()
