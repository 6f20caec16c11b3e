#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rate of mgeo.CrossEncoder against sentence-transformers' on the same pairs and threads, in turns in one process.

    PYTHONPATH=bindings/python MGEO_LIBRARY=BUILD/lib/libmgeo.so benchmarks/bindings/cross_encoder.py

Of each side the best turn counts, and of sentence-transformers the best batch size. Needs sentence-transformers and
torch in this Python."""
import argparse
import csv
import pathlib
import random
import re
import time

import numpy as np
import sentence_transformers
import torch

import mgeo

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MINI = ROOT / "models" / "mini"


def make_pairs(count):
    """The example pairs with other digits, so that none occurs twice."""
    with open(ROOT / "examples" / "data" / "pairs.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    draw = random.Random(1)

    def other(text):
        return re.sub(r"\d", lambda _: draw.choice("123456789"), text)

    return [(other(rows[i % len(rows)][0]) + f"{i // len(rows)}室", other(rows[i % len(rows)][1])) for i in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--turns", type=int, default=4)
    options = parser.parse_args()
    pairs = make_pairs(options.pairs)
    torch.set_num_threads(options.threads)
    theirs = sentence_transformers.CrossEncoder(str(MINI), device="cpu")
    half = sentence_transformers.CrossEncoder(str(MINI), device="cpu", model_kwargs={"dtype": torch.bfloat16})
    ours = {name: mgeo.CrossEncoder(str(MINI), device="cpu", threads=options.threads, precision=name)
            for name in ("fp32", "bf16", "int8")}
    runs = {f"mgeo {name}": model.predict for name, model in ours.items()}
    for size in (8, 16, 32, 64):
        runs[f"sentence-transformers fp32, batch {size}"] = lambda asked, size=size: theirs.predict(asked, batch_size=size)
    runs["sentence-transformers bf16, batch 32"] = half.predict
    best = dict.fromkeys(runs, 0.0)
    for _ in range(options.turns):
        for name, predict in runs.items():
            started = time.perf_counter()
            answer = predict(pairs)
            best[name] = max(best[name], len(pairs) / (time.perf_counter() - started))
            if name == "mgeo fp32":
                expected = answer
    print(f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__}, {options.threads} threads, "
          f"{len(pairs)} pairs, best of {options.turns} turns, pairs/s")
    for name, rate in best.items():
        print(f"{rate:8.0f}  {name}")
    peer = max(rate for name, rate in best.items() if "transformers fp32" in name)
    print(f"fp32: {best['mgeo fp32'] / peer:.2f} times sentence-transformers; largest difference of a logit "
          f"{np.abs(expected - theirs.predict(pairs)).max():.1e}")


if __name__ == "__main__":
    main()
