#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every function of mgeo.h, called through a binding made from mgeo.json: ffi_rollout.py JSON LIBRARY MODEL."""
import ctypes as c
import json
import os
import pathlib
import sys
import tempfile

import ffi_match
from ctypes_binding import Binding

description, library, model = sys.argv[1:]
binding = Binding(description, library)
structs, known, make = binding.structs, binding.numbers, binding.make
called = set()


def call(name, *arguments, expect="MGEO_OK"):
    """Calls a function that ends in an error; returns the error's line."""
    called.add(name)
    error = make("mgeo_error")
    status = binding.functions[name](*arguments, c.byref(error))
    assert status == known[expect], f"{name}: {status}, expected {expect}: {error.message.decode()}"
    return error.message.decode()


def plain(name, *arguments):
    called.add(name)
    return binding.functions[name](*arguments)


TEXTS = [
    ("天津市和平区南京路219号天津中心写字楼27层", "和平区南京路219号天津中心"),
    ("天津市和平区南京路219号天津中心写字楼27层", "南京市鼓楼区新模范马路5号"),
    ("杭州市西湖区文三路90号", "文三路90号东部软件园"),
] * 4


def pairs():
    rows = (structs["mgeo_pair"] * len(TEXTS))()
    for row, (a, b) in zip(rows, TEXTS):
        row.a, row.b = a.encode(), b.encode()
        row.a_len = row.b_len = known["MGEO_NUL_TERMINATED"]
    return rows


ROWS = pairs()


def score(function, handle):
    similarity = (c.c_float * len(TEXTS))()
    scores = make("mgeo_scores", similarity=similarity)
    call(function, handle, ROWS, len(TEXTS), c.byref(scores))
    assert all(0 <= value <= 1 for value in similarity)
    return scores.generation


def load(engine, version):
    info = make("mgeo_model_info")
    options = make("mgeo_load_options", version=version, threads=2, actor=b"a binding")
    call("mgeo_load", engine, model.encode(), c.byref(options), c.byref(info))
    return info


def check_models(engine):
    memory = make("mgeo_memory")
    call("mgeo_predict_memory", model.encode(), None, c.byref(memory))
    assert memory.fits == 1 and memory.total >= memory.weights > 0
    first, second = load(engine, b"first"), load(engine, b"second")
    assert (first.generation, second.generation) == (1, 2)
    assert first.live == 1 and second.live == 0 and second.predicted_bytes > 0
    info = make("mgeo_model_info")
    call("mgeo_get_info", engine, known["MGEO_STANDBY"], c.byref(info))
    assert info.version == b"second"
    name = c.create_string_buffer(64)
    call("mgeo_get_unused_tensor", engine, known["MGEO_LIVE"], 0, name, 64, expect="MGEO_E_ARGUMENT")
    assert info.unused_fields > 0 and info.unknown_fields == 0
    field = make("mgeo_unused_field")
    call("mgeo_get_unused_field", engine, known["MGEO_LIVE"], 0, c.byref(field))
    assert field.harmless == 1 and field.file == b"config.json" and field.name and field.reason


def check_compare(engine):
    worst = (structs["mgeo_shift"] * 3)()
    report = make("mgeo_compare_report", worst=worst, worst_capacity=3)
    options = make("mgeo_compare_options", pairs=ROWS, count=len(TEXTS))
    call("mgeo_compare", engine, c.byref(options), c.byref(report))
    assert report.pairs == len(TEXTS) and report.flips == 0 and report.shift_max == 0


def check_job(engine):
    job = c.c_void_p()
    call("mgeo_job_begin", engine, None, c.byref(job))
    call("mgeo_swap_model", engine, None, None)
    assert score("mgeo_job_score", job) == 1 and score("mgeo_score", engine) == 2
    info = make("mgeo_model_info")
    call("mgeo_job_get_info", job, c.byref(info))
    assert info.version == b"first"
    plain("mgeo_job_end", job)
    call("mgeo_roll_back", engine, None, None)


def check_shares(engine):
    call("mgeo_set_canary", engine, 10000, None)
    assert score("mgeo_score", engine) == 2
    call("mgeo_set_canary", engine, 0, None)
    call("mgeo_set_shadow", engine, 10000, None)
    report = make("mgeo_shadow_report")
    for _ in range(200):
        score("mgeo_score", engine)
        call("mgeo_get_shadow", engine, c.byref(report))
        if report.compared > 0:
            break
    assert report.compared > 0 and report.flips == 0
    shift, a = make("mgeo_shift"), c.create_string_buffer(256)
    call("mgeo_get_shadow_pair", engine, 0, c.byref(shift), a, 256, None, 0)
    assert a.value.decode() in [text for text, _ in TEXTS]


def check_gated_swap(engine):
    gate = make("mgeo_gate", pairs=ROWS, count=len(TEXTS), max_flip_share=-1,
                max_shift=0.001)
    watch = make("mgeo_watch", window_seconds=600, max_error_rate=0.5)
    options = make("mgeo_swap_options", gate=c.pointer(gate),
                   watch=c.pointer(watch), expect_generation=2,
                   actor=b"a binding", reason="因为".encode())
    receipt = make("mgeo_swap_receipt")
    call("mgeo_swap_model", engine, c.byref(options), c.byref(receipt))
    checks = {check.name: check for check in receipt.checks[:receipt.check_count]}
    assert checks[b"flip_share"].passed == 1 and checks[b"psi"].passed == -1
    assert receipt.journal_status == 0 and receipt.journal_line > 0
    report = make("mgeo_watch_report")
    call("mgeo_get_watch", engine, c.byref(report))
    assert report.state == known["MGEO_WATCH_RUNNING"] and report.generation == 2
    return receipt


