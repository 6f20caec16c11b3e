#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library and Python's torch in one process, in both orders: beside_torch.py JSON LIBRARY MODEL.

Scores while torch computes in another thread must be those of a process without torch, torch's products those
of a quiet moment, and every process must end well. MGEO_TEST_PYTHON names an interpreter that has torch, if
this one has none; where neither has, the test is skipped.
"""
import ctypes as c
import json
import os
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
from ctypes_binding import Binding  # noqa: E402

SKIPPED = 77
ROUNDS = 4
PRECISIONS = ("MGEO_FP32", "MGEO_BF16", "MGEO_INT8")
TEXTS = [
    ("天津市和平区南京路219号天津中心写字楼27层", "和平区南京路219号天津中心"),
    ("天津市和平区南京路219号天津中心写字楼27层", "南京市鼓楼区新模范马路5号"),
    ("杭州市西湖区文三路90号", "文三路90号东部软件园"),
    ("北京市经济开发区西环北路26号", "北京市经济开发区西环南路26号院嘉捷科技园30楼B座801"),
] * 4


# ---- the library

class Library:
    def __init__(self, description, library):
        self.binding = Binding(description, library)
        self.rows = (self.binding.structs["mgeo_pair"] * len(TEXTS))()
        for row, (a, b) in zip(self.rows, TEXTS):
            row.a, row.b = a.encode(), b.encode()
            row.a_len = row.b_len = self.binding.numbers["MGEO_NUL_TERMINATED"]
        self.engine = c.c_void_p()
        self.call("mgeo_engine_create", None, c.byref(self.engine))

    def call(self, name, *arguments):
        error = self.binding.make("mgeo_error")
        status = self.binding.functions[name](*arguments, c.byref(error))
        assert status == 0, f"{name}: {error.message.decode()}"

    def load(self, model, precision):
        options = self.binding.make("mgeo_load_options", device=b"cpu", threads=2,
                                    precision=self.binding.numbers[precision])
        self.call("mgeo_load", self.engine, model.encode(), c.byref(options), None)

    def turn(self):
        """The model that was loaded last answers; the one before it goes."""
        self.call("mgeo_swap_model", self.engine, None, None)
        self.call("mgeo_unload", self.engine)

    def score(self):
        similarity = (c.c_float * len(TEXTS))()
        scores = self.binding.make("mgeo_scores", similarity=similarity)
        self.call("mgeo_score", self.engine, self.rows, len(TEXTS), c.byref(scores))
        return list(similarity)

    def destroy(self):
        self.binding.functions["mgeo_engine_destroy"](self.engine)


def score_all(library, model, first_loaded):
    """Every precision's scores, which must be the same in each round."""
    found = {}
    for precision in PRECISIONS:
        if not (first_loaded and precision == PRECISIONS[0]):
            library.load(model, precision)
            library.turn()
        rounds = [library.score() for _ in range(ROUNDS)]
        assert all(scores == rounds[0] for scores in rounds), f"{precision}: scores change from call to call"
        found[precision] = rounds[0]
    return found


# ---- torch

class Torch:
    """Products of two matrices in a thread, one after another, each held to the first one's result."""

    def __init__(self):
        import torch
        self.torch = torch
        torch.set_num_threads(2)
        torch.manual_seed(1)
        self.a, self.b = torch.randn(384, 384), torch.randn(384, 384)
        self.expected = self.a.double() @ self.b.double()
        self.done, self.wrong, self.ended = 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.multiply)
        self.thread.start()

    def multiply(self):
        with self.torch.inference_mode():
            while not self.ended.is_set():
                found = (self.a @ self.b).double()
                self.wrong += not self.torch.allclose(found, self.expected, atol=1e-3)
                self.done += 1

    def end(self):
        self.ended.set()
        self.thread.join()
        assert self.done > 0 and self.wrong == 0, f"torch: {self.wrong} of {self.done} products are wrong"


# ---- a process of each kind

def alone(description, path, model):
    library = Library(description, path)
    library.load(model, PRECISIONS[0])
    found = score_all(library, model, first_loaded=True)
    library.destroy()
    return found


def torch_first(description, path, model):
    torch = Torch()
    library = Library(description, path)
    library.load(model, PRECISIONS[0])
    found = score_all(library, model, first_loaded=True)
    library.destroy()
    torch.end()  # it went on after the library's threads had ended
    return found


def torch_after(description, path, model):
    library = Library(description, path)
    library.load(model, PRECISIONS[0])
    library.score()
    torch = Torch()
    found = score_all(library, model, first_loaded=True)
    torch.end()
    assert library.score() == found[PRECISIONS[-1]], "scores change once torch rests"
    library.destroy()
    return found


KINDS = {"alone": alone, "torch_first": torch_first, "torch_after": torch_after}


def has_torch(python):
    return subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0


def answer(python, kind, *arguments):
    """What a process of that kind found; its end counts too."""
    done = subprocess.run([python, os.path.abspath(__file__), "--process", kind, *arguments], capture_output=True,
                          text=True)
    if done.returncode != 0:
        sys.exit(f"{kind}: ended with {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def main():
    if sys.argv[1] == "--process":
        print(json.dumps(KINDS[sys.argv[2]](*sys.argv[3:])))
        return
    python = os.environ.get("MGEO_TEST_PYTHON", sys.executable)
    if not has_torch(python):
        print(f"skipped: {python} has no torch; MGEO_TEST_PYTHON may name a Python that has it")
        sys.exit(SKIPPED)
    expected = answer(python, "alone", *sys.argv[1:])
    for kind in ("torch_first", "torch_after"):
        found = answer(python, kind, *sys.argv[1:])
        for precision in PRECISIONS:
            if found[precision] != expected[precision]:
                sys.exit(f"{kind}: other scores in {precision} than without torch")
        print(f"{kind}: {len(TEXTS)} scores in each of {len(PRECISIONS)} precisions as without torch")


main()
