-- SPDX-License-Identifier: Apache-2.0
-- mgeo_ffi.h as LuaJIT reads it, and the library through it: luajit luajit_test.lua MGEO_FFI_H LIBRARY MODEL
local ffi = require("ffi")
local header, library, model = ...
ffi.cdef(assert(io.open(header)):read("*a"))
local lib = ffi.load(library)
local problem = ffi.new("mgeo_error")

local function call(name, ...)
    local status = lib[name](...)
    assert(status == lib.MGEO_OK, ffi.string(problem.message))
end

local function score(engine, a, b)
    local pair = ffi.new("mgeo_pair", {a = a, a_len = #a, b = b, b_len = #b})
    local similarity, flags = ffi.new("float[1]"), ffi.new("uint32_t[1]")
    local scores = ffi.new("mgeo_scores", {struct_size = ffi.sizeof("mgeo_scores"), similarity = similarity, flags = flags})
    call("mgeo_score", engine, pair, 1, scores, problem)
    return similarity[0], flags[0]
end

assert(ffi.string(lib.mgeo_version()):match("^%d+%.%d+%.%d+$"))
assert(ffi.string(lib.mgeo_precision_name(lib.MGEO_BF16)) == "bf16")
local handle = ffi.new("mgeo_engine *[1]")
call("mgeo_engine_create", nil, handle, problem)
local engine = handle[0]
assert(lib.mgeo_load(engine, "/nowhere", nil, nil, problem) == lib.MGEO_E_IO)
assert(ffi.string(problem.message):find("/nowhere", 1, true))
local info = ffi.new("mgeo_model_info", {struct_size = ffi.sizeof("mgeo_model_info")})
call("mgeo_load", engine, model, nil, info, problem)
assert(info.precision == lib.MGEO_FP32 and ffi.string(info.labels[0]) ~= "")
local similarity, flags = score(engine, "杭州市西湖区文三路90号", "文三路90号")
assert(similarity >= 0 and similarity <= 1 and flags == 0)
local _, empty = score(engine, "杭州市西湖区文三路90号", "")
assert(empty == lib.MGEO_ROW_EMPTY)
lib.mgeo_engine_destroy(engine)
print(("scored %.3f"):format(similarity))
