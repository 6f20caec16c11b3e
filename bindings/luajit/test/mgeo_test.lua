-- SPDX-License-Identifier: Apache-2.0
-- The module at work: luajit mgeo_test.lua, with MGEO_MODELS, MGEO_LIBRARY and LUA_PATH set.
local mgeo = require("mgeo")
local model = assert(os.getenv("MGEO_MODELS")) .. "/mini"
local PAIRS = 1000

-- The status of the failure that the call must raise.
local function status_of(call, ...)
    local done, failure = pcall(call, ...)
    assert(not done and getmetatable(failure) == mgeo.Error, tostring(failure))
    assert(failure.message ~= "" and tostring(failure):find(failure.message, 1, true))
    return failure.status, failure
end

local list = {}
for i = 1, PAIRS do
    list[i] = {("杭州市西湖区文三路%d号"):format(i), ("文三路%d号"):format(i % 3 == 0 and i or i + 1)}
end

local function first_scores(engine)
    local info = engine:load(model, {threads = 2, version = "one", precision = "fp32"})
    assert(info.generation == 1 and info.live == true and info.version == "one" and info.precision == "fp32")
    assert(#info.labels == info.label_count and info.slot == "blue" and info.healthy)
    local all = engine:score(list, {probabilities = true})
    assert(#all.similarity == PAIRS and #all.label == PAIRS and all.generation == 1 and all.bad_rows == 0)
    for i = 1, PAIRS, 7 do
        local similarity, label, flags, generation = engine:score(list[i][1], list[i][2])
        assert(similarity == all.similarity[i] and label == all.label[i] and flags == all.flags[i] and generation == 1)
        local sum = 0
        for _, p in ipairs(all.probabilities[i]) do sum = sum + p end
        assert(#all.probabilities[i] == info.label_count and math.abs(sum - 1) < 1e-5)
    end
    local nan, label, flags = engine:score("文三路90号", "")
    assert(nan ~= nan and label == -1 and mgeo.flag_names(flags)[1] == "empty")
    assert(#engine:score({}).similarity == 0)
    return all
end

-- LuaJIT has no threads: coroutines take turns, and models are swapped between their calls.
local function swaps_between_calls(engine, all)
    assert(engine:load(model, {threads = 2, version = "two"}).generation == 2)
    local seen = {}
    local function caller()
        for i = 1, PAIRS, 50 do
            local similarity, _, _, generation = engine:score(list[i][1], list[i][2])
            assert(similarity == all.similarity[i])
            seen[generation] = true
            coroutine.yield()
        end
    end
    local callers = {coroutine.create(caller), coroutine.create(caller), coroutine.create(caller)}
    for turn = 1, 10 do
        for _, thread in ipairs(callers) do assert(coroutine.resume(thread)) end
        local receipt = engine:swap({actor = "test", reason = "turn " .. turn})
        assert(receipt.from_generation + receipt.to_generation == 3)
    end
    assert(seen[1] and seen[2])
    engine:swap()
    assert(engine:roll_back({reason = "test"}).to_generation == 1 and engine:info().generation == 1)
end

local function conditions(engine)
    local gate = {pairs = {unpack(list, 1, 50)}, max_latency_ratio = 1e-9, gold = {}}
    local status, failure = status_of(engine.swap, engine, {gate = gate})
    assert(status == "MGEO_E_REFUSED" and #failure.receipt.checks > 0)
    local names = {}
    for _, check in ipairs(failure.receipt.checks) do names[check.name] = check end
    assert(names.latency_ratio.passed == false and names.psi.passed == nil)
    assert(engine:swap({gate = {pairs = list, max_flip_share = -1}}).to_generation == 2)
    engine:roll_back()
    local report = engine:compare({pairs = list, worst = 2})
    assert(report.pairs == PAIRS and report.flips == 0 and #report.worst <= 2)
    engine:swap({watch = {window_calls = 2, max_error_rate = 0.5}})
    for _ = 1, 2 do engine:score(list[1][1], list[1][2]) end
    while engine:watch().state == "running" do end
    assert(engine:watch().state == "passed")
    engine:roll_back()
end

local function shares(engine)
    engine:set_canary(10000)
    assert(engine:score(list).generation == 2 and engine:rollout().canary_share == 10000)
    engine:set_canary(0)
    engine:set_shadow(10000)
    assert(engine:score({list[1], list[2]}).generation == 1)
    while engine:shadow().compared + engine:shadow().dropped < 2 do end
    engine:set_shadow(0)
    assert(engine:shadow().calls == 1)
    if engine:shadow().compared > 0 then assert(engine:shadow_pair(1).pair[1]:find("杭州", 1, true)) end
end

local function jobs_and_cancellation(engine)
    local job = engine:job()
    engine:swap()
    assert(select(4, job:score(list[1][1], list[1][2])) == 1 and engine:score(list).generation == 2)
    assert(job:info().version == "one" and job:score(list).generation == 1)
    job:finish()
    assert(status_of(job.score, job, "a", "b") == "MGEO_E_ARGUMENT" and engine:rollout().jobs == 0)
    engine:roll_back()
    local asked = 0
    local options = {slice = 100, stop = function(done, total)
        asked = asked + 1
        assert(done == asked * 100 and total == PAIRS)
        return done == 300
    end}
    local status, failure = status_of(engine.score, engine, list, options)
    assert(status == "MGEO_E_CANCELLED" and asked == 3 and #failure.answer.similarity == 300)
    assert(#engine:score(list, {slice = 300, stop = function() return false end}).similarity == PAIRS)
    assert(engine:rollout().jobs == 0)
    local progress = mgeo.progress()
    mgeo.cancel(progress)
    assert(status_of(engine.score, engine, list, {progress = progress}) == "MGEO_E_CANCELLED")
    assert(status_of(engine.load, engine, model, {progress = progress}) == "MGEO_E_CANCELLED")
    local watched = mgeo.progress()
    engine:score(list, {progress = watched})
    local stage, done = mgeo.read_progress(watched)
    assert(stage == "finished" or done == PAIRS)
end

local function failures(engine)
    assert(status_of(engine.load, engine, "/nowhere") == "MGEO_E_IO")
    assert(status_of(engine.load, engine, model, {device = "abacus"}) == "MGEO_E_ARGUMENT")
    assert(status_of(engine.load, engine, model, {thread = 1}) == "MGEO_E_ARGUMENT")
    local status, failure = status_of(engine.load, engine, model, {precision = "fp33"})
    assert(status == "MGEO_E_ARGUMENT" and failure.message:find("give one of auto, fp32, bf16", 1, true))
    assert(status_of(engine.score, engine, {{"a", 1}}) == "MGEO_E_ARGUMENT")
    assert(status_of(engine.score, engine, list, {probability = true}) == "MGEO_E_ARGUMENT")
    assert(status_of(engine.swap, engine, {expect_generation = 77}) == "MGEO_E_REFUSED")
    assert(status_of(mgeo.engine, {journal = "/nowhere/journal"}) == "MGEO_E_IO")
    local empty = mgeo.engine()
    assert(status_of(empty.score, empty, "a", "b") == "MGEO_E_NO_MODEL")
    empty:close()
    assert(status_of(empty.score, empty, "a", "b") == "MGEO_E_ARGUMENT")
end

local function queries(engine)
    local stats = engine:stats()
    assert(stats.pairs > PAIRS and stats.failed_calls == 1 and #stats.failed_by == 16)
    assert(engine:info("standby").generation == 2 and engine:rollout().live_slot == "blue")
    assert(engine:metrics():find("# EOF\n$") and not engine:metrics("prometheus"):find("# EOF", 1, true))
    assert(#engine:unused_fields() == engine:info().unused_fields)
    assert(#engine:unused_tensors() == engine:info().unused_tensors)
    assert(mgeo.predict_memory(model, {threads = 2}).fits == true and mgeo.version():find("^%d+%.%d+%.%d+$"))
    engine:unload()
    assert(engine:rollout().standby_generation == 0)
end

local function hostile(engine)
    local function refused(call, ...) assert(status_of(call, ...) == "MGEO_E_ARGUMENT") end
    refused(engine.load, engine, model .. "\0there", {})
    refused(engine.load, engine, 7)
    refused(engine.load, engine, model, {version = "a\0b"})
    refused(mgeo.predict_memory, model .. "\0there")
    refused(mgeo.journal_verify, "/nowhere\0")
    for _, number in ipairs({-1, 0.5, 2 ^ 32, 0 / 0, 1 / 0, "2"}) do
        refused(engine.load, engine, model, {threads = number})
        refused(engine.set_canary, engine, number)
        refused(engine.score, engine, list, {route_key = number == 2 ^ 32 and -1 or number})
    end
    refused(engine.load, engine, model, {partial_weight = 0 / 0})
    refused(engine.load, engine, model, {partial_weight = {}})
    for _, worst in ipairs({-1, 0.5, 0 / 0, "x"}) do refused(engine.compare, engine, {pairs = list, worst = worst}) end
    assert(#engine:compare({pairs = {list[1], list[2]}, worst = 2 ^ 40}).worst <= 2)
    refused(engine.compare, engine, {pairs = {list[1]}, gold = {"not\0match"}})
    for _, slice in ipairs({0, -1, 0.5}) do
        refused(engine.score, engine, list, {slice = slice, stop = function() return false end})
    end
    refused(engine.score, engine, {1, 2})
    refused(engine.shadow_pair, engine, 0)
    -- Texts that a list makes when it is asked, and that nothing else holds.
    local made = setmetatable({}, {__index = function(_, side)
        collectgarbage()
        return ("文三路%d号"):format(side * 7)
    end})
    local plain = {"文三路7号", "文三路14号"}
    assert(engine:score({made, made, made}).similarity[2] == engine:score({plain}).similarity[1])
    assert(select(4, engine:score(("文"):rep(350000), "文三路")) >= 1)
end

-- Jobs and engines that are forgotten, in any order.
local function forgotten()
    local engine = mgeo.engine()
    engine:load(model, {threads = 1})
    for _ = 1, 3 do engine:job() end
    local kept = engine:job()
    collectgarbage()
    collectgarbage()
    assert(engine:rollout().jobs == 1)
    engine = nil
    collectgarbage()
    collectgarbage()
    assert(kept:score(list[1][1], list[1][2]) > 0)
end

local path = os.tmpname()
os.remove(path)
local engine = mgeo.engine({journal = path, actor = "mgeo_test"})
local all = first_scores(engine)
swaps_between_calls(engine, all)
conditions(engine)
shares(engine)
jobs_and_cancellation(engine)
failures(engine)
hostile(engine)
for _ = 1, 3 do forgotten() end
queries(engine)
engine:job()
engine:close()
local report = mgeo.journal_verify(path)
assert(report.valid and report.lines > 10)
local file = assert(io.open(path, "r+"))
file:write("[")
file:close()
report = mgeo.journal_verify(path)
assert(not report.valid and report.bad_line == 1 and report.reason ~= "")
os.remove(path)
os.remove(path .. ".head")
collectgarbage()
print("ok")
