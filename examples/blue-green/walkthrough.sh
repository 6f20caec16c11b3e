#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole way once, in a folder that is thrown away: health, match, deploy green, verify, switch, observe, roll back;
# two mgeo-serve processes behind nginx or HAProxy, without root. docs/serving.md goes through it step by step.
#
#     walkthrough.sh [--proxy nginx|nginx-reload|haproxy] [--server FILE] BLUE_DIR GREEN_DIR [BAD_DIR]
#
# BLUE_DIR, GREEN_DIR: model directories. BAD_DIR: one whose answers differ, which must be refused.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
proxy=nginx server=mgeo-serve
while [ $# -gt 0 ]; do
    case $1 in
    --proxy) proxy=$2 && shift 2 ;;
    --server) server=$2 && shift 2 ;;
    *) break ;;
    esac
done
[ $# -ge 2 ] || { echo 'usage: walkthrough.sh [--proxy P] [--server FILE] BLUE_DIR GREEN_DIR [BAD_DIR]' >&2; exit 2; }
blue_model=$1 green_model=$2 bad_model=${3:-}
golden=${MGEO_GOLDEN_PAIRS:-$here/../data/pairs.tsv}

fail() {
    echo "walkthrough: $*" >&2
    exit 1
}

step() { printf '\n==== %s\n' "$*"; }

# Three ports that nobody listens at now: the proxy's, blue's, green's.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

folder=$(mktemp -d)
state=$folder/state
mkdir "$state"
port=$(free_port) blue=127.0.0.1:$(free_port) green=127.0.0.1:$(free_port)
url=http://127.0.0.1:$port

cleanup() {
    status=$?
    trap - EXIT
    [ -z "${traffic:-}" ] || kill "$traffic" 2>/dev/null || true
    for file in "$state/blue.pid" "$state/green.pid" "$folder/nginx.pid" "$folder/haproxy.pid"; do
        [ -s "$file" ] || continue
        pid=$(cat "$file")
        kill "$pid" 2>/dev/null || continue
        tries=0
        while [ "$tries" -lt 200 ] && { tr -d '\0' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -q .; do
            tries=$((tries + 1))
            sleep 0.05
        done
    done
    if [ "$status" -ne 0 ]; then
        for file in "$state"/*.log "$folder"/*.log; do
            [ ! -s "$file" ] || { echo "---- $file" >&2; tail -n 20 "$file" >&2; }
        done
    fi
    rm -rf "$folder"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The examples' own files, with this run's ports and folders.
place() { # from, to
    sed -e "s,127\.0\.0\.1:8001,$blue,; s,127\.0\.0\.1:8002,$green,; s,:8001\\$,:${blue#*:}\$,; s,:8002\\$,:${green#*:}\$," \
        -e "s,listen 8000,listen 127.0.0.1:$port,; s,bind :8000,bind 127.0.0.1:$port," \
        -e "s,/var/lib/mgeo-blue-green,$state,; s,/etc/nginx/,$folder/,; s,/run/haproxy,$folder," "$1" >"$2"
}

start_proxy() {
    case $proxy in
    nginx | nginx-reload)
        place "$here/../nginx/nginx.conf" "$folder/nginx.conf"
        place "$here/../nginx/upstream.conf" "$folder/upstream.conf"
        case $proxy in
        nginx) place "$here/../nginx/mgeo.conf" "$folder/mgeo.conf" ;;
        *) place "$here/../nginx/mgeo-reload.conf" "$folder/mgeo.conf" ;;
        esac
        # A root's workers stay root: they must see a folder that is root's alone.
        user=
        [ "$(id -u)" -ne 0 ] || user='user root root;'
        MGEO_NGINX_UPSTREAM=$folder/upstream.conf
        nginx -p "$folder" -c "$folder/nginx.conf" -g "$user" 2>"$folder/nginx.log"
        MGEO_NGINX="nginx -p $folder -c $folder/nginx.conf"
        export MGEO_NGINX_UPSTREAM MGEO_NGINX
        ;;
    haproxy)
        place "$here/../haproxy/haproxy.cfg" "$folder/haproxy.cfg"
        echo 1 >"$state/haproxy.state"
        haproxy -D -p "$folder/haproxy.pid" -f "$folder/haproxy.cfg" 2>"$folder/haproxy.log"
        MGEO_HAPROXY_SOCKET=$folder/admin.sock
        export MGEO_HAPROXY_SOCKET
        ;;
    esac
}

blue_green() {
    "$here/blue-green.sh" --proxy "$proxy" --url "$url" --blue "$blue" --green "$green" --state "$state" \
        --server "$server" --server-options '--drain-time 200ms' --golden "$golden" --load 200 --max-p99 5s --actor walkthrough "$@"
}

match() {
    curl -sS -f --max-time 30 -D "$folder/head" -H 'Content-Type: application/json' -d "$1" "$url/match"
    tr -d '\r' <"$folder/head" | grep -i -e '^x-model-version' -e '^x-served-by' || true
}

served_by() {
    tr -d '\r' <"$folder/head" | awk 'tolower($1) == "x-served-by:" { print $2 }'
}

# Requests go on through all that follows, and every answer is kept: none may fail.
start_traffic() {
    cat >"$folder/body" <<'END'
{"address1": "朝阳区建国门外大街甲12号新华保险大厦19楼", "address2": "建国门外大街甲12号新华保险大厦19层"}
END
    (
        while :; do
            curl -sS --max-time 30 -o /dev/null -w '%{http_code} %header{x-served-by}\n' \
                -H 'Content-Type: application/json' --data-binary "@$folder/body" "$url/match?n=[1-20]" \
                >>"$folder/traffic" 2>>"$folder/traffic.errors" || true
        done
    ) &
    traffic=$!
}

check_traffic() {
    lost=$(grep -vc '^200 ' "$folder/traffic" || true)
    echo "$(wc -l <"$folder/traffic") requests went through meanwhile, $lost of them failed"
    [ "$lost" -eq 0 ] || fail "requests failed: $(grep -v '^200 ' "$folder/traffic" | head -n 3) $(head -n 3 "$folder/traffic.errors")"
}

step 'two processes behind one proxy: blue answers'
start_proxy
blue_green deploy "$blue_model"

step 'health'
curl -sS -f --max-time 30 "$url/health"

step 'match'
match '{"address1": "北京市朝阳区建国路88号", "address2": "朝阳区建国路88号"}'
[ "$(served_by)" = blue ] || fail "blue should answer, not \"$(served_by)\""
start_traffic

if [ -n "$bad_model" ]; then
    step 'a model that answers otherwise is refused, before it has had one request'
    if blue_green --golden "$golden" --max-flips 2% deploy "$bad_model"; then fail "$bad_model was not refused"; fi
fi

step 'deploy green: start, verify, load-test, a canary, switch, observe'
blue_green --canary 10% --canary-time 2s --watch 3s --min-requests 5 deploy "$green_model"
match '{"address1": "北京市朝阳区建国路88号", "address2": "朝阳区建国路88号"}'
[ "$(served_by)" = green ] || fail "green should answer, not \"$(served_by)\""

step 'roll back, and forward by hand: a tenth first'
blue_green rollback
blue_green weights 10%
blue_green status
blue_green switch

step 'deploy again, to a limit that cannot be kept: it is turned back by itself'
if blue_green --watch 10s --load 0 --max-p99 0.001ms --min-requests 5 deploy "$blue_model"; then
    fail 'a deployment over its limit was not turned back'
fi
match '{"address1": "北京市朝阳区建国路88号", "address2": "朝阳区建国路88号"}'
[ "$(served_by)" = green ] || fail "green should answer again, not \"$(served_by)\""

step 'nothing was lost'
kill "$traffic"
wait "$traffic" 2>/dev/null || true
traffic=
check_traffic

step 'who did what, when'
cat "$state/log.jsonl"
for event in start compare load-test weights switch watch deployed rollback; do
    grep -q "\"event\": \"$event\"" "$state/log.jsonl" || fail "the log does not tell of \"$event\""
done
echo 'walkthrough: done'
