#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/openapi.json tells the truth: schemathesis, where it is installed, sends what it allows and what it does not."""
import importlib.util
import os
import subprocess
import sys
import unittest

import server

if importlib.util.find_spec("schemathesis") is None:
    print("skipped: schemathesis is not installed")
    sys.exit(77)
CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemathesis.toml")
EXAMPLES = os.environ.get("MGEO_SCHEMATHESIS_EXAMPLES", "20")  # of each operation and phase


class SchemathesisTest(server.Case):
    def test_finds_nothing(self):
        started = self.serve()
        command = "import schemathesis.cli; schemathesis.cli.schemathesis()"
        done = subprocess.run([sys.executable, "-c", command, "--config-file", CONFIG, "run",
                               f"http://{started.address}/openapi.json", "--max-examples", EXAMPLES, "--mode", "all",
                               "--checks", "all", "--workers", "1", "--no-color"],
                              cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"Tested: 17\b")


if __name__ == "__main__":
    unittest.main()
