#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls libmgeo from Python with the standard library alone.

Usage: ffi.py [MODEL_DIRECTORY]; MGEO_LIBRARY names libmgeo.so where it is not installed.
"""
import ctypes as c
import os
import sys


class Error(c.Structure):
    _fields_ = [("status", c.c_int32), ("message", c.c_char * 508)]


class Pair(c.Structure):
    _fields_ = [("a", c.c_char_p), ("a_len", c.c_size_t), ("b", c.c_char_p), ("b_len", c.c_size_t)]


class Scores(c.Structure):
    _fields_ = [
        ("struct_size", c.c_size_t),
        ("similarity", c.POINTER(c.c_float)),
        ("label", c.POINTER(c.c_int32)),
        ("probabilities", c.POINTER(c.c_float)),
        ("probability_stride", c.c_size_t),
        ("flags", c.POINTER(c.c_uint32)),
        ("progress", c.c_void_p),
        ("generation", c.c_uint64),
        ("tokens", c.c_uint64),
        ("label_count", c.c_uint32),
        ("bad_rows", c.c_uint32),
    ]


lib = c.CDLL(os.environ.get("MGEO_LIBRARY", "libmgeo.so.0"))
lib.mgeo_engine_create.argtypes = [c.c_void_p, c.POINTER(c.c_void_p), c.POINTER(Error)]
lib.mgeo_engine_destroy.argtypes = [c.c_void_p]
lib.mgeo_engine_destroy.restype = None
lib.mgeo_load.argtypes = [c.c_void_p, c.c_char_p, c.c_void_p, c.c_void_p, c.POINTER(Error)]
lib.mgeo_score.argtypes = [c.c_void_p, c.POINTER(Pair), c.c_size_t, c.POINTER(Scores), c.POINTER(Error)]


def call(function, *arguments):
    """A function that can fail takes an error of the caller's as its last argument."""
    error = Error()
    if function(*arguments, c.byref(error)):
        raise RuntimeError(error.message.decode())


class Engine:
    """One engine with one model. Python lets other threads run while libmgeo computes."""

    def __init__(self, path=None):
        self.handle = c.c_void_p()
        call(lib.mgeo_engine_create, None, c.byref(self.handle))
        call(lib.mgeo_load, self.handle, os.fsencode(path) if path else None, None, None)

    def score(self, pairs):
        """Similarities of a list of (text, text); NaN where a text could not be scored."""
        count = len(pairs)
        rows = (Pair * count)()
        for row, (a, b) in zip(rows, pairs):
            a, b = a.encode(), b.encode()
            row.a, row.a_len, row.b, row.b_len = a, len(a), b, len(b)
        similarity = (c.c_float * count)()
        scores = Scores(struct_size=c.sizeof(Scores), similarity=similarity)
        call(lib.mgeo_score, self.handle, rows, count, c.byref(scores))
        return list(similarity)

    def close(self):
        lib.mgeo_engine_destroy(self.handle)
        self.handle = None


def main():
    pairs = [
        ("天津市和平区南京路219号天津中心写字楼27层", "和平区南京路219号天津中心"),
        ("天津市和平区南京路219号天津中心写字楼27层", "南京市鼓楼区新模范马路5号"),
        ("天津市和平区南京路219号", ""),
    ]
    try:
        engine = Engine(sys.argv[1] if len(sys.argv) > 1 else None)
        for (a, b), similarity in zip(pairs, engine.score(pairs)):
            print(f"{similarity:.3f} {a} | {b}")
        engine.close()
    except RuntimeError as problem:
        sys.exit(f"ffi.py: {problem}")


if __name__ == "__main__":
    main()
