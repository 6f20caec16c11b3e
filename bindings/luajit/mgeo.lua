-- SPDX-License-Identifier: Apache-2.0
-- libmgeo for LuaJIT: engines, jobs and their answers as Lua's tables; README.md shows them at work.
--
-- What a function does and what each member of its options and answers means is told in mgeo.h. Enumerators are
-- the words that mgeo.h spells ("bf16", "live"), members that are 0 or 1 are booleans. A failed call raises a table
-- with `status` ("MGEO_E_IO") and `message`; tostring() of it is both.
local ffi = require("ffi")
local abi = require("mgeo.abi")

ffi.cdef(abi.cdef)

-- ---- The library ---------------------------------------------------------------------------------------------

-- MGEO_LIBRARY names it; else it lies where pkg-config says; else the system's loader knows it.
local function find_library()
    local named = os.getenv("MGEO_LIBRARY")
    if named then return ffi.load(named) end
    local pipe = io.popen("pkg-config --variable=libdir libmgeo 2>/dev/null")
    local folder = pipe and pipe:read("*l")
    if pipe then pipe:close() end
    if folder and folder ~= "" then
        local found, lib = pcall(ffi.load, folder .. "/" .. abi.library)
        if found then return lib end
    end
    return ffi.load(abi.library)
end

local lib = find_library()
local mgeo = {lib = lib}

function mgeo.version() return ffi.string(lib.mgeo_version()) end

-- ---- Failures ------------------------------------------------------------------------------------------------

local Error = {__tostring = function(self) return self.status .. ": " .. self.message end}
mgeo.Error = Error

local function new_error(problem)
    local status = ffi.string(lib.mgeo_status_name(problem.status))
    return setmetatable({status = status, message = ffi.string(problem.message)}, Error)
end

-- Calls the function with a place for its error behind its other arguments.
local function call(name, ...)
    local problem = ffi.new("mgeo_error")
    local arguments = {...}
    arguments[select("#", ...) + 1] = problem
    if lib[name](unpack(arguments, 1, select("#", ...) + 1)) ~= 0 then error(new_error(problem), 0) end
end

local function refuse(message, ...)
    error(setmetatable({status = "MGEO_E_ARGUMENT", message = message:format(...)}, Error), 0)
end

-- ---- Structs -------------------------------------------------------------------------------------------------

local words, members = {}, {}
for enum, values in pairs(abi.enums) do
    words[enum] = {}
    for word, number in pairs(values) do words[enum][number] = word end
end
for struct, list in pairs(abi.structs) do
    members[struct] = {}
    for _, member in ipairs(list) do members[struct][member[1]] = member end
end

-- What the pointers in a struct or array of C's point at: must live as long, which Lua cannot see.
local anchors = setmetatable({}, {__mode = "k"})

local function new_struct(struct) return ffi.new(struct, {struct_size = ffi.sizeof(struct)}) end