def check_accounts(engine):
    rollout, stats = make("mgeo_rollout"), make("mgeo_stats")
    call("mgeo_get_rollout", engine, c.byref(rollout))
    assert (rollout.live_generation, rollout.swaps, rollout.roll_backs) == (2, 2, 1)
    call("mgeo_get_stats", engine, known["MGEO_LIVE"], c.byref(stats))
    assert stats.calls > 0 and stats.call_p50 > 0
    length = c.c_size_t()
    text = c.create_string_buffer(1 << 20)
    call("mgeo_write_metrics", engine, 0, text, len(text), c.byref(length))
    assert text.value.endswith(b"# EOF\n") and length.value == len(text.value)


def arrow_table(*columns):
    """Columns of texts as a struct array, and what must live as long."""
    kept, release = [], c.CFUNCTYPE(None, c.c_void_p)(lambda _: None)

    def pointers(*addresses):
        kept.append((c.c_void_p * len(addresses))(*addresses))
        return c.cast(kept[-1], c.POINTER(c.c_void_p))

    def both(schema, array):
        schema["release"] = array["release"] = c.cast(release, c.c_void_p)
        made = structs["ArrowSchema"](**schema), structs["ArrowArray"](**array)
        kept.extend((release, *made))
        return made

    children = []
    for name, texts in columns:
        offsets = (c.c_int32 * (len(texts) + 1))(*(len(b"".join(texts[:i])) for i in range(len(texts) + 1)))
        data = c.create_string_buffer(b"".join(texts))
        kept.extend((offsets, data))
        buffers = pointers(None, c.addressof(offsets), c.addressof(data))
        children.append(both({"format": b"u", "name": name},
                             {"length": len(texts), "n_buffers": 3, "buffers": buffers}))
    schema, array = both(
        {"format": b"+s", "n_children": len(children), "children": pointers(*(c.addressof(s) for s, _ in children))},
        {"length": len(columns[0][1]), "n_buffers": 1, "buffers": pointers(None), "n_children": len(children),
         "children": pointers(*(c.addressof(a) for _, a in children))})
    return schema, array, kept


def check_table(engine):
    texts = [text.encode() for text in ("杭州市西湖区文三路90号", "文三路90号")]
    schema, array, kept = arrow_table((b"a", texts), (b"b", texts[::-1]))
    options = make("mgeo_arrow_options", columns=known["MGEO_ARROW_SIMILARITY"])
    scored_schema, scored = structs["ArrowSchema"](), structs["ArrowArray"]()
    call("mgeo_score_arrow", engine, c.byref(schema), c.byref(array), c.byref(options), c.byref(scored_schema),
         c.byref(scored))
    assert kept and scored.length == 2 and scored_schema.format == b"+s"
    for made in (scored_schema, scored):
        c.CFUNCTYPE(None, c.c_void_p)(made.release)(c.addressof(made))
        assert not made.release
    stream, scored_stream = structs["ArrowArrayStream"](), structs["ArrowArrayStream"]()
    call("mgeo_score_arrow_stream", engine, c.byref(stream), None, c.byref(scored_stream), expect="MGEO_E_ARGUMENT")


def check_journal(path, receipt):
    report = make("mgeo_journal_report")
    call("mgeo_journal_verify", os.fsencode(path), c.byref(report))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert report.lines == len(lines) and report.bad_line == 0
    swap = json.loads(lines[receipt.journal_line - 1])
    assert swap["event"] == "swap" and swap["actor"] == "a binding" and swap["reason"] == "因为"
    path.write_text("\n".join(lines[:2] + lines[3:]) + "\n", encoding="utf-8")
    call("mgeo_journal_verify", os.fsencode(path), c.byref(report), expect="MGEO_E_FORMAT")
    assert report.bad_line == 3


def check_small_things():
    assert plain("mgeo_version").count(b".") == 2
    assert plain("mgeo_status_name", 7) == b"MGEO_E_BUSY"
    assert plain("mgeo_status_text", 0) == b"ok"
    for kind, number, name in (("stage", 3, b"placing"), ("slot", 1, b"green"), ("log_level", 1, b"warning"),
                               ("precision", 2, b"bf16"), ("row_flag", 16, b"skipped"),
                               ("arrow_column", 8, b"flags"),
                               ("watch_state", 9, b"unknown"), ("metrics_format", 1, b"prometheus")):
        assert plain(f"mgeo_{kind}_name", number) == name
    progress, stage = make("mgeo_progress"), c.c_int32(9)
    plain("mgeo_progress_cancel", c.byref(progress))
    plain("mgeo_progress_read", c.byref(progress), c.byref(stage), None, None)
    assert stage.value == known["MGEO_STAGE_IDLE"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        journal = pathlib.Path(folder) / "journal"
        lines = []
        log = binding.types["mgeo_log_fn"](lambda user, level, line: lines.append((level, line)))
        options = make("mgeo_engine_options", journal=os.fsencode(journal), actor=b"ffi", log=log)
        engine = c.c_void_p()
        call("mgeo_engine_create", c.byref(options), c.byref(engine))
        check_models(engine)
        check_compare(engine)
        check_job(engine)
        check_table(engine)
        check_shares(engine)
        receipt = check_gated_swap(engine)
        check_accounts(engine)
        call("mgeo_unload", engine)
        plain("mgeo_engine_destroy", engine)
        check_journal(journal, receipt)
        ffi_match.check(binding, call, plain, folder)
        assert lines and all(level in (0, 1) for level, _ in lines)
    check_small_things()
    missed = set(binding.functions) - called
    assert not missed, f"not called: {sorted(missed)}"
    print(f"{len(called)} functions called, {len(structs)} structs read")


main()
