# SPDX-License-Identifier: Apache-2.0
"""libmgeo's own index, through the library's C interface. MGEO_LIBRARY names the library."""
import ctypes
import os

import numpy

from engines import Engine

VARIANTS = {"mgeo": [({}, [dict(effort=effort) for effort in (25, 50, 100, 200, 400)])]}
THREADS = 2


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("message", ctypes.c_char * 508)]


class IndexOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
                ("memory_limit", ctypes.c_uint64), ("progress", ctypes.c_void_p)]


class SearchOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("top", ctypes.c_uint32), ("threads", ctypes.c_uint32), ("effort", ctypes.c_uint32),
                ("least", ctypes.c_float), ("progress", ctypes.c_void_p)]


CANDIDATE = numpy.dtype([("id", "u8"), ("id_len", "u8"), ("text", "u8"), ("text_len", "u8"), ("row", "u8"), ("score", "f4"),
                         ("flags", "u4")])


def texts_in_memory(texts):
    """An array of (pointer, length), and the bytes that it points into."""
    pieces = [text.encode() for text in texts]
    held = numpy.frombuffer(b"".join(pieces) or b"\0", dtype=numpy.uint8)
    lengths = numpy.fromiter(map(len, pieces), dtype=numpy.uint64, count=len(pieces))
    table = numpy.empty((len(pieces), 2), dtype=numpy.uint64)
    table[:, 1] = lengths
    table[:, 0] = held.ctypes.data + numpy.concatenate(([0], numpy.cumsum(lengths)[:-1])).astype(numpy.uint64)
    return table, held


def records_in_memory(texts):
    """The records of a table, whose ids are its rows, and what they point into."""
    ids, id_bytes = texts_in_memory([str(row) for row in range(len(texts))])
    table, text_bytes = texts_in_memory(texts)
    return numpy.ascontiguousarray(numpy.hstack((ids, table))), (id_bytes, text_bytes)


class Index(Engine):
    def __init__(self):
        self.library = ctypes.CDLL(os.environ.get("MGEO_LIBRARY", "libmgeo.so.0"))
        self.library.mgeo_version.restype = ctypes.c_char_p
        self.library.mgeo_candidates_of.restype = ctypes.c_void_p
        self.library.mgeo_candidates_of.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t)]
        self.library.mgeo_candidates_destroy.restype = self.library.mgeo_index_destroy.restype = None
        self.versions = {"libmgeo": self.library.mgeo_version().decode()}
        self.error, self.index, self.number = Error(), ctypes.c_void_p(), ctypes.c_size_t()
        options = IndexOptions(struct_size=ctypes.sizeof(IndexOptions), threads=THREADS)
        self.ask("mgeo_index_create", ctypes.byref(options), ctypes.byref(self.index))

    def ask(self, name, *arguments):
        if getattr(self.library, name)(*arguments, ctypes.byref(self.error)) != 0:
            raise RuntimeError(f"{name}: {self.error.message.decode()}")

    def put(self, records):
        self.ask("mgeo_index_put", self.index, ctypes.c_void_p(records.ctypes.data), ctypes.c_size_t(len(records)))

    def build(self, texts):
        records, held = records_in_memory(texts)
        self.put(records)
        del held

    def search(self, texts, top, effort, threads=THREADS):
        table, held = texts_in_memory(texts)
        options = SearchOptions(struct_size=ctypes.sizeof(SearchOptions), top=top, threads=threads, effort=effort)
        found = ctypes.c_void_p()
        self.ask("mgeo_index_search", self.index, ctypes.c_void_p(table.ctypes.data), ctypes.c_size_t(len(texts)), ctypes.byref(options),
                 ctypes.byref(found))
        del held
        return found, len(texts), top

    def count(self, candidates, query):
        self.library.mgeo_candidates_of(candidates, query, ctypes.byref(self.number))
        return self.number.value

    def rows(self, found):
        candidates, count, top = found
        rows = numpy.full((count, top), -1)
        for query in range(count):
            first = self.library.mgeo_candidates_of(candidates, query, ctypes.byref(self.number))
            if self.number.value:
                held = (ctypes.c_char * (self.number.value * CANDIDATE.itemsize)).from_address(first)
                rows[query, :self.number.value] = numpy.frombuffer(held, dtype=CANDIDATE)["row"]
        self.library.mgeo_candidates_destroy(candidates)
        return rows

    def close(self):
        self.library.mgeo_index_destroy(self.index)
        self.index = ctypes.c_void_p()


def create(**settings):
    return Index(**settings)
