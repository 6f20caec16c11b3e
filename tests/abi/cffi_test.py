#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mgeo_ffi.h as cffi reads it, and the library through it: cffi_test.py MGEO_FFI_H LIBRARY MODEL."""
import sys

try:
    from cffi import FFI
except ImportError:
    print("skipped: no cffi (Debian: python3-cffi)")
    sys.exit(77)

header, library, model = sys.argv[1:]
ffi = FFI()
with open(header, encoding="utf-8") as file:
    ffi.cdef(file.read())
lib = ffi.dlopen(library)
error = ffi.new("mgeo_error *")


def text(pointer):
    return ffi.string(pointer).decode()


def call(function, *arguments):
    assert function(*arguments, error) == lib.MGEO_OK, text(error.message)


def score(engine, a, b):
    texts = [ffi.new("char[]", value.encode()) for value in (a, b)]
    pair = ffi.new("mgeo_pair *", {"a": texts[0], "a_len": len(a.encode()), "b": texts[1], "b_len": len(b.encode())})
    similarity, flags = ffi.new("float *"), ffi.new("uint32_t *")
    scores = ffi.new("mgeo_scores *", {"struct_size": ffi.sizeof("mgeo_scores"), "similarity": similarity,
                                       "flags": flags})
    call(lib.mgeo_score, engine, pair, 1, scores)
    return similarity[0], flags[0]


assert text(lib.mgeo_version()).count(".") == 2
assert text(lib.mgeo_precision_name(lib.MGEO_BF16)) == "bf16"
handle = ffi.new("mgeo_engine **")
call(lib.mgeo_engine_create, ffi.NULL, handle)
engine = handle[0]
assert lib.mgeo_load(engine, b"/nowhere", ffi.NULL, ffi.NULL, error) == lib.MGEO_E_IO
assert "/nowhere" in text(error.message), text(error.message)
info = ffi.new("mgeo_model_info *", {"struct_size": ffi.sizeof("mgeo_model_info")})
call(lib.mgeo_load, engine, model.encode(), ffi.NULL, info)
assert text(info.labels[0]) and info.precision == lib.MGEO_FP32
similarity, flags = score(engine, "杭州市西湖区文三路90号", "文三路90号")
assert 0 <= similarity <= 1 and flags == 0
assert score(engine, "杭州市西湖区文三路90号", "")[1] == lib.MGEO_ROW_EMPTY
lib.mgeo_engine_destroy(engine)
print(f"scored {similarity:.3f}")