local function to_number(value, enum, what)
    if value == true then return 1 elseif value == false then return 0 end
    if type(value) ~= "string" or not enum then return value end
    if abi.enums[enum][value] then return abi.enums[enum][value] end
    local known = {}
    for word in pairs(abi.enums[enum]) do known[#known + 1] = word end
    table.sort(known, function(x, y) return abi.enums[enum][x] < abi.enums[enum][y] end)
    refuse("%s: there is no %q: give one of %s", what, value, table.concat(known, ", "))
end

-- A text that C sees whole, or nil.
local function c_text(value, what)
    if value == nil then return nil end
    if type(value) ~= "string" then refuse("%s: must be a string", what) end
    if value:find("\0", 1, true) then refuse("%s: holds a NUL byte", what) end
    return value
end

-- A number that an integer of C's holds: else it would be given another one.
local function whole(value, what, most)
    local number = tonumber(value)
    if type(value) == "string" or not number or number ~= math.floor(number) or number < 0 or number > most then
        refuse("%s: is %s; give a whole number from 0 to %.0f", what, tostring(value), most)
    end
    return value
end

local U32, U64 = 2 ^ 32 - 1, 2 ^ 64 - 2048

local function to_member(value, member, name)
    local kind = member[2]
    if kind == "text" then return c_text(value, name) end
    local number = to_number(value, member.enum, name)
    if member.most then return whole(number, name, member.most) end
    if type(number) ~= "number" then refuse("%s: must be a number", name) end
    return number
end

-- A struct with members from a table; `special` are names that the caller sees to.
local function make(struct, options, special)
    local into = new_struct(struct)
    anchors[into] = {options}
    for name, value in pairs(options or {}) do
        local member = members[struct][name]
        if member then
            into[name] = to_member(value, member, name)
        elseif not (special and special[name]) then
            refuse("%s: there is no such option of %s", tostring(name), struct)
        end
    end
    return into
end

local from_struct

-- What a member holds, for Lua; -1 in a flag, and a number that no word stands for, are nil.
local read = {
    number = function(value, member)
        if member.enum then return words[member.enum][tonumber(value)] end
        return tonumber(value)
    end,
    flag = function(value)
        if value < 0 then return nil end
        return value ~= 0
    end,
    string = function(value) return ffi.string(value) end,
    strings = function(value, _, count)
        local list = {}
        for i = 0, count - 1 do list[#list + 1] = ffi.string(value[i]) end
        return list
    end,
    numbers = function(value, member)
        local list = {}
        for i = 0, member.length - 1 do list[#list + 1] = tonumber(value[i]) end
        return list
    end,
    structs = function(value, member, count)
        local list = {}
        for i = 0, count - 1 do list[#list + 1] = from_struct(member.of, value[i]) end
        return list
    end,
}

function from_struct(struct, value)
    local made = {}
    for _, member in ipairs(abi.structs[struct]) do
        local name, kind = member[1], member[2]
        local count = member.count and value[member.count] or member.length
        if read[kind] then made[name] = read[kind](value[name], member, count) end
    end
    return made
end

-- The answer of a function that fills a struct in behind its other arguments.
local function ask(struct, name, ...)
    local into = new_struct(struct)
    local arguments = {...}
    arguments[select("#", ...) + 1] = into
    call(name, unpack(arguments, 1, select("#", ...) + 1))
    return from_struct(struct, into)
end

local function slot_number(slot) return to_number(slot or "live", "mgeo_slot", "slot") end

-- ---- Pairs ---------------------------------------------------------------------------------------------------

-- {{a, b}, …} as the library takes them.
local function to_pairs(list, first, last)
    local made, texts = ffi.new("mgeo_pair[?]", math.max(last - first + 1, 1)), {}
    for i = first, last do
        if type(list[i]) ~= "table" then refuse("pair %d: must be {a, b}", i) end
        local a, b = list[i][1], list[i][2]
        if type(a) ~= "string" or type(b) ~= "string" then refuse("pair %d: both texts must be strings", i) end
        local pair = made[i - first]
        pair.a, pair.a_len, pair.b, pair.b_len = a, #a, b, #b
        texts[2 * (i - first) + 1], texts[2 * (i - first) + 2] = a, b -- the list may have made them just now
    end
    anchors[made] = texts
    return made
end

-- The options of a gate or a comparison, with its pairs and gold labels.
local function with_pairs(struct, options)
    local into = make(struct, options, {pairs = true, gold = true, progress = true, worst = true})
    if type(options.pairs) ~= "table" then refuse("pairs: a table of {a, b}") end
    local count = #options.pairs
    local list = to_pairs(options.pairs, 1, count)
    into.pairs, into.count, into.progress = list, count, options.progress
    local gold, labels = nil, {}
    if options.gold then
        gold = ffi.new("const char *[?]", math.max(count, 1))
        for i = 1, count do
            labels[i] = c_text(options.gold[i] or nil, "gold") or false
            gold[i - 1] = labels[i] or nil
        end
        into.gold = gold
    end
    anchors[into] = {list, gold, labels, options}
    return into
end

-- ---- Scoring -------------------------------------------------------------------------------------------------

local MAX_LABELS = lib.MGEO_MAX_LABELS
local SCORED = {probabilities = true, logits = true, route_key = true, progress = true, stop = true, slice = true}

-- Scores pairs `first` to `last` and appends them to the lists of `answer`.
local function score_slice(name, handle, list, first, last, options, answer)
    local count = last - first + 1
    local similarity, label = ffi.new("float[?]", math.max(count, 1)), ffi.new("int32_t[?]", math.max(count, 1))
    local flags, rows = ffi.new("uint32_t[?]", math.max(count, 1)), {}
    local scores = new_struct("mgeo_scores")
    scores.similarity, scores.label, scores.flags = similarity, label, flags
    scores.route_key, scores.progress = whole(options.route_key or 0, "route_key", U64), options.progress
    for _, wide in ipairs({"probabilities", "logits"}) do
        if options[wide] then
            rows[wide] = ffi.new("float[?]", math.max(count, 1) * MAX_LABELS)
            scores[wide], scores.probability_stride = rows[wide], MAX_LABELS
        end
    end
    anchors[scores] = options
    call(name, handle, to_pairs(list, first, last), count, scores)
    for i = 0, count - 1 do
        answer.similarity[first + i], answer.label[first + i] = similarity[i], label[i]
        answer.flags[first + i] = flags[i]
        for wide, floats in pairs(rows) do
            local row = {}
            for l = 0, scores.label_count - 1 do row[l + 1] = floats[i * MAX_LABELS + l] end
            answer[wide][first + i] = row
        end
    end
    answer.generation, answer.label_count = tonumber(scores.generation), scores.label_count
    answer.tokens, answer.bad_rows = answer.tokens + tonumber(scores.tokens), answer.bad_rows + scores.bad_rows
end

local function new_answer(options)
    return {similarity = {}, label = {}, flags = {}, tokens = 0, bad_rows = 0,
            probabilities = options.probabilities and {} or nil, logits = options.logits and {} or nil}
end

local function check_options(options)
    for name in pairs(options) do
        if not SCORED[name] then refuse("%s: there is no such option of score", tostring(name)) end
    end
end

local function score_one(name, handle, a, b)
    local answer = new_answer({})
    score_slice(name, handle, {{a, b}}, 1, 1, {}, answer)
    return answer.similarity[1], answer.label[1], answer.flags[1], answer.generation
end

-- In slices, with a question in between whether to stop.
local function score_slices(job, list, options, answer)
    local slice = whole(options.slice or 1000, "slice", U32)
    if slice == 0 then refuse("slice: is 0; give at least 1") end
    for first = 1, #list, slice do
        score_slice("mgeo_job_score", job, list, first, math.min(first + slice - 1, #list), options, answer)
        if options.stop(math.min(first + slice - 1, #list), #list) then
            local message = ("stopped by the caller after %d of %d pairs"):format(#answer.similarity, #list)
            error(setmetatable({status = "MGEO_E_CANCELLED", message = message, answer = answer}, Error), 0)
        end
    end
    return answer
end

-- ---- Jobs ----------------------------------------------------------------------------------------------------

local Job = {}
Job.__index = Job

local function job_handle(self) return self.handle or refuse("the job has ended") end

-- score(a, b) answers similarity, label, flags and generation; score(pairs, options) a table of lists. A label is an
-- index from 0, as in mgeo.h: labels[label + 1] of info() is its name.
function Job:score(list, options)
    local handle = job_handle(self)
    if type(list) == "string" then return score_one("mgeo_job_score", handle, list, options) end
    options = options or {}
    check_options(options)
    if options.stop then return score_slices(handle, list, options, new_answer(options)) end
    local answer = new_answer(options)
    score_slice("mgeo_job_score", handle, list, 1, #list, options, answer)
    return answer
end

function Job:info() return ask("mgeo_model_info", "mgeo_job_get_info", job_handle(self)) end

function Job:finish()
    if self.handle then
        ffi.gc(self.handle, nil)
        self.engine.ends(self.handle)
    end
    self.handle = nil
end

-- ---- Engines -------------------------------------------------------------------------------------------------

local Engine = {}
Engine.__index = Engine

local function handle_of(self) return self.handle or refuse("the engine is closed") end

-- A new engine. Lines of its log cannot be received: they come from threads in which Lua must not run.
function mgeo.engine(options)
    local into = make("mgeo_engine_options", options)
    local handle = ffi.new("mgeo_engine *[1]")
    call("mgeo_engine_create", into, handle)
    local open = {} -- jobs by their addresses: what is collected with them may find them gone already
    local self = setmetatable({open = open}, Engine)
    function self.ends(job)
        local address = tostring(ffi.cast("void *", job))
        if open[address] then lib.mgeo_job_end(job) end
        open[address] = nil
    end
    function self.destroy(engine)
        for address, job in pairs(open) do
            lib.mgeo_job_end(job)
            open[address] = nil
        end
        lib.mgeo_engine_destroy(engine)
    end
    self.handle = ffi.gc(handle[0], self.destroy)
    return self
end

function Engine:close()
    if self.handle then self.destroy(ffi.gc(self.handle, nil)) end
    self.handle = nil
end

local function load_options(options)
    local into = make("mgeo_load_options", options, {progress = true})
    into.progress = options and options.progress or nil
    return into
end

-- path: a model directory; nil: the bundled model.
function Engine:load(path, options)
    return ask("mgeo_model_info", "mgeo_load", handle_of(self), c_text(path, "path"), load_options(options))
end

function Engine:unload() call("mgeo_unload", handle_of(self)) end

-- As Job:score. With stop, a function that is asked between slices of `slice` pairs, one job scores them all.
function Engine:score(list, options)
    local handle = handle_of(self)
    if type(list) == "string" then return score_one("mgeo_score", handle, list, options) end
    options = options or {}
    check_options(options)
    if options.stop then
        local job = self:job({route_key = options.route_key})
        local done, answer = pcall(job.score, job, list, options)
        job:finish()
        return done and answer or error(answer, 0)
    end
    local answer = new_answer(options)
    score_slice("mgeo_score", handle, list, 1, #list, options, answer)
    return answer
end

-- Ends by finish(), with the engine's close(), or when it is collected.
function Engine:job(options)
    local into = make("mgeo_job_options", options)
    local handle = ffi.new("mgeo_job *[1]")
    call("mgeo_job_begin", handle_of(self), into, handle)
    self.open[tostring(ffi.cast("void *", handle[0]))] = ffi.cast("mgeo_job *", handle[0])
    local ends, engine = self.ends, self.handle
    local function collected(job) return engine and ends(job) end -- which keeps the engine until then
    return setmetatable({handle = ffi.gc(handle[0], collected), engine = self}, Job)
end

-- ---- Rolling out

function Engine:compare(options)
    local into = with_pairs("mgeo_compare_options", options)
    local report = new_struct("mgeo_compare_report")
    local room = math.min(whole(options.worst or 16, "worst", U64), #options.pairs)
    local worst = ffi.new("mgeo_shift[?]", math.max(room, 1))
    report.worst, report.worst_capacity = worst, room
    call("mgeo_compare", handle_of(self), into, report)
    local answer = from_struct("mgeo_compare_report", report)
    answer.worst = {}
    for i = 1, tonumber(report.worst_count) do
        answer.worst[i] = from_struct("mgeo_shift", worst[i - 1])
        answer.worst[i].pair = options.pairs[answer.worst[i].index + 1]
    end
    return answer
end

local function watch_of(options)
    return options and options.watch and make("mgeo_watch", options.watch) or nil
end

-- options.gate and options.watch are tables of their limits; the gate's has pairs = {{a, b}, …} too. Where they
-- refuse, the error's `receipt` has the figures.
function Engine:swap(options)
    local into = make("mgeo_swap_options", options, {gate = true, watch = true})
    local gate = options and options.gate and with_pairs("mgeo_gate", options.gate) or nil
    local watch, receipt, problem = watch_of(options), new_struct("mgeo_swap_receipt"), ffi.new("mgeo_error")
    into.gate, into.watch, anchors[into] = gate, watch, {options, gate, watch}
    local status = lib.mgeo_swap_model(handle_of(self), into, receipt, problem)
    if status == lib.MGEO_OK then return from_struct("mgeo_swap_receipt", receipt) end
    local failure = new_error(problem)
    if status == lib.MGEO_E_REFUSED then failure.receipt = from_struct("mgeo_swap_receipt", receipt) end
    error(failure, 0)
end

function Engine:roll_back(options)
    local into = make("mgeo_roll_back_options", options)
    return ask("mgeo_swap_receipt", "mgeo_roll_back", handle_of(self), into)
end

function Engine:watch() return ask("mgeo_watch_report", "mgeo_get_watch", handle_of(self)) end

-- Shares are in 1/10,000.
function Engine:set_canary(share, options)
    local into = make("mgeo_canary_options", options, {watch = true})
    local watch = watch_of(options)
    into.watch, anchors[into] = watch, {options, watch}
    call("mgeo_set_canary", handle_of(self), whole(share, "share", U32), into)
end

function Engine:set_shadow(share, options)
    local into = make("mgeo_shadow_options", options)
    call("mgeo_set_shadow", handle_of(self), whole(share, "share", U32), into)
end

function Engine:shadow() return ask("mgeo_shadow_report", "mgeo_get_shadow", handle_of(self)) end

-- The pair with the `rank`th largest shift, from 1.
function Engine:shadow_pair(rank)
    local shift, a, b = ffi.new("mgeo_shift"), ffi.new("char[1024]"), ffi.new("char[1024]")
    call("mgeo_get_shadow_pair", handle_of(self), whole(rank - 1, "rank - 1", U32), shift, a, 1024, b, 1024)
    local found = from_struct("mgeo_shift", shift)
    found.pair = {ffi.string(a), ffi.string(b)}
    return found
end

-- ---- Queries; slot: "live" (the default), "standby", "blue" or "green"

function Engine:info(slot) return ask("mgeo_model_info", "mgeo_get_info", handle_of(self), slot_number(slot)) end

function Engine:stats(slot) return ask("mgeo_stats", "mgeo_get_stats", handle_of(self), slot_number(slot)) end

function Engine:rollout() return ask("mgeo_rollout", "mgeo_get_rollout", handle_of(self)) end

function Engine:unused_fields(slot)
    local list = {}
    for i = 0, self:info(slot).unused_fields - 1 do
        list[i + 1] = ask("mgeo_unused_field", "mgeo_get_unused_field", handle_of(self), slot_number(slot), i)
    end
    return list
end

function Engine:unused_tensors(slot)
    local list, name = {}, ffi.new("char[1024]")
    for i = 0, self:info(slot).unused_tensors - 1 do
        call("mgeo_get_unused_tensor", handle_of(self), slot_number(slot), i, name, 1024)
        list[i + 1] = ffi.string(name)
    end
    return list
end

-- format: "openmetrics" (the default) or "prometheus".
function Engine:metrics(format)
    local number = to_number(format or "openmetrics", "mgeo_metrics_format", "format")
    local length, problem, room = ffi.new("size_t[1]"), ffi.new("mgeo_error"), 1024
    while true do -- it may grow between two calls
        local text = ffi.new("char[?]", room)
        local status = lib.mgeo_write_metrics(handle_of(self), number, text, room, length, problem)
        if status == lib.MGEO_OK then return ffi.string(text, length[0]) end
        if status ~= lib.MGEO_E_CAPACITY then error(new_error(problem), 0) end
        room = tonumber(length[0]) + 4096
    end
end

-- ---- Without an engine -----------------------------------------------------------------------------------------

-- A block for a call's `progress`. Its address may be given to another thread, whose Lua state casts it to
-- mgeo_progress * and calls mgeo.cancel(); here it shows afterwards how far the call came.
function mgeo.progress() return ffi.new("mgeo_progress") end

function mgeo.cancel(progress) lib.mgeo_progress_cancel(progress) end

function mgeo.read_progress(progress)
    local stage, done, total = ffi.new("int32_t[1]"), ffi.new("uint64_t[1]"), ffi.new("uint64_t[1]")
    lib.mgeo_progress_read(progress, stage, done, total)
    return words.mgeo_stage[stage[0]], tonumber(done[0]), tonumber(total[0])
end

-- The names of a row's flags.
function mgeo.flag_names(flags)
    local names = {}
    for bit = 0, 31 do
        local name = words.mgeo_row_flag[2 ^ bit]
        if name and math.floor(flags / 2 ^ bit) % 2 == 1 then names[#names + 1] = name end
    end
    return names
end

function mgeo.predict_memory(path, options) 
    return ask("mgeo_memory", "mgeo_predict_memory", c_text(path, "path"), load_options(options))
end

-- `valid` says whether the journal is; if not, `reason` says what is wrong.
function mgeo.journal_verify(path)
    local report, problem = new_struct("mgeo_journal_report"), ffi.new("mgeo_error")
    local status = lib.mgeo_journal_verify(c_text(path, "path"), report, problem)
    if status ~= lib.MGEO_OK and status ~= lib.MGEO_E_FORMAT then error(new_error(problem), 0) end
    local answer = from_struct("mgeo_journal_report", report)
    answer.valid = status == lib.MGEO_OK
    return answer
end

return mgeo
