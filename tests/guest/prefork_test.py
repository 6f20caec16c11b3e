# SPDX-License-Identifier: Apache-2.0
"""What a preloading server in Python does: the master loads and scores, forks workers, and each worker
creates an engine of its own.

    prefork_test.py mgeo.json libmgeo.so MODEL
"""
import ctypes as c
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "abi"))
from ctypes_binding import Binding  # noqa: E402

WORKERS = 4
PAIRS = [("杭州市西湖区文三路90号", "文三路90号"), ("成都市锦江区北新街58号", "锦江区南新街58号")]

mgeo = Binding(*sys.argv[1:3])
model = sys.argv[3].encode()
error = mgeo.make("mgeo_error")


def must(status):
    if status != 0:
        raise RuntimeError(f"{status}: {error.message.decode()}")


def create():
    engine = c.c_void_p()
    must(mgeo.functions["mgeo_engine_create"](None, c.byref(engine), c.byref(error)))
    options = mgeo.make("mgeo_load_options", device=b"cpu", threads=2)
    must(mgeo.functions["mgeo_load"](engine, model, c.byref(options), None, c.byref(error)))
    return engine


def score(engine, failure=None):
    texts = [text.encode() for pair in PAIRS for text in pair]
    pairs = (mgeo.structs["mgeo_pair"] * len(PAIRS))()
    for i in range(len(PAIRS)):
        pairs[i].a, pairs[i].a_len = texts[2 * i], len(texts[2 * i])
        pairs[i].b, pairs[i].b_len = texts[2 * i + 1], len(texts[2 * i + 1])
    similarity = (c.c_float * len(PAIRS))()
    scores = mgeo.make("mgeo_scores", similarity=similarity)
    reason = mgeo.make("mgeo_error")
    status = mgeo.functions["mgeo_score"](engine, pairs, len(PAIRS), c.byref(scores), c.byref(reason))
    if failure is not None:
        return status == mgeo.numbers[failure]
    if status != 0:
        raise RuntimeError(f"{status}: {reason.message.decode()}")
    return list(similarity)


def work(parents, expected):
    """A worker's life; returns its exit status."""
    signal.alarm(60)
    if not score(parents, "MGEO_E_FORKED"):
        return 3
    engine = create()
    same = score(engine) == expected
    mgeo.functions["mgeo_engine_destroy"](engine)
    return 0 if same else 4


def fork_workers(engine, expected):
    children = []
    for _ in range(WORKERS):
        child = os.fork()
        if child == 0:
            os._exit(work(engine, expected))
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def main():
    signal.alarm(120)
    engine = create()
    expected = score(engine)
    over = threading.Event()

    def call_on():
        while not over.is_set():
            assert score(engine) == expected

    quiet = fork_workers(engine, expected)
    thread = threading.Thread(target=call_on)
    thread.start()
    busy = fork_workers(engine, expected)
    over.set()
    thread.join()
    assert score(engine) == expected
    mgeo.functions["mgeo_engine_destroy"](engine)
    print(f"workers of a quiet master: {quiet}, of one that scores: {busy}")
    return any(quiet + busy)


sys.exit(main())
