#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Joins the outputs of `mgeo-score --shard 1/N` … `N/N` in the order of the input: join_shards.sh N FOLDER > scored.tsv
# FOLDER holds part.1.tsv … part.N.tsv with a header each. mgeo-score gives a part its name when it is whole.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: join_shards.sh N FOLDER" >&2; exit 2; }
shards=$1 folder=$2

parts=()
for ((i = 1; i <= shards; i++)); do
    part=$folder/part.$i.tsv
    [ -e "$part" ] || { echo "join_shards.sh: $part is not there: shard $i is not done, run it again" >&2; exit 1; }
    parts+=("$part")
done

# Row r of the input is in part 1 + (r - 1) % N: parts are as long as each other, or the later ones a row shorter.
wc -l "${parts[@]}" | awk -v parts="$shards" 'NR == 1 { first = last = $1 } NR <= parts && ($1 > last || $1 < first - 1) { exit 1 }
    { last = $1 }' || { echo "join_shards.sh: the lengths of the parts say that they are not of one input" >&2; exit 1; }
head -n 1 "${parts[0]}"
paste -d '\n' "${parts[@]}" | tail -n +"$((shards + 1))" | sed '/^$/d'
