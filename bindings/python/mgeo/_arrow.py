# SPDX-License-Identifier: Apache-2.0
"""Arrow's C data interface by ctypes: tables and columns of any package, taken through its PyCapsules.

No text is copied. Two columns that are chunked differently are realigned by shifting offsets.
"""
import ctypes
import errno
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _abi, errors
from ._texts import Texts
from .errors import ArgumentError, UnsupportedError

_release_type = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_get_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_error_type = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)
_STATUSES = {errno.EINVAL: _abi.MGEO_E_ARGUMENT, errno.ENOMEM: _abi.MGEO_E_MEMORY, errno.ECANCELED: _abi.MGEO_E_CANCELLED,
             errno.ENOTSUP: _abi.MGEO_E_UNSUPPORTED, errno.ENODEV: _abi.MGEO_E_DEVICE}
_borrowed = 1  # marks our own structs as not released; who borrows them does not call it
try:
    _capsule_pointer: Any = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi))
except AttributeError:  # PyPy
    _capsule_pointer = None


class Owned:
    """One struct of the interface, released when nothing refers to it any more."""

    def __init__(self, kind: Any) -> None:
        self.struct = kind()
        self._release = release

    @property
    def address(self) -> int:
        return ctypes.addressof(self.struct)

    def __del__(self) -> None:
        self._release(self.struct)


def release(struct: Any, call: Any = _release_type, address_of: Any = ctypes.addressof) -> None:
    """Releases a struct, unless it is released or moved."""
    if struct.release:
        call(struct.release)(address_of(struct))


def _moved(kind: Any, capsule: Any, name: bytes) -> Owned:
    """Takes a struct over from its capsule."""
    if _capsule_pointer is None:
        raise UnsupportedError("this Python has no PyCapsules: give lists instead of Arrow")
    owned, address = Owned(kind), _capsule_pointer(capsule, name)
    given = kind.from_address(address)
    ctypes.memmove(owned.address, address, ctypes.sizeof(kind))
    given.release = None
    return owned


class Column(NamedTuple):
    """A schema and the arrays of it; a table is a column of structs."""

    schema: Any  # ArrowSchema
    chunks: List[Any]  # ArrowArray each
    keep: Any  # owns what these borrow

    @property
    def is_table(self) -> bool:
        return bool(self.schema.format == b"+s")

    @property
    def rows(self) -> int:
        return sum(chunk.length for chunk in self.chunks)


def is_arrow(source: object) -> bool:
    """Does it hand out PyCapsules?"""
    return hasattr(source, "__arrow_c_array__") or hasattr(source, "__arrow_c_stream__")


def read(source: Any) -> Column:
    """All of what an object holds."""
    if hasattr(source, "__arrow_c_array__"):
        schema_capsule, array_capsule = source.__arrow_c_array__()
        schema = _moved(_abi.ArrowSchema, schema_capsule, b"arrow_schema")
        array = _moved(_abi.ArrowArray, array_capsule, b"arrow_array")
        return Column(schema.struct, [array.struct], (schema, array))
    stream = open_stream(source)
    schema = Owned(_abi.ArrowSchema)
    pull(stream.struct, stream.struct.get_schema, schema)
    chunks: List[Owned] = []
    while True:
        chunk = Owned(_abi.ArrowArray)
        pull(stream.struct, stream.struct.get_next, chunk)
        if not chunk.struct.release:
            return Column(schema.struct, [chunk.struct for chunk in chunks if chunk.struct.length], (schema, chunks))
        chunks.append(chunk)


def open_stream(source: Any) -> Owned:
    """The stream of an object, taken over from its capsule."""
    return _moved(_abi.ArrowArrayStream, source.__arrow_c_stream__(), b"arrow_array_stream")


def pull(stream: Any, function: int, into: Owned) -> None:
    """Calls get_schema or get_next of a stream."""
    number = _get_type(function)(ctypes.addressof(stream), into.address)
    if number:
        into.struct.release = None
        line = _error_type(stream.get_last_error)(ctypes.addressof(stream)) if stream.get_last_error else None
        raise errors.from_status(_STATUSES.get(number, _abi.MGEO_E_IO), line or b"the Arrow stream does not say why")


