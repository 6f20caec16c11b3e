# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python binding share: the package's path, pairs, and how a missing module skips a test."""
import importlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import unittest

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
MINI = ROOT / "models" / "mini"
SKIPPED = 77
sys.path.insert(0, str(PACKAGE))

PAIRS = [
    ("杭州市西湖区文三路90号", "文三路90号"),
    ("北京市海淀区中关村大街1号", "上海市浦东新区世纪大道100号"),
    ("天津市和平区南京路219号天津中心写字楼27层", "和平区南京路219号天津中心"),
    ("紫萱路363号人力社保局", "紫萱路363号市人社局"),
]


def need(*modules):
    """Ends the test as skipped where a module is missing."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as problem:
            print(f"skipped: no {module} ({problem})")
            sys.exit(SKIPPED)


def has(module):
    """For tests that need what the others in their file do not."""
    return importlib.util.find_spec(module) is not None


def many_pairs(count):
    """Pairs that all differ."""
    return [(f"{a}{i}室", f"{b}{i * 7 % 100}室") for i, (a, b) in enumerate((PAIRS * (count // 4 + 1))[:count])]


def loaded(**options):
    """An engine with the bundled model, on one thread: the machine runs other tests too."""
    import mgeo

    engine = mgeo.Engine()
    engine.load(threads=1, **options)
    return engine


def run_code(code, **variables):
    """What a new interpreter prints that runs the code."""
    paths = [str(PACKAGE), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **variables}
    return subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True,
                          env=environment, cwd=os.sep).stdout


def main():
    unittest.main(verbosity=1)
