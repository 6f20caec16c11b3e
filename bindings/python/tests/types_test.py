# SPDX-License-Identifier: Apache-2.0
"""The package's types: mypy --strict on the package itself and on what a user writes."""
import os
import pathlib
import subprocess
import sys
import tempfile

import support

USER = '''
import asyncio
import mgeo

def work() -> float:
    with mgeo.Engine(log=lambda level, line: None) as engine:
        info: mgeo.ModelInfo = engine.load(precision="int8", progress=mgeo.Progress())
        one: mgeo.Score = engine.score("a", "b")
        many: mgeo.Result = engine.score(["a"], ["b"], logits=True)
        waited: mgeo.Score = asyncio.run(engine.score_async("a", "b"))
        receipt = engine.swap(gate=mgeo.Gate([("a", "b")], max_shift=0.1), watch=mgeo.Watch(window_calls=9))
        names: tuple[str, ...] = info.labels
        return one.similarity + many[0].similarity + receipt.stall_seconds + waited.similarity + len(names)

def match() -> list[str]:
    with mgeo.Index("places.index", threads=2) as index:
        index.put([("1", "a")])
        one: list[mgeo.Candidate] = index.search("a")
        many: list[list[mgeo.Candidate]] = index.search(["a"])
        records: int = index.info().records
        whole: mgeo.Clusters = mgeo.cluster([0], [1], [0.5], records, cut="correlation")
        return [mgeo.normal_form(one[0].text), *mgeo.candidate_flag_names(many[0][0].flags), str(whole.size)]

def wrong(engine: mgeo.Engine) -> None:
    engine.load(precision=8)
    engine.info("red")
    engine.stats().no_such_count
    mgeo.cluster([0], [1], [0.5], 2, cut="half")
'''
WRONG = ('Argument "precision" to "load" of "Engine"', 'Argument 1 to "info" of "Engine"',
         '"Stats" has no attribute "no_such_count"', 'Argument "cut" to "cluster"')


def check(*arguments):
    with tempfile.TemporaryDirectory() as cache:
        return subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, *map(str, arguments)],
                              stdout=subprocess.PIPE, text=True, cwd=cache,
                              env={**os.environ, "MYPYPATH": str(support.PACKAGE)}).stdout


support.need("mypy", "numpy")
# The package as it is imported: what stands on other packages, most of which have no types, is not part of that.
own = check("-m", "mgeo")
assert own.startswith("Success"), own
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "user.py")
    path.write_text(USER, "utf-8")
    found = [line for line in check(path).splitlines() if ": error:" in line]
assert len(found) == len(WRONG), found
for line, expected in zip(found, WRONG):
    assert expected in line, line
print("types are as they are said to be")
