#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Streams a million rows through mgeo-score and shows that memory stays where it is for ten thousand.
#
#   benchmarks/stream_million.sh BUILD_DIR [MODEL_DIR]
#
# MODEL_DIR: a small random model by default, so that the run takes minutes; the reader, the ring of
# chunks and the writer are the same for every model. Status 1 if the peak of a million rows is more
# than 16 MB above that of ten thousand.
set -eu
build=${1:?give the build directory}
here=$(cd "$(dirname "$0")/.." && pwd)
model=${2:-$here/tests/golden/models/rank}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 - "$build/cli/mgeo-score" "$model" "$folder" <<'EOF'
import json
import os
import random
import sys

program, model, folder = sys.argv[1:]
SIGNS = "北京上海天津重庆浙江杭州西湖区市省县镇街道村路号幢单元室一二三四五六七八九十大中小东南"


def text(draw):
    return "".join(draw.choices(SIGNS, k=draw.randint(6, 20))) + str(draw.randint(1, 999))


def peak(rows):
    """Kilobytes of resident memory at most, and seconds, for a run over that number of rows."""
    path, out, summary = (os.path.join(folder, name) for name in ("in.tsv", "out.tsv", "s.json"))
    draw = random.Random(rows)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(rows):
            file.write(f"{number}\t{text(draw)}\t{text(draw)}\n")
    child = os.spawnv(os.P_NOWAIT, program, [program, "-m", model, "-c", "2,3", "-o", out,
                                             "--summary", summary, path])
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"mgeo-score ended with {os.waitstatus_to_exitcode(status)}")
    with open(out, "rb") as file:
        for number, line in enumerate(file):
            cells = line.split(b"\t")
            if len(cells) != 5 or cells[0] != str(number).encode():
                sys.exit(f"row {number} is lost or out of order")
    if number + 1 != rows:
        sys.exit(f"{number + 1} rows came out of {rows}")
    with open(summary, encoding="utf-8") as file:
        told = json.load(file)
    print(f"{rows:>9} rows in order, {told['seconds']:.1f} s, {told['pairs_per_second']:.0f} pairs/s, "
          f"{told['tokens_per_second']:.0f} tokens/s, peak {usage.ru_maxrss / 1024:.1f} MB", flush=True)
    return usage.ru_maxrss


small, large = peak(10_000), peak(1_000_000)
print(f"a million rows take {(large - small) / 1024:+.1f} MB more than ten thousand")
sys.exit(large > small + 16 * 1024)
EOF
