#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same way in one process, whose two slots mgeo-ctl turns: health, match, deploy green, verify, switch, observe, roll back.
#
#     one-process.sh [--server FILE] [--ctl FILE] DIR NEW_DIR [BAD_DIR]
#
# DIR, NEW_DIR: model directories. BAD_DIR: one whose answers differ, which the gate must refuse.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
server=mgeo-serve ctl=mgeo-ctl
while [ $# -gt 0 ]; do
    case $1 in
    --server) server=$2 && shift 2 ;;
    --ctl) ctl=$2 && shift 2 ;;
    *) break ;;
    esac
done
command -v curl >/dev/null || { echo 'curl is not installed'; exit 77; }
[ $# -ge 2 ] || { echo 'usage: one-process.sh [--server FILE] [--ctl FILE] DIR NEW_DIR [BAD_DIR]' >&2; exit 2; }
model=$1 new_model=$2 bad_model=${3:-}
golden=${MGEO_GOLDEN_PAIRS:-$here/../data/pairs.tsv}

fail() {
    echo "one-process: $*" >&2
    exit 1
}

step() { printf '\n==== %s\n' "$*"; }

folder=$(mktemp -d)
process='' traffic=''
cleanup() {
    status=$?
    trap - EXIT
    for pid in $traffic $process; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    [ "$status" -eq 0 ] || tail -n 20 "$folder/log" >&2
    rm -rf "$folder"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Port 0 is one that the system chooses; the server's first lines name it.
step 'one process'
"$server" --listen 127.0.0.1:0 --operate "unix:$folder/operate.sock" --model "$model" --journal "$folder/journal.jsonl" \
    --drain-time 200ms 2>"$folder/log" &
process=$!
MGEO_OPERATE=unix:$folder/operate.sock
export MGEO_OPERATE
until [ -S "$folder/operate.sock" ]; do
    kill -0 "$process" 2>/dev/null || fail 'the server ended'
    sleep 0.05
done
"$ctl" wait-ready --timeout 60s
url=http://$(sed -n 's/^mgeo-serve: listening on //p' "$folder/log" | head -n 1)

step 'health'
curl -sS -f --max-time 30 "$url/health"

match() {
    curl -sS -f --max-time 30 -H 'Content-Type: application/json' "$url/match" \
        -d '{"address1": "北京市朝阳区建国路88号", "address2": "朝阳区建国路88号"}'
}
step 'match'
match

slot() { # of the model that answers
    curl -sS -f --max-time 30 -o /dev/null -D - -H 'Content-Type: application/json' "$url/match" \
        -d '{"address1": "北京市朝阳区建国路88号", "address2": "朝阳区建国路88号"}' |
        tr -d '\r' | awk 'tolower($1) == "x-model-slot:" { print $2 }'
}
(
    while :; do
        curl -sS --max-time 30 -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' \
            -d '{"address1": "中山路1号", "address2": "中山路1号院"}' "$url/match?n=[1-20]" >>"$folder/traffic" 2>>"$folder/errors" || true
    done
) &
traffic=$!
[ "$(slot)" = blue ] || fail 'blue should answer'

if [ -n "$bad_model" ]; then
    step 'a model that answers otherwise is refused by the gate'
    if "$ctl" deploy "$bad_model" --gate "$golden" --max-flips 2% --actor walkthrough; then fail "$bad_model was not refused"; fi
    [ "$(slot)" = blue ] || fail 'blue should go on'
fi

step 'deploy green: load, check, compare, load-test, swap, watch'
"$ctl" deploy "$new_model" --gate "$golden" --gold label --max-flips 2% --load-test 1s \
    --watch 2s --actor walkthrough --reason 'a tour'
[ "$(slot)" = green ] || fail 'green should answer'

step 'observe'
"$ctl" status

step 'roll back'
"$ctl" rollback --actor walkthrough --reason 'the end of the tour'
[ "$(slot)" = blue ] || fail 'blue should answer again'

step 'nothing was lost'
kill "$traffic"
wait "$traffic" 2>/dev/null || true
traffic=''
lost=$(grep -vc '^200$' "$folder/traffic" || true)
echo "$(wc -l <"$folder/traffic") requests went through meanwhile, $lost of them failed"
[ "$lost" -eq 0 ] || fail "requests failed: $(head -n 3 "$folder/errors")"

step 'who did what, when'
"$ctl" journal
echo 'one-process: done'