def only_child(column: Column) -> Column:
    """The column of a table that has one; any other column as it is."""
    if not column.is_table:
        return column
    if column.schema.n_children != 1:
        raise ArgumentError(f"a table of {column.schema.n_children} columns where one column is needed")
    children = []
    for chunk in column.chunks:
        part = _part(chunk.children[0].contents, chunk.offset, chunk.length)
        children.append(_masked(part, chunk) if chunk.null_count and chunk.n_buffers and chunk.buffers[0] else part)
    return Column(column.schema.children[0].contents, children, column)


def _masked(part: Any, table: Any) -> Any:
    """A part of a table's column where the table's own null rows are null too."""
    if not part.n_buffers:
        return part
    valid = _bits(table.buffers[0], table.offset, part.length)
    if part.buffers[0]:
        valid &= _bits(part.buffers[0], part.offset, part.length)
    packed = np.packbits(np.concatenate([np.zeros(part.offset, bool), valid]), bitorder="little")
    buffers = (ctypes.c_void_p * part.n_buffers)(*part.buffers[: part.n_buffers])
    buffers[0] = _address(packed)
    part.buffers, part.null_count = buffers, -1
    part._keep = part._keep, packed, buffers
    return part


def _bits(address: int, start: int, count: int) -> Any:
    """bool [count] of a bitmap."""
    data = np.frombuffer(ctypes.string_at(address, (start + count + 7) // 8), np.uint8)
    return np.unpackbits(data, count=start + count, bitorder="little")[start:].astype(bool)


def names_of_texts(table: Column) -> List[str]:
    """The columns of a table that hold texts."""
    children = [table.schema.children[i].contents for i in range(table.schema.n_children)]
    return [child.name.decode("utf-8", "replace") for child in children
            if (child.dictionary.contents if child.dictionary else child).format in (b"u", b"U", b"vu")]


def from_texts(texts: Texts) -> Column:
    """Python's texts as a large_utf8 column."""
    count = len(texts.offsets) - 1
    validity = None if texts.null is None else np.packbits(~texts.null, bitorder="little")
    data = np.frombuffer(texts.data or b"\0", np.uint8)
    buffers = (ctypes.c_void_p * 3)(None if validity is None else _address(validity), _address(texts.offsets),
                                    _address(data))
    array = _abi.ArrowArray(length=count, null_count=0 if validity is None else -1, n_buffers=3, buffers=buffers,
                            release=_borrowed)
    schema = _abi.ArrowSchema(format=b"U", name=b"", flags=_abi.ARROW_FLAG_NULLABLE, release=_borrowed)
    return Column(schema, [array] if count else [], (texts, validity, data, buffers))


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _part(array: Any, start: int, length: int) -> Any:
    """Rows start … start + length - 1 of an array, borrowed."""
    part = _abi.ArrowArray()
    ctypes.pointer(part)[0] = array
    part.offset, part.length = array.offset + start, length
    if part.null_count:
        part.null_count = -1
    part._keep = array
    return part


def zip_columns(a: Column, b: Column) -> Column:
    """Two columns of equal length as a table, cut wherever either of them begins a new chunk."""
    if a.rows != b.rows:
        raise ArgumentError(f"the columns differ in length: {a.rows} and {b.rows} texts")
    pointers = (ctypes.POINTER(_abi.ArrowSchema) * 2)()
    schemas = [_named(column.schema, name) for column, name in ((a, b"a"), (b, b"b"))]
    for i, schema in enumerate(schemas):
        pointers[i] = ctypes.pointer(schema)
    schema = _abi.ArrowSchema(format=b"+s", name=b"", n_children=2, children=pointers, release=_borrowed)
    tables = [_table(parts) for parts in _aligned(a.chunks, b.chunks)]
    return Column(schema, tables, (a, b, schemas, pointers))


def _named(schema: Any, name: bytes) -> Any:
    made = _abi.ArrowSchema()
    ctypes.pointer(made)[0] = schema
    made.name = name
    return made


def _table(parts: Tuple[Any, Any]) -> Any:
    children = (ctypes.POINTER(_abi.ArrowArray) * 2)(*map(ctypes.pointer, parts))
    buffers = (ctypes.c_void_p * 1)()
    table = _abi.ArrowArray(length=parts[0].length, n_buffers=1, buffers=buffers, n_children=2, children=children,
                            release=_borrowed)
    table._keep = parts, children, buffers
    return table


def _aligned(a: List[Any], b: List[Any]) -> Iterator[Tuple[Any, Any]]:
    a_index = b_index = a_row = b_row = 0
    while a_index < len(a) and b_index < len(b):
        length = min(a[a_index].length - a_row, b[b_index].length - b_row)
        yield _part(a[a_index], a_row, length), _part(b[b_index], b_row, length)
        a_row, b_row = a_row + length, b_row + length
        if a_row == a[a_index].length:
            a_index, a_row = a_index + 1, 0
        if b_row == b[b_index].length:
            b_index, b_row = b_index + 1, 0


# ---- answers ----------------------------------------------------------------------------------


class _Memory:
    """An array of the library's, as numpy takes it: without a copy, and keeping its owner."""

    def __init__(self, owner: Owned, address: int, kind: str, shape: Tuple[int, ...]) -> None:
        self._owner = owner
        self.__array_interface__ = {"data": (address, False), "typestr": kind, "shape": shape, "version": 3}


class Answer(NamedTuple):
    """The columns of one scored table."""

    similarity: Any
    label: Any
    probabilities: Any
    flags: Any
    null: Any
    logits: Optional[Any]
    labels: Tuple[str, ...]
    generation: int


def read_answer(schema: Owned, array: Owned) -> Answer:
    """The library's answer as numpy arrays over its own memory."""
    columns = {schema.struct.children[i].contents.name: array.struct.children[i].contents
               for i in range(schema.struct.n_children)}
    count = array.struct.length
    names = columns[b"label"].dictionary.contents
    labels = _label_names(array, names)

    def values(column: Any, kind: str, *shape: int) -> Any:
        if not count:
            return np.empty(shape, kind)
        return np.asarray(_Memory(array, column.buffers[column.n_buffers - 1], kind, shape))

    def rows(name: bytes) -> Any:
        return values(columns[name].children[0].contents, "=f4", count, len(labels))

    label = values(columns[b"label"], "=i4", count)
    scored = _validity(array, columns[b"label"])
    if scored is not None:
        label = np.where(scored, label, np.int32(-1))
    texts = _validity(array, columns[b"flags"])
    null = np.zeros(count, bool) if texts is None else ~texts
    generation = values(columns[b"generation"], "=u8", count)
    return Answer(values(columns[b"similarity"], "=f4", count), label, rows(b"probabilities"),
                  values(columns[b"flags"], "=u4", count), null, rows(b"logits") if b"logits" in columns else None,
                  labels, int(generation[0]) if count else 0)


def _validity(owner: Owned, column: Any) -> Optional[Any]:
    """bool [count]: rows that are not null; None: all."""
    if not column.length or not column.null_count or not column.buffers[0]:
        return None
    bits = np.asarray(_Memory(owner, column.buffers[0], "|u1", ((column.length + 7) // 8,)))
    return np.unpackbits(bits, count=column.length, bitorder="little").astype(bool)


def _label_names(owner: Owned, names: Any) -> Tuple[str, ...]:
    ends = np.asarray(_Memory(owner, names.buffers[1], "=i4", (names.length + 1,))).tolist()
    data = ctypes.string_at(names.buffers[2], ends[-1])
    return tuple(data[start:end].decode("utf-8", "replace") for start, end in zip(ends, ends[1:]))
