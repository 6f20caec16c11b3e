#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The notebook as it is in the tree runs from its first cell to its last, and its outputs are saved.

    notebook_test.py --save    runs it and saves the outputs"""
import os
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import support  # noqa: E402

support.need("numpy", "pandas", "sklearn", "matplotlib", "nbclient", "ipykernel")

import nbformat  # noqa: E402
from jupyter_client import KernelManager  # noqa: E402
from jupyter_client.kernelspec import KernelSpec  # noqa: E402
from nbclient import NotebookClient  # noqa: E402

NOTEBOOK = support.ROOT / "bindings" / "python" / "examples" / "matching.ipynb"


class ThisPython(KernelManager):
    """A kernel of this interpreter, whatever kernels are installed here."""

    @property
    def kernel_spec(self):
        return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python",
                          display_name="Python 3")


def run():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory(prefix="mgeo-notebook-") as folder:
        os.environ.update(MGEO_ROOT=str(support.ROOT), PYTHONPATH=str(support.PACKAGE), IPYTHONDIR=folder,
                          JUPYTER_RUNTIME_DIR=folder, JUPYTER_CONFIG_DIR=folder, JUPYTER_DATA_DIR=folder,
                          MPLCONFIGDIR=folder)
        NotebookClient(notebook, timeout=600, kernel_manager_class=ThisPython,
                       resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("text/html", None)  # as the text says
    return notebook


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def words_of(notebook):
    return "".join(output.get("text", "") for cell in code_of(notebook) for output in cell.outputs)


class Notebook(unittest.TestCase):
    def test_it_runs(self):
        notebook = run()
        words = words_of(notebook)
        self.assertRegex(words, r"200 pairs, 90\.0% with the label")
        self.assertRegex(words, r"threshold 0\.\d+, F1 0\.\d+ here, 0\.\d+ by cross-validation")
        self.assertIn("live: mini in int8\nlive: mini\n", words)
        self.assertIn("ReadError - ", words)
        pictures = [output for cell in code_of(notebook) for output in cell.outputs if "image/png" in output.get("data", {})]
        self.assertEqual(len(pictures), 3)

    def test_its_outputs_are_saved(self):
        saved = nbformat.read(NOTEBOOK, as_version=4)
        for number, cell in enumerate(code_of(saved), 1):
            self.assertEqual(cell.execution_count, number)
            self.assertTrue(cell.outputs, cell.source)
        self.assertIn("live: mini in int8\nlive: mini\n", words_of(saved))
        # No folder of the machine that it ran on.
        self.assertIsNone(re.search(r"(?<![\w.+])/(?:home|root|tmp|work)/", NOTEBOOK.read_text(encoding="utf-8")))


if __name__ == "__main__":
    if sys.argv[1:] == ["--save"]:
        nbformat.write(run(), NOTEBOOK)
    else:
        unittest.main(verbosity=1)
