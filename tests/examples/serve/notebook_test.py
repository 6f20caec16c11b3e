#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The notebook as it is in the tree: its code runs against a server of ours, without Jupyter, and its outputs are saved."""
import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.dont_write_bytecode = True
import proxies  # noqa: E402

ROOT = proxies.EXAMPLES.parent
NOTEBOOK = proxies.EXAMPLES / "notebook" / "serving.ipynb"


def cells():
    return [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


class Notebook(unittest.TestCase):
    def start(self, folder):
        port = proxies.free_ports(1)[0]
        log = open(folder / "log", "wb")
        self.addCleanup(log.close)
        server = subprocess.Popen([os.environ["MGEO_SERVE"], "--listen", f"127.0.0.1:{port}", "--operate",
                                   f"unix:{folder}/operate.sock", "--model", str(ROOT / "models" / "mini"), "--drain-time", "0s"],
                                  stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.addCleanup(server.wait, 60)
        self.addCleanup(server.terminate)
        os.environ.update(MGEO_URL=f"http://127.0.0.1:{port}", MGEO_OPERATE=f"unix:{folder}/operate.sock", MGEO_ROOT=str(ROOT))
        for _ in range(600):
            with contextlib.suppress(OSError):
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10).close()
            self.assertIsNone(server.poll(), (folder / "log").read_text(errors="replace"))
            time.sleep(0.1)
        self.fail("the server is not ready")

    def test_its_code_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            self.start(pathlib.Path(folder))
            told, names = io.StringIO(), {}
            with contextlib.redirect_stdout(told):
                for cell in cells():
                    exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), names)
            self.doCleanups()
        text = told.getvalue()
        self.assertIn("healthy - model", text)
        self.assertRegex(text, r"200 pairs, \d+ with the label")
        self.assertIn("failed requests: 0", text)
        self.assertRegex(text, r"compared on 200 pairs: \d+ labels flip")
        # Both models answered.
        self.assertEqual(len(names["answered"]), 2, names["answered"])
        self.assertRegex(text, r"422 \w+ - ")

    def test_its_outputs_are_saved_and_good(self):
        for number, cell in enumerate(cells(), 1):
            self.assertEqual(cell["execution_count"], number)
            self.assertTrue(cell["outputs"], "".join(cell["source"]))
            self.assertEqual({output["output_type"] for output in cell["outputs"]}, {"stream"})
        text = "".join("".join(output["text"]) for cell in cells() for output in cell["outputs"])
        self.assertIn("failed requests: 0", text)
        # No folder of the machine that it ran on.
        self.assertIsNone(re.search(r"(?<![\w.])/(?:home|root|tmp|work)/", NOTEBOOK.read_text(encoding="utf-8")))


if __name__ == "__main__":
    unittest.main(verbosity=1)
