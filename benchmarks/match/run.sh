#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures all of benchmarks/match in one go: makes the corpus, then recall, peers, growth and end to end. Wants an idle machine.
#
#     benchmarks/match/run.sh [--build BUILD] [--data DATA] [--out FOLDER] [--model DIR] [STEP …]
#
# DATA (or $DATA) holds pairs/, cpca/, jionlp/, thuocl/ and address_parsing_nnap/; BUILD (build) the programs and the library.
# FOLDER (bench-out/match) keeps the corpus, which is private data, and the results: recall.md, peers.md, growth.md, end_to_end.md.
# STEPs, all if none is named: corpus recall speed peers peers-million growth end-to-end. A step that is done again replaces its
# result; peers join those of earlier runs. --model names the large model of the cascade, before which the bundled one goes.
# The Python is $PYTHON (python3), with numpy, scipy, scikit-learn, psutil and matplotlib, and those peers that are to be measured.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build data=${DATA:-} out=$root/bench-out/match model=
while [ $# -gt 0 ]; do
    case $1 in
    --build) build=$(cd "$2" && pwd); shift 2 ;;
    --data) data=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    --model) model=$2; shift 2 ;;
    --help | -h) sed -n '3,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "run.sh: $1 is no option; --help lists them" >&2; exit 2 ;;
    *) break ;;
    esac
done
[ -n "$data" ] || { echo "run.sh: name the data: --data DIR or DATA=DIR" >&2; exit 2; }
[ -x "$build/cli/mgeo-match" ] || { echo "run.sh: $build/cli/mgeo-match is not there; --build names the build folder" >&2; exit 2; }

python=${PYTHON:-python3}
export MGEO_MATCH="$build/cli/mgeo-match" MGEO_SCORE="$build/cli/mgeo-score" MGEO_LIBRARY="$build/lib/libmgeo.so.0"
mkdir -p "$out"

# A step's output is shown and kept; the result appears under its name once the step has ended well. What fails in a step
# must end it by itself (|| return): set -e does not hold there.
keep() {
    name=$1
    shift
    echo "== $name"
    { "$@" && : >"$out/$name.done"; } | tee "$out/$name.part"
    [ -e "$out/$name.done" ] || { echo "run.sh: $name failed" >&2; exit 1; }
    rm "$out/$name.done"
    mv "$out/$name.part" "$out/$name"
}

corpus() {
    "$python" "$here/corpus.py" "$data" "$out" --check || return
    [ -s "$out/distractors_1m.tsv" ] && return
    "$python" "$here/distractors.py" "$data" "$out" "$out/distractors_1m.part" && mv "$out/distractors_1m.part" "$out/distractors_1m.tsv"
}

recall() { "$python" "$here/recall.py" "$out" --more 0,1000000; }

# Ours alone, all rows of the million as queries, and what one query waits for.
speed() {
    "$python" "$here/speed.py" "$out" --more 1000000
}

# All of them on the corpus; on the million the best of each, at most five minutes for an index and its searches.
peers() { "$python" "$here/peers.py" "$out" --more 0 --limit 300 --seconds 10 --out "$out/peers.jsonl"; }
peers_million() {
    best=mgeo,mgeo-match,sp_matmul_rs:1.2.4,sparse_dot_topn:1,string_grouper:0,faiss:0,usearch,pg_trgm:0,splink:0
    "$python" "$here/peers.py" "$out" --only "$best" --more 1000000 --limit 300 --seconds 10 --speed-rows 20000 --out "$out/peers.jsonl"
}

growth() {
    if [ ! -s "$out/distractors_4m.tsv" ]; then
        "$python" "$here/distractors.py" "$data" "$out" "$out/distractors_4m.part" --count 4000000 || return
        mv "$out/distractors_4m.part" "$out/distractors_4m.tsv"
    fi
    "$python" "$here/growth.py" "$out/distractors_4m.tsv" --plot "$out/match-growth.svg" --out "$out/growth.jsonl"
}

end_to_end() {
    if [ -n "$model" ]; then set -- --model "$model" --first bundled --keep-agreement 99.5%; fi
    "$python" "$here/end_to_end.py" "$out" --pairs "$data/pairs/dev.tsv" "$@"
}

[ $# -gt 0 ] || set -- corpus recall speed peers growth end-to-end peers-million
for step in "$@"; do
    case $step in
    corpus) keep corpus.md corpus ;;
    recall) keep recall.md recall ;;
    speed) keep speed.md speed ;;
    peers) keep peers.md peers ;;
    peers-million) keep peers.md peers_million ;;
    growth) keep growth.md growth ;;
    end-to-end) keep end_to_end.md end_to_end ;;
    *) echo "run.sh: $step is no step; --help lists them" >&2; exit 2 ;;
    esac
done
