#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Scores a table in shards with GNU parallel: score.sh SHARDS PAIRS FOLDER [OPTIONS of mgeo-score …]
# FOLDER gets part.1.tsv … part.SHARDS.tsv and parallel's log. A killed shard is tried again at once, twice; the same command
# later goes on where this one ended. Of parallel's own settings JOBS (shards at a time, 1 thread each: as many as there are
# cores) and SSHLOGIN (machines that share PAIRS and FOLDER under the same paths; default: this one) come from the environment.
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: score.sh SHARDS PAIRS FOLDER [OPTIONS of mgeo-score …]" >&2; exit 2; }
shards=$1 pairs=$2 folder=$3
shift 3
mkdir -p "$folder"

# A part has its name once it is whole. Status 1 says that rows have no score: no reason to try again.
score_shard() {
    local shard=$1 shards=$2 pairs=$3 part=$4/part.$1.tsv
    shift 4
    [ ! -e "$part" ] || return 0
    mgeo-score -q --threads 1 --resume --shard "$shard/$shards" -o "$part" "$@" "$pairs" || [ $? -eq 1 ]
}
export -f score_shard

# Not the SHELL of the environment: where it is not set, as under cron, parallel has other machines run nothing and calls it done.
export PARALLEL_SHELL=bash
seq "$shards" | parallel --will-cite --jobs "${JOBS:-100%}" ${SSHLOGIN:+--sshlogin "$SSHLOGIN" --env score_shard --workdir "$PWD"} \
    --retries 3 --joblog "$folder/joblog" score_shard {} "$shards" "$pairs" "$folder" "$@"

for ((i = 1; i <= shards; i++)); do
    [ -e "$folder/part.$i.tsv" ] || { echo "score.sh: $folder/part.$i.tsv was not written where $folder/joblog says" >&2; exit 1; }
done
